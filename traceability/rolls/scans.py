"""What the gauges saw on a roll and on the metres behind a unit: scans, by lane, on the axis they were posted on."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count

from lines.templatetags.denchi import unit as unit_word
from quality.models import Characteristic, CharacteristicLimits
from traceability.rolls.models import RollScan
from traceability.rolls.reach import Reached, pieces_behind
from traceability.units.models import Unit

AROUND_M = 40.0  # shown on both sides of what lies behind a unit
MOST_SCANS = 2_000
_WHOLE = 0.95  # of a roll: nothing would lie beside what is shaded


@dataclass(frozen=True)
class Band:
    """Metres that count, on the roll's own axis."""

    from_m: float
    to_m: float
    delta_m: float
    is_inferred: bool


@dataclass(frozen=True)
class Scanned:
    """One characteristic of one roll. `lane` None: the whole width."""

    roll: Unit
    characteristic: Characteristic | None
    code: str
    lane: int | None
    bands: list[Band]  # empty: the roll itself is asked for
    n_scans: int

    @property
    def key(self) -> str:
        return f"{self.roll.serial}.{self.code}.{self.lane or 0}"

    @property
    def name(self) -> str:
        return self.characteristic.name if self.characteristic else self.code


@dataclass(frozen=True)
class Scan:
    """One pass of a gauge: mean, lowest and highest of the lane's share of the web."""

    at_m: float
    side: str
    mean: float
    low: float
    high: float
    is_behind: bool


@dataclass(frozen=True)
class Limits:
    lsl: float | None
    target: float | None
    usl: float | None
    unit: str


def scans_behind(unit: Unit) -> list[Scanned]:
    """Every characteristic that was scanned on a roll behind the unit, with the unit's metres there; on a roll itself
    its own."""
    pieces = [Reached(unit.pk, None, None, None, 0.0, False)] if _has_scans([unit.pk]) else []
    pieces += pieces_behind(unit.pk)
    counted = _has_scans({piece.unit_id for piece in pieces})
    rolls = Unit.objects.select_related("definition", "product").in_bulk({roll for roll, _code in counted})
    characteristics = {c.code: c for c in Characteristic.objects.filter(code__in={code for _roll, code in counted})}
    found = []
    for (roll_id, code), n_scans in sorted(counted.items(), key=lambda item: (item[0][1], item[0][0])):
        of_roll = [piece for piece in pieces if piece.unit_id == roll_id]
        for lane in sorted({piece.lane or 0 for piece in of_roll}):
            bands = [
                Band(piece.from_m, piece.to_m, piece.delta_m, piece.is_inferred)
                for piece in of_roll
                if (piece.lane or 0) == lane and piece.from_m is not None and piece.to_m is not None
                if piece.to_m - piece.from_m < _WHOLE * (rolls[roll_id].length_m or math.inf)
            ]
            bands.sort(key=lambda band: band.from_m)
            found.append(Scanned(rolls[roll_id], characteristics.get(code), code, lane or None, bands, n_scans))
    return found


def _has_scans(rolls: Sequence[int] | set[int]) -> dict[tuple[int, str], int]:
    counted = RollScan.objects.filter(roll__in=rolls).values("roll_id", "characteristic").annotate(n=Count("id"))
    return {(row["roll_id"], row["characteristic"]): row["n"] for row in counted.order_by()}


def scans_of(scanned: Scanned) -> list[Scan]:
    """The scans from a little before the metres that count to a little behind them; thinned where they are many."""
    rows = RollScan.objects.filter(roll=scanned.roll, characteristic=scanned.code)
    if scanned.bands:
        rows = rows.filter(
            at_m__gte=min(band.from_m for band in scanned.bands) - AROUND_M,
            at_m__lte=max(band.to_m for band in scanned.bands) + AROUND_M,
        )
    found = list(rows.order_by("at_m", "side").values_list("at_m", "side", "values"))
    each = -(-len(found) // MOST_SCANS) or 1
    scans = []
    for at_m, side, values in found[::each]:
        share = lane_share(values, scanned.lane, scanned.roll.lanes)
        if share:
            is_behind = any(band.from_m - band.delta_m <= at_m <= band.to_m + band.delta_m for band in scanned.bands)
            scans.append(Scan(at_m, side, sum(share) / len(share), min(share), max(share), is_behind))
    return scans


def lane_share(values: Sequence[float], lane: int | None, lanes: int | None) -> list[float]:
    """The values of one lane of `lanes`, of values evenly across the web from the operator's side; all without a lane.

    At least one value, the nearest to the middle of the lane.
    """
    if lane is None or not lanes or lanes < 2 or not 1 <= lane <= lanes or not values:
        return list(values)
    n = len(values)
    share = [value for place, value in enumerate(values) if int((place + 0.5) / n * lanes) == lane - 1]
    return share or [values[min(int((lane - 0.5) / lanes * n), n - 1)]]


def limits_of(scanned: Scanned) -> Limits:
    """The newest limits of the roll's product, or those for all products."""
    if scanned.characteristic is None:
        return Limits(None, None, None, "")
    limits = CharacteristicLimits.objects.filter(characteristic=scanned.characteristic)
    own = limits.filter(product=scanned.roll.product).order_by("-version").first()
    found = own or limits.filter(product=None).order_by("-version").first()
    unit = unit_word(scanned.characteristic.unit)
    return Limits(found.lsl, found.target, found.usl, unit) if found else Limits(None, None, None, unit)
