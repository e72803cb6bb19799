"""What arrived becomes rows of signals, whatever a server sends."""

import math
from datetime import UTC, datetime
from typing import Any

import asyncua
import numpy as np

from lines.opcua import plain
from lines.opcua.arrivals import Arrived
from lines.opcua.errors import NODE_GONE, VALUE_NO_NUMBER, VALUE_SHAPE
from lines.opcua.handles import Handles, Numbers, Rows

# asyncua's annotations ask for its own wrappers around int and datetime, which it does not need.
ua: Any = asyncua.ua

AT = datetime(2027, 4, 1, 8, 30, tzinfo=UTC)
AT_US = 1_806_568_200_000_000
# A number, an array of three, another number.
HANDLES = Handles([Numbers(7, (70,), True), Numbers(3, (30, 31, 32), False), Numbers(9, (90,), True)])


def message(*values: tuple[int, Any]) -> Any:
    items = [ua.MonitoredItemNotification(ClientHandle=handle, Value=value) for handle, value in values]
    notification = ua.NotificationMessage(
        SequenceNumber=5, NotificationData=[ua.DataChangeNotification(MonitoredItems=items)]
    )
    return ua.PublishResponse(Parameters=ua.PublishResult(SubscriptionId=4, NotificationMessage=notification))


def value(of: Any, status: int = 0, at: datetime | None = AT, kind: Any = None) -> Any:
    return ua.DataValue(ua.Variant(of, kind), ua.StatusCode(status), SourceTimestamp=at)


def rows(*values: tuple[int, Any]) -> Rows:
    return HANDLES.rows(plain.arrived(message(*values)))


def told(found: Rows) -> list[tuple[int, float]]:
    return list(zip(found.signal_id.tolist(), found.value.tolist(), strict=True))


def test_numbers_keep_their_order_time_and_status() -> None:
    found = rows((9, value(1.5, 0x40930000)), (3, value([1, 2, 3])), (7, value(True)), (9, value(2.5)))
    assert told(found) == [(90, 1.5), (30, 1.0), (31, 2.0), (32, 3.0), (70, 1.0), (90, 2.5)]
    assert set(found.source_time_us.tolist()) == {AT_US}
    assert found.status.tolist() == [0x40930000, 0, 0, 0, 0, 0]
    assert (found.refused, found.unknown) == ((), 0)


def test_each_wrong_value_is_one_row_without_a_number_and_a_code() -> None:
    found = rows(
        (7, value("x" * 1_000_000)),
        (7, value([1.0, 2.0])),
        (3, value(4.0)),
        (3, value([1.0, 2.0, 3.0, 4.0, 5.0])),
        (3, value(["a", "b"])),
        (9, value(8.0)),
    )
    assert [(signal, None if math.isnan(number) else number) for signal, number in told(found)] == [
        *[(70, None), (70, None), (30, None)],
        *[(30, 1.0), (31, 2.0), (32, 3.0), (30, None)],
        *[(30, None), (90, 8.0)],
    ]
    no_number, shape = VALUE_NO_NUMBER.code, VALUE_SHAPE.code
    assert sorted(found.refused) == [(30, no_number), (30, shape), (30, shape), (70, no_number), (70, shape)]


def test_nothing_measured_is_no_row_or_one_without_a_number() -> None:
    found = rows(
        (7, value(0.0, 0x80320000)),  # waiting for the first value
        (7, value(0.0, 0x80340000)),  # the node is gone
        (9, value(None, 0x80310000)),  # no communication
        (3, value([], kind=ua.VariantType.Double)),
        (5, value(1.0)),  # nobody follows that
    )
    assert [signal for signal, _ in told(found)] == [90, 30]
    assert np.isnan(found.value).all()
    assert set(found.refused) == {(30, VALUE_NO_NUMBER.code), (70, NODE_GONE.code)}
    assert found.unknown == 1


def test_times_are_as_the_source_gave_them_else_the_servers() -> None:
    early, late = datetime(1601, 1, 1, tzinfo=UTC), datetime(2106, 2, 7, 6, 28, 15, tzinfo=UTC)
    without = ua.DataValue(ua.Variant(1.0), ServerTimestamp=AT)
    found = rows((7, value(1.0, at=early)), (7, value(1.0, at=late)), (7, without), (7, value(1.0, at=None)))
    # Far-off ones are for the worker to refuse: it says so by a code.
    assert found.source_time_us.tolist() == [-11_644_473_600_000_000, 4_294_967_295_000_000, AT_US, 0]


def test_not_a_number_and_infinity_stay_what_they_are() -> None:
    found = rows((7, value(math.nan)), (9, value(math.inf)))
    assert np.isnan(found.value[0]) and found.value[1] == math.inf


def test_a_status_says_the_same_of_a_value_however_it_was_sent() -> None:
    sent = [0x00000480, 0x00000400, 0x00000401, 0x40930480, 0x00000500, 0x00000000]
    found = rows(*((7, value(1.0, status)) for status in sent))
    assert found.status.tolist() == [0, 0, 0, 0x40930000, 0x00000500, 0]
    arrived = plain.arrived(message(*((7, value(1.0, status)) for status in sent)))
    assert arrived.is_overflow.tolist() == [True, False, False, True, False, False]


def test_a_message_without_values_is_told_from_one_that_ends_the_subscription() -> None:
    def arrived(*notifications: Any) -> Arrived:
        result = ua.PublishResult(
            SubscriptionId=4,
            AvailableSequenceNumbers=[3, 4],
            MoreNotifications=False,
            NotificationMessage=ua.NotificationMessage(SequenceNumber=5, NotificationData=list(notifications)),
        )
        return plain.arrived(ua.PublishResponse(Parameters=result))

    keep_alive, end = arrived(), arrived(ua.StatusChangeNotification(Status=ua.StatusCode(0x800A0000)))
    assert (len(keep_alive), keep_alive.status_change, keep_alive.sequence_number) == (0, None, 5)
    assert (len(end), end.status_change) == (0, 0x800A0000)
    assert arrived(ua.DataChangeNotification(MonitoredItems=[])).handle.dtype == np.uint32


def test_nobody_followed_is_no_row() -> None:
    assert len(Handles([]).rows(plain.arrived(message((7, value(1.0)))))) == 0
