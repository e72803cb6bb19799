"""The fast decoder gives what asyncua's decoder and `plain` give, for every message it does not decline."""

import struct
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncua
import numpy as np
import pytest
from asyncua.common.utils import Buffer
from asyncua.ua.ua_binary import struct_from_binary, struct_to_binary
from hypothesis import given, settings
from hypothesis import strategies as st

from lines.opcua import fast, plain
from lines.opcua.arrivals import Arrived

ua: Any = asyncua.ua
RECORDED = sorted(Path("fixtures/notifications").glob("*.bin"))

# The numbers by variant type; each with the values that its decoder could get wrong.
NUMBERS = {
    **{1: ("<B", st.integers(0, 2)), 2: ("<b", st.integers(-128, 127)), 3: ("<B", st.integers(0, 255))},
    **{4: ("<h", st.integers(-(2**15), 2**15 - 1)), 5: ("<H", st.integers(0, 2**16 - 1))},
    **{6: ("<i", st.integers(-(2**31), 2**31 - 1)), 7: ("<I", st.integers(0, 2**32 - 1))},
    **{8: ("<q", st.integers(-(2**63), 2**63 - 1)), 9: ("<Q", st.integers(0, 2**64 - 1))},
    **{10: ("<f", st.floats(width=32)), 11: ("<d", st.floats())},
}
# Picoseconds without their time are asyncua's: it reads them in an order of its own.
ORDINARY_MASKS = st.integers(0, 63).filter(lambda mask: not mask & 16 or mask & 4)
TICKS = st.one_of(
    st.integers(-(2**63), 2**63 - 1),
    st.sampled_from([0, 1, 9, 10, 2_650_467_743_990_000_000 - 1, 2_650_467_743_990_000_000]),
    st.integers(133_000_000_000_000_000, 134_000_000_000_000_000),
)


@st.composite
def numbers(draw: st.DrawFn) -> bytes:
    kind = draw(st.sampled_from(sorted(NUMBERS)))
    form, values = NUMBERS[kind]
    if draw(st.booleans()):
        return bytes([kind]) + struct.pack(form, draw(values))
    held = draw(st.lists(values, min_size=1, max_size=4))
    return bytes([kind | 0x80]) + struct.pack("<i", len(held)) + b"".join(struct.pack(form, v) for v in held)


OTHERS = {
    "null": b"\0",
    "text": b"\x0c" + struct.pack("<i3s", 3, b"abc"),
    "matrix": b"\xcb" + struct.pack("<i4diii", 4, 1.0, 2.0, 3.0, 4.0, 2, 2, 2),
    "empty": b"\x8b" + struct.pack("<i", 0),
    "no array": b"\x8b" + struct.pack("<i", -1),
}


@st.composite
def items(draw: st.DrawFn, mask: int, variant: bytes) -> bytes:
    """In asyncua's order of the fields, which for times without lone picoseconds is the standard's as well."""
    parts = [struct.pack("<IB", draw(st.integers(0, 2**32 - 1)), mask)]
    if mask & 1:
        parts.append(variant)
    if mask & 2:
        parts.append(struct.pack("<I", draw(st.sampled_from([0, 0x40930000, 0x80320000, 0x480, 0x80, 2**32 - 1]))))
    fields = [(4, TICKS, "<q"), (16, st.integers(0, 9999), "<H"), (8, TICKS, "<q"), (32, st.integers(0, 9999), "<H")]
    parts += [struct.pack(form, draw(values)) for bit, values, form in fields if mask & bit]
    return b"".join(parts)


@st.composite
def messages(draw: st.DrawFn, has_others: bool = True) -> bytes:
    """Of items that all agree, or of any; with what servers put around them."""
    made: list[bytes] = []
    masks = st.integers(0, 63) if has_others else ORDINARY_MASKS
    variants = numbers() | st.sampled_from(list(OTHERS.values())) if has_others else numbers()
    count = draw(st.integers(1, 12))
    if draw(st.booleans()):
        mask, variant = draw(masks), draw(variants)
        made = [draw(items(mask, variant)) for _ in range(count)]
    else:
        made = [draw(items(draw(masks), draw(variants))) for _ in range(count)]
    held = draw(st.lists(st.integers(0, 2**32 - 1), max_size=3))
    results = draw(st.lists(st.sampled_from([0, 0x80280000]), max_size=3))
    body = struct.pack("<i", count) + b"".join(made) + struct.pack("<i", draw(st.sampled_from([-1, 0])))
    return b"".join(
        [
            b"\x01\x00\x3d\x03",
            struct.pack("<qIIBi3s", draw(TICKS), draw(st.integers(0, 9)), 0, 0, draw(st.sampled_from([-1, 0])), b""),
            struct.pack("<I", draw(st.integers(0, 2**32 - 1))),
            struct.pack(f"<i{len(held)}I", len(held), *held),
            struct.pack("<?Iqi", draw(st.booleans()), draw(st.integers(0, 2**32 - 1)), draw(TICKS), 1),
            b"\x01\x00\x2b\x03\x01" + struct.pack("<i", len(body)) + body,
            struct.pack(f"<i{len(results)}Ii", len(results), *results, -1),
        ]
    )


def by_asyncua(body: bytes) -> Arrived:
    return plain.arrived(struct_from_binary(ua.PublishResponse, Buffer(body)))


def differences(one: Arrived, other: Arrived) -> list[str]:
    """Names of what is not the same in both, to the last bit but for the payload of a NaN."""
    found = []
    for name in Arrived.__slots__:
        a, b = getattr(one, name), getattr(other, name)
        if isinstance(a, np.ndarray):
            is_same = a.dtype == b.dtype and np.array_equal(a, b, equal_nan=name == "value")
        else:
            is_same = type(a) is type(b) and a == b
        if not is_same:
            found.append(f"{name}: {a!r} {b!r}")
    return found


@settings(max_examples=60, deadline=None)
@given(messages())
def test_it_is_plain_on_every_message_that_it_takes(body: bytes) -> None:
    quick = fast.arrived(body)
    if quick is not None:
        assert differences(quick, by_asyncua(body)) == []


@settings(max_examples=60, deadline=None)
@given(messages(has_others=False))
def test_it_takes_numbers_of_any_mixture(body: bytes) -> None:
    quick = fast.arrived(body)
    assert quick is not None
    assert differences(quick, by_asyncua(body)) == []


@settings(max_examples=60, deadline=None)
@given(messages(), st.data())
def test_a_spoilt_message_is_never_taken_for_another(body: bytes, data: st.DataObject) -> None:
    spoilt = bytearray(body[: data.draw(st.integers(len(body) // 2, len(body)))])
    for _ in range(data.draw(st.integers(0, 3))):
        spoilt[data.draw(st.integers(0, len(spoilt) - 1))] = data.draw(st.integers(0, 255))
    quick = fast.arrived(bytes(spoilt))
    if quick is not None:
        assert differences(quick, by_asyncua(bytes(spoilt))) == []


def _response(*notifications: Any) -> bytes:
    response = ua.PublishResponse()
    response.Parameters.SubscriptionId = 7
    response.Parameters.NotificationMessage.NotificationData = list(notifications)
    return struct_to_binary(response)


def _item(value: Any) -> Any:
    return ua.MonitoredItemNotification(5, ua.DataValue(value, SourceTimestamp=datetime(2026, 1, 1, tzinfo=UTC)))


def test_what_is_no_number_is_left_to_asyncua() -> None:
    assert fast.arrived(_response()) is None
    assert fast.arrived(_response(ua.DataChangeNotification([_item("text")]))) is None
    assert fast.arrived(_response(ua.DataChangeNotification([_item(1.0)]), ua.StatusChangeNotification())) is None
    fault = ua.ServiceFault()
    fault.ResponseHeader.ServiceResult = ua.StatusCode(ua.StatusCodes.BadNoSubscription)
    assert fast.arrived(struct_to_binary(fault)) is None
    assert fast.arrived(b"") is None


def test_an_array_of_a_variable_that_holds_structures_is_left_to_plain() -> None:
    body = _response(ua.DataChangeNotification([_item(1.0), _item([1.0, 2.0])]))
    assert fast.arrived(body) is not None
    assert fast.arrived(body, structures={6: None}) is not None
    assert fast.arrived(body, structures={5: None}) is None


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.stem)
def test_recorded_notifications_of_three_makes(path: Path) -> None:
    """Each file is a sequence of bodies, every one behind its length."""
    content, at, taken = path.read_bytes(), 0, 0
    while at < len(content):
        (length,) = struct.unpack_from("<I", content, at)
        body = content[at + 4 : at + 4 + length]
        at += 4 + length
        quick = fast.arrived(body)
        if quick is not None:
            taken += 1
            assert differences(quick, by_asyncua(body)) == []
    assert taken > 0


def test_three_makes_are_recorded() -> None:
    assert {path.stem for path in RECORDED} >= {"asyncua", "node-opcua", "python-opcua"}
