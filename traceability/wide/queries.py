"""The rows of a wide table, some thousand units at a time: one row a unit, one value a column.

Decided here:
- A value is that of the newest visit of the operation, as corrections left it; of several positions their mean.
- Of several parts (two jelly rolls) it is the mean of theirs; of a batch or roll, that of each that is in the unit.
- Where the roll was scanned, the scans on the metres behind the unit count, not what was said of the whole roll.
"""

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from django.db import connection
from django.db.models import Max, QuerySet

from lines.models import MaterialDefinition
from lines.orders.models import Tracking
from traceability.causes.behind import Piece, pieces_behind
from traceability.models import Unit
from traceability.wide.asked import AskedTable
from traceability.wide.columns import Column
from traceability.wide.scanned import Scans, scans_of

FACTS = ("serial", "product", "definition", "state", "grade", "created_at", "last_test_passed")
Fact = str | bool | datetime | None
Row = tuple[list[Fact], list[float | None]]


class _Of(NamedTuple):
    """What the table reads of a unit itself; a model's instance costs four times as much."""

    pk: int
    serial: str
    definition_id: int | None
    lanes: int | None
    state: str
    grade: str
    created_at: datetime
    last_test_passed: bool | None


AT_ONCE = 2_000
_MOST_KEPT = 5_000  # shared parts whose values are kept while reading on
# Each record and its values by their own index, whatever the planner guesses of a plant of millions. Units and columns
# by their places: texts would be sent and compared three times for each value.
_VALUES = """
with newest as materialized (
    select s.unit, r.* from unnest(%(serials)s::text[]) with ordinality as s (serial, unit) cross join lateral (
        select distinct on (r.operation) r.id, r.received_at, r.operation
        from lines_operationrecord r
        where r.serial = s.serial and r.operation = any(%(operations)s::text[]) and r.attempt > 0
            and not exists (select 1 from lines_withdrawnrecord w where w.record_id = r.id)
        order by r.operation, r.source_time desc, r.id desc offset 0) r
), corrected as (
    select distinct on (c.record_id, c.before->>'sequence') c.record_id, (c.before->>'sequence')::int as sequence,
        (c.after->>'value')::float8 as value
    from traceability_correction c where c.kind = 'VALUE' and c.record_id in (select id from newest)
    order by c.record_id, c.before->>'sequence', c.id desc
)
select n.unit::int - 1, array_position(%(keys)s::text[], n.operation || '/' || m.characteristic) - 1,
    avg(coalesce(c.value, m.value))
from newest n cross join lateral (
    select m.record_id, m.sequence, m.characteristic, m.value from lines_measurement m
    where m.record_id = n.id and m.received_at = n.received_at and m.characteristic = any(%(characteristics)s::text[])
    offset 0) m
left join corrected c on c.record_id = m.record_id and c.sequence = m.sequence
group by 1, 2
"""
_Values = dict[int, float]  # by the column's place


def units_of(asked: AskedTable, definition: MaterialDefinition) -> QuerySet[Unit]:
    units = Unit.objects.filter(definition=definition)
    if asked.since:
        units = units.filter(created_at__gte=asked.since)
    if asked.until:
        units = units.filter(created_at__lt=asked.until)
    if asked.serial_from:
        units = units.filter(serial__gte=asked.serial_from)
    if asked.serial_to:
        units = units.filter(serial__lte=asked.serial_to)
    return units


def rows_of(
    asked: AskedTable,
    definition: MaterialDefinition,
    columns: Sequence[Column],
    *,
    after: int = 0,
    most: int | None = None,
) -> Iterator[tuple[int, Row]]:
    """(id, row) in order of id, after one; none that comes while it is read. Nothing is held but one piece."""
    units = units_of(asked, definition)
    last = units.aggregate(last=Max("pk"))["last"] or 0
    reader = _Reader(definition, columns)
    left = most
    while left is None or left > 0:
        count = AT_ONCE if left is None else min(AT_ONCE, left)
        read = units.filter(pk__gt=after, pk__lte=last).order_by("pk").values_list(*_Of._fields)
        some = [_Of._make(row) for row in read[:count]]
        if not some:
            return
        yield from reader.rows(some)
        after = some[-1].pk
        if left is not None:
            left -= len(some)


@dataclass(slots=True)
class _Part:
    """A part of units: what was measured on it."""

    serial: str
    definition: str
    lanes: int | None
    is_roll: bool
    values: _Values


class _Reader:
    """Keeps what many units share: rolls and batches, with their values and scans."""

    def __init__(self, definition: MaterialDefinition, columns: Sequence[Column]) -> None:
        self.definition, self.columns = definition, columns
        self.product = definition.product.code if definition.product else ""
        self.characteristics = sorted({column.characteristic for column in columns})
        self.keys = {
            "keys": ["/".join(column.key) for column in columns],
            "operations": sorted({column.operation for column in columns}),
            "characteristics": self.characteristics,
        }
        # Of a roll, what is measured on rolls of its kind can come from its scans.
        self.of_scans: dict[tuple[str, str], int] = {}
        for place, column in enumerate(columns):
            self.of_scans.setdefault((column.definition, column.characteristic), place)
        self.needs_parts = any(column.definition != definition.code for column in columns)
        self.kinds = {d.pk: d for d in MaterialDefinition.objects.all()}
        self.shared: OrderedDict[int, _Part] = OrderedDict()
        self.scans: OrderedDict[int, dict[str, Scans]] = OrderedDict()

    def rows(self, units: Sequence[_Of]) -> Iterator[tuple[int, Row]]:
        if not self.needs_parts:
            places = range(len(self.columns))
            for unit, values in zip(units, self._measured([unit.serial for unit in units]), strict=True):
                yield unit.pk, (self._facts(unit), [values.get(place) for place in places])
            return
        pieces = pieces_behind([unit.pk for unit in units])
        parts = self._parts(units, pieces)
        behind: dict[int, list[Piece]] = {}
        for piece in pieces:
            behind.setdefault(piece.origin_id, []).append(piece)
        for unit in units:
            yield unit.pk, (self._facts(unit), self._values(behind.get(unit.pk, []), parts))

    def _facts(self, unit: _Of) -> list[Fact]:
        facts: list[Fact] = [unit.serial, self.product, self.definition.code, unit.state, unit.grade]
        return [*facts, unit.created_at, unit.last_test_passed]

    def _values(self, pieces: Sequence[Piece], parts: dict[int, _Part]) -> list[float | None]:
        sums, counts = [0.0] * len(self.columns), [0] * len(self.columns)
        seen = set()
        for piece in pieces:
            part = parts.get(piece.unit_id)
            if part is None:
                continue
            scanned = self._scanned(piece, part)
            for place, value in scanned.items():
                sums[place] += value
                counts[place] += 1
            if piece.unit_id in seen:
                continue
            seen.add(piece.unit_id)
            for place, value in part.values.items():
                if place not in scanned:
                    sums[place] += value
                    counts[place] += 1
        return [total / n if n else None for total, n in zip(sums, counts, strict=True)]

    def _scanned(self, piece: Piece, part: _Part) -> _Values:
        if not part.is_roll or piece.from_m is None or piece.to_m is None:
            return {}
        found = {}
        for code, scans in self.scans.get(piece.unit_id, {}).items():
            place = self.of_scans.get((part.definition, code))
            mean = None if place is None else scans.mean(piece.from_m, piece.to_m, piece.lane, part.lanes)
            if place is not None and mean is not None:
                found[place] = mean
        return found

    def _measured(self, serials: list[str]) -> list[_Values]:
        """What was measured on each of these, of the columns."""
        found: list[_Values] = [{} for _ in serials]
        with connection.cursor() as cursor:
            cursor.execute(_VALUES, self.keys | {"serials": serials})
            for unit, place, value in cursor.fetchall():
                if place is not None:
                    found[unit][place] = value
        return found

    def _parts(self, units: Sequence[_Of], pieces: Sequence[Piece]) -> dict[int, _Part]:
        """Of everything behind these units; shared ones are remembered."""
        own = {unit.pk: (unit.pk, unit.serial, unit.definition_id, unit.lanes) for unit in units}
        needed = {piece.unit_id for piece in pieces} | own.keys()
        missing = [unit_id for unit_id in needed if unit_id not in self.shared and unit_id not in own]
        others = Unit.objects.filter(pk__in=missing).values_list("pk", "serial", "definition_id", "lanes")
        known = [row for unit_id, row in own.items() if unit_id not in self.shared]
        found, kept = {}, []
        for unit_id, serial, kind, lanes in [*known, *others]:
            definition = self.kinds.get(kind) if kind is not None else None
            tracking = definition.tracking if definition else ""
            found[unit_id] = _Part(serial, definition.code if definition else "", lanes, tracking == Tracking.ROLL, {})
            if tracking in (Tracking.ROLL, Tracking.SLURRY_BATCH):
                kept.append(unit_id)
        measured = self._measured([part.serial for part in found.values()])
        for part, values in zip(found.values(), measured, strict=True):
            part.values = values
        rolls = [unit_id for unit_id in kept if found[unit_id].is_roll]
        for (roll_id, code), scans in scans_of(rolls, self.characteristics).items():
            self.scans.setdefault(roll_id, {})[code] = scans
        for unit_id in kept:
            self.shared[unit_id] = found[unit_id]
        found |= {unit_id: self.shared[unit_id] for unit_id in needed if unit_id in self.shared}
        while len(self.shared) > _MOST_KEPT:
            old, _part = self.shared.popitem(last=False)
            self.scans.pop(old, None)
        return found
