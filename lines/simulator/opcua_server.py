"""Stations served by python-opcua, the older library, in threads of its own.

Loopback only: CVE-2022-25304 (unbounded memory on chunked messages) is not fixed in it.
"""

import asyncio
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from opcua import Server, ua

from lines.simulator.clock import as_datetime
from lines.simulator.nodes import NAMESPACE, NO_VALUE_YET, NodeSpec


def _plain(value: Any) -> Any:
    """python-opcua encodes datetimes as if they were UTC and cannot subtract aware ones."""
    return value.replace(tzinfo=None) if isinstance(value, datetime) else value


class OpcuaServer:
    """One python-opcua server on a TCP port of the loopback interface, anonymous and unencrypted: a demo plant."""

    def __init__(self, name: str, port: int, nodes: Iterable[NodeSpec]) -> None:
        self.url = f"opc.tcp://127.0.0.1:{port}"
        self._name = name
        self._specs = list(nodes)
        self._server: Any = None
        self._ids: dict[str, Any] = {}
        self._kinds: dict[str, Any] = {}

    async def start(self) -> None:
        await asyncio.to_thread(self._start)

    def _start(self) -> None:
        server = Server()
        server.set_endpoint(self.url)
        server.set_server_name(f"Denchi plant simulator {self._name}")
        server.set_security_policy([ua.SecurityPolicyType.NoSecurity])
        index = server.register_namespace(NAMESPACE)
        folders = {"": server.get_objects_node()}
        for spec in self._specs:
            *parents, name = spec.path.split("/")
            for depth in range(1, len(parents) + 1):
                path = "/".join(parents[:depth])
                if path not in folders:
                    above = folders["/".join(parents[: depth - 1])]
                    folders[path] = above.add_object(ua.NodeId(path, index), f"{index}:{parents[depth - 1]}")
            kind = ua.VariantType[spec.kind]
            node = folders["/".join(parents)].add_variable(
                ua.NodeId(spec.path, index),
                f"{index}:{name}",
                ua.Variant(_plain(spec.initial), kind, is_array=spec.is_array),
                datatype=ua.NodeId(kind.value),
            )
            if spec.by_client:
                node.set_writable()
            self._ids[spec.path] = node.nodeid
            self._kinds[spec.path] = kind, spec.is_array
        self._server = server
        for spec in self._specs:
            if spec.is_signal:
                # Null, because this library tells subscribers nothing when only status or time change.
                empty = ua.DataValue(ua.Variant(None), ua.StatusCode(NO_VALUE_YET))
                server.set_attribute_value(self._ids[spec.path], empty)
        try:
            self._listen()
        except OSError:
            self._server = None  # there is nothing to stop
            raise

    def _listen(self) -> None:
        """All variables are there; from now on clients come."""
        self._server.start()

    async def stop(self) -> None:
        if self._server is not None:
            await asyncio.to_thread(self._server.stop)

    async def write(self, path: str, value: Any, source_time: float, status: int = 0) -> None:
        # Straight from our loop: the library takes a lock, and its own thread only sends.
        kind, is_array = self._kinds[path]
        data = ua.DataValue(ua.Variant(_plain(value), kind, is_array=is_array), ua.StatusCode(status))
        data.SourceTimestamp = as_datetime(source_time).replace(tzinfo=None)
        self._server.set_attribute_value(self._ids[path], data)

    def read(self, path: str) -> Any:
        return self._server.get_node(self._ids[path]).get_value()

    def watch(self, path: str, told: Callable[[Any], None]) -> None:
        loop = asyncio.get_running_loop()

        def changed(_handle: int, value: Any) -> None:
            loop.call_soon_threadsafe(told, value.Value.Value)

        code, _ = self._server.iserver.aspace.add_datachange_callback(self._ids[path], ua.AttributeIds.Value, changed)
        code.check()

    def is_subscribed(self, path: str) -> bool:
        # Subscriptions hang on to a value by the same call-backs as `watch`; the library has no question for it.
        node = self._server.iserver.aspace[self._ids[path]]
        return bool(node.attributes[ua.AttributeIds.Value].datachange_callbacks)
