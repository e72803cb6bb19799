"""Numbers out of an OPC UA structure by its definition, from the bytes in which it was sent. Pure.

OPC UA Part 6, 5.2: the fields stand one behind the other, each in the encoding of its type; a structure with optional
fields begins with a mask of those that are there. Nothing is compiled and nothing is registered, so two servers that
number their types alike do not disturb each other.
"""

import re
import struct
from collections.abc import Collection
from dataclasses import dataclass

MOST_NUMBERS = 10_000  # in one value; more is no telemetry
_NUMBERS = {
    code: struct.Struct(form)
    for code, form in {
        **{1: "<?", 2: "<b", 3: "<B", 4: "<h", 5: "<H", 6: "<i", 7: "<I", 8: "<q", 9: "<Q", 10: "<f", 11: "<d"},
        19: "<I",  # StatusCode
    }.items()
}
_FIXED = {13: 8, 14: 16}  # DateTime, Guid
_TEXTS = (12, 15, 16)  # String, ByteString, XmlElement
_QUALIFIED_NAME, _LOCALIZED_TEXT = 20, 21
_LENGTH = struct.Struct("<i")
_MASK = struct.Struct("<I")


class UnreadableError(Exception):
    """The bytes are not what the definition says, or of a kind that is not read here."""


@dataclass(frozen=True, slots=True)
class Field:
    name: str
    kind: "int | Structure"  # number of the built-in type (Part 6, table 1), or a structure in place
    is_array: bool = False
    is_optional: bool = False


@dataclass(frozen=True, slots=True)
class Structure:
    fields: tuple[Field, ...]

    @property
    def has_mask(self) -> bool:
        return any(each.is_optional for each in self.fields)


def paths(structure: Structure, before: str = "") -> set[str]:
    """Where numbers stand: Name, Name.Name; an element of an array as Name[] for whatever index."""
    found: set[str] = set()
    for each in structure.fields:
        path = f"{before}{each.name}{'[]' if each.is_array else ''}"
        if isinstance(each.kind, Structure):
            found |= paths(each.kind, f"{path}.")
        elif each.kind in _NUMBERS:
            found.add(path)
    return found


def without_indices(path: str) -> str:
    """Zone[3].Temperature as Zone[].Temperature."""
    return re.sub(r"\[\d+\]", "[]", path)


def numbers(structure: Structure, body: bytes, wanted: Collection[str]) -> dict[str, float]:
    """The wanted numbers that are there, by path: Name, Name.Name, Name[3], Name[3].Name.

    Raises UnreadableError where the bytes end too soon or hold what cannot be stepped over before all were found.
    """
    reading = _Reading(body, wanted)
    try:
        reading.structure(structure, "")
    except (struct.error, IndexError) as error:
        raise UnreadableError(f"the bytes end too soon: {error}") from None
    except _AllFound:
        pass
    return reading.found


class _AllFound(Exception):
    """No error: the rest need not be read."""


class _Reading:
    def __init__(self, body: bytes, wanted: Collection[str]) -> None:
        self._body = body
        self._at = 0
        self._left = MOST_NUMBERS
        self._wanted = wanted
        self.found: dict[str, float] = {}

    def structure(self, structure: Structure, before: str) -> None:
        mask = self._unpack(_MASK) if structure.has_mask else 0
        bit = 1
        for each in structure.fields:
            if each.is_optional:
                is_there = mask & bit
                bit <<= 1
                if not is_there:
                    continue
            path = before + each.name
            if not each.is_array:
                self._one(each.kind, path)
                continue
            for index in range(max(0, self._unpack(_LENGTH))):
                self._one(each.kind, f"{path}[{index}]")

    def _one(self, kind: "int | Structure", path: str) -> None:
        self._left -= 1
        if self._left < 0:
            raise UnreadableError(f"more than {MOST_NUMBERS} values in one structure")
        if isinstance(kind, Structure):
            self.structure(kind, f"{path}.")
        elif kind in _NUMBERS:
            number = float(self._unpack(_NUMBERS[kind]))
            if path in self._wanted:
                self.found[path] = number
                if len(self.found) == len(self._wanted):
                    raise _AllFound
        else:
            self._skip(kind, path)

    def _skip(self, kind: int, path: str) -> None:
        if kind in _FIXED:
            self._at += _FIXED[kind]
        elif kind in _TEXTS:
            self._text()
        elif kind == _QUALIFIED_NAME:
            self._at += 2
            self._text()
        elif kind == _LOCALIZED_TEXT:
            mask = self._body[self._at]
            self._at += 1
            for bit in (1, 2):
                if mask & bit:
                    self._text()
        else:
            raise UnreadableError(f"{path} is of built-in type {kind}, which is not read here")

    def _text(self) -> None:
        length = self._unpack(_LENGTH)
        self._at += max(0, length)

    def _unpack(self, form: struct.Struct) -> int:
        (value,) = form.unpack_from(self._body, self._at)
        self._at += form.size
        return value  # type: ignore[no-any-return]  # struct does not know
