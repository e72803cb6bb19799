"""Which plans are watched, with their frozen limits: read anew only when one of them changed."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from lines.records.prepared import prepared_cursor
from quality.charts.subgroups import Grouping
from quality.plans.models import Source, SubgroupBy
from quality.spc.panels import FrozenLimits


class Frozen(NamedTuple):
    """One version of the limits of a plan."""

    pk: int
    version: int
    limits: FrozenLimits
    parameters: Mapping[str, Any]


@dataclass(frozen=True)
class Watched:
    """An active plan that has limits. `revision` changes with the plan or any of its limits."""

    pk: int
    code: str
    station_id: int
    station: str
    product: str
    characteristic: str
    source: str
    signal_code: str
    summary: str
    stream_by: str
    grouping: Grouping
    rules: tuple[int, ...]
    run_lengths: Mapping[str, int]
    options: Mapping[str, Any]
    response: str
    limits: Mapping[str, Frozen]  # by stream; "" is for all that have none of their own
    revision: int

    def limits_of(self, stream: str) -> Frozen | None:
        """What a stream is held to now; None: nothing yet."""
        return self.limits.get(stream) or self.limits.get("")


# Where a row is stands beside who wrote it last: one transaction may write it twice.
_STATE = """
select (select array[count(*), sum(xmin::text::bigint + hashtext(ctid::text)), max(id)]
        from quality_controlplan where is_active),
    (select array[count(*), sum(xmin::text::bigint + hashtext(ctid::text)), max(id)]
        from quality_controllimits where valid_from <= now()),
    current_database()
"""
_PLANS = """
select p.id, p.code, p.station_id, s.code, r.code, c.code, p.source, p.signal_code, p.summary, p.stream_by,
    p.chart, p.subgroup_by, p.subgroup_size, p.period_s, p.every_nth, p.rules, p.run_lengths::text, p.options::text,
    p.response, p.xmin::text::bigint + hashtext(p.ctid::text)
from quality_controlplan p
join lines_station s on s.id = p.station_id
join lines_product r on r.id = p.product_id
join quality_characteristic c on c.id = p.characteristic_id
where p.is_active
order by p.id
"""
# Of those in force the version frozen last: one that was set for a later day earlier is withdrawn by it.
_LIMITS = """
select distinct on (plan_id, stream) plan_id, stream, id, version, center, sigma_within, parameters::text
from quality_controllimits where valid_from <= now()
order by plan_id, stream, version desc
"""


class Plans:
    """The watched plans by what feeds them."""

    def __init__(self) -> None:
        self._state: Any = None
        self.by_id: dict[int, Watched] = {}
        self.by_key: dict[tuple[str, str, int], list[Watched]] = {}  # characteristic, product, station
        self.of_telemetry: list[Watched] = []
        self.of_time: list[Watched] = []  # periods close by the clock

    def refresh(self) -> bool:
        """Read them if anything changed since the last time, and say whether. In a transaction."""
        with prepared_cursor() as cursor:
            cursor.execute(_STATE)
            state = cursor.fetchone()
            if state == self._state:
                return False
            cursor.execute(_LIMITS)
            limits = cursor.fetchall()
            cursor.execute(_PLANS)
            plans = cursor.fetchall()
        self._read(plans, limits)
        self._state = state
        return True

    def _read(self, plans: list[Any], limits: list[Any]) -> None:
        frozen: dict[int, dict[str, Frozen]] = {}
        for plan, stream, pk, version, center, sigma, parameters in limits:
            one = Frozen(pk, version, FrozenLimits(center, sigma), json.loads(parameters))
            frozen.setdefault(plan, {})[stream] = one
        self.by_id, self.by_key, self.of_telemetry, self.of_time = {}, {}, [], []
        for row in plans:
            if row[0] not in frozen:
                continue  # nothing to be held to
            plan = _watched(row, frozen[row[0]])
            self.by_id[plan.pk] = plan
            if plan.grouping.subgroup_by == SubgroupBy.PERIOD:
                self.of_time.append(plan)
            if plan.source == Source.TELEMETRY:
                self.of_telemetry.append(plan)
            else:
                self.by_key.setdefault((plan.characteristic, plan.product, plan.station_id), []).append(plan)


def _watched(row: Any, limits: dict[str, Frozen]) -> Watched:
    chart, by, size, period, nth, rules, run_lengths, options, response, changed = row[10:]
    pk, code, station_id, station, product, characteristic, source, signal_code, summary, stream_by = row[:10]
    return Watched(
        pk=pk,
        code=code,
        station_id=station_id,
        station=station,
        product=product,
        characteristic=characteristic,
        source=source,
        signal_code=signal_code,
        summary=summary,
        stream_by=stream_by,
        grouping=Grouping(chart, by, size, (period or 0) * 1_000_000, nth),
        rules=tuple(rules),
        run_lengths=json.loads(run_lengths),
        options=json.loads(options),
        response=response,
        limits=limits,
        revision=hash((changed, *sorted((stream, one.pk) for stream, one in limits.items()))),
    )
