"""Either side of the handshake dies after each of its steps, and goes on: one record for each sequence.

The controller is the example of docs/plc.md, the gateway's session runs in this process, so that both can be stopped
at an exact point; the web process and the database are real.
"""

import asyncio
import itertools
import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from examples import plc_station
from lines.models import OperationRecord, Station, StationPost
from lines.opcua import sessions
from lines.opcua.handshake import Handshake, Poster
from lines.orders.serials import Serial, make_serial
from lines.people.services import issue_station_token
from mes.embedded import free_port
from mes.loading.services import load_plant
from tests.lines.opcua.gateways import Gateway
from tests.web import ROOT, serving

# More than either side's steps for a permit and a result; the last rounds find nothing to cut.
MOST_STEPS = 24


class PowerCutError(Exception):
    """The controller stops here."""


class Cutter:
    """Counts steps and says when the one to cut after was done."""

    def __init__(self) -> None:
        self._left = 0
        self._lock = threading.Lock()

    def cut_after(self, steps: int) -> None:
        with self._lock:
            self._left = steps

    def is_cut(self) -> bool:
        with self._lock:
            self._left -= 1
            return self._left == 0


class MortalGateway(Gateway):
    """Dies after any of its steps; the next one begins at once."""

    def __init__(self, plc_port: int, api_url: str, tokens: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__(f"opc.tcp://127.0.0.1:{plc_port}", "MIX-1", api_url, tokens)
        self.cutter, self.cutter_in_flight = Cutter(), Cutter()
        self.deaths = 0
        for owner, name in ((Handshake, "_read"), (Handshake, "_write"), (Poster, "post")):
            monkeypatch.setattr(owner, name, self._counted(getattr(owner, name)))
        monkeypatch.setattr(sessions, "BACK_OFF_S", (0.1,))
        self.start()

    def _counted(self, step: Callable[..., Any]) -> Callable[..., Any]:
        async def counted(*words: Any) -> Any:
            at_work = asyncio.ensure_future(step(*words))
            if step.__name__ == "post" and self.cutter_in_flight.is_cut():
                await asyncio.sleep(0.01)  # it is on its way, or already taken
                at_work.cancel()
                await self._die()
            done = await at_work
            if self.cutter.is_cut():
                await self._die()
            return done

        return counted

    async def _die(self) -> None:
        """Of the very task that is to end, so another one ends it and starts the next gateway."""
        self.deaths += 1
        self._successor = asyncio.create_task(self._replace())
        await asyncio.sleep(3600)

    async def _replace(self) -> None:
        await self._end()
        await self._start()


class Plc:
    """The example, whose power can be cut after any of its writes, to its variables or to its memory."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.port = free_port()
        self.memory = folder / "plc.json"
        self.cutter = Cutter()
        self.cuts = 0
        for owner, name in ((plc_station.Structure, "write"), (plc_station.Memory, "keep")):
            monkeypatch.setattr(owner, name, self._counted(getattr(owner, name)))
        self._start()

    def _counted(self, step: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*words: Any, **fields: Any) -> None:
            step(*words, **fields)
            if self.cutter.is_cut():
                raise PowerCutError

        return counted

    def _start(self) -> None:
        self._server, self._permit, self._result = plc_station.serve(self.port, "MIX-1")
        self._server.start()

    def make(self, serial: str) -> None:
        words = plc_station.read_words([serial, "--work", "0"])
        while True:
            try:
                plc_station.run(self._permit, self._result, plc_station.Memory(self.memory), words)
                return
            except PowerCutError:
                self.cuts += 1
                self.stop()
                self._start()

    def stop(self) -> None:
        self._server.stop()


@pytest.fixture
def two_sides(
    transactional_db: None,  # noqa: ARG001 - rows that the web process sees
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[tuple[Plc, MortalGateway]]:
    load_plant(ROOT / "fixtures" / "plant" / "osaka")
    tokens = tmp_path / "tokens.json"
    tokens.write_text(json.dumps({"MIX-1": issue_station_token(Station.objects.get(code="MIX-1"))}))
    with serving(tmp_path) as url:
        plc = Plc(tmp_path, monkeypatch)
        gateway = MortalGateway(plc.port, url, tokens, monkeypatch)
        yield plc, gateway
        gateway.stop()
        plc.stop()


@pytest.mark.slow
def test_one_record_for_each_sequence_whoever_dies_when(two_sides: tuple[Plc, MortalGateway]) -> None:
    plc, gateway = two_sides
    serials = (make_serial(Serial("SK", "1", "SLA", date(2026, 11, 20), n)) for n in itertools.count(1))
    made = [next(serials)]
    plc.make(made[0])
    for cutter in (gateway.cutter, gateway.cutter_in_flight, plc.cutter):
        for steps in range(1, MOST_STEPS):
            before = gateway.deaths + plc.cuts
            cutter.cut_after(steps)
            made.append(next(serials))
            plc.make(made[-1])
            if gateway.deaths + plc.cuts == before:
                break
        cutter.cut_after(0)
    # A permit and a result are at least six steps each, on either side.
    assert gateway.deaths >= 12, gateway.deaths
    assert plc.cuts >= 10, plc.cuts
    assert Counter(OperationRecord.objects.values_list("serial", flat=True)) == dict.fromkeys(made, 1)
    boot_id = json.loads(plc.memory.read_text())["boot_id"]
    keys = {f"MIX-1:{boot_id}:R:{sequence}" for sequence in range(1, len(made) + 1)}
    assert set(StationPost.objects.values_list("key", flat=True)) == keys
