"""A PublishResponse as asyncua decoded it, made into columns: every kind of value, one after the other."""

import math
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from asyncua import ua

from lines.opcua.arrivals import NO_TIME, SCALAR, Arrived
from lines.opcua.errors import STRUCTURE_UNREADABLE, VALUE_NO_NUMBER

# Of a structure-valued variable: the followed fields in their order, None if the value cannot be read.
Reader = Callable[[Any], "list[float] | None"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_NUMBERS = (float, int)  # bool is an int
# Info type "data value" and its bit Overflow (OPC UA Part 4, 7.39).
_OVERFLOW = 0x0480
_READERS: Mapping[int, Reader] = {}


def arrived(response: ua.PublishResponse, readers: Mapping[int, Reader] = _READERS) -> Arrived:
    """What the response brought. `readers` by client handle, for the variables that hold structures.

    A value that is no number becomes a row with NaN and an entry in `refused`; one that is not there at all (as with
    a bad status) only the row. Where the source gave no time, the server's stands.
    """
    result = response.Parameters
    rows = _Columns(readers)
    status_change = None
    for notification in result.NotificationMessage.NotificationData or ():
        if isinstance(notification, ua.DataChangeNotification):
            for item in notification.MonitoredItems or ():
                rows.add(item.ClientHandle, item.Value)
        elif isinstance(notification, ua.StatusChangeNotification):
            status_change = notification.Status.value
    status = np.array(rows.status, np.uint32)
    return Arrived(
        subscription_id=result.SubscriptionId,
        sequence_number=result.NotificationMessage.SequenceNumber,
        more_notifications=result.MoreNotifications,
        handle=np.array(rows.handle, np.uint32),
        element=np.array(rows.element, np.int32),
        source_time_us=np.array(rows.time, np.int64),
        value=np.array(rows.value, np.float64),
        status=status,
        refused=tuple(rows.refused),
        is_overflow=status & _OVERFLOW == _OVERFLOW,
        status_change=status_change,
    )


class _Columns:
    def __init__(self, readers: Mapping[int, Reader]) -> None:
        self._readers = readers
        self.handle: list[int] = []
        self.element: list[int] = []
        self.time: list[int] = []
        self.value: list[float] = []
        self.status: list[int] = []
        self.refused: list[tuple[int, str]] = []

    def add(self, handle: int, data: ua.DataValue) -> None:
        at = data.SourceTimestamp or data.ServerTimestamp
        time = microseconds(at) if at else NO_TIME
        status = data.StatusCode.value if data.StatusCode else 0
        value = data.Value.Value if data.Value else None
        if isinstance(value, _NUMBERS):
            self.handle.append(handle)
            self.element.append(SCALAR)
            self.time.append(time)
            self.value.append(float(value))
            self.status.append(status)
            return
        numbers = self._numbers(handle, value)
        count = len(numbers) if numbers else 1
        self.handle += [handle] * count
        self.element += range(count) if numbers else [SCALAR]
        self.time += [time] * count
        self.value += numbers or [math.nan]
        self.status += [status] * count

    def _numbers(self, handle: int, value: Any) -> list[float]:
        """Of an array or structure; empty where there are none."""
        if value is None:
            return []
        if reader := self._readers.get(handle):
            if fields := reader(value):
                return fields
            self.refused.append((handle, STRUCTURE_UNREADABLE.code))
            return []
        # A matrix row by row.
        found = ua.flatten(value) if isinstance(value, list) else [value]
        if found and all(isinstance(each, _NUMBERS) for each in found):
            return [float(each) for each in found]
        self.refused.append((handle, VALUE_NO_NUMBER.code))
        return []


def microseconds(at: datetime) -> int:
    """Since 1970. asyncua's own decoder gives zoned times, a server in the same process may give others."""
    return ((at if at.tzinfo else at.replace(tzinfo=UTC)) - _EPOCH) // _MICROSECOND
