"""The fault kit sees what it is there to see: a value too few, one too many; a way that is cut, silent or slow."""

import contextlib
import socket
import socketserver
import threading
import time
from collections.abc import Iterator

import numpy as np
import pytest

from tests.faults.kit import truth
from tests.faults.kit.proxy import Proxy


def test_missing_doubled_and_invented_values_are_counted() -> None:
    given = np.array([(7, n, n * 100, 0) for n in range(1, 6)], truth.RECORD)
    stored = [(7, n * 100, float(n)) for n in (1, 2, 2, 2, 4)]
    # The fourth was given later than the time counted here, the last never.
    found = truth.count(given[:3], given, [*stored, (7, 600, 6.0)])
    assert found == truth.Count(given=3, stored=2, missing=1, doubled=2, unknown=1)


class _Echo(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        with contextlib.suppress(ConnectionError):
            while content := self.request.recv(100):
                self.request.sendall(content)


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Echo) as server:
        server.daemon_threads = True
        server.block_on_close = False
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        made = Proxy(server.server_address[1])
        yield made
        made.close()
        server.shutdown()


SILENT_S = 0.5


def _connect(proxy: Proxy) -> socket.socket:
    return socket.create_connection(("127.0.0.1", proxy.port), timeout=10.0)


def _echo(way: socket.socket, patience_s: float = 10.0) -> float:
    """Seconds until what was sent is back. Whatever answers may take its time: the machine is busy with other tests."""
    way.settimeout(patience_s)
    started = time.monotonic()
    way.sendall(b"hello")
    assert way.recv(100) == b"hello"
    return time.monotonic() - started


def test_a_way_is_cut_silent_slow_and_whole_again(proxy: Proxy) -> None:
    with _connect(proxy) as way:
        _echo(way)
        proxy.delay(0.1)
        assert _echo(way) >= 0.2
        proxy.cut()
        with pytest.raises(ConnectionError):
            _echo(way)
        with pytest.raises(ConnectionRefusedError):
            _connect(proxy)
        proxy.heal()
    with _connect(proxy) as way, _connect(proxy) as other:
        _echo(way)
        proxy.half_open()
        for each in (way, other):
            with pytest.raises(TimeoutError):
                _echo(each, SILENT_S)
        proxy.heal()
        with pytest.raises(TimeoutError):
            _echo(way, SILENT_S)
        with _connect(proxy) as new:
            _echo(new)
