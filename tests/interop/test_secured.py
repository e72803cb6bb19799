"""A secured server of another make: it takes our certificate by both policies, and what it refuses is told."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from asyncua import ua

from lines.certificates import errors
from lines.opcua.connecting import connect
from lines.opcua.pki import Pki, make_identity
from lines.opcua.queries import Server
from lines.opcua.security import InsecureError, chain, endpoints, explained
from mes.embedded import free_port
from tests.interop.rig import NodeServer


def _with_server(folder: Path, work: Callable[[str], Awaitable[None]]) -> None:
    async def run() -> None:
        port = free_port()
        server = NodeServer(folder / "node", port, ["A/Telemetry/X"])
        await server.start()
        try:
            await work(f"opc.tcp://127.0.0.1:{port}")
        finally:
            await server.stop()

    asyncio.run(run())


async def _plan(url: str, pki: Pki) -> Server:
    """Of a server whose certificate is trusted."""
    pki.save_own(make_identity("Denchi gateway", "urn:mes:denchi:gateway", ["mes"]))
    found = await endpoints(url)
    pki.trust(chain(found[0].ServerCertificate)[0])
    return Server("NODE", url, False, (), (), security_policy="Basic256Sha256")


async def _refused(server: Server) -> InsecureError | None:
    with pytest.raises(Exception) as caught:
        await connect(server, None)
    return explained(caught.value, server)


@pytest.mark.slow
def test_node_opcua_by_both_policies_and_a_session_taken_up(tmp_path: Path, settings: Any) -> None:
    settings.DENCHI_VAR = tmp_path

    async def work(url: str) -> None:
        plan = await _plan(url, Pki(tmp_path / "pki"))
        for policy in ("Basic256Sha256", "Aes256Sha256RsaPss"):
            server = replace(plan, security_policy=policy)
            link, _ = await connect(server, None)
            await link.ask(ua.CreateSubscriptionRequest(), ua.CreateSubscriptionResponse)
            key = link.key
            await link.close(is_kept=True)
            again, is_same = await connect(server, key)
            await again.client.open_secure_channel(renew=True)
            again.client.uaclient.revolve_security_token()
            await again.look()
            assert is_same and again.offset_ms is not None
            await again.close(is_kept=False)
        login = tmp_path / "pki" / "users" / "NODE.password"
        login.parent.mkdir()
        login.write_text("wrong")
        login.chmod(0o600)
        error = await _refused(replace(plan, authentication="USER_NAME", user_name="nobody"))
        assert error is not None and error.code is errors.USER_REFUSED

    _with_server(tmp_path, work)


@pytest.mark.slow
def test_node_opcua_that_does_not_know_us(tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """It says so by a fault in place of an open channel."""
    settings.DENCHI_VAR = tmp_path
    monkeypatch.setenv("ONLY_KNOWN", "1")

    async def work(url: str) -> None:
        error = await _refused(await _plan(url, Pki(tmp_path / "pki")))
        assert error is not None and error.code is errors.OWN_REFUSED

    _with_server(tmp_path, work)
