"""Past values of a plan, stored or only asked for, as the points its chart would have had."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from lines.records.prepared import prepared_cursor
from quality.charts.arriving import arrived
from quality.charts.subgroups import Grouping, Intake, NewPoint, Value
from quality.charts.telemetry import past_values
from quality.charts.watched import Plans, Watched
from quality.plans.models import Source
from quality.studies.phase_one import Group

MOST_RECORDS = 20_000  # that one look reads
_AT_A_TIME = 4_000
# Raw telemetry is read for each look back: so much for a study, and for a preview.
_MOST_TELEMETRY, _LAST_TELEMETRY = timedelta(days=3), timedelta(hours=12)

_NEWEST = """
select id, source_time - make_interval(secs => coalesce(clock_offset_s, 0)) as at
from lines_operationrecord
where station_id = %s and product = %s and (%s::timestamptz is null or source_time >= %s)
    and (%s::timestamptz is null or source_time < %s)
order by id desc limit %s
"""


@dataclass(frozen=True)
class Past:
    """Points by stream, in order of time. `is_cut`: older records of the span were not read."""

    streams: Mapping[str, tuple[Group, ...]] = field(default_factory=dict)
    is_cut: bool = False

    @property
    def fullest(self) -> str:
        """The stream with the most points; empty where there is none."""
        return max(self.streams, key=lambda stream: len(self.streams[stream]), default="")


def watched_as(values: Mapping[str, Any], station_id: int) -> Watched:
    """A plan as the evaluation of charts sees it. `values` by column, with codes instead of rows."""
    return Watched(
        pk=0,
        code=values["code"],
        station_id=station_id,
        station=values["station"],
        product=values["product"],
        characteristic=values["characteristic"],
        source=values["source"],
        signal_code=values["signal_code"],
        summary=values["summary"],
        stream_by=values["stream_by"],
        grouping=Grouping(
            values["chart"],
            values["subgroup_by"],
            values["subgroup_size"],
            (values["period_s"] or 0) * 1_000_000,
            values["every_nth"],
        ),
        rules=tuple(values["rules"]),
        run_lengths=values["run_lengths"],
        options=values["options"],
        response=values["response"],
        limits={},
        revision=0,
    )


def past_points(
    plan: Watched, since: datetime | None = None, until: datetime | None = None, most_records: int = MOST_RECORDS
) -> Past:
    """The newest records of the span, in order of machine time: nothing comes late in a look back."""
    if plan.source == Source.TELEMETRY:
        return _past_telemetry(plan, since, until)
    with prepared_cursor() as cursor:
        cursor.execute(_NEWEST, [plan.station_id, plan.product, since, since, until, until, most_records + 1])
        rows = cursor.fetchall()
    ids = [pk for pk, at in sorted(rows[:most_records], key=lambda row: (row[1], row[0]))]
    plans = Plans()
    plans.by_key = {(plan.characteristic, plan.product, plan.station_id): [plan]}
    intakes: dict[str, _Remembering] = {}
    points: dict[str, list[NewPoint]] = {}
    for start in range(0, len(ids), _AT_A_TIME):
        for (_, stream), records in arrived(ids[start : start + _AT_A_TIME], plans).values.items():
            intake = intakes.setdefault(stream, _Remembering(plan.grouping))
            for values in records:
                points.setdefault(stream, []).extend(intake.take(values))
    found = {stream: _groups(some, intakes[stream]) for stream, some in points.items()}
    return Past({stream: some for stream, some in sorted(found.items()) if some}, len(rows) > most_records)


def _past_telemetry(plan: Watched, since: datetime | None, until: datetime | None) -> Past:
    most = _MOST_TELEMETRY if since is not None else _LAST_TELEMETRY
    values = past_values(plan, since, until, most)
    intake = _Remembering(plan.grouping)
    points = [point for value in values for point in intake.take([value])]
    is_cut = since is not None and until is not None and until - since > most
    return Past({"": _groups(points, intake)} if points else {}, is_cut)


@dataclass
class _Remembering(Intake):
    """Keeps the members of each point: sigma of a study may need them one by one."""

    members: list[tuple[float, ...]] = field(default_factory=list)

    def _plot(self, group: Sequence[Value]) -> NewPoint | None:
        point = super()._plot(group)
        if point is not None:
            self.members.append(tuple(value.value for value in group))
        return point


def _groups(points: Sequence[NewPoint], intake: _Remembering) -> tuple[Group, ...]:
    # The charts of events plot no group: what they plot is the value.
    members = intake.members or [()] * len(points)
    found = [Group(*point[:6], values, point.records) for point, values in zip(points, members, strict=True)]
    return tuple(sorted(found, key=lambda group: group.time_us))
