"""From the plant data to samples: arrays, structures and browse paths through the real gateway, worker and database."""

import time
from collections.abc import Iterator
from typing import Any

import pytest

from lines.ledger.services import evaluate
from lines.opcua import queries
from lines.opcua.errors import NODE_GONE, VALUE_NO_NUMBER
from lines.plant.models import NodeFault, OpcUaServer, Signal, Station
from lines.simulator.nodes import NAMESPACE, STRUCTURE, NodeSpec
from lines.telemetry.models import Sample
from tests.lines.opcua.peers import Peer
from tests.lines.rows import make_line, make_server, make_station
from tests.mes.plant_rows import load_osaka
from tests.processes import Processes, processes, wait_for

__all__ = ["processes"]


@pytest.mark.django_db
def test_signals_of_one_node_are_one_variable() -> None:
    load_osaka()
    signals = dict(Signal.objects.filter(station__code="COAT-1").values_list("code", "pk"))
    variables = {each.node: each for each in queries.server("COATING").variables if each.station == "COAT-1"}
    profile = variables["COAT-1/Telemetry/LoadingProfile"]
    assert profile.is_array and profile.signal_ids == tuple(signals[f"LoadingProfile[{n}]"] for n in range(16))
    exhaust = variables[f"nsu={NAMESPACE};s=COAT-1/Telemetry/Exhaust"]
    assert dict(zip(exhaust.fields, exhaust.signal_ids, strict=True)) == {
        "Air.Temperature": signals["ExhaustTemp"],
        "Air.Flow": signals["ExhaustFlow"],
        "Solvent": signals["ExhaustSolvent"],
    }
    assert variables["COAT-1/Telemetry/WebSpeed"].signal_ids == (signals["WebSpeed"],)
    assert [each.node for each in variables.values() if each.is_optional] == ["COAT-1/Status/TelemetryCount"]


@pytest.fixture
def peer(processes: Processes) -> Iterator[Peer]:
    row = make_station(make_server(make_line(), "COATING"), "COAT-1", measurements=1)
    peer = Peer(
        "asyncua",
        [row],
        more=[
            NodeSpec("COAT-1/Telemetry/Profile", "Double", is_array=True),
            NodeSpec("COAT-1/Telemetry/Exhaust", STRUCTURE, fields=("Air.Flow", "Solvent")),
            NodeSpec("COAT-1/Telemetry/Label", "String"),
        ],
    )
    OpcUaServer.objects.update(endpoint_url=peer.url)
    variables: dict[str, dict[str, Any]] = {
        **{f"Profile[{n}]": {"elements": 3} for n in range(3)},
        "Flow": {"node": f"nsu={NAMESPACE};s=COAT-1/Telemetry/Exhaust", "field": "Air.Flow"},
        "Solvent": {"node": f"nsu={NAMESPACE};s=COAT-1/Telemetry/Exhaust", "field": "Solvent"},
        "Label": {"node": "/Objects/COAT-1/Telemetry/Label"},
        "Lost": {},
    }
    for code, more in variables.items():
        Signal.objects.create(station=Station.objects.get(), code=code, name_en=code, name_ja=code, **more)
    yield peer
    processes.stop("gateway")
    peer.stop()


def samples() -> dict[str, list[float]]:
    found: dict[str, list[float]] = {}
    for code, value in Sample.objects.order_by("source_time").values_list("signal__code", "value"):
        found.setdefault(code, []).append(value)
    return found


def faults() -> dict[str, str]:
    evaluate()
    return dict(NodeFault.objects.values_list("signal__code", "code"))


@pytest.mark.slow
def test_arrays_structures_and_faults_reach_the_database(processes: Processes, peer: Peer) -> None:
    processes.start_worker("worker")
    processes.start_gateway()
    wait_for("the session", lambda: "following" in processes.log("gateway"), 60)
    for n in range(3):
        at = round(time.time(), 3)
        peer.write("COAT-1/Telemetry/Profile", [n + 0.25, n + 0.5, n + 0.75], at)
        peer.write("COAT-1/Telemetry/Exhaust", {"Air.Flow": 100.0 + n, "Solvent": 2.0 + n}, at)
        peer.write("COAT-1/Telemetry/Label", f"Roll {n}", at)
        peer.write("COAT-1/Telemetry/Value0", n + 0.125, at)
        time.sleep(0.3)
    expected = {
        **{f"Profile[{n}]": [0.25 * (n + 1) + k for k in range(3)] for n in range(3)},
        "Flow": [100.0, 101.0, 102.0],
        "Solvent": [2.0, 3.0, 4.0],
        "Value0": [0.125, 1.125, 2.125],
    }
    wait_for("all values", lambda: samples() == expected, 60)
    wait_for("the faults", lambda: faults() == {"Lost": "MES-L-0305", "Label": VALUE_NO_NUMBER.code})
    peer.delete("COAT-1/Telemetry/Value0")
    wait_for("the node that is gone", lambda: faults().get("Value0") == NODE_GONE.code, 60)
    peer.write("COAT-1/Telemetry/Profile", [7.0, 8.0, 9.0], time.time())
    wait_for("the others go on", lambda: samples()["Profile[0]"][-1:] == [7.0])
