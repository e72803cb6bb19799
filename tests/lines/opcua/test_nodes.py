"""Plant data meet a server's address space: ids, browse paths, arrays, structures, and what is missing."""

import asyncio
import logging
import math
from collections.abc import Iterator
from typing import Any

import asyncua
import pytest
from asyncua.client.client import Client

from lines.errors import NODE_MISSING
from lines.opcua import browsing, nodes, plain
from lines.opcua.errors import BROWSE_BOUND, NODE_AMBIGUOUS, NODE_GONE, STRUCTURE_UNREADABLE, VALUE_NO_NUMBER
from lines.opcua.handles import Handles, Numbers
from lines.opcua.queries import Followed
from lines.simulator.nodes import NAMESPACE, STRUCTURE, NodeSpec
from mes.embedded import free_port
from tests.lines.opcua.peers import Peer

# asyncua's annotations ask for its own wrappers around str and int, which it does not need.
ua: Any = asyncua.ua
STATION = "COAT-1"
OTHER = "urn:somebody:else"


def followed(node: str, *signal_ids: int, **more: Any) -> Followed:
    return Followed(STATION, node, True, signal_ids, **more)


SPEED = followed("COAT-1/Telemetry/Speed", 1)
PROFILE = followed("COAT-1/Telemetry/Profile", 2, 3, 4, is_array=True)
EXHAUST = followed(
    f"nsu={NAMESPACE};s=COAT-1/Telemetry/Exhaust", 5, 6, 7, fields=("Air.Flow", "Solvent", "Air.Temperature")
)


@pytest.fixture(scope="module")
def peer() -> Iterator[Peer]:
    peer = Peer(
        "asyncua",
        [],
        more=[
            NodeSpec("COAT-1/Telemetry/Speed", "Double"),
            NodeSpec("COAT-1/Telemetry/Profile", "Double", is_array=True),
            NodeSpec("COAT-1/Telemetry/Exhaust", STRUCTURE, fields=("Air.Temperature", "Air.Flow", "Solvent")),
            NodeSpec("COAT-1/Telemetry/Label", "String"),
        ],
    )
    yield peer
    peer.stop()


def find(url: str, *variables: Followed) -> nodes.Found:
    async def ask() -> nodes.Found:
        async with Client(url) as client:
            return await nodes.find(client, variables)

    return asyncio.run(ask())


class Following:
    """A subscription of asyncua's own client, whose responses are read as the gateway reads them."""

    def __init__(self, url: str, *variables: Followed) -> None:
        self.client = Client(url)
        self._variables = variables
        self._rows: list[tuple[int, float, int]] = []
        self._refused: list[tuple[int, str]] = []
        self._news = asyncio.Event()

    async def __aenter__(self) -> "Following":
        await self.client.connect()
        found = self.found = await nodes.find(self.client, self._variables)
        self.faults = dict(found.faults)
        handles = Handles(
            Numbers(each.signal_id, each.signal_ids, not each.is_array and not each.fields) for each in self._variables
        )

        async def told(result: ua.PublishResult) -> None:
            response = ua.PublishResponse(Parameters=result)
            rows = handles.rows(plain.arrived(response, found.readers))
            self._rows += zip(rows.signal_id.tolist(), rows.value.tolist(), rows.status.tolist(), strict=True)
            self._refused += rows.refused
            self._news.set()

        parameters = ua.CreateSubscriptionParameters(
            RequestedPublishingInterval=20, RequestedLifetimeCount=1000, RequestedMaxKeepAliveCount=10
        )
        subscription = await self.client.uaclient.create_subscription(parameters, told)
        asked = ua.CreateMonitoredItemsParameters(
            SubscriptionId=subscription.SubscriptionId,
            ItemsToCreate=[
                ua.MonitoredItemCreateRequest(
                    ItemToMonitor=ua.ReadValueId(NodeId=node, AttributeId=ua.AttributeIds.Value),
                    MonitoringMode=ua.MonitoringMode.Reporting,
                    RequestedParameters=ua.MonitoringParameters(ClientHandle=signal, QueueSize=100),
                )
                for signal, node in found.nodes.items()
            ],
        )
        results = await self.client.uaclient.create_monitored_items(asked)
        statuses = {signal: result.StatusCode for signal, result in zip(found.nodes, results, strict=True)}
        self.faults |= nodes.refusals(self._variables, statuses)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.client.disconnect()

    async def rows(self, count: int) -> list[tuple[int, float, int]]:
        await self._until(lambda: len(self._rows) >= count)
        return self._rows

    async def refused(self, count: int) -> list[tuple[int, str]]:
        await self._until(lambda: len(self._refused) >= count)
        return self._refused

    async def _until(self, is_there: Any) -> None:
        async with asyncio.timeout(10):
            while not is_there():
                self._news.clear()
                await self._news.wait()


def test_numbers_arrays_and_structures_become_rows_of_their_signals(peer: Peer) -> None:
    peer.write("COAT-1/Telemetry/Speed", 60.5, 1_800_000_000)
    peer.write("COAT-1/Telemetry/Profile", [18.9, 19.0, 19.1], 1_800_000_000)
    peer.write(
        "COAT-1/Telemetry/Exhaust", {"Air.Temperature": 88.0, "Air.Flow": 10_000.0, "Solvent": 2.5}, 1_800_000_000
    )

    async def follow() -> list[tuple[int, float, int]]:
        async with Following(peer.url, SPEED, PROFILE, EXHAUST) as following:
            assert following.faults == {}
            return await following.rows(7)

    rows = asyncio.run(follow())
    assert {signal: value for signal, value, _ in rows} == {
        **{1: 60.5, 2: 18.9, 3: 19.0, 4: 19.1},
        **{5: 10_000.0, 6: 2.5, 7: 88.0},
    }


def test_what_is_no_number_is_refused_by_code_and_the_others_go_on(peer: Peer) -> None:
    label = followed("COAT-1/Telemetry/Label", 8)
    megabyte = "x" * 1_000_000
    peer.write("COAT-1/Telemetry/Label", megabyte, 1_800_000_000)
    peer.write("COAT-1/Telemetry/Speed", 60.5, 1_800_000_000)

    async def follow() -> tuple[list[tuple[int, float, int]], list[tuple[int, str]]]:
        async with Following(peer.url, SPEED, label) as following:
            return await following.rows(2), await following.refused(1)

    rows, refused = asyncio.run(follow())
    assert refused == [(8, VALUE_NO_NUMBER.code)]
    values = {signal: value for signal, value, _ in rows}
    # It is a row all the same, so that it is counted as one that came and could not be stored.
    assert values[1] == 60.5 and math.isnan(values[8])


@pytest.fixture(params=["asyncua", "opcua"])
def spoilt(request: pytest.FixtureRequest) -> Iterator[Peer]:
    names = ("Speed", "Temperature")
    peer = Peer(request.param, [], more=[NodeSpec(f"COAT-1/Telemetry/{name}", "Double") for name in names])
    yield peer
    peer.stop()


@pytest.mark.slow
def test_a_variable_that_disappears_is_found_and_the_others_go_on(spoilt: Peer) -> None:
    """asyncua's server tells its subscribers nothing, python-opcua's not which it was: the gateway looks by itself."""
    temperature = followed("COAT-1/Telemetry/Temperature", 2)
    for signal in (SPEED, temperature):
        spoilt.write(signal.node, 60.5, 1_800_000_000)

    async def follow() -> None:
        async with Following(spoilt.url, SPEED, temperature) as following:
            await following.rows(2)
            assert await nodes.gone(following.client, following.found.nodes) == set()
            await asyncio.to_thread(spoilt.delete, temperature.node)
            assert await nodes.gone(following.client, following.found.nodes) == {2}
            await asyncio.to_thread(spoilt.write, SPEED.node, 61.0, 1_800_000_001)
            assert (await following.rows(3))[-1][:2] == (1, 61.0)

    asyncio.run(follow())


def test_a_server_that_says_so_is_believed(peer: Peer) -> None:
    peer.write("COAT-1/Telemetry/Speed", 60.5, 1_800_000_000)

    async def follow() -> None:
        async with Following(peer.url, SPEED) as following:
            await following.rows(1)
            await asyncio.to_thread(peer.write, SPEED.node, 0.0, 1_800_000_001, 0x80340000)
            assert await following.refused(1) == [(1, NODE_GONE.code)]
            # Nobody measured that: no row.
            assert len(await following.rows(1)) == 1

    asyncio.run(follow())


def test_the_report_names_what_the_server_lacks(peer: Peer, caplog: pytest.LogCaptureFixture) -> None:
    lacking = [
        followed("COAT-1/Telemetry/Nothing", 11),
        followed("nsu=urn:nobody;i=7", 12),
        followed("/Objects/COAT-1/Telemetry/Nowhere", 13),
        followed(EXHAUST.node, 14, 15, fields=("Solvent", "Air.Pressure")),
        followed(SPEED.node, 16, fields=("Solvent",)),
        followed("COAT-1/Status/TelemetryCount", 17, is_optional=True),
    ]

    async def follow() -> dict[int, nodes.Fault]:
        async with Following(peer.url, SPEED, *lacking) as following:
            return following.faults

    faults = asyncio.run(follow())
    assert {signal: fault.code for signal, fault in faults.items()} == {
        **dict.fromkeys((11, 12, 13), NODE_MISSING),
        **dict.fromkeys((15, 16), STRUCTURE_UNREADABLE),
    }
    with caplog.at_level(logging.ERROR):
        nodes.report("COATING", lacking, faults)
    assert "MES-L-0305: COATING" in caplog.text and "/Objects/COAT-1/Telemetry/Nowhere" in caplog.text
    assert "no number at Air.Pressure" in caplog.text


def test_browse_paths_lead_through_namespaces_and_are_never_guessed() -> None:
    """A way whose names are all of one namespace comes first."""
    url = f"opc.tcp://127.0.0.1:{free_port()}"

    async def run() -> nodes.Found:
        server = asyncua.Server()  # type: ignore[attr-defined]  # it exports by *
        await server.init()
        server.set_endpoint(url)
        ours, other, third = [await server.register_namespace(uri) for uri in (NAMESPACE, OTHER, "urn:third")]
        line = await server.nodes.objects.add_object(ours, "Line")
        await line.add_variable(ua.NodeId("speed", other), ua.QualifiedName("Speed", other), 1.0)
        await line.add_variable(ua.NodeId(4711, other), ua.QualifiedName("Twice", third), 1.0)
        await line.add_variable(ua.NodeId(4712, other), ua.QualifiedName("Twice", other), 1.0)
        await line.add_variable(ua.NodeId("plain", ours), ua.QualifiedName("Plain", ours), 1.0)
        await line.add_variable(ua.NodeId("other plain", other), ua.QualifiedName("Plain", other), 1.0)
        async with server, Client(url) as client:
            return await nodes.find(
                client,
                [
                    followed("/Objects/Line/Speed", 1),
                    followed("/Objects/Line/Twice", 2),
                    followed("/Objects/Line/Plain", 3),
                    followed(f"nsu={OTHER};i=4711", 4),
                ],
            )

    found = asyncio.run(run())
    assert {signal: node.Identifier for signal, node in found.nodes.items()} == {1: "speed", 3: "plain", 4: 4711}
    assert {signal: fault.code for signal, fault in found.faults.items()} == {2: NODE_AMBIGUOUS}


async def folder_with(server: Any, index: int, count: int) -> None:
    """A folder of so many variables, put straight into the server's address space: adding them takes minutes."""
    folder = await server.nodes.objects.add_object(ua.NodeId("many", index), ua.QualifiedName("Many", index))
    references = server.iserver.aspace[folder.nodeid].references
    references += [
        ua.ReferenceDescription(
            ReferenceTypeId=ua.NodeId.from_string("i=47"),  # HasComponent
            IsForward=True,
            NodeId=ua.NodeId(n, index),
            BrowseName=ua.QualifiedName(f"V{n}", index),
            NodeClass=ua.NodeClass.Variable,
        )
        for n in range(1, count + 1)
    ]


@pytest.mark.slow
def test_a_hundred_thousand_nodes_are_browsed_within_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    url = f"opc.tcp://127.0.0.1:{free_port()}"
    asked = [followed(f"/Objects/{path}", n) for n, path in enumerate(["Plain", "Many/Deep/V", "Many/Nowhere"])]

    async def run() -> tuple[nodes.Found, nodes.Found, nodes.Found]:
        server = asyncua.Server()  # type: ignore[attr-defined]  # it exports by *
        await server.init()
        server.set_endpoint(url)
        index = await server.register_namespace(OTHER)
        await folder_with(server, index, 100_000)
        await server.nodes.objects.add_variable(ua.NodeId("plain", index), ua.QualifiedName("Plain", index), 1.0)
        async with server, Client(url, timeout=60) as client:
            found = await nodes.find(client, asked)
            monkeypatch.setattr(browsing, "MOST_REFERENCES", 50_000)
            bounded = await nodes.find(client, asked)
            monkeypatch.setattr(browsing, "TIMEOUT_S", 0.01)
            return found, bounded, await nodes.find(client, asked)

    found, bounded, late = asyncio.run(run())
    assert {signal: fault.code for signal, fault in found.faults.items()} == dict.fromkeys((1, 2), NODE_MISSING)
    for each in (found, bounded, late):
        assert set(each.nodes) == {0}
    for each in (bounded, late):
        assert {each.faults[n].code for n in (1, 2)} == {BROWSE_BOUND}
