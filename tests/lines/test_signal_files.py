"""OPC UA servers and signals in the plant's files: what is read, and what is refused with key and cure."""

from typing import Any

import pytest

from lines.plant.entries import Entry
from lines.plant.opcua_files import opcua_server, signals_of
from lines.plant.shapes import OpcUaServerFile, PlantFileError, SignalFile

SERVER = {"code": "MILL", "endpoint_url": "opc.tcp://10.0.0.7:4840", "stack": "asyncua"}
SIGNAL = {"code": "Speed", "name_en": "Speed", "name_ja": "速度"}
NODE = "nsu=urn:mill:plc;s=Oven.Zones"


def server(**more: Any) -> OpcUaServerFile:
    return opcua_server(Entry("site.toml", "opcua_servers[MILL]", SERVER | more))


def signals(**more: Any) -> list[SignalFile]:
    station = Entry("stations.toml", "stations[MILL-1]", {"signals": [SIGNAL | more]})
    return [signal for signal in signals_of(station) if signal.kind == "MEASUREMENT"]


def test_a_server_is_secured_unless_it_is_a_demo() -> None:
    assert (server().security_policy, server(is_demo=True).security_policy) == ("Basic256Sha256", "None")
    rsa = server(security_policy="Aes256Sha256RsaPss", authentication="USER_NAME", user_name="denchi")
    assert (rsa.security_policy, rsa.user_name) == ("Aes256Sha256RsaPss", "denchi")


def test_an_array_is_one_signal_for_each_element() -> None:
    found = signals(elements=3, unit="mm", deadband=0.5, sampling_ms=100, queue_size=50)
    assert [(each.code, each.name.en, each.name.ja) for each in found] == [
        *[
            ("Speed[0]", "Speed [0]", "速度[0]"),
            ("Speed[1]", "Speed [1]", "速度[1]"),
            ("Speed[2]", "Speed [2]", "速度[2]"),
        ]
    ]
    assert {(each.elements, each.unit, each.deadband, each.sampling_ms, each.queue_size) for each in found} == {
        (3, "mm", 0.5, 100, 50)
    }


@pytest.mark.parametrize("node", [NODE, "nsu=http://mill.example/UA/;i=4711", "/Objects/Mill 1/Oven/Speed"])
def test_nodes_by_id_and_by_browse_path(node: str) -> None:
    assert signals(node=node)[0].node == node


@pytest.mark.parametrize(
    ("key", "more"),
    [
        ("security_policy", {"security_policy": "None"}),
        ("security_policy", {"security_policy": "Basic128Rsa15"}),
        ("authentication", {"authentication": "TOKEN"}),
        ("user_name", {"authentication": "USER_NAME"}),
        ("user_name", {"user_name": "denchi"}),
        ("lifetime_s", {"lifetime_s": 59}),
        ("publishing_ms", {"publishing_ms": 0}),
        ("queue_size", {"queue_size": 0}),
        ("historises", {"historises": "yes"}),
        ("historizes", {"historizes": True}),
    ],
)
def test_a_wrong_server_is_refused_by_its_key(key: str, more: dict[str, Any]) -> None:
    with pytest.raises(PlantFileError) as refused:
        server(**more)
    assert refused.value.key == f"opcua_servers[MILL].{key}" and refused.value.cure


@pytest.mark.parametrize(
    ("key", "more"),
    [
        ("node", {"node": "ns=2;s=Oven"}),  # an index may change with any restart of the server
        ("node", {"node": "nsu=urn:mill:plc;i=-1"}),
        ("node", {"node": "/Oven/Speed"}),
        ("node", {"node": "/Objects//Speed"}),
        ("node", {"field": "Zone.Temperature"}),
        ("field", {"node": NODE, "field": "Zone..Temperature"}),
        ("field", {"node": NODE, "field": "Zone", "elements": 2}),
        ("field", {"node": NODE, "field": "Zone", "deadband": 1.0}),
        ("deadband", {"deadband": 0}),
        ("elements", {"elements": 1001}),
        ("sampling_ms", {"sampling_ms": -1}),
        ("queue_size", {"queue_size": 0}),
    ],
)
def test_a_wrong_signal_is_refused_by_its_key(key: str, more: dict[str, Any]) -> None:
    with pytest.raises(PlantFileError) as refused:
        signals(**more)
    assert refused.value.key == f"stations[MILL-1].signals[Speed].{key}" and refused.value.cure
