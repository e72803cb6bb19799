"""What stations ask and tell, as plain records: for units, and of one unit or the units of a tray. Pure."""

from dataclasses import dataclass
from datetime import datetime

from lines.errors import Code


@dataclass(frozen=True, slots=True)
class PermitRequest:
    """May these units enter? Texts are empty and times None where the station sent none."""

    operation: str  # empty: the station's only one
    serials: tuple[str, ...]  # canonical
    is_list: bool
    recipe: str
    operator: str
    channel: str
    source_time: datetime | None  # the machine's clock when it asks
    sent_at: datetime | None  # the machine's clock when it sends


@dataclass(frozen=True, slots=True)
class MeasuredValue:
    """One measured value of one characteristic, in the unit named."""

    code: str
    value: float
    unit: str
    position: str
    source_time: datetime | None


@dataclass(frozen=True, slots=True)
class ConsumedLot:
    """A quantity of a bought lot that went into the unit."""

    material: str
    supplier: str
    lot: str
    quantity: float
    unit: str
    own_from_m: float | None = None  # where on the unit's own axis it lies, for a roll
    own_to_m: float | None = None
    delta_m: float | None = None  # how far the ends may lie off


@dataclass(frozen=True, slots=True)
class AttributeCount:
    """How many of one reason were found; `inspected`: pieces, metres or opportunities looked at, None if not told."""

    code: str
    count: int
    inspected: float | None
    position: str


@dataclass(frozen=True, slots=True)
class PlacedComponent:
    """Another unit built in; a batch gives a quantity in its own unit of measure."""

    serial: str
    position: int | None
    quantity: float | None
    own_from_m: float | None = None  # where on the unit's own axis it lies, for a roll
    own_to_m: float | None = None
    delta_m: float | None = None


@dataclass(frozen=True, slots=True)
class RollRange:
    """Metres of a roll that went into the unit, on that roll's own axis, and where they lie on the unit's own one."""

    serial: str
    lane: int | None
    from_m: float
    to_m: float
    own_from_m: float | None = None
    own_to_m: float | None = None
    is_reversed: bool = False
    is_flipped: bool = False
    is_mirrored: bool = False
    delta_m: float | None = None


@dataclass(frozen=True, slots=True)
class WebMark:
    """What was seen on the unit's own metres; `side` A, B or empty, `y_mm` from the operator side."""

    from_m: float
    to_m: float
    lane: int | None
    side: str
    y_mm: float | None
    code: str
    size_mm: float | None


@dataclass(frozen=True, slots=True)
class WebScan:
    """One pass of a gauge across the unit's web, values evenly from the operator side."""

    characteristic: str
    side: str
    at_m: float
    values: tuple[float, ...]
    gauge: str


@dataclass(frozen=True, slots=True)
class CutOut:
    """Metres cut out as scrap, of a roll that went into the unit or of the unit itself, on that roll's axis."""

    serial: str
    lane: int | None
    from_m: float
    to_m: float
    code: str


@dataclass(frozen=True, slots=True)
class RemovedPart:
    """A component taken out again, by its serial or its position."""

    serial: str
    position: int | None
    reason: str


@dataclass(frozen=True, slots=True)
class UnitResult:
    """What a station tells of one unit. `serial` is canonical (lines.orders.serials)."""

    serial: str
    outcome: str  # PASS or FAIL, the machine's word
    reason_codes: tuple[str, ...]
    measurements: tuple[MeasuredValue, ...]
    consumed: tuple[ConsumedLot, ...]
    components: tuple[PlacedComponent, ...]
    ranges: tuple[RollRange, ...]
    length_m: float | None
    mass_kg: float | None
    slot: int | None
    channel: str
    grade: str = ""
    counts: tuple[AttributeCount, ...] = ()
    lanes: int | None = None  # of a roll, side by side
    marks: tuple[WebMark, ...] = ()
    scans: tuple[WebScan, ...] = ()
    cut_outs: tuple[CutOut, ...] = ()
    removed: tuple[RemovedPart, ...] = ()

    @property
    def own_ends(self) -> list[float]:
        """How far on its own axis the parts reach that say so."""
        ends = [piece.own_to_m for piece in self.ranges]
        ends += [part.own_to_m for part in self.components]
        ends += [lot.own_to_m for lot in self.consumed]
        return [end for end in ends if end is not None]


@dataclass(frozen=True, slots=True)
class BadItem:
    """A unit of a tray that could not be understood; the others of the tray do not suffer."""

    index: int
    serial: str
    code: Code
    detail: str


@dataclass(frozen=True, slots=True)
class StationResult:
    """One post: the facts that all its units share, and the units."""

    operation: str
    started_at: datetime
    finished_at: datetime
    recipe: str
    operator: str
    tray: str
    is_tray_post: bool
    units: tuple[tuple[int, UnitResult], ...]  # with their index in the post
    bad: tuple[BadItem, ...]
    result_id: str = ""  # the station's own; the key where the request has none
    sent_at: datetime | None = None  # the machine's clock when it sends
    is_offline: bool = False  # made while the MES did not answer
