"""The values behind a chart's points, each with its unit, gauge, channel and the version of the limits."""

from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any

from django.db import connection

from quality.charts.models import ChartPoint
from quality.gauges.queries import gauges_measuring
from quality.plans.models import ControlPlan, Source
from quality.reports.content import Row

# A point of one value is that value, though its record may have more of the characteristic.
_VALUES = """
select p.number, m.source_time, r.serial, m.position, m.value, l.version, r.channel, m.judgement, r.id, p.is_excluded
from quality_chartpoint p join quality_controllimits l on l.id = p.limits_id
cross join unnest(p.records) as member (record_id)
join lines_operationrecord r on r.id = member.record_id
join lines_measurement m on m.received_at = r.received_at and m.record_id = r.id
    and m.characteristic = %(characteristic)s
where p.plan_id = %(plan)s and p.stream = %(stream)s and p.source_time >= %(since)s and p.source_time < %(until)s
    and (not %(by_position)s or m.position = %(stream)s)
    and (not %(single)s or m.value = p.location)
    and (%(records)s::bigint[] is null or r.id = any(%(records)s))
order by p.source_time, p.number, r.id, m.sequence
"""


def rows_of(
    plan: ControlPlan, stream: str, since: datetime, until: datetime, records: Collection[int] | None
) -> list[Row]:
    """In order of time. Points without single values behind them (counts, telemetry) are rows themselves."""
    rows = _values(plan, stream, since, until, records)
    return rows or _points(plan, stream, since, until)


def gauges_of(plan: ControlPlan) -> dict[str, str]:
    """Codes of the gauges that measure the plan's characteristic, by channel; "" are those for the whole station."""
    found: dict[str, str] = {}
    for gauge in gauges_measuring(plan.station_id, plan.characteristic_id):
        known = found.get(gauge.channel)
        found[gauge.channel] = f"{known} {gauge.code}" if known else gauge.code
    return found


def _values(
    plan: ControlPlan,
    stream: str,
    since: datetime,
    until: datetime,
    records: Collection[int] | None,
) -> list[Row]:
    if plan.source != Source.RECORD:
        return []
    parameters: dict[str, Any] = {
        "plan": plan.pk,
        "stream": stream,
        "characteristic": plan.characteristic.code,
        "since": since,
        "until": until,
        "by_position": plan.stream_by == "POSITION",
        "single": plan.subgroup_size == 1 and plan.chart in {"I-MR", "EWMA", "CUSUM"},
        "records": None if records is None else sorted(records),
    }
    gauges = gauges_of(plan)
    whole = gauges.get("", "")
    with connection.cursor() as cursor:
        cursor.execute(_VALUES, parameters)
        return [
            Row(
                number, at.astimezone(UTC), serial, position, value, version, channel,
                gauges.get(channel, whole) if channel else whole, judgement, record, is_excluded,
            )
            for number, at, serial, position, value, version, channel, judgement, record, is_excluded in cursor
        ]  # fmt: skip


def _points(plan: ControlPlan, stream: str, since: datetime, until: datetime) -> list[Row]:
    points = ChartPoint.objects.filter(plan=plan, stream=stream, source_time__gte=since, source_time__lt=until)
    values = points.order_by("source_time", "number").values_list(
        "number", "source_time", "location", "limits__version", "is_excluded"
    )
    channel = stream if plan.stream_by == "CHANNEL" else ""
    gauges = gauges_of(plan)
    gauge = gauges.get(channel, gauges.get("", ""))
    return [
        Row(number, at.astimezone(UTC), "", "", value, version, channel, gauge, None, None, is_excluded)
        for number, at, value, version, is_excluded in values
    ]
