"""The parts of a result that only some kinds of station send, and what a contract is. Pure."""

from collections.abc import Callable
from dataclasses import dataclass

from lines import errors
from lines.stations.body import (
    Fields,
    known_only,
    once,
    read_count,
    read_flag,
    read_number,
    read_serial,
    read_text,
    refuse,
)
from lines.stations.results import AttributeCount, ConsumedLot, PlacedComponent, RollRange, UnitResult
from lines.stations.web import OWN, read_metres, read_own

# Every part any kind sends; for the others it is "not of this kind" rather than "unknown".
WEB = frozenset({"length_m", "lanes", "marks", "scans", "cut_outs"})
ALL_PARTS = WEB | {"consumed", "components", "ranges", "mass_kg", "tray", "slot", "channel", "items", "removed"}

_CONSUMED = OWN | {"material", "supplier", "lot", "quantity", "unit"}
_COMPONENT = OWN | {"serial", "position", "quantity"}
_RANGE = OWN | {"serial", "lane", "from_m", "to_m", "reversed", "flipped", "mirrored"}


@dataclass(frozen=True, slots=True)
class Contract:
    """What stations of one kind post of a unit, beside serial, outcome, reasons and measurements."""

    kind: str  # lines.plant.models.StationKind
    parts: frozenset[str]
    takes_trays: bool
    check: Callable[[UnitResult, str], None]  # refuses what the fields alone do not show


def read_consumed(row: Fields, path: str) -> ConsumedLot:
    known_only(row, _CONSUMED, path)
    quantity = read_number(row, "quantity", path, required=True, above=0)
    assert quantity is not None  # noqa: S101 - required
    return ConsumedLot(
        material=read_text(row, "material", path, required=True, longest=32),
        supplier=read_text(row, "supplier", path, required=True),
        lot=read_text(row, "lot", path, required=True),
        quantity=quantity,
        unit=read_text(row, "unit", path, required=True, longest=8),
        **read_own(row, path),
    )


def read_counted(row: Fields, path: str) -> AttributeCount:
    known_only(row, frozenset({"code", "count", "inspected", "position"}), path)
    count = read_count(row, "count", path, least=0, largest=2_147_483_647)
    if count is None:
        refuse(errors.MISSING_FIELD, path, "'count'")
    return AttributeCount(
        code=read_text(row, "code", path, required=True, longest=24),
        count=count,
        inspected=read_number(row, "inspected", path, above=0),
        position=read_text(row, "position", path, longest=32),
    )


def read_component(row: Fields, path: str) -> PlacedComponent:
    known_only(row, _COMPONENT, path)
    return PlacedComponent(
        serial=read_serial(row.get("serial"), f"{path}.serial"),
        position=read_count(row, "position", path),
        quantity=read_number(row, "quantity", path, above=0),
        **read_own(row, path),
    )


def read_range(row: Fields, path: str) -> RollRange:
    known_only(row, _RANGE, path)
    from_m, to_m = read_metres(row, path)
    return RollRange(
        serial=read_serial(row.get("serial"), f"{path}.serial"),
        lane=read_count(row, "lane", path),
        from_m=from_m,
        to_m=to_m,
        is_reversed=read_flag(row, "reversed", path),
        is_flipped=read_flag(row, "flipped", path),
        is_mirrored=read_flag(row, "mirrored", path),
        **read_own(row, path),
    )


def placed_once(result: UnitResult, path: str) -> None:
    """One component in one place, one place for one component."""
    once((c.serial for c in result.components), f"{path}.components", "serial")
    once((c.position for c in result.components), f"{path}.components", "position")
