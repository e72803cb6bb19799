"""What a request about a tray says. Pure."""

from dataclasses import dataclass
from typing import Any

from lines.errors import MISSING_FIELD, WRONG_TYPE
from lines.stations.body import Fields, known_only, once, read_count, read_rows, read_serial, read_text, refuse
from traceability.trays import errors

MOST_UNITS = 512
LONGEST_TRAY = 32
LONGEST_CHANNEL = 48


@dataclass(frozen=True, slots=True)
class Wanted:
    """Where a unit is to be. An empty channel: as it is, where the unit stays in its slot; else none."""

    serial: str
    slot: int
    channel: str = ""


@dataclass(frozen=True, slots=True)
class Load:
    units: tuple[Wanted, ...]
    may_move: bool  # out of another slot or tray


@dataclass(frozen=True, slots=True)
class Unload:
    """Units by serial or by slot; `is_all`: every one of the tray."""

    serials: tuple[str, ...]
    slots: tuple[int, ...]
    is_all: bool


@dataclass(frozen=True, slots=True)
class Swap:
    """Two slots with the units that are in them before."""

    slots: tuple[int, int]
    serials: tuple[str, str]


def read_tray(name: str) -> str:
    """A tray's code in the one spelling that results use too."""
    return read_text({"tray": name}, "tray", "$", required=True, longest=LONGEST_TRAY)


def _slot(fields: Fields, path: str) -> int:
    slot = read_count(fields, "slot", path)
    if slot is None:
        refuse(MISSING_FIELD, path, "'slot'")
    return slot


def _wanted(fields: Fields, path: str) -> Wanted:
    known_only(fields, frozenset({"serial", "slot", "channel"}), path)
    serial = read_serial(fields.get("serial"), f"{path}.serial")
    return Wanted(serial, _slot(fields, path), read_text(fields, "channel", path, longest=LONGEST_CHANNEL))


def _flag(fields: Fields, name: str) -> bool:
    value = fields.get(name)
    if value is not None and type(value) is not bool:
        refuse(WRONG_TYPE, f"$.{name}", "expected true or false")
    return bool(value)


def read_load(body: Fields) -> Load:
    known_only(body, frozenset({"items", "move"}), "$")
    units = read_rows(body, "items", "$", _wanted, most=MOST_UNITS)
    if not units:
        refuse(MISSING_FIELD, "$", "'items'")
    once((unit.serial for unit in units), "$.items", "serial")
    once((unit.slot for unit in units), "$.items", "slot")
    once((unit.channel or None for unit in units), "$.items", "channel")
    return Load(units, _flag(body, "move"))


def read_move(body: Fields) -> Load:
    """One unit that goes into a slot from wherever it is."""
    return Load((_wanted(body, "$"),), True)


def _list(body: Fields, name: str, most: int) -> list[Any]:
    values = body.get(name)
    if values is None:
        return []
    if not isinstance(values, list) or len(values) > most:
        refuse(WRONG_TYPE, f"$.{name}", f"expected a list of at most {most}")
    return values


def _slots(body: Fields, most: int) -> tuple[int, ...]:
    found = [_slot({"slot": value}, f"$.slots[{index}]") for index, value in enumerate(_list(body, "slots", most))]
    once(found, "$.slots", "slot")
    return tuple(found)


def _serials(body: Fields, most: int) -> tuple[str, ...]:
    found = [read_serial(value, f"$.serials[{index}]") for index, value in enumerate(_list(body, "serials", most))]
    once(found, "$.serials", "serial")
    return tuple(found)


def read_unload(body: Fields) -> Unload:
    known_only(body, frozenset({"serials", "slots", "all"}), "$")
    found = Unload(_serials(body, MOST_UNITS), _slots(body, MOST_UNITS), _flag(body, "all"))
    if not (found.serials or found.slots or found.is_all):
        refuse(errors.NOTHING_NAMED, "$", "nothing named")
    return found


def read_swap(body: Fields) -> Swap:
    known_only(body, frozenset({"slots", "serials"}), "$")
    slots, serials = _slots(body, 2), _serials(body, 2)
    if len(slots) != 2 or len(serials) != 2:
        refuse(MISSING_FIELD, "$", "two slots, and the serials of the units in them, in the same order")
    return Swap((slots[0], slots[1]), (serials[0], serials[1]))
