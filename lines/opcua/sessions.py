"""One OPC UA session for each server: connect, subscribe, run the handshakes, begin again when it is lost."""

import asyncio
import logging
import math
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

from asyncua import ua
from asyncua.client.client import Client
from asyncua.common.node import Node
from asyncua.common.subscription import DataChangeNotif, Subscription
from asyncua.ua.attribute_ids import AttributeIds
from asyncua.ua.status_codes import StatusCodes
from asyncua.ua.uaerrors import UaError

from lines.errors import NODE_MISSING, SERVER_NOT_SECURED
from lines.opcua.collector import Collector
from lines.opcua.handshake import Handshake, Poster, handshakes_of
from lines.opcua.nodes import node_id
from lines.opcua.posts import NAMESPACE_URI
from lines.opcua.queries import Server

logger = logging.getLogger(__name__)

PUBLISHING_MS = 250.0
# A person waits for no permit: machines do, so the flag of a handshake is published sooner than values.
HANDSHAKE_PUBLISHING_MS = 50.0
QUEUE_SIZE = 500
REQUEST_TIMEOUT_S = 20.0
BACK_OFF_S = (0.5, 1.0, 2.0, 5.0, 10.0)
# Handles of handshakes; those of values are signal ids.
_HANDSHAKE_HANDLES = 2**31

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class SessionLostError(Exception):
    """The server or the way to it is gone."""


class _Values:
    """Subscription handler: each notification becomes one row."""

    def __init__(self, collector: Collector, lost: asyncio.Event) -> None:
        self._collector = collector
        self._lost = lost

    def datachange_notification(self, node: Node, val: Any, data: DataChangeNotif) -> None:  # noqa: ARG002 - asyncua's signature
        item = data.monitored_item
        status = item.Value.StatusCode.value if item.Value.StatusCode else 0
        if status == StatusCodes.BadWaitingForInitialData:
            return
        value = item.Value.Value.Value if item.Value.Value else None
        at = item.Value.SourceTimestamp or item.Value.ServerTimestamp
        self._collector.add(
            [item.ClientHandle],
            [(at.replace(tzinfo=UTC) - _EPOCH) // _MICROSECOND if at else 0],
            [float(value) if isinstance(value, int | float) else math.nan],
            [status],
        )

    def status_change_notification(self, status: ua.StatusChangeNotification) -> None:
        logger.warning("Subscription ended by the server: %s", status.Status)
        self._lost.set()


class _Flags:
    """Subscription handler: each change of a Ready flag wakes its handshake."""

    def __init__(self, handshakes: list[Handshake]) -> None:
        self._handshakes = handshakes

    def datachange_notification(self, node: Node, val: Any, data: DataChangeNotif) -> None:  # noqa: ARG002 - asyncua's signature
        self._handshakes[data.monitored_item.ClientHandle - _HANDSHAKE_HANDLES].wake()


class Session:
    """Follows one server until cancelled; without a collector only the handshakes of its stations."""

    def __init__(
        self, code: str, load: Callable[[str], Awaitable[Server]], collector: Collector | None, poster: Poster
    ) -> None:
        self._code = code
        self._load = load
        self._collector = collector
        self._poster = poster
        self._server: Server | None = None
        self._failures = 0

    async def run(self) -> None:
        while True:
            try:
                await self._read_plan()
                await self._follow()
            except Exception as error:
                self._log(error)
            await asyncio.sleep(BACK_OFF_S[min(self._failures, len(BACK_OFF_S) - 1)])
            self._failures += 1

    async def _read_plan(self) -> None:
        """Addresses may have changed; without the database the last known ones serve."""
        try:
            self._server = await self._load(self._code)
        except Exception:
            if self._server is None:
                raise

    def _log(self, error: Exception) -> None:
        known = isinstance(error, OSError | TimeoutError | UaError | SessionLostError)
        if not known:
            logger.error("%s: session failed", self._code, exc_info=error)
        elif self._failures == 0:
            logger.warning("%s: no session, trying again: %s", self._code, error or type(error).__name__)

    async def _follow(self) -> None:
        server = self._server
        if server is None:
            return
        if not server.is_demo:
            raise SessionLostError(f"{SERVER_NOT_SECURED.code}: {SERVER_NOT_SECURED.what_en}")
        lost = asyncio.Event()

        async def on_lost(error: Exception) -> None:
            logger.warning("%s: connection lost: %s", self._code, error)
            lost.set()

        client = Client(server.endpoint_url, timeout=REQUEST_TIMEOUT_S, watchdog_intervall=2.0)
        client.name = client.description = "Denchi gateway"
        client.application_uri = "urn:denchi:gateway"
        client.connection_lost_callback = on_lost
        await client.connect()
        tasks: list[asyncio.Task[Any]] = []
        try:
            namespace = await client.get_namespace_index(NAMESPACE_URI)
            if self._collector is not None:
                await self._subscribe_values(client, server, namespace, _Values(self._collector, lost))
            handshakes = handshakes_of(client, server.handshakes, namespace, self._poster)
            tasks = [asyncio.create_task(handshake.run()) for handshake in handshakes]
            await self._subscribe_flags(client, handshakes, namespace)
            self._failures = 0
            tasks.append(asyncio.create_task(lost.wait()))
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
            raise SessionLostError("connection lost")
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            with suppress(Exception):
                await asyncio.wait_for(client.disconnect(), 5)

    async def _subscribe_values(self, client: Client, server: Server, namespace: int, handler: _Values) -> None:
        subscription = await client.create_subscription(PUBLISHING_MS, handler)
        requests = [
            _request(
                node_id(each.node, namespace),
                each.signal_id,
                # A measurement that stays the same is still news: the machine is measuring. States and counters
                # are rows only when they change.
                ua.DataChangeTrigger.StatusValueTimestamp if each.is_measurement else ua.DataChangeTrigger.StatusValue,
            )
            for each in server.variables
        ]
        results = await subscription.create_monitored_items(requests)
        missing = [each.node for each, result in zip(server.variables, results, strict=True) if _is_bad(result)]
        if missing:
            logger.error("%s: %s lacks %s", NODE_MISSING.code, self._code, ", ".join(missing))
        logger.info("%s: following %d variables", self._code, len(results) - len(missing))

    async def _subscribe_flags(self, client: Client, handshakes: list[Handshake], namespace: int) -> None:
        if not handshakes:
            return
        subscription: Subscription = await client.create_subscription(HANDSHAKE_PUBLISHING_MS, _Flags(handshakes))
        requests = [
            _request(
                node_id(f"{each.path}/Ready", namespace),
                _HANDSHAKE_HANDLES + number,
                ua.DataChangeTrigger.StatusValue,
            )
            for number, each in enumerate(handshakes)
        ]
        results = await subscription.create_monitored_items(requests)
        missing = [each.path for each, result in zip(handshakes, results, strict=True) if _is_bad(result)]
        if missing:
            logger.error("%s: %s lacks the Ready flag of %s", NODE_MISSING.code, self._code, ", ".join(missing))


def _is_bad(result: int | ua.StatusCode) -> bool:
    """asyncua gives a handle for an item that was made, a status for one that was not."""
    return isinstance(result, ua.StatusCode)


def _request(node: ua.NodeId, handle: int, trigger: ua.DataChangeTrigger) -> ua.MonitoredItemCreateRequest:
    request = ua.MonitoredItemCreateRequest()
    request.ItemToMonitor = ua.ReadValueId(NodeId=node, AttributeId=AttributeIds.Value)
    request.MonitoringMode = ua.MonitoringMode.Reporting
    request.RequestedParameters = ua.MonitoringParameters(
        ClientHandle=handle,
        SamplingInterval=0,  # as fast as the server can: each write is a value
        QueueSize=QUEUE_SIZE,
        DiscardOldest=True,
        Filter=ua.DataChangeFilter(Trigger=trigger),
    )
    return request
