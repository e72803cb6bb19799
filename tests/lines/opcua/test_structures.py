"""Numbers out of the bytes of a structure: what asyncua writes is read back, and spoilt bytes are refused."""

import random
import struct
from datetime import UTC, datetime
from typing import Any

import asyncua
import pytest
from asyncua.ua.ua_binary import pack_uatype, pack_uatype_array

from lines.opcua.structures import Field, Structure, UnreadableError, numbers, paths, without_indices

ua: Any = asyncua.ua
NUMBERS = {
    **{ua.VariantType.Boolean: True, ua.VariantType.SByte: -5, ua.VariantType.Byte: 200},
    **{ua.VariantType.Int16: -3000, ua.VariantType.UInt16: 60_000, ua.VariantType.Int32: -(2**30)},
    **{ua.VariantType.UInt32: 2**31, ua.VariantType.Int64: -(2**40), ua.VariantType.UInt64: 2**50},
    **{ua.VariantType.Float: 0.5, ua.VariantType.Double: 21.75},
}
OTHERS: dict[Any, Any] = {
    ua.VariantType.String: "塗工機",
    ua.VariantType.ByteString: b"\0\1\2",
    ua.VariantType.DateTime: datetime(2027, 4, 1, tzinfo=UTC),
    ua.VariantType.QualifiedName: ua.QualifiedName("Name", 2),
    ua.VariantType.LocalizedText: ua.LocalizedText("Oven", "en"),
}


def test_every_number_is_found_behind_whatever_stands_before_it() -> None:
    kinds = [*NUMBERS, *OTHERS]
    random.Random(1).shuffle(kinds)
    fields: list[Field] = []
    body = b""
    expected: dict[str, float] = {}
    for kind in kinds:
        name = kind.name
        given: Any = NUMBERS.get(kind, OTHERS.get(kind))
        fields += [Field(name, kind.value), Field(f"{name}s", kind.value, is_array=True)]
        body += pack_uatype(kind, given) + pack_uatype_array(kind, [given, given])
        if kind in NUMBERS:
            expected |= dict.fromkeys((name, f"{name}s[0]", f"{name}s[1]"), float(given))
    structure = Structure(tuple(fields))
    assert numbers(structure, body, expected) == expected
    assert {without_indices(path) for path in expected} == paths(structure)


def test_nested_and_optional_fields() -> None:
    zone = Structure((Field("Temperature", 11), Field("Flow", 10, is_optional=True)))
    oven = Structure((Field("Zones", zone, is_array=True), Field("Speed", 11)))
    first, second = struct.pack("<Id", 0, 101.5), struct.pack("<Idf", 1, 102.5, 8.0)
    body = struct.pack("<i", 2) + first + second + struct.pack("<d", 60.0)
    wanted = ["Zones[1].Flow", "Speed", "Zones[0].Flow", "Zones[0].Temperature"]
    assert numbers(oven, body, wanted) == {"Zones[0].Temperature": 101.5, "Zones[1].Flow": 8.0, "Speed": 60.0}
    assert paths(oven) == {"Zones[].Temperature", "Zones[].Flow", "Speed"}


def test_bytes_that_end_too_soon_and_types_that_cannot_be_stepped_over_are_refused() -> None:
    structure = Structure((Field("Before", 11), Field("Any", 24), Field("Behind", 11)))
    body = struct.pack("<dBdd", 1.0, 11, 2.0, 3.0)
    assert numbers(structure, body, ["Before"]) == {"Before": 1.0}
    with pytest.raises(UnreadableError, match="Any is of built-in type 24"):
        numbers(structure, body, ["Before", "Behind"])
    for length in range(8):
        with pytest.raises(UnreadableError, match="too soon"):
            numbers(structure, body[:length], ["Before"])


def test_an_array_that_claims_to_be_endless_is_given_up() -> None:
    structure = Structure((Field("Empty", Structure(()), is_array=True), Field("Last", 11)))
    with pytest.raises(UnreadableError, match="more than"):
        numbers(structure, struct.pack("<i", 2**31 - 1), ["Last"])
