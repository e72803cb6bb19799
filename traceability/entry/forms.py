"""The fields of a form as posted, read into an entry; what cannot be read is told beside its field."""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import Any, TypeVar

from lines.errors import MISSING_FIELD, OUT_OF_RANGE, TIME_OUTSIDE, UNKNOWN_REASON, Refusal
from lines.orders.serials import canonical
from lines.stations.body import MAX_TEXT
from traceability.entry import errors
from traceability.entry.entries import EnteredValue, Entry
from traceability.entry.reading import plain, read_codes, read_number, read_numbers, read_outcome, read_when, shown

Read = TypeVar("Read")


@dataclass(frozen=True)
class Asked:
    """What a form asks for."""

    units: Mapping[str, str]  # unit of measure by characteristic
    reasons: Collection[str]
    materials: Mapping[str, str]  # unit of measure of bought materials by code
    zone: tzinfo
    earliest: datetime
    latest: datetime


@dataclass
class Posted:
    """A form as posted: the words stay as they were typed, with what is wrong by the name of the field."""

    words: Mapping[str, str]
    problems: dict[str, Refusal] = field(default_factory=dict)

    def word(self, name: str) -> str:
        return self.words.get(name, "").strip()

    def read(self, name: str, by: Callable[[str], Read], otherwise: Read) -> Read:
        try:
            return by(self.words.get(name, ""))
        except Refusal as refusal:
            self.problems[name] = refusal
            return otherwise


def read_serial(text: str) -> str:
    """A serial as its code carries it. Raises Refusal MISSING_FIELD or OUT_OF_RANGE."""
    serial = canonical(text)
    if not serial:
        raise Refusal(MISSING_FIELD, "serial")
    if len(serial) > MAX_TEXT or not serial.isprintable():
        raise Refusal(OUT_OF_RANGE, f"serial: {shown(serial)!r}")
    return serial


def check_time(at: datetime, asked: Asked) -> datetime:
    if not asked.earliest <= at <= asked.latest:
        raise Refusal(TIME_OUTSIDE, at.isoformat())
    return at


def values_of(posted: Posted, prefix: str, units: Mapping[str, str]) -> list[EnteredValue]:
    """Every characteristic with something in its field; several values stand at positions 1, 2, ..."""
    found = []
    for code, unit in units.items():
        none: list[float] = []
        numbers = posted.read(f"{prefix}{code}", read_numbers, none)
        many = len(numbers) > 1
        found += [EnteredValue(code, n, unit, str(place) if many else "") for place, n in enumerate(numbers, 1)]
    return found


def read_form(posted: Posted, asked: Asked, serial: str) -> Entry | None:
    """The form of one unit. None: `posted.problems` says why."""
    at = posted.read("at", lambda text: check_time(read_when(text, asked.zone), asked), asked.latest)
    entry = Entry(
        serial=posted.read("serial", lambda _: read_serial(serial), ""),
        outcome=posted.read("outcome", read_outcome, "PASS"),
        measured_at=at,
        values=values_of(posted, "v-", asked.units),
        reasons=posted.read("reasons", lambda text: _reasons(text, asked.reasons), []),
        components=posted.read("components", _components, []),
        consumed=posted.read("consumed", lambda text: _consumed(text, asked.materials), []),
        ranges=posted.read("ranges", _ranges, []),
    )
    return None if posted.problems else entry


def read_row(posted: Posted, asked: Asked, at: str) -> Entry | None:
    """One row of a table: serial, outcome, values and reasons; the time is the table's."""
    when = posted.read("serial", lambda _: check_time(read_when(at, asked.zone), asked), asked.latest)
    entry = Entry(
        serial=posted.read("serial", read_serial, ""),
        outcome=posted.read("outcome", lambda text: read_outcome(text or "PASS"), "PASS"),
        measured_at=when,
        values=values_of(posted, "v-", asked.units),
        reasons=posted.read("reasons", lambda text: _reasons(text, asked.reasons), []),
    )
    return None if posted.problems else entry


def _reasons(text: str, known: Collection[str]) -> list[str]:
    codes = read_codes(text)
    for code in codes:
        if code not in known:
            raise Refusal(UNKNOWN_REASON, shown(code))
    return codes


def _rows(text: str, least: int, most: int) -> list[Sequence[str]]:
    """Lines of parts between tabs, commas, semicolons or blanks."""
    rows: list[Sequence[str]] = []
    for line in plain(text).splitlines():
        parts = [part for part in re.split(r"[\t,; ]+", line.strip()) if part]
        if parts and not least <= len(parts) <= most:
            raise Refusal(errors.FIELD_MISSING, shown(line))
        if parts:
            rows.append(parts)
    return rows


def _count(text: str) -> int:
    number = read_number(text)
    if number != int(number) or not 1 <= number <= 32_767:
        raise Refusal(OUT_OF_RANGE, shown(text))
    return int(number)


def _components(text: str) -> list[dict[str, Any]]:
    """One serial a line, its position behind it."""
    return [
        {"serial": read_serial(row[0])} | ({"position": _count(row[1])} if len(row) > 1 else {})
        for row in _rows(text, 1, 2)
    ]


def _consumed(text: str, materials: Mapping[str, str]) -> list[dict[str, Any]]:
    """Material, supplier, lot, quantity in the material's own unit."""
    return [
        {
            "material": row[0].upper(),
            "supplier": row[1],
            "lot": row[2],
            "quantity": read_number(row[3]),
            "unit": materials.get(row[0].upper(), "pcs"),
        }
        for row in _rows(text, 4, 4)
    ]


def _ranges(text: str) -> list[dict[str, Any]]:
    """Serial of the roll, lane, first and last metre."""
    return [
        {
            "serial": read_serial(row[0]),
            "lane": _count(row[1]),
            "from_m": read_number(row[2]),
            "to_m": read_number(row[3]),
        }
        for row in _rows(text, 4, 4)
    ]
