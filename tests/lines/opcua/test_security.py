"""Secured OPC UA: what connects, and what is refused with one line that says why."""

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any, TypeVar

import pytest
from asyncua import ua
from asyncua.client.client import Client
from django.core.management import call_command
from django.core.management.base import CommandError

from lines.certificates import errors
from lines.errors import SERVER_NOT_SECURED, Code
from lines.opcua.connecting import connect
from lines.opcua.pki import Identity, Pki, application_uris, fingerprint, make_identity
from lines.opcua.queries import Server
from lines.opcua.security import InsecureError, explained, secure
from lines.simulator.asyncua_server import AsyncuaServer
from lines.simulator.nodes import NAMESPACE, NodeSpec
from lines.simulator.server_security import ServerSecurity
from mes.embedded import free_port

T = TypeVar("T")

URI = "urn:plant:assembly"
NODE = NodeSpec("STACK-1/Telemetry/Speed", "Double")


@pytest.fixture(scope="module")
def identities() -> dict[str, Identity]:
    """Keys are slow to make; these do for all tests."""
    return {
        "own": make_identity("Denchi gateway", "urn:here:denchi:gateway", ["here"]),
        "server": make_identity("Assembly", URI, ["127.0.0.1"]),
        "other": make_identity("Assembly", URI, ["127.0.0.1"]),
    }


class Secured:
    """A secured server in a thread of its own."""

    def __init__(self, security: ServerSecurity) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._server = AsyncuaServer("ASSEMBLY", free_port(), [NODE], security=security)
        self.url = self._server.url
        self._run(self._server.start())
        self._run(self._server.write(NODE.path, 12.5, 1.7e9))

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(30)

    @contextmanager
    def without(self, policy: str) -> Iterator[None]:
        """It no longer lists this policy."""
        listed = self._server._server.iserver.endpoints
        all_of_them = list(listed)
        listed[:] = [each for each in listed if not each.SecurityPolicyUri.endswith(policy)]
        yield
        listed[:] = all_of_them

    def stop(self) -> None:
        self._run(self._server.stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)


@pytest.fixture(scope="module")
def secured(identities: dict[str, Identity]) -> Iterator[Secured]:
    own = identities["own"].certificate
    server = Secured(
        ServerSecurity(identities["server"], (own,), passwords={"gateway": "open sesame"}, user_certificates=(own,))
    )
    yield server
    server.stop()


@pytest.fixture
def pki(tmp_path: Path, settings: Any, identities: dict[str, Identity]) -> Pki:
    """A folder with which everything fits."""
    settings.DENCHI_VAR = tmp_path
    pki = Pki(tmp_path / "pki")
    pki.save_own(identities["own"])
    pki.save_login("ASSEMBLY", identities["own"])
    pki.trust(identities["server"].certificate)
    _private(pki.folder / "users" / "ASSEMBLY.password", "open sesame\n")
    return pki


@pytest.fixture
def plan(secured: Secured, pki: Pki) -> Server:  # noqa: ARG001 - it makes the folder
    return Server(
        code="ASSEMBLY",
        endpoint_url=secured.url,
        is_demo=False,
        variables=(),
        handshakes=(),
        security_policy="Basic256Sha256",
        authentication="USER_NAME",
        user_name="gateway",
    )


def _private(path: Path, text: str) -> None:
    path.write_text(text)
    path.chmod(0o600)


async def _read(server: Server) -> float:
    client = Client(server.endpoint_url, timeout=5)
    try:
        await secure(client, server)
        await client.connect()
    except Exception as error:
        raise explained(error, server) or error from None
    try:
        index = await client.get_namespace_index(NAMESPACE)
        return float(await client.get_node(f"ns={index};s={NODE.path}").read_value())
    finally:
        await client.disconnect()


def _refused(server: Server) -> InsecureError:
    with pytest.raises(InsecureError) as caught:
        asyncio.run(_read(server))
    assert "\n" not in str(caught.value)
    return caught.value


@pytest.mark.parametrize("policy", ["Basic256Sha256", "Aes256Sha256RsaPss"])
@pytest.mark.parametrize("login", ["USER_NAME", "CERTIFICATE"])
def test_both_policies_and_both_logins_read_a_value(plan: Server, pki: Pki, policy: str, login: str) -> None:
    server = replace(plan, security_policy=policy, authentication=login)
    assert asyncio.run(_read(server)) == 12.5
    expected = {("", "own"), ("ASSEMBLY", "server")} | ({("ASSEMBLY", "login")} if login == "CERTIFICATE" else set())
    assert {(code, kind) for code, kind, _ in pki.ends()} == expected
    assert pki.refusals() == []


@pytest.mark.parametrize("login", ["USER_NAME", "CERTIFICATE"])
def test_a_secured_session_outlives_its_connection_and_its_keys(plan: Server, login: str) -> None:
    server = replace(plan, authentication=login)

    async def take_up() -> tuple[bool, float | None]:
        link, _ = await connect(server, None)
        # A session without a subscription ends with its connection.
        await link.ask(ua.CreateSubscriptionRequest(), ua.CreateSubscriptionResponse)
        key = link.key
        await link.close(is_kept=True)
        again, is_same = await connect(server, key)
        await again.client.open_secure_channel(renew=True)
        again.client.uaclient.revolve_security_token()
        await again.look()
        await again.close(is_kept=False)
        return is_same, again.offset_ms

    is_same, offset_ms = asyncio.run(take_up())
    assert is_same and offset_ms is not None


def test_none_is_refused_outside_the_demo_and_a_login_in_clear_everywhere(plan: Server) -> None:
    unsecured = replace(plan, security_policy="None", authentication="ANONYMOUS")
    assert _refused(unsecured).code is SERVER_NOT_SECURED
    asyncio.run(secure(Client(plan.endpoint_url), replace(unsecured, is_demo=True)))
    assert _refused(replace(unsecured, is_demo=True, authentication="USER_NAME")).code is errors.LOGIN_IN_CLEAR


def _distrust(pki: Pki) -> None:
    for path in (pki.folder / "trusted").iterdir():
        path.unlink()


def _change(pki: Pki) -> None:
    _distrust(pki)
    pki.trust(make_identity("Assembly", URI).certificate)


def _wrong_password(pki: Pki) -> None:
    _private(pki.folder / "users" / "ASSEMBLY.password", "close sesame")


def _open_password(pki: Pki) -> None:
    (pki.folder / "users" / "ASSEMBLY.password").chmod(0o644)


def _open_key(pki: Pki) -> None:
    (pki.folder / "own" / "key.pem").chmod(0o640)


def _no_key(pki: Pki) -> None:
    (pki.folder / "own" / "key.pem").unlink()


def _another_own(pki: Pki) -> None:
    pki.save_own(make_identity("Denchi gateway", "urn:here:denchi:gateway"))


def _expired_own(pki: Pki) -> None:
    last_week = datetime.now(UTC) - timedelta(days=7)
    pki.save_own(make_identity("Denchi gateway", "urn:here:denchi:gateway", days=1, now=last_week))


def _no_password(pki: Pki) -> None:
    (pki.folder / "users" / "ASSEMBLY.password").unlink()


@pytest.mark.parametrize(
    ("spoil", "code", "says"),
    [
        (_distrust, errors.UNTRUSTED, "It shows Assembly, SHA-256 "),
        (_change, errors.CHANGED, "; trusted is "),
        (_wrong_password, errors.USER_REFUSED, "BadUserAccessDenied, user gateway"),
        (_no_password, errors.LOGIN_MISSING, "ASSEMBLY.password: No such file"),
        (_open_password, errors.FILE_NOT_PRIVATE, "ASSEMBLY.password has mode 0644"),
        (_open_key, errors.FILE_NOT_PRIVATE, "key.pem has mode 0640"),
        (_no_key, errors.OWN_MISSING, "key.pem: No such file"),
        (_another_own, errors.OWN_REFUSED, "BadCertificateUntrusted"),
        (_expired_own, errors.OWN_EXPIRED, "It is valid 20"),
    ],
    ids=lambda value: value.__name__.strip("_") if callable(value) else "",
)
def test_each_mismatch_has_its_code_and_names_the_very_thing(
    plan: Server, pki: Pki, spoil: Callable[[Pki], None], code: Code, says: str
) -> None:
    spoil(pki)
    error = _refused(plan)
    assert error.code is code and says in str(error) and code.cure_en in str(error)
    assert [(each.server, each.code) for each in pki.refusals()] == [("ASSEMBLY", code.code)]


def test_a_policy_or_login_that_the_server_does_not_offer_is_told_with_what_it_offers(
    plan: Server, secured: Secured
) -> None:
    error = _refused(replace(plan, authentication="ANONYMOUS"))
    assert error.code is errors.LOGIN_NOT_OFFERED
    assert error.detail == "It takes Certificate, UserName; the plant data say ANONYMOUS."
    with secured.without("Basic256Sha256"):
        error = _refused(plan)
    assert error.code is errors.POLICY_NOT_OFFERED
    assert error.detail == "It offers Aes256_Sha256_RsaPss SignAndEncrypt; the plant data say Basic256Sha256."


# Commands.


def test_the_commands_make_a_private_key_and_trust_what_a_person_compared(
    secured: Secured, tmp_path: Path, settings: Any, identities: dict[str, Identity]
) -> None:
    settings.DENCHI_VAR = tmp_path
    pki, said = Pki(tmp_path / "pki"), StringIO()
    call_command("opcua_certificate", host="mes-1", stdout=said)
    own = pki.own().certificate
    assert application_uris(own) == ["urn:mes-1:denchi:gateway"] and fingerprint(own) in said.getvalue()
    assert (tmp_path / "pki" / "own" / "key.pem").stat().st_mode & 0o777 == 0o600
    call_command("opcua_certificate", stdout=StringIO())
    assert pki.own().certificate == own, "a certificate that servers trust must not be replaced unasked"

    with pytest.raises(CommandError, match="another fingerprint"):
        call_command("opcua_trust", secured.url, fingerprint="00:11", stdout=StringIO())
    assert pki.trusted() == []
    shown = fingerprint(identities["server"].certificate)
    call_command("opcua_trust", secured.url, fingerprint=shown.lower(), stdout=said)
    assert pki.trusted() == [identities["server"].certificate]
    assert "Basic256Sha256 SignAndEncrypt" in said.getvalue()
    with pytest.raises(CommandError, match="does not answer"):
        call_command("opcua_trust", f"opc.tcp://127.0.0.1:{free_port()}", stdout=StringIO())
