"""Stations' OPC UA servers of both makes, each in a thread of its own, as the gateway under test meets them."""

import asyncio
import threading
from collections.abc import Container, Coroutine, Iterable
from typing import Any, TypeVar

from lines.simulator.asyncua_server import AsyncuaServer
from lines.simulator.nodes import PERMIT_ANSWER, PERMIT_FIELDS, RESULT_ANSWER, RESULT_FIELDS, NodeSpec
from lines.simulator.opcua_server import OpcuaServer
from mes.embedded import free_port
from tests.lines.rows import Row

T = TypeVar("T")

MAKES = {"asyncua": AsyncuaServer, "opcua": OpcuaServer}


def _nodes(row: Row, is_asking: bool, lacking: Container[str]) -> list[NodeSpec]:
    code = row.station.code
    kinds = {"StateCurrent": "Int32", "ProdProcessedCount": "UInt32", "ProdDefectiveCount": "UInt32"}
    nodes = [NodeSpec(f"{code}/Status/{name}", kind) for name, kind in kinds.items()]
    nodes += [NodeSpec(f"{code}/Telemetry/{name}", "Double") for name in row.signals if name not in kinds]
    for folder, fields, answer in (
        ("Permit", PERMIT_FIELDS, PERMIT_ANSWER),
        ("Result", RESULT_FIELDS, RESULT_ANSWER),
    ):
        if is_asking:
            nodes.append(NodeSpec(f"{code}/{folder}/Ready", "Boolean"))
            for by_client, columns in ((False, fields), (True, answer)):
                nodes += [
                    NodeSpec(f"{code}/{folder}/{name}", kind.removesuffix("[]"), kind.endswith("[]"), by_client)
                    for name, kind in columns.items()
                    if name not in lacking
                ]
    return nodes


class Peer:
    """One server of one make with the stations given; without the fields of the handshake that it is `lacking`."""

    def __init__(
        self,
        make: str,
        rows: list[Row],
        is_asking: bool = False,
        lacking: Container[str] = (),
        more: Iterable[NodeSpec] = (),
    ) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        nodes = [*(node for row in rows for node in _nodes(row, is_asking, lacking)), *more]
        self.server: Any = MAKES[make](make, free_port(), nodes)
        self.url: str = self.server.url
        self.run(self.server.start())

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Do it in the server's own loop."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(60)

    def write(self, path: str, value: Any, source_time: float, status: int = 0) -> None:
        self.run(self.server.write(path, value, source_time, status))

    def read(self, path: str) -> Any:
        async def read() -> Any:
            return self.server.read(path)

        return self.run(read())

    def delete(self, path: str) -> None:
        """Take the variable away while it is followed."""

        async def delete() -> None:
            server = self.server._server
            deleting = server.delete_nodes([server.get_node(self.server._ids[path])])
            if asyncio.iscoroutine(deleting):
                await deleting

        self.run(delete())

    def stop(self) -> None:
        self.run(self._stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    async def _stop(self) -> None:
        await self.server.stop()
        # asyncua leaves the loops of its sessions behind.
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()
        await asyncio.sleep(0.05)
