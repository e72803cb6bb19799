"""Subscriptions and monitored items, made by the plain services: what asyncua's own objects would publish and
acknowledge by themselves is left to `publishing`."""

import hashlib
import logging
import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from asyncua import ua
from asyncua.ua.attribute_ids import AttributeIds
from asyncua.ua.uaerrors import UaError

from lines.errors import NODE_MISSING
from lines.opcua.connecting import Link
from lines.opcua.handles import Numbers
from lines.opcua.handshake import Handshake
from lines.opcua.nodes import Found, node_id
from lines.opcua.queries import Followed, Server

logger = logging.getLogger(__name__)

# A person waits for no permit: machines do, so the flag of a handshake is published sooner than values.
HANDSHAKE_PUBLISHING_MS = 50.0
KEEP_ALIVE_S = 5.0
# Of one request: servers take no message of any size.
ITEMS_AT_ONCE = 200


@dataclass(frozen=True)
class Asked:
    """A monitored item as it is to be made."""

    handle: int
    node: ua.NodeId
    is_measurement: bool = False
    sampling_ms: float = 0.0  # as fast as the server can: each write is a value
    queue_size: int = 10
    deadband: float | None = None


def plan_digest(server: Server) -> str:
    """Another one when the plant data ask for something else of this server."""
    asked = (server.endpoint_url, server.variables, server.publishing_ms, server.lifetime_s)
    return hashlib.sha256(repr(asked).encode()).hexdigest()


def items(variables: Iterable[Followed], found: Found) -> list[Asked]:
    """What to ask for, of what was found."""
    return [
        Asked(
            each.signal_id,
            found.nodes[each.signal_id],
            each.is_measurement,
            each.sampling_ms,
            each.queue_size,
            each.deadband,
        )
        for each in variables
        if each.signal_id in found.nodes
    ]


def numbers(variables: Iterable[Followed]) -> list[Numbers]:
    return [Numbers(each.signal_id, each.signal_ids, not each.is_array and not each.fields) for each in variables]


async def create_subscription(link: Link, publishing_ms: float, lifetime_s: float) -> int:
    request = ua.CreateSubscriptionRequest()
    request.Parameters.RequestedPublishingInterval = publishing_ms
    request.Parameters.RequestedLifetimeCount = math.ceil(lifetime_s * 1000 / publishing_ms)
    request.Parameters.RequestedMaxKeepAliveCount = max(1, round(KEEP_ALIVE_S * 1000 / publishing_ms))
    request.Parameters.PublishingEnabled = True
    response = await link.ask(request, ua.CreateSubscriptionResponse)
    return int(response.Parameters.SubscriptionId)


async def create_items(link: Link, subscription_id: int, asked: list[Asked]) -> list[ua.StatusCode]:
    """The status of each."""
    statuses: list[ua.StatusCode] = []
    for start in range(0, len(asked), ITEMS_AT_ONCE):
        request = ua.CreateMonitoredItemsRequest()
        request.Parameters.SubscriptionId = subscription_id
        request.Parameters.TimestampsToReturn = ua.TimestampsToReturn.Both
        request.Parameters.ItemsToCreate = [_item(each) for each in asked[start : start + ITEMS_AT_ONCE]]
        response = await link.ask(request, ua.CreateMonitoredItemsResponse)
        statuses += [each.StatusCode for each in response.Results]
    return statuses


def _item(asked: Asked) -> ua.MonitoredItemCreateRequest:
    # A measurement that stays the same is still news: the machine is measuring. States and counters are rows only
    # when they change.
    trigger = ua.DataChangeTrigger.StatusValueTimestamp if asked.is_measurement else ua.DataChangeTrigger.StatusValue
    condition = ua.DataChangeFilter(Trigger=trigger)
    if asked.deadband is not None:
        # With a time in it, nothing would stay within the band.
        condition = ua.DataChangeFilter(
            Trigger=ua.DataChangeTrigger.StatusValue,
            DeadbandType=ua.DeadbandType.Absolute,
            DeadbandValue=asked.deadband,
        )
    request = ua.MonitoredItemCreateRequest()
    request.ItemToMonitor = ua.ReadValueId(NodeId=asked.node, AttributeId=AttributeIds.Value)
    request.MonitoringMode = ua.MonitoringMode.Reporting
    request.RequestedParameters = ua.MonitoringParameters(
        ClientHandle=asked.handle,
        SamplingInterval=asked.sampling_ms,
        QueueSize=asked.queue_size,
        DiscardOldest=True,
        Filter=condition,
    )
    return request


async def delete_subscription(link: Link, subscription_id: int) -> bool:
    """Whether it was there. Raises what a lost connection raises."""
    request = ua.DeleteSubscriptionsRequest()
    request.Parameters.SubscriptionIds = [subscription_id]
    try:
        response = await link.ask(request, ua.DeleteSubscriptionsResponse)
    except UaError:
        return False
    return bool(response.Results and response.Results[0].is_good())


async def subscribe_flags(link: Link, code: str, handshakes: list[Handshake], namespace: int, lifetime_s: float) -> int:
    """The handles are the handshakes' places."""
    subscription_id = await create_subscription(link, HANDSHAKE_PUBLISHING_MS, lifetime_s)
    asked = [Asked(number, node_id(f"{each.path}/Ready", namespace)) for number, each in enumerate(handshakes)]
    statuses = await create_items(link, subscription_id, asked)
    missing = [each.path for each, status in zip(handshakes, statuses, strict=True) if not status.is_good()]
    if missing:
        logger.error("%s: %s lacks the Ready flag of %s", NODE_MISSING.code, code, ", ".join(missing))
    return subscription_id


class FlagStream:
    """Each change of a Ready flag wakes its handshake. What is lost of it is found by the handshake's own looking."""

    def __init__(self, subscription_id: int, handshakes: list[Handshake]) -> None:
        self.subscription_id = subscription_id
        self._handshakes = handshakes
        self._to_acknowledge: list[int] = []

    async def take(self, message: Any) -> None:
        for handle in set(message.handle.tolist()):
            if handle < len(self._handshakes):
                self._handshakes[handle].wake()
        if len(message):
            self._to_acknowledge.append(message.sequence_number)

    def acknowledgements(self, most: int) -> list[int]:
        told, self._to_acknowledge = self._to_acknowledge[:most], self._to_acknowledge[most:]
        return told

    def not_acknowledged(self, numbers: list[int]) -> None:
        self._to_acknowledge = numbers + self._to_acknowledge
