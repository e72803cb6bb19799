"""Both servers show the same address space to both client libraries, and the handshake works through either."""

import asyncio
import math
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import opcua
import pytest

from lines.plant.files import Name, SignalFile, StationFile
from lines.simulator.asyncua_server import AsyncuaServer
from lines.simulator.clock import SimulatedClock
from lines.simulator.handshake import HandshakeLink, result_fields
from lines.simulator.links import Question, ResultAnswer
from lines.simulator.nodes import NAMESPACE, station_nodes
from lines.simulator.opcua_server import OpcuaServer
from lines.simulator.running import free_port
from tests.lines.simulator.mes_stub import as_body, asyncua, ua

NAME = Name("x", "x")
STATION = StationFile(
    code="EOL-1",
    name=NAME,
    kind="PACK_TEST",
    area="A",
    sequence=1,
    interface="OPCUA",
    opcua_server="S",
    operations=("EOL",),
    stale_after_s=30,
    target_per_shift=1,
    signals=(SignalFile("PackVoltage", NAME, "MEASUREMENT", "V", 2, 0, 400),),
)
BODY: dict[str, Any] = {
    "serial": "SK1PLF6BL000001XX",
    "operation": "EOL",
    "outcome": "FAIL",
    "reason_codes": ["EOL-IR"],
    "started_at": "2026-11-20T00:00:00.000+00:00",
    "finished_at": "2026-11-20T00:40:00.000+00:00",
    "recipe": "LFP-314/EOL",
    "operator": "",
    "length_m": 12.5,
    "mass_kg": None,
    "measurements": [
        {"code": "EOL-01", "value": 812.5, "unit": "MOhm", "position": ""},
        {"code": "PAC-02", "value": 0.031, "unit": "mOhm", "position": "J001"},
    ],
    "consumed": [
        {"material": "ADHESIVE", "supplier": "Kinki Polymer", "lot": "KP2611-1", "quantity": 1.5, "unit": "kg"}
    ],
    "components": [{"serial": "A", "position": 1}, {"serial": "B", "position": 2, "quantity": 2.17}],
    "ranges": [{"serial": "R", "lane": 2, "from_m": 0.0, "to_m": 15.75}],
    "grade": "A",
    "counts": [{"code": "COA-PIN", "count": 3, "inspected": 1000.0}],
    "offline": True,
}
QUESTION = Question(["SERIAL", "OTHER"], "EOL", datetime(2026, 11, 20, tzinfo=UTC).timestamp(), "P/EOL/v1", "op.sato")


@pytest.fixture(params=[AsyncuaServer, OpcuaServer], ids=["asyncua", "opcua"])
def make_server(request: pytest.FixtureRequest) -> Iterator[Any]:
    yield lambda: request.param("S", free_port(), station_nodes(STATION))


def _read_with_python_opcua(url: str, path: str) -> tuple[Any, Any, int]:
    client = opcua.Client(url)
    client.connect()
    try:
        index = client.get_namespace_index(NAMESPACE)
        node = client.get_node(f"ns={index};s={path}")
        params = opcua.ua.ReadParameters()
        wanted = opcua.ua.ReadValueId()
        wanted.NodeId, wanted.AttributeId = node.nodeid, opcua.ua.AttributeIds.Value
        params.NodesToRead = [wanted]
        data = client.uaclient.read(params)[0]  # the library's own read raises on an uncertain status
        return data.Value.Value, data.SourceTimestamp, data.StatusCode.value
    finally:
        client.disconnect()


def test_both_clients_read_value_source_time_and_status(make_server: Any) -> None:
    async def check() -> None:
        server = make_server()
        await server.start()
        try:
            stamp = datetime(2026, 11, 12, 3, 4, 5, 678000, UTC)
            await server.write("EOL-1/Telemetry/PackVoltage", 332.125, stamp.timestamp(), 0x40930000)
            value, source_time, status = await asyncio.to_thread(
                _read_with_python_opcua, server.url, "EOL-1/Telemetry/PackVoltage"
            )
            assert (value, source_time, status) == (332.125, stamp.replace(tzinfo=None), 0x40930000)
            async with asyncua.Client(server.url) as client:
                index = await client.get_namespace_index(NAMESPACE)
                data = await client.get_node(f"ns={index};s=EOL-1/Telemetry/PackVoltage").read_data_value(False)
                assert (data.Value.Value, data.SourceTimestamp, data.StatusCode.value) == (332.125, stamp, 0x40930000)
                objects = await client.nodes.objects.get_child([f"{index}:EOL-1"])
                names = {(await child.read_browse_name()).Name for child in await objects.get_children()}
                assert names == {"Status", "Telemetry", "Permit", "Result"}
                specs = {spec.path: spec for spec in station_nodes(STATION)}
                for path, spec in specs.items():
                    node = client.get_node(f"ns={index};s={path}")
                    assert (await node.read_data_type_as_variant_type()).name == spec.kind
                    assert (ua.AccessLevel.CurrentWrite in await node.get_access_level()) == spec.by_client
        finally:
            await server.stop()

    asyncio.run(check())


async def _answer(client: Any, index: int, folder: str, sequence: int, told: dict[str, Any]) -> None:
    def node(name: str) -> Any:
        return client.get_node(f"ns={index};s=EOL-1/{folder}/{name}")

    while not (await node("Ready").read_value() and await node("Sequence").read_value() == sequence):
        await asyncio.sleep(0.01)
    await node("Accepted").write_value(True)  # an answer to another question, left over: must not count
    await asyncio.sleep(0.05)
    assert await node("Ready").read_value()
    await node("Accepted").write_value(False)
    for name, value in told.items():
        kind = ua.VariantType.UInt32 if isinstance(value, int) else ua.VariantType.String
        await node(name).write_value(ua.Variant(value, kind, is_array=isinstance(value, list)))
    await node("AnsweredSequence").write_value(ua.Variant(sequence, ua.VariantType.UInt32))
    await node("Accepted").write_value(True)
    while await node("Ready").read_value():
        await asyncio.sleep(0.01)
    await node("Accepted").write_value(False)


def test_permit_and_result_go_through_the_handshake(make_server: Any) -> None:
    async def check() -> None:
        server = make_server()
        await server.start()
        try:
            link = HandshakeLink(server, STATION, SimulatedClock(time.time(), 1), 0.0)
            link.restore("b00", 41)
            async with asyncua.Client(server.url) as client:
                index = await client.get_namespace_index(NAMESPACE)
                asked = asyncio.create_task(link.permits(QUESTION))
                await _answer(
                    client, index, "Permit", 42, {"Verdict": "ALLOW", "ReasonCodes": [], "ExpectedRecipe": "P/EOL/v2"}
                )
                fields = ["Recipe", "Operator", "SourceTime"]
                nodes = [client.get_node(f"ns={index};s=EOL-1/Permit/{name}") for name in fields]
                assert await client.read_values(nodes) == ["P/EOL/v1", "op.sato", datetime(2026, 11, 20, tzinfo=UTC)]
                denied = {"Verdict": "DENY", "ReasonCodes": ["MES-T-0018"], "RetryAfterS": 60}
                await _answer(client, index, "Permit", 43, denied)
                first, second = await asked
                assert (first.is_allowed, first.codes, first.recipe) == (True, (), "P/EOL/v2")
                assert (second.is_allowed, second.codes, second.retry_after_s) == (False, ("MES-T-0018",), 60)
                posted = asyncio.create_task(link.post("EOL-1:b00:R:7", BODY))
                told = {"Verdict": "FAIL", "Disposition": "REWORK", "NextOperation": "PACK", "DeviationCodes": []}
                await _answer(client, index, "Result", 7, told)
                assert await posted == [ResultAnswer(BODY["serial"], "FAIL", "REWORK", "PACK")]
                names = result_fields(BODY)
                nodes = [client.get_node(f"ns={index};s=EOL-1/Result/{name}") for name in names]
                read = dict(zip(names, await client.read_values(nodes), strict=True))
        finally:
            await server.stop()
        assert math.isnan(read["ComponentQuantity"][0])
        back = as_body(read)
        assert back == {name: value for name, value in BODY.items() if name in back}

    asyncio.run(check())
