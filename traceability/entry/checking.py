"""A file checked whole before anything of it is stored: what is wrong with each line, by code."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from lines.errors import REPEATED, TIME_OUTSIDE, UNKNOWN_OPERATION, UNKNOWN_REASON, Refusal
from lines.models import Person, Station
from quality.errors import UNKNOWN_CHARACTERISTIC, WRONG_UNIT
from traceability.entry import errors
from traceability.entry.entries import EnteredValue, Entry
from traceability.entry.files import Group, Line, grouped, one_word, read_lines
from traceability.entry.forms import read_serial
from traceability.entry.queries import PlantCodes, places, plant_codes
from traceability.entry.reading import read_codes, read_number, read_outcome, read_when, shown
from traceability.errors import NOT_AT_THIS_STATION, SERIAL_MALFORMED
from traceability.interlock.facts import serial_fault
from traceability.samples.errors import SAMPLE_NOT_WAITING, SAMPLE_UNKNOWN
from traceability.samples.models import Sample, SampleState
from traceability.samples.queries import samples_by_code


@dataclass(frozen=True)
class Checked:
    """Every line with what is wrong with it; a file with any such line is not stored."""

    lines: list[Line]
    groups: list[Group]

    @property
    def bad(self) -> list[Line]:
        return [line for line in self.lines if line.problems]


def check_file(text: str, person: Person) -> Checked:
    """Raises Refusal for a file that is no such table."""
    lines = read_lines(text)
    groups = grouped(lines)
    known = plant_codes({line.cell("characteristic").upper() for line in lines})
    allowed = {place.code for place in places(person)}
    samples = samples_by_code({line.cell("sample").upper() for line in lines if line.cell("sample")})
    for group in groups:
        _check_group(group, known, allowed, samples)
    return Checked(lines, groups)


def entry_of(group: Group) -> Entry:
    """What a group without any wrong line says."""
    assert group.at is not None  # noqa: S101 - checked
    values = [EnteredValue(code, value, unit, position) for code, value, unit, position in group.values]
    return Entry(group.serial, group.outcome, group.at, values, list(group.reasons))


def _check_group(group: Group, known: PlantCodes, allowed: set[str], samples: Mapping[str, Sample]) -> None:
    first = group.lines[0]
    station: Station | None = None
    if first.cell("sample"):
        station = _check_sample(group, samples)
    else:
        group.serial = _said(first, lambda: read_serial(first.cell("serial")))
        if group.serial and (fault := serial_fault(group.serial)):
            first.wrong(SERIAL_MALFORMED, fault)
        group.operation = first.cell("operation").upper()
        station = _check_place(group, known, allowed)
    group.station = station.code if station else ""
    outcome, reasons = one_word(group, "outcome"), one_word(group, "reason_codes")
    group.outcome = _said(first, lambda: read_outcome(outcome or "PASS"))
    group.reasons = read_codes(reasons)
    for code in group.reasons:
        if code not in known.reasons:
            first.wrong(UNKNOWN_REASON, shown(code))
    _check_times(group, station)
    seen = set()
    for line in group.lines:
        code, position = line.cell("characteristic").upper(), line.cell("position")[:32]
        if (code, position) in seen:
            line.wrong(REPEATED, f"{shown(code)} {shown(position)}")
        seen.add((code, position))
        if unit := _check_characteristic(line, code, known):
            try:
                group.values.append((code, read_number(line.cell("value")), unit, position))
            except Refusal as refusal:
                line.wrong(refusal.code, refusal.detail)


def _said(line: Line, read: Callable[[], str]) -> str:
    try:
        return read()
    except Refusal as refusal:
        line.wrong(refusal.code, refusal.detail)
        return ""


def _check_sample(group: Group, samples: Mapping[str, Sample]) -> Station | None:
    first = group.lines[0]
    group.sample = first.cell("sample").upper()
    sample = samples.get(group.sample)
    if sample is None:
        first.wrong(SAMPLE_UNKNOWN, shown(group.sample))
        return None
    if sample.state != SampleState.TAKEN:
        first.wrong(SAMPLE_NOT_WAITING, f"{sample.code}: {sample.state}")
    group.serial, group.operation = sample.unit.serial, sample.operation
    return sample.station


def _check_place(group: Group, known: PlantCodes, allowed: set[str]) -> Station | None:
    first = group.lines[0]
    if not group.operation:
        first.wrong(errors.FIELD_MISSING, "operation")
        return None
    stations = known.stations_of.get(group.operation)
    if stations is None:
        first.wrong(UNKNOWN_OPERATION, shown(group.operation))
        return None
    named = one_word(group, "station").upper()
    if not named and len(stations) != 1:
        first.wrong(errors.STATION_NEEDED, ", ".join(station.code for station in stations))
        return None
    station = next((s for s in stations if s.code == named or not named), None)
    if station is None:
        first.wrong(NOT_AT_THIS_STATION, f"{group.operation}; {', '.join(s.code for s in stations)}")
        return None
    if f"{station.code}/{group.operation}" not in allowed:
        first.wrong(errors.NOT_YOURS_TO_ENTER, f"{station.code}/{group.operation}")
    return station


def _check_times(group: Group, station: Station | None) -> None:
    """The newest of its times is the result's; without any it is now."""
    now = timezone.now()
    times: list[datetime] = []
    for line in group.lines:
        if not line.cell("source_time"):
            continue
        try:
            at = read_when(line.cell("source_time"), timezone.get_current_timezone())
        except Refusal as refusal:
            line.wrong(refusal.code, refusal.detail)
            continue
        ahead, behind = (station.ahead_tolerance_s, station.behind_tolerance_s) if station else (900, 2_592_000)
        if not now - timedelta(seconds=behind) <= at <= now + timedelta(seconds=ahead):
            line.wrong(TIME_OUTSIDE, at.isoformat())
        times.append(at)
    group.at = max(times, default=None)
    if group.at is None and not any(line.problems for line in group.lines):
        group.lines[0].wrong(errors.FIELD_MISSING, "source_time")


def _check_characteristic(line: Line, code: str, known: PlantCodes) -> str:
    """Its unit of measure; empty where something is wrong."""
    if not code:
        line.wrong(errors.FIELD_MISSING, "characteristic")
        return ""
    unit = known.units_of.get(code, "")
    if not unit:
        line.wrong(UNKNOWN_CHARACTERISTIC, shown(code))
    elif line.cell("unit") and line.cell("unit") != unit:
        line.wrong(WRONG_UNIT, f"{code}: {unit!r}, not {shown(line.cell('unit'))!r}")
        return ""
    return unit
