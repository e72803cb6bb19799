"""What compared units passed through, level by level and metre by metre, read set-wise through the genealogy.

A batch that lies over some metres of a roll is behind the units of those metres alone; the same of foil and of what was
spliced in. Visits count up to the one that decided on which side the unit is; those of parts, all.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time
from typing import Any

import numpy as np
from django.db import connection
from django.utils import timezone

from lines.models import Shift, Station
from lines.orders.models import Tracking
from lines.people.models import Certification
from lines.states.shifts import shift_at
from traceability.causes.behind import Piece, lots_behind, pieces_behind
from traceability.causes.evidence import Axis, Evidence, Level, Name, indices
from traceability.causes.selecting import Compared, Selected
from traceability.genealogy.closures import lot_parts_behind
from traceability.models import Lot, RollMark, Unit

Refs = dict[str, Any]
MOST_PLACES = 12
_AT_ONCE = 2_000
_RECORDS = """
select r.serial, r.operation, r.station_id, r.source_time, r.recipe, r.operator, r.tray, r.slot, r.channel
from lines_operationrecord r
where r.serial = any(%s) and r.attempt > 0
    and not exists (select 1 from lines_withdrawnrecord w where w.record_id = r.id)
"""


@dataclass
class Gathered:
    """`refs`: by which a page links to what a name stands for; `spans`: when its units were there."""

    evidence: Evidence
    refs: dict[Name, Refs] = field(default_factory=dict)
    spans: dict[Name, tuple[datetime, datetime]] = field(default_factory=dict)


class _Levels:
    """Units by what they share, as it is found."""

    def __init__(self) -> None:
        self.units: dict[Name, list[int]] = {}
        self.refs: dict[Name, Refs] = {}
        self.spans: dict[Name, tuple[datetime, datetime]] = {}

    def add(self, name: Name, units: Iterable[int], at: datetime | None = None, refs: Refs | None = None) -> None:
        self.units.setdefault(name, []).extend(units)
        if refs is not None:
            self.refs[name] = refs
        if at is not None:
            first, last = self.spans.get(name, (at, at))
            self.spans[name] = (min(first, at), max(last, at))

    def levels(self) -> list[Level]:
        found = [Level(name, indices(places)) for name, places in self.units.items()]
        return sorted(found, key=lambda level: (level.name.kind, level.name.factor, level.name.level))


def gather(selected: Selected, within: str, tick: Callable[[float], None]) -> Gathered:
    """Units are numbered as in `selected`: the failed ones first. `tick` is told the share that is read."""
    compared = [*selected.failed, *selected.good]
    found = _Levels()
    pieces: list[Piece] = []
    lots: list[tuple[int, int]] = []
    ids = [each.unit_id for each in compared]
    for begin in range(0, len(ids), _AT_ONCE):
        tick(0.6 * begin / len(ids))
        part = ids[begin : begin + _AT_ONCE]
        pieces += pieces_behind(part)
        lots += lots_behind(part)
    place = {unit_id: n for n, unit_id in enumerate(ids)}
    units = Unit.objects.select_related("definition").in_bulk({piece.unit_id for piece in pieces})
    of_unit: dict[int, list[int]] = {}
    for piece in pieces:
        of_unit.setdefault(piece.unit_id, []).append(place[piece.origin_id])
    axes = _rolls_and_batches(found, pieces, units, of_unit, place)
    _lots(found, lots, place)
    _visits(found, compared, units, of_unit, lambda done: tick(0.6 + 0.4 * done))
    zone = timezone.get_default_timezone()
    strata = None
    if within == "DAY":
        strata = np.asarray([each.at.astimezone(zone).date().toordinal() for each in compared], dtype=np.int64)
    failed = np.arange(len(compared)) < len(selected.failed)
    evidence = Evidence(failed, found.levels(), axes, strata, selected.weight_good)
    return Gathered(evidence, found.refs, found.spans)


def _rolls_and_batches(
    found: _Levels, pieces: list[Piece], units: dict[int, Unit], of_unit: dict[int, list[int]], place: dict[int, int]
) -> list[Axis]:
    """Levels of batches, rolls, lanes, sides and marks; an axis for each roll and for each of its lanes."""
    by_roll: dict[int, list[Piece]] = {}
    for unit_id, places in of_unit.items():
        unit = units[unit_id]
        if unit.definition is None:
            continue
        code = unit.definition.code
        if unit.definition.tracking == Tracking.SLURRY_BATCH:
            found.add(Name("batch", code, unit.serial), places, refs={"serial": unit.serial})
        elif unit.definition.tracking == Tracking.ROLL:
            found.add(Name("roll", code, unit.serial), places, refs={"serial": unit.serial})
            by_roll[unit_id] = []
    for piece in pieces:
        if piece.unit_id in by_roll:
            by_roll[piece.unit_id].append(piece)
    axes = []
    for unit_id, some in by_roll.items():
        unit = units[unit_id]
        code = unit.definition.code if unit.definition else ""
        origin = np.asarray([place[piece.origin_id] for piece in some], dtype=np.int64)
        lane = np.asarray([piece.lane or 0 for piece in some], dtype=np.int64)
        flipped = np.asarray([piece.is_flipped for piece in some], dtype=bool)
        begin = np.asarray([piece.from_m if piece.from_m is not None else np.nan for piece in some])
        end = np.asarray([piece.to_m if piece.to_m is not None else np.nan for piece in some])
        for is_flipped in (False, True):
            if (flipped == is_flipped).any():
                found.add(Name("side", code, "B" if is_flipped else "A"), origin[flipped == is_flipped].tolist())
        where = ~np.isnan(begin) & ~np.isnan(end)
        lanes = np.unique(lane[lane > 0]).tolist()
        for number in lanes:
            found.add(Name("lane", code, str(number)), origin[lane == number].tolist())
        for number in [None, *(lanes if len(lanes) > 1 else ())]:
            here = where if number is None else where & (lane == number)
            if here.any():
                name = Name("range", code, unit.serial, lane=number)
                axes.append(Axis(name, origin[here], begin[here], end[here]))
                found.refs[name] = {"serial": unit.serial}
    _marks(found, by_roll, units, place)
    return axes


def _marks(found: _Levels, by_roll: dict[int, list[Piece]], units: dict[int, Unit], place: dict[int, int]) -> None:
    """Units with a mark on one of their pieces, by its code and side; and where most of them have it."""
    places: dict[Name, list[dict[str, Any]]] = {}
    for mark in RollMark.objects.filter(roll__in=list(by_roll)).order_by("pk"):
        hit = [
            place[piece.origin_id]
            for piece in by_roll[mark.roll_id]
            if piece.from_m is not None
            and piece.to_m is not None
            and piece.from_m <= mark.to_m
            and piece.to_m >= mark.from_m
            and (mark.lane is None or piece.lane is None or mark.lane == piece.lane)
        ]
        definition = units[mark.roll_id].definition
        if hit and definition is not None:
            level = f"{mark.code} {mark.side}".strip()
            name = Name("mark", definition.code, level)
            found.add(name, hit)
            where = {"serial": units[mark.roll_id].serial, "lane": mark.lane, "from_m": mark.from_m, "to_m": mark.to_m}
            places.setdefault(name, []).append({**where, "n_units": len(set(hit))})
    for name, some in places.items():
        most = sorted(some, key=lambda each: -each["n_units"])[:MOST_PLACES]
        found.refs[name] = {"places": most, "n_places": len(some)}


def _lots(found: _Levels, pairs: list[tuple[int, int]], place: dict[int, int]) -> None:
    """Lots with all that they were split off or merged from."""
    by_lot: dict[int, list[int]] = {}
    for origin_id, lot_id in pairs:
        by_lot.setdefault(lot_id, []).append(place[origin_id])
    parents: dict[int, set[int]] = {}
    for child, parent, _quantity in lot_parts_behind(list(by_lot)):
        parents.setdefault(child, set()).add(parent)
    whole: dict[int, list[int]] = {}
    for lot_id, places in by_lot.items():
        todo, seen = [lot_id], set[int]()
        while todo:
            each = todo.pop()
            if each not in seen:
                seen.add(each)
                whole.setdefault(each, []).extend(places)
                todo += parents.get(each, ())
    for lot in Lot.objects.filter(pk__in=list(whole)):
        refs: Refs = {"lot": lot.pk, "supplier": lot.supplier, "number": lot.number}
        name = Name("lot", lot.material_code, f"{lot.supplier} {lot.number}")
        found.add(name, whole[lot.pk], refs=refs)


class _Shifts:
    """The shift of a moment at a station; remembered by the minute of the day."""

    def __init__(self) -> None:
        self._lines = dict(Station.objects.values_list("pk", "production_line_id"))
        self._shifts: dict[int, list[tuple[str, time, time]]] = {}
        for shift in Shift.objects.all():
            self._shifts.setdefault(shift.production_line_id, []).append((shift.code, shift.starts_at, shift.ends_at))
        self._known: dict[tuple[int, int], str] = {}
        self._zone = timezone.get_default_timezone()

    def code(self, station_id: int, at: datetime) -> str:
        """Empty: none."""
        local = at.astimezone(self._zone)
        key = (self._lines[station_id], local.hour * 60 + local.minute)
        if key not in self._known:
            shifts = self._shifts.get(key[0], ())
            span = shift_at(shifts, at, self._zone)
            self._known[key] = span.code if span else ""
        return self._known[key]


def _visits(
    found: _Levels,
    compared: Sequence[Compared],
    units: dict[int, Unit],
    of_unit: dict[int, list[int]],
    tick: Callable[[float], None],
) -> None:
    stations = dict(Station.objects.values_list("pk", "code"))
    certified = {
        (name, operation): str(level)
        for name, operation, level in Certification.objects.values_list("person__username", "operation__code", "level")
    }
    shifts = _Shifts()
    until = {each.serial: each.at for each in compared}
    places = {units[unit_id].serial: some for unit_id, some in of_unit.items() if unit_id in units}
    serials = sorted(places)
    for begin in range(0, len(serials), _AT_ONCE):
        tick(begin / len(serials))
        with connection.cursor() as cursor:
            cursor.execute(_RECORDS, [serials[begin : begin + _AT_ONCE]])
            rows = cursor.fetchall()
        for serial, operation, station_id, at, recipe, operator, tray, slot, channel in rows:
            if serial in until and at > until[serial]:
                continue
            station = stations[station_id]
            shared: list[tuple[Name, Refs | None]] = [
                (Name("station", operation, station), {"station": station}),
                (Name("shift", operation, shifts.code(station_id, at)), None),
                (Name("recipe", operation, recipe), None),
                (Name("certification", operation, _level(certified, operator, operation)), None),
                (Name("tray", operation, tray), {"tray": tray}),
                (Name("slot", operation, str(slot) if slot is not None else ""), None),
                (Name("channel", operation, channel), {"station": station, "channel": channel}),
                (Name("rack", operation, channel.rpartition("-")[0]), {"station": station}),
            ]
            for name, refs in shared:
                if name.level:
                    found.add(name, places[serial], at, refs)


def _level(certified: dict[tuple[str, str], str], operator: str, operation: str) -> str:
    """Empty where nobody was named; 0 without a certification."""
    return certified.get((operator, operation), "0") if operator else ""


def names_of(names: Iterable[Name]) -> list[Name]:
    """Where a set has several names: one of each kind, first what lies further up the flow; then the others."""
    order = ("lot", "batch", "mark", "range", "lane", "side", "roll", "rack", "channel", "slot", "tray", "station")
    place = {kind: n for n, kind in enumerate(order)}
    ordered = sorted(names, key=lambda name: (place.get(name.kind, len(order)), name.factor, name.level))
    firsts = {name.kind: name for name in reversed(ordered)}
    return sorted(ordered, key=lambda name: firsts[name.kind] is not name)
