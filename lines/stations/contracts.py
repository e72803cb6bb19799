"""The typed contract of each kind of station, and the reading of a post by it. Pure."""

from dataclasses import replace
from typing import Any

from lines import errors
from lines.errors import Refusal
from lines.stations import cell_assembly, electrode_coating, formation, pack_test
from lines.stations.body import (
    LONGEST_KEY,
    MAX_TEXT,
    Fields,
    Tolerance,
    known_only,
    once,
    read_count,
    read_flag,
    read_number,
    read_rows,
    read_serial,
    read_text,
    read_texts,
    read_time,
    refuse,
)
from lines.stations.parts import ALL_PARTS, Contract, read_component, read_consumed, read_counted, read_range
from lines.stations.results import BadItem, MeasuredValue, PermitRequest, StationResult, UnitResult
from lines.stations.web import (
    MOST_MARKS,
    MOST_SCANS,
    check_web,
    read_cut_out,
    read_mark,
    read_removed,
    read_scan,
)

MAX_ITEMS = 512
MAX_MEASUREMENTS = 1000

CONTRACTS: dict[str, Contract] = {
    contract.kind: contract
    for contract in (electrode_coating.CONTRACT, cell_assembly.CONTRACT, formation.CONTRACT, pack_test.CONTRACT)
}

_SHARED = frozenset(
    {"operation", "started_at", "finished_at", "recipe", "operator", "tray", "result_id", "sent_at", "offline"}
)
_OF_UNIT = frozenset({"serial", "outcome", "reason_codes", "measurements", "grade", "counts"})
_PERMIT_REQUEST = frozenset(
    {"serial", "serials", "operation", "recipe", "operator", "channel", "source_time", "sent_at"}
)
_MEASUREMENT = frozenset({"code", "value", "unit", "position", "source_time"})


def read_result(body: Fields, kind: str, tolerance: Tolerance) -> StationResult:
    """Read what a station of this kind posted: one unit, or a tray's `items`.

    Raises Refusal when it cannot be understood. A bad item of a tray goes to `bad` instead, even where none is good.
    """
    contract = CONTRACTS[kind]
    is_tray_post = "items" in body
    own = frozenset({"items"}) if is_tray_post else _OF_UNIT | contract.parts
    known_only(body, _SHARED | own, "$", ALL_PARTS)
    started_at = read_time(body, "started_at", "$", tolerance, required=True)
    finished_at = read_time(body, "finished_at", "$", tolerance, required=True)
    assert started_at is not None and finished_at is not None  # noqa: S101 - required
    if started_at > finished_at:
        refuse(errors.OUT_OF_RANGE, "$.started_at", "after finished_at")
    operation = read_text(body, "operation", "$", required=True, longest=24)
    recipe = read_text(body, "recipe", "$")
    operator = read_text(body, "operator", "$")
    tray = read_text(body, "tray", "$", longest=32, required=is_tray_post)
    if tray and not contract.takes_trays:
        refuse(errors.NOT_OF_THIS_KIND, "$", "'tray'")
    bad: list[BadItem] = []
    if is_tray_post:
        units, bad = _read_items(body["items"], contract, tolerance)
    else:
        units = [(0, _read_unit(body, contract, "$", tolerance))]
    return StationResult(
        operation=operation,
        started_at=started_at,
        finished_at=finished_at,
        recipe=recipe,
        operator=operator,
        tray=tray,
        is_tray_post=is_tray_post,
        units=tuple(units),
        bad=tuple(bad),
        result_id=read_result_id(body),
        sent_at=read_time(body, "sent_at", "$", tolerance),
        is_offline=read_flag(body, "offline", "$"),
    )


def read_result_id(body: Fields) -> str:
    """The station's own number of the result; empty where it has none. It may be a key, so it is ASCII."""
    result_id = read_text(body, "result_id", "$", longest=LONGEST_KEY)
    if not result_id.isascii():
        refuse(errors.BAD_TEXT, "$.result_id", f"1 to {LONGEST_KEY} printable ASCII characters")
    return result_id


def read_permit_request(body: Fields, tolerance: Tolerance) -> PermitRequest:
    """What a station asks about one unit or several. `operation` may be empty: the station's only one is meant."""
    known_only(body, _PERMIT_REQUEST, "$")
    serials, is_list = _read_serials(body)
    return PermitRequest(
        operation=read_text(body, "operation", "$", longest=24),
        serials=serials,
        is_list=is_list,
        recipe=read_text(body, "recipe", "$"),
        operator=read_text(body, "operator", "$"),
        channel=read_text(body, "channel", "$", longest=48),
        source_time=read_time(body, "source_time", "$", tolerance),
        sent_at=read_time(body, "sent_at", "$", tolerance),
    )


def _read_serials(body: Fields) -> tuple[tuple[str, ...], bool]:
    """Canonical serials, and whether they came as a list."""
    if "serials" not in body:
        return (read_serial(body.get("serial"), "$.serial"),), False
    serials = body["serials"]
    if "serial" in body:
        refuse(errors.UNKNOWN_FIELD, "$", "'serial' beside 'serials'")
    if not isinstance(serials, list):
        refuse(errors.WRONG_TYPE, "$.serials", "expected a list")
    if not 1 <= len(serials) <= MAX_ITEMS:
        refuse(errors.TOO_MANY, "$.serials", f"1 to {MAX_ITEMS}")
    found = [read_serial(serial, f"$.serials[{index}]") for index, serial in enumerate(serials)]
    _first_of_each(found, "$.serials")
    return tuple(found), True


def _first_of_each(serials: list[str], path: str) -> None:
    if len(set(serials)) != len(serials):
        index = next(i for i, serial in enumerate(serials) if serial in serials[:i])
        refuse(errors.REPEATED, f"{path}[{index}]", f"serial {serials[index]!r} a second time")


def _read_items(
    items: Any, contract: Contract, tolerance: Tolerance
) -> tuple[list[tuple[int, UnitResult]], list[BadItem]]:
    if not isinstance(items, list):
        refuse(errors.WRONG_TYPE, "$.items", "expected a list")
    if not 1 <= len(items) <= MAX_ITEMS:
        refuse(errors.TOO_MANY, "$.items", f"1 to {MAX_ITEMS}")
    if not contract.takes_trays:
        refuse(errors.NOT_OF_THIS_KIND, "$", "'items'")
    known = _OF_UNIT | contract.parts
    units: list[tuple[int, UnitResult]] = []
    bad: list[BadItem] = []
    seen: set[tuple[str, Any]] = set()
    for index, item in enumerate(items):
        path = f"$.items[{index}]"
        try:
            if not isinstance(item, dict):
                refuse(errors.WRONG_TYPE, path, "expected an object")
            known_only(item, known, path, ALL_PARTS)
            unit = _read_unit(item, contract, path, tolerance)
            places = {("serial", unit.serial), ("slot", unit.slot), ("channel", unit.channel or None)}
            for what, value in places & seen:
                refuse(errors.REPEATED, path, f"{what} {value!r} a second time")
            seen.update(place for place in places if place[1] is not None)
            units.append((index, unit))
        except Refusal as refusal:
            serial = item.get("serial") if isinstance(item, dict) else None
            shown = serial[:MAX_TEXT] if isinstance(serial, str) and serial.isprintable() else ""
            bad.append(BadItem(index, shown, refusal.code, refusal.detail))
    return units, bad


def _read_unit(fields: Fields, contract: Contract, path: str, tolerance: Tolerance) -> UnitResult:
    serial = read_serial(fields.get("serial"), f"{path}.serial")
    outcome = read_text(fields, "outcome", path, required=True)
    if outcome not in ("PASS", "FAIL"):
        refuse(errors.OUT_OF_RANGE, f"{path}.outcome", "PASS or FAIL")

    def read_measurement(row: Fields, here: str) -> MeasuredValue:
        known_only(row, _MEASUREMENT, here)
        value = read_number(row, "value", here, required=True)
        assert value is not None  # noqa: S101 - required
        return MeasuredValue(
            read_text(row, "code", here, required=True, longest=24),
            value,
            read_text(row, "unit", here, required=True, longest=16),
            read_text(row, "position", here, longest=32),
            read_time(row, "source_time", here, tolerance),
        )

    result = UnitResult(
        serial=serial,
        outcome=outcome,
        reason_codes=read_texts(fields, "reason_codes", path, most=50, longest=24),
        measurements=read_rows(fields, "measurements", path, read_measurement, most=MAX_MEASUREMENTS),
        consumed=read_rows(fields, "consumed", path, read_consumed, most=200),
        components=read_rows(fields, "components", path, read_component, most=1024),
        ranges=read_rows(fields, "ranges", path, read_range, most=200),
        length_m=read_number(fields, "length_m", path, above=0),
        mass_kg=read_number(fields, "mass_kg", path, above=0),
        slot=read_count(fields, "slot", path),
        channel=read_text(fields, "channel", path, longest=48),
        grade=read_text(fields, "grade", path, longest=8),
        counts=read_rows(fields, "counts", path, read_counted, most=200),
        lanes=read_count(fields, "lanes", path, largest=64),
        marks=read_rows(fields, "marks", path, read_mark, most=MOST_MARKS),
        scans=read_rows(fields, "scans", path, read_scan, most=MOST_SCANS),
        cut_outs=tuple(
            cut if cut.serial else replace(cut, serial=serial)
            for cut in read_rows(fields, "cut_outs", path, read_cut_out, most=200)
        ),
        removed=read_rows(fields, "removed", path, read_removed, most=200),
    )
    once(((c.code, c.position) for c in result.counts), f"{path}.counts", "code and position")
    for part, rows in (("components", result.components), ("ranges", result.ranges)):
        if any(row.serial == serial for row in rows):
            refuse(errors.OUT_OF_RANGE, f"{path}.{part}", "a unit is not made of itself")
    check_web(result, path)
    contract.check(result, path)
    return result
