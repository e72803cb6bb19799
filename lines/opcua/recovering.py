"""The ladder after a cut or a restart: the old session, else the old subscription in a new session, else the history.

Servers differ. node-opcua answers BadNothingToDo to the transfer of what is ours already. asyncua's answers Republish
of an unknown number with an empty message, and publishes a transferred subscription only after its session was
activated on a new channel. python-opcua drops sessions and subscriptions with their connection, knows no transfer,
but republishes what a connection that nobody closed still holds.
"""

import logging
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta

from asyncua import ua
from asyncua.ua.attribute_ids import AttributeIds
from asyncua.ua.status_codes import StatusCodes
from asyncua.ua.uaerrors import UaError, UaStatusCodeError

from lines.opcua import plain
from lines.opcua.arrivals import Arrived
from lines.opcua.connecting import Link, SessionKey, connect
from lines.opcua.queries import Server
from lines.opcua.remembering import Subscribed
from lines.telemetry.batches import AHEAD_TOLERANCE_US

logger = logging.getLogger(__name__)

REACTIVATED, TRANSFERRED, HISTORY, NONE = "REACTIVATED", "TRANSFERRED", "HISTORY", "NONE"

# Of one HistoryRead, so that an answer stays small whatever the hole is.
NODES_AT_ONCE = 50
WINDOW_S = 60
MOST_CONTINUATIONS = 1_000
# Where a signal's newest value does not tell where its hole begins, its history is read from so long before the break.
UNKNOWN_US = 60 * 1_000_000
# By how much the server's clock, as we know it, and the break's beginning may be off.
CLOCKS_US = 5_000_000
# What is on its way when the history is asked for.
SETTLE_US = 2_000_000
_PRODUCT_URI = ua.NodeId.from_string("i=2262")  # Server.ServerStatus.BuildInfo.ProductUri
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


async def reach(server: Server, subscribed: Subscribed | None) -> tuple[Link, str | None]:
    """A session, and how it came to hold the old subscription; None: it does not."""
    if subscribed is None:
        return (await connect(server, None))[0], None
    link, is_old = await connect(server, SessionKey(subscribed.token, subscribed.nonce, tuple(subscribed.policies)))
    try:
        await link.look()
        if is_another_start(link, subscribed):
            # Its numbers begin anew with it: what looks like our session may be somebody else's.
            if is_old:
                await link.close(is_kept=True)
                link, _ = await connect(server, None)
            return link, None
        if is_old:
            return link, REACTIVATED if await is_alive(link, subscribed.subscription_id) else None
        if not await _is_transferred(link, subscribed.subscription_id):
            return link, None
        if not await _publishes_by_channel(link):
            return link, TRANSFERRED
        key = link.key
        await link.close(is_kept=True)
        again, is_same = await connect(server, key)
        return again, TRANSFERRED if is_same else None
    except BaseException:
        await link.close(is_kept=True)
        raise


def is_another_start(link: Link, subscribed: Subscribed) -> bool:
    """Whether the server was started since; false where it does not tell."""
    before, now = subscribed.started_at_us, link.started_at_us
    return before != 0 and now != 0 and abs(now - before) > 1_000_000


async def is_alive(link: Link, subscription_id: int) -> bool:
    request = ua.SetPublishingModeRequest()
    request.Parameters.PublishingEnabled = True
    request.Parameters.SubscriptionIds = [subscription_id]
    try:
        response = await link.ask(request, ua.SetPublishingModeResponse)
    except UaError as error:
        logger.info("Subscription %d is gone: %s", subscription_id, error)
        return False
    return bool(response.Parameters.Results and response.Parameters.Results[0].is_good())


async def _is_transferred(link: Link, subscription_id: int) -> bool:
    request = ua.TransferSubscriptionsRequest()
    request.Parameters.SubscriptionIds = [subscription_id]
    request.Parameters.SendInitialValues = False
    try:
        response = await link.ask(request, ua.TransferSubscriptionsResponse)
    except UaError as error:
        logger.info("Subscription %d is not transferred: %s", subscription_id, error)
        return False
    status = response.Parameters.Results[0].StatusCode
    return bool(status.is_good() or status.value == StatusCodes.BadNothingToDo)


async def _publishes_by_channel(link: Link) -> bool:
    """Whether it is asyncua's server; others must not be asked twice: node-opcua's would publish nothing any more."""
    request = ua.ReadRequest()
    request.Parameters.NodesToRead = [ua.ReadValueId(NodeId=_PRODUCT_URI, AttributeId=AttributeIds.Value)]
    response = await link.ask(request, ua.ReadResponse)
    value = response.Results[0].Value
    return "freeopcua" in str(value.Value if value else "")


async def republish(
    link: Link, subscription_id: int, number: int, readers: Mapping[int, plain.Reader]
) -> Arrived | None:
    """One notification again; None where the server does not have it. Raises what a lost connection raises."""
    request = ua.RepublishRequest()
    request.Parameters.SubscriptionId = subscription_id
    request.Parameters.RetransmitSequenceNumber = number
    try:
        answer = await link.ask(request, ua.RepublishResponse)
    except UaStatusCodeError as error:
        logger.debug("Notification %d of subscription %d: %s", number, subscription_id, error)
        return None
    if answer.NotificationMessage.SequenceNumber != number:
        return None
    response = ua.PublishResponse()
    response.Parameters.SubscriptionId = subscription_id
    response.Parameters.NotificationMessage = answer.NotificationMessage
    return plain.arrived(response, readers)


def hole(last_us: list[int], began_us: int, now_us: int) -> tuple[list[int], int]:
    """From when of each signal, and until when, the history is to be read; all times by the server's clock.

    `last_us` are the source times of the newest values had (0: none), `began_us` the beginning of the break. A value
    from well beyond it was given by a clock that was ahead: it may have been set right since, so it tells no
    beginning, or be ahead still, so what followed it is read, too, as far as anybody would take it.
    """
    is_believed = [0 < last <= began_us + CLOCKS_US for last in last_us]
    since = [last if right else began_us - UNKNOWN_US for last, right in zip(last_us, is_believed, strict=True)]
    ahead_us = min(max(0, *(last - began_us for last in last_us)), AHEAD_TOLERANCE_US) if not all(is_believed) else 0
    return since, now_us + ahead_us + SETTLE_US


async def history(
    link: Link, nodes: list[tuple[int, ua.NodeId, int]], until_us: int, readers: Mapping[int, plain.Reader]
) -> AsyncIterator[Arrived]:
    """What the server keeps, a window of time after the other. `nodes`: handle, id, and from when in microseconds.

    Raises UaError where it keeps nothing, and what a lost connection raises.
    """
    if not nodes:
        return
    start_us = min(since for _, _, since in nodes)
    while start_us <= until_us:
        end_us = min(start_us + WINDOW_S * 1_000_000, until_us)
        due = [(handle, node, max(since, start_us)) for handle, node, since in nodes if since <= end_us]
        # Nodes that begin at the same time share a request.
        by_start: dict[int, list[tuple[int, ua.NodeId]]] = {}
        for handle, node, since in due:
            by_start.setdefault(since, []).append((handle, node))
        for since, group in by_start.items():
            for first in range(0, len(group), NODES_AT_ONCE):
                async for found in _window(link, group[first : first + NODES_AT_ONCE], since, end_us):
                    yield plain.arrived(found, readers)
        start_us = end_us + 1


async def _window(
    link: Link, group: list[tuple[int, ua.NodeId]], since_us: int, end_us: int
) -> AsyncIterator[ua.PublishResponse]:
    details = ua.ReadRawModifiedDetails(
        IsReadModified=False,
        StartTime=_EPOCH + timedelta(microseconds=since_us),
        # Part 11: the end itself is not included, by the letter.
        EndTime=_EPOCH + timedelta(microseconds=end_us + 1),
        NumValuesPerNode=0,
        ReturnBounds=False,
    )
    left = [(handle, node, None) for handle, node in group]
    for _ in range(MOST_CONTINUATIONS):
        request = ua.HistoryReadRequest()
        request.Parameters.HistoryReadDetails = details
        request.Parameters.TimestampsToReturn = ua.TimestampsToReturn.Both
        request.Parameters.NodesToRead = [
            ua.HistoryReadValueId(NodeId=node, ContinuationPoint=point) for _, node, point in left
        ]
        answer = await link.ask(request, ua.HistoryReadResponse)
        notification = ua.DataChangeNotification()
        notification.MonitoredItems = []
        more = []
        for (handle, node, _), result in zip(left, answer.Results, strict=True):
            if result.StatusCode.is_bad():
                # One variable without history must not keep the others from theirs.
                logger.info("No history of %s: %s", node.to_string(), result.StatusCode.name)
                continue
            values = getattr(result.HistoryData, "DataValues", None) or []
            notification.MonitoredItems += [ua.MonitoredItemNotification(handle, value) for value in values]
            if result.ContinuationPoint:
                more.append((handle, node, result.ContinuationPoint))
        response = ua.PublishResponse()
        response.Parameters.NotificationMessage.NotificationData = [notification]
        yield response
        if not more:
            return
        left = more
