"""The values of records that have just been claimed, by the plan and stream they belong to."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeAlias

from lines.records.models import Judgement
from lines.records.prepared import prepared_cursor
from lines.telemetry.news import moment
from quality.charts.process_changes import RecordFacts
from quality.charts.subgroups import BETWEEN, RATES, SHARES, Value, nominal_of
from quality.charts.watched import Plans, Watched
from quality.plans.models import StreamBy

Key: TypeAlias = tuple[int, str]
"""(plan, stream)"""

_NONCONFORMING = frozenset({Judgement.FAIL_LOW.value, Judgement.FAIL_HIGH.value})
_BY_JUDGEMENT = SHARES | BETWEEN
_COUNTED = RATES | {"C"}

_US = "(extract(epoch from {}) * 1000000)::bigint"  # numeric: to the microsecond
_RECORDS = f"""
select id, station_id, operation, product, channel, recipe, operator, {_US.format("source_time")},
    (coalesce(clock_offset_s, 0) * 1000000)::bigint, received_at
from lines_operationrecord where id = any(%s)
"""  # noqa: S608 - no input in it
# The span keeps the look-up to the partitions that can have them.
_VALUES = f"""
select record_id, characteristic, value, position, judgement, {_US.format("source_time")}
from lines_measurement
where received_at between %s and %s and record_id = any(%s) and characteristic = any(%s)
order by record_id, sequence
"""  # noqa: S608 - no input in it
_COUNTS = """
select record_id, code, count, inspected, position from lines_attributecount
where record_id = any(%s) and code = any(%s) order by id
"""


class _Record(NamedTuple):
    pk: int
    station_id: int
    operation: str
    product: str
    channel: str
    recipe: str
    operator: str
    source_us: int
    offset_us: int
    received_at: Any


class _Found(NamedTuple):
    value: float
    position: str
    judgement: int
    time_us: int
    size: float


@dataclass
class Arrived:
    """`values`: for each plan and stream one list per record, in order of arrival."""

    values: dict[Key, list[list[Value]]] = field(default_factory=dict)
    facts: list[RecordFacts] = field(default_factory=list)


def arrived(record_ids: Sequence[int], plans: Plans) -> Arrived:
    """In the order of `record_ids`; three statements at most."""
    found = Arrived()
    with prepared_cursor() as cursor:
        cursor.execute(_RECORDS, [list(record_ids)])
        records = {row[0]: _Record(*row) for row in cursor.fetchall()}
    if not records:
        return found
    for pk in record_ids:
        if (record := records.get(pk)) is not None:
            at = moment(record.source_us - record.offset_us)
            facts = (record.station_id, record.operation, record.product, record.operator, record.recipe, at)
            found.facts.append(RecordFacts(*facts))
    wanted = {(record.product, record.station_id) for record in records.values()}
    asked = [plan for key, some in plans.by_key.items() if key[1:] in wanted for plan in some]
    if not asked:
        return found
    measured = _measured(records, {plan.characteristic for plan in asked})
    counted = _counted(records, {plan.characteristic for plan in asked if plan.grouping.chart in _COUNTED})
    by_place: dict[tuple[str, int], list[Watched]] = {}
    for plan in asked:
        by_place.setdefault((plan.product, plan.station_id), []).append(plan)
    for pk in record_ids:
        if (record := records.get(pk)) is None:
            continue
        for plan in by_place.get((record.product, record.station_id), ()):
            rows = (counted.get((pk, plan.characteristic)) if plan.grouping.chart in _COUNTED else None) or (
                measured.get((pk, plan.characteristic))
            )
            if rows:
                _sort_in(found.values, plan, record, rows)
    return found


def _measured(records: dict[int, _Record], codes: Collection[str]) -> dict[tuple[int, str], list[_Found]]:
    received = [record.received_at for record in records.values()]
    found: dict[tuple[int, str], list[_Found]] = {}
    with prepared_cursor() as cursor:
        cursor.execute(_VALUES, [min(received), max(received), list(records), list(codes)])
        for pk, code, value, position, judgement, time_us in cursor.fetchall():
            found.setdefault((pk, code), []).append(_Found(value, position, judgement, time_us, 1.0))
    return found


def _counted(records: dict[int, _Record], codes: Collection[str]) -> dict[tuple[int, str], list[_Found]]:
    found: dict[tuple[int, str], list[_Found]] = {}
    if not codes:
        return found
    with prepared_cursor() as cursor:
        cursor.execute(_COUNTS, [list(records), list(codes)])
        for pk, code, count, inspected, position in cursor.fetchall():
            size = 1.0 if inspected is None else inspected
            one = _Found(float(count), position, Judgement.UNJUDGED.value, records[pk].source_us, size)
            found.setdefault((pk, code), []).append(one)
    return found


def _sort_in(values: dict[Key, list[list[Value]]], plan: Watched, record: _Record, rows: Sequence[_Found]) -> None:
    by_judgement = plan.grouping.chart in _BY_JUDGEMENT
    nominal = nominal_of(plan.options, record.recipe) if plan.options else 0.0
    if nominal is None:
        return  # a recipe that nobody gave a nominal value
    streams: dict[str, list[Value]] = {}
    for row in rows:
        if by_judgement and row.judgement == Judgement.UNJUDGED:
            continue
        if plan.stream_by == StreamBy.POSITION:
            stream = row.position
        else:
            stream = record.channel if plan.stream_by == StreamBy.CHANNEL else ""
        fails = row.judgement in _NONCONFORMING
        value = Value(row.value - nominal, record.pk, row.time_us - record.offset_us, fails, row.size)
        streams.setdefault(stream, []).append(value)
    for stream, some in streams.items():
        values.setdefault((plan.pk, stream), []).append(some)
