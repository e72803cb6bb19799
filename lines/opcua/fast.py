"""A PublishResponse decoded from its bytes with numpy, where all its values are numbers. Pure.

OPC UA binary encoding, Part 6, 5.2: an item of a DataChangeNotification is a client handle, a mask that says which
fields follow, and the fields. Its size follows from the mask, the type of the value and, for an array, its length; so
items that agree in these have one layout, and numpy takes them as one array of records. A message whose items do not
all agree is walked item by item, and the items of each layout are decoded together.

Everything else (text, structures, matrices, events, faults, diagnostics) is left to asyncua and `plain`: the answer is
None. The bytes are those of the decrypted body, so that a secured session makes no difference.
"""

import struct
from collections.abc import Container
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lines.opcua.arrivals import NO_TIME, SCALAR, Arrived

_Columns = tuple[
    NDArray[np.uint32], NDArray[np.int32], NDArray[np.int64], NDArray[np.float64], NDArray[np.uint32]
]  # handle, element, source time, value, status; each (n,)

# Type id (PublishResponse, four-byte node id), time, request handle, result, no diagnostics, number of strings, no
# additional header; then the subscription and how many sequence numbers follow.
_HEAD = struct.Struct("<IqIIBi3sIi")
_PUBLISH_RESPONSE = 829 << 16 | 0x0001
_NOTHING_MORE = b"\0\0\0"
# More notifications, sequence number, publish time, how many notifications.
_MESSAGE = struct.Struct("<BIqi")
# Type id of the only notification, that it has a body in bytes, its length, how many items.
_NOTIFICATION = struct.Struct("<IBii")
_DATA_CHANGE = 811 << 16 | 0x0001
_COUNT = struct.Struct("<i")

_HAS_VALUE, _HAS_STATUS, _HAS_SOURCE_TIME, _HAS_SERVER_TIME, _HAS_SOURCE_PICO, _HAS_SERVER_PICO = (
    1 << bit for bit in range(6)
)
_IS_ARRAY, _IS_MATRIX = 0x80, 0x40
_TYPES = {
    **{1: "u1", 2: "i1", 3: "u1", 4: "<i2", 5: "<u2", 6: "<i4", 7: "<u4", 8: "<i8", 9: "<u8"},
    **{10: "<f4", 11: "<f8"},
}
_NULL, _BOOLEAN = 0, 1
# 100 ns from 1601, where OPC UA counts from, to 1970, and to the last moment of 9999, beyond which there is none.
_EPOCH_TICKS = 116_444_736_000_000_000
_LAST_TICKS = 2_650_467_743_990_000_000
# Info type "data value" and its bit Overflow (OPC UA Part 4, 7.39).
_OVERFLOW = 0x0480


@dataclass(frozen=True, slots=True, eq=False)
class _Layout:
    """Items that have the same fields at the same places."""

    shape: int  # what stands in the field of this name in each of them
    record: np.dtype[Any]
    length: int  # of the array; SCALAR where the value is none
    is_boolean: bool

    @property
    def rows(self) -> int:
        return max(self.length, 1)


@lru_cache(1024)
def _layout(mask: int, encoding: int, length: int) -> _Layout | None:
    """None: not a number, or something that `plain` sees to."""
    # asyncua reads picoseconds in an order of its own; without the time before them it would take them for another.
    lone_pico = mask & _HAS_SOURCE_PICO and not mask & _HAS_SOURCE_TIME
    kind = _TYPES.get(encoding & 0x3F)
    if mask >= 1 << 6 or lone_pico or encoding & _IS_MATRIX:
        return None
    fields: list[tuple[Any, ...]] = [("handle", "<u4")]
    if not mask & _HAS_VALUE:
        fields.append(("shape", "u1"))
    elif encoding == _NULL:
        fields.append(("shape", "<u2"))
    elif kind is None or (encoding & _IS_ARRAY and length <= 0):
        return None
    else:
        fields.append(("shape", "<u2"))
        if encoding & _IS_ARRAY:
            fields += [("length", "<i4"), ("value", kind, (length,))]
        else:
            fields.append(("value", kind))
    parts = [
        (_HAS_STATUS, "status", "<u4"),
        (_HAS_SOURCE_TIME, "source_time", "<i8"),
        (_HAS_SOURCE_PICO, "source_pico", "<u2"),
        (_HAS_SERVER_TIME, "server_time", "<i8"),
        (_HAS_SERVER_PICO, "server_pico", "<u2"),
    ]
    fields += [(name, form) for bit, name, form in parts if mask & bit]
    shape = mask | encoding << 8 if mask & _HAS_VALUE else mask
    return _Layout(shape, np.dtype(fields), length if encoding & _IS_ARRAY else SCALAR, encoding & 0x3F == _BOOLEAN)


def arrived(body: bytes, structures: Container[int] = ()) -> Arrived | None:
    """What the body of a response message brought; None where that is not decoded here.

    Equal to what `plain` makes of the same bytes, value by value and in the same order. `structures` are the client
    handles for which `plain` has a reader: it decides what an array of theirs means.
    """
    try:
        return _arrived(body, structures)
    except (struct.error, IndexError):
        return None  # shorter than it says


def _arrived(body: bytes, structures: Container[int]) -> Arrived | None:
    type_id, _, _, result, diagnostics, strings, more, subscription, held = _HEAD.unpack_from(body)
    is_plain = not diagnostics and strings <= 0 and more == _NOTHING_MORE
    if type_id != _PUBLISH_RESPONSE or result or not is_plain or held < 0:
        return None
    at = _HEAD.size + 4 * held  # behind the numbers that the server still holds for Republish
    more_notifications, sequence, _, notifications = _MESSAGE.unpack_from(body, at)
    at += _MESSAGE.size
    if notifications != 1:
        return None
    data_type, encoding, length, count = _NOTIFICATION.unpack_from(body, at)
    begin = at + _NOTIFICATION.size
    end = begin + length - 2 * _COUNT.size  # of the items; the number of their diagnostics follows
    if data_type != _DATA_CHANGE or encoding != 1 or count <= 0 or not begin < end or not _ends(body, end):
        return None
    columns = _columns(body, begin, end, count)
    if columns is None or (structures and any(each in structures for each in _arrays(columns))):
        return None
    handle, element, time, value, status = columns
    return Arrived(
        subscription_id=subscription,
        sequence_number=sequence,
        more_notifications=bool(more_notifications),
        handle=handle,
        element=element,
        source_time_us=time,
        value=value,
        status=status,
        refused=(),
        is_overflow=status & _OVERFLOW == _OVERFLOW,
    )


def _arrays(columns: _Columns) -> list[int]:
    """The handles of array values."""
    handle, element = columns[:2]
    found: list[int] = handle[element == 0].tolist()
    return found


def _ends(body: bytes, end: int) -> bool:
    """Whether nothing but the results of acknowledgements follows the items: no diagnostics anywhere."""
    diagnostics, results = struct.unpack_from("<ii", body, end)
    (more_diagnostics,) = _COUNT.unpack_from(body, end + 8 + 4 * max(results, 0))
    return bool(diagnostics <= 0 and more_diagnostics <= 0)


def _layout_at(body: bytes, at: int) -> _Layout | None:
    mask, encoding, length = body[at + 4], 0, SCALAR
    if mask & _HAS_VALUE:
        encoding = body[at + 5]
        if encoding & _IS_ARRAY:
            (length,) = _COUNT.unpack_from(body, at + 6)
    return _layout(mask, encoding, length)


def _agree(records: NDArray[Any], layout: _Layout) -> bool:
    """Whether all have this layout. If the first n have, the next begins where it is looked for."""
    is_same = (records["shape"] == layout.shape).all()
    if is_same and layout.length != SCALAR:
        is_same = (records["length"] == layout.length).all()
    return bool(is_same)


def _columns(body: bytes, begin: int, end: int, count: int) -> _Columns | None:
    layout = _layout_at(body, begin)
    if layout is None:
        return None
    if layout.record.itemsize * count == end - begin:
        records = np.frombuffer(body, layout.record, count, begin)
        if _agree(records, layout):
            return _decoded(records, layout)
    return _mixed(body, begin, end, count)


def _mixed(body: bytes, begin: int, end: int, count: int) -> _Columns | None:
    """Item by item for where each begins; then the items of each layout together, put back into their order."""
    found: dict[_Layout, tuple[list[int], list[int]]] = {}
    at, rows = begin, 0
    for _ in range(count):
        layout = _layout_at(body, at)
        if layout is None:
            return None
        begins, firsts = found.setdefault(layout, ([], []))
        begins.append(at)
        firsts.append(rows)
        at += layout.record.itemsize
        rows += layout.rows
        if at > end:
            return None
    if at != end:
        return None
    content = np.frombuffer(body, np.uint8)
    parts: list[_Columns] = []
    places: list[NDArray[np.intp]] = []
    for layout, (begins, firsts) in found.items():
        bytes_of_each = np.array(begins)[:, np.newaxis] + np.arange(layout.record.itemsize)
        parts.append(_decoded(content[bytes_of_each].view(layout.record)[:, 0], layout))
        places.append((np.array(firsts)[:, np.newaxis] + np.arange(layout.rows)).ravel())
    order = np.argsort(np.concatenate(places))
    return (
        np.concatenate([part[0] for part in parts])[order],
        np.concatenate([part[1] for part in parts])[order],
        np.concatenate([part[2] for part in parts])[order],
        np.concatenate([part[3] for part in parts])[order],
        np.concatenate([part[4] for part in parts])[order],
    )


def _decoded(records: NDArray[Any], layout: _Layout) -> _Columns:
    """(n,) records of this layout as columns of n, or of n times the length of the array."""
    n, names = len(records), records.dtype.names or ()
    handle = records["handle"].astype(np.uint32)
    if "value" not in names:
        value = np.full(n, np.nan)
    elif layout.is_boolean:
        value = (records["value"] != 0).astype(np.float64)
    else:
        value = records["value"].astype(np.float64)
    # Where the source gave no time, the server's stands.
    named = next((name for name in ("source_time", "server_time") if name in names), None)
    time = np.full(n, NO_TIME, np.int64) if named is None else _microseconds(records[named])
    status = records["status"].astype(np.uint32) if "status" in names else np.zeros(n, np.uint32)
    if layout.length == SCALAR:
        return handle, np.full(n, SCALAR, np.int32), time, value, status
    element = np.tile(np.arange(layout.length, dtype=np.int32), n)
    n = layout.length
    return np.repeat(handle, n), element, np.repeat(time, n), value.ravel(), np.repeat(status, n)


def _microseconds(ticks: NDArray[np.int64]) -> NDArray[np.int64]:
    """(n,) since 1970, rounded down, within the years 1601 to 9999."""
    # Twice as quick as np.clip for a few values, which is what most messages have.
    return (np.minimum(np.maximum(ticks, 0), _LAST_TICKS) - _EPOCH_TICKS) // 10
