"""The parts of a result that only some kinds of station send, and what a contract is. Pure."""

from collections.abc import Callable
from dataclasses import dataclass

from lines import errors
from lines.stations.body import Fields, known_only, once, read_count, read_number, read_serial, read_text, refuse
from lines.stations.results import AttributeCount, ConsumedLot, PlacedComponent, RollRange, UnitResult

# Every part any kind sends; for the others it is "not of this kind" rather than "unknown".
ALL_PARTS = frozenset({"consumed", "components", "ranges", "length_m", "mass_kg", "tray", "slot", "channel", "items"})


@dataclass(frozen=True, slots=True)
class Contract:
    """What stations of one kind post of a unit, beside serial, outcome, reasons and measurements."""

    kind: str  # lines.plant.models.StationKind
    parts: frozenset[str]
    takes_trays: bool
    check: Callable[[UnitResult, str], None]  # refuses what the fields alone do not show


def read_consumed(row: Fields, path: str) -> ConsumedLot:
    known_only(row, frozenset({"material", "supplier", "lot", "quantity", "unit"}), path)
    quantity = read_number(row, "quantity", path, required=True, above=0)
    assert quantity is not None  # noqa: S101 - required
    return ConsumedLot(
        material=read_text(row, "material", path, required=True, longest=32),
        supplier=read_text(row, "supplier", path, required=True),
        lot=read_text(row, "lot", path, required=True),
        quantity=quantity,
        unit=read_text(row, "unit", path, required=True, longest=8),
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
    known_only(row, frozenset({"serial", "position", "quantity"}), path)
    return PlacedComponent(
        serial=read_serial(row.get("serial"), f"{path}.serial"),
        position=read_count(row, "position", path),
        quantity=read_number(row, "quantity", path, above=0),
    )


def read_range(row: Fields, path: str) -> RollRange:
    known_only(row, frozenset({"serial", "lane", "from_m", "to_m"}), path)
    from_m = read_number(row, "from_m", path, required=True)
    to_m = read_number(row, "to_m", path, required=True)
    assert from_m is not None and to_m is not None  # noqa: S101 - required
    if not 0 <= from_m < to_m:
        refuse(errors.OUT_OF_RANGE, path, "from_m must be 0 or more and less than to_m")
    return RollRange(
        serial=read_serial(row.get("serial"), f"{path}.serial"),
        lane=read_count(row, "lane", path),
        from_m=from_m,
        to_m=to_m,
    )


def placed_once(result: UnitResult, path: str) -> None:
    """One component in one place, one place for one component."""
    once((c.serial for c in result.components), f"{path}.components", "serial")
    once((c.position for c in result.components), f"{path}.components", "position")
