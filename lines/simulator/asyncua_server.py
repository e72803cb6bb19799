"""Stations served by asyncua."""

from collections.abc import Callable, Iterable
from typing import Any

import asyncua

from lines.simulator.clock import as_datetime
from lines.simulator.nodes import NAMESPACE, NO_VALUE_YET, STRUCTURE, NodeSpec
from lines.simulator.server_security import ServerSecurity
from lines.simulator.structures import ServedStructure, add_structure

# asyncua's annotations ask for its own wrappers around str, int and datetime, which it does not need.
ua: Any = asyncua.ua


class _Written(ua.DataValue):  # type: ignore[misc]  # ua is Any here
    """A value nobody changes any more. Without this the server deep-copies each one for each subscription, which
    was a fifth of the simulator's work."""

    def __deepcopy__(self, _memo: dict[int, Any]) -> "_Written":
        return self


class AsyncuaServer:
    """One asyncua server on a TCP port of the loopback interface; anonymous and unencrypted unless given security."""

    def __init__(
        self,
        name: str,
        port: int,
        nodes: Iterable[NodeSpec],
        host: str = "127.0.0.1",
        security: ServerSecurity | None = None,
    ) -> None:
        self.url = f"opc.tcp://{host}:{port}"
        self._name = name
        self._security = security
        self._specs = list(nodes)
        self._server: Any = asyncua.Server()  # type: ignore[attr-defined]  # it exports by *
        self._ids: dict[str, Any] = {}
        self._kinds: dict[str, tuple[Any, bool]] = {}
        self._structures: dict[str, ServedStructure] = {}

    async def start(self) -> None:
        server = self._server
        await server.init()
        server.set_endpoint(self.url)
        server.set_server_name(f"Denchi plant simulator {self._name}")
        if self._security is None:
            server.set_security_policy([ua.SecurityPolicyType.NoSecurity])
        else:
            await self._security.apply(server)
        index = await server.register_namespace(NAMESPACE)
        folders = {"": server.get_objects_node()}
        for spec in self._specs:
            *parents, name = spec.path.split("/")
            for depth in range(1, len(parents) + 1):
                path = "/".join(parents[:depth])
                if path not in folders:
                    above = folders["/".join(parents[: depth - 1])]
                    folders[path] = await above.add_object(ua.NodeId(path, index), f"{index}:{parents[depth - 1]}")
            if spec.kind == STRUCTURE:
                structure = self._structures[spec.path] = await add_structure(server, index, spec)
                kind, data_type, initial = ua.VariantType.ExtensionObject, structure.data_type, structure.value(None)
            else:
                kind, initial = ua.VariantType[spec.kind], spec.initial
                data_type = ua.NodeId(kind.value)
            node = await folders["/".join(parents)].add_variable(
                ua.NodeId(spec.path, index),
                f"{index}:{name}",
                ua.Variant(initial, kind, is_array=spec.is_array),
                datatype=data_type,
            )
            if spec.by_client:
                await node.set_writable()
            self._ids[spec.path] = node.nodeid
            self._kinds[spec.path] = kind, spec.is_array
            if spec.is_signal:
                await self.write(spec.path, spec.initial, 0.0, NO_VALUE_YET)
        await self._listen()

    async def _listen(self) -> None:
        """All variables are there; from now on clients come."""
        await self._server.start()

    async def stop(self) -> None:
        await self._server.stop()

    async def write(self, path: str, value: Any, source_time: float, status: int = 0) -> None:
        kind, is_array = self._kinds[path]
        if path in self._structures:
            value = self._structures[path].value(value)
        data = _Written(
            ua.Variant(value, kind, is_array=is_array), ua.StatusCode(status), SourceTimestamp=as_datetime(source_time)
        )
        code = await self._server.iserver.aspace.write_attribute_value(self._ids[path], ua.AttributeIds.Value, data)
        code.check()

    def read(self, path: str) -> Any:
        return self._server.read_attribute_value(self._ids[path]).Value.Value

    def watch(self, path: str, told: Callable[[Any], None]) -> None:
        async def changed(_handle: int, value: Any) -> None:
            told(value.Value.Value)

        code, _ = self._server.iserver.aspace.add_datachange_callback(self._ids[path], ua.AttributeIds.Value, changed)
        code.check()

    def is_subscribed(self, path: str) -> bool:
        # Subscriptions hang on to a value by the same call-backs as `watch`; the library has no question for it.
        node = self._server.iserver.aspace[self._ids[path]]
        return bool(node.attributes[ua.AttributeIds.Value].datachange_callbacks)
