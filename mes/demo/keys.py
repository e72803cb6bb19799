"""Certificates for the demo's secured OPC UA server: the gateway's and the machine's, each trusting the other."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from lines.errors import Refusal
from lines.opcua.pki import Identity, Pki, make_identity
from lines.plant.shapes import OpcUaServerFile

# Made anew before the alarm that one expires.
AHEAD = timedelta(days=31)


def make_keys(var: Path, servers: Iterable[OpcUaServerFile]) -> Path:
    """What is missing or ends soon; the answer is the folder of the machines."""
    gateway, machines = Pki(var / "pki"), Pki(var / "machines_pki")
    secured = [server.code for server in servers if server.security_policy != "None"]
    if secured and not _stands(gateway.own):
        gateway.save_own(make_identity("Denchi gateway of the demo", "urn:denchi:demo:gateway", ["localhost"]))
    for code in secured:
        if not _stands(partial(machines.login, code)):
            machines.save_login(code, make_identity(f"Demo {code}", f"urn:denchi:demo:{code}", ["127.0.0.1"]))
        gateway.trust(machines.login(code).certificate)
        machines.trust(gateway.own().certificate)
    return machines.folder


def _stands(load: Callable[[], Identity]) -> bool:
    try:
        return load().certificate.not_valid_after_utc > datetime.now(UTC) + AHEAD
    except Refusal:
        return False
