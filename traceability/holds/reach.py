"""What a hold covers now: its target looked up, and the units that it reaches, counted or taken.

What it will cover is said by covering.py; both say the same of one fact, and a test holds them equal.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import connection

from lines.models import MaterialDefinition, Operation, Station
from traceability.holds import errors
from traceability.holds.asking import AskedHold, WrongField
from traceability.rolls.checking import off_roll
from traceability.rolls.errors import OFF_ROLL
from traceability.rolls.reach import covered_whole, way_ahead
from traceability.units.models import Lot, Unit

# A record is received after its visit ended, but for clocks that are wrong: by less than this.
CLOCKS_AGREE = timedelta(days=1)

# Seeds: the units, or the metres, that the target itself names; all made of them follows.
# What is loaded now; and what a result put there, where nobody books loads and the unit was nowhere else since.
_TRAY = """
select unit_id from traceability_trayload where tray = %(tray)s and unloaded_at is null
union
select p.unit_id from traceability_trayplacement p join traceability_unit u on u.id = p.unit_id
where p.tray = %(tray)s and u.state = 'IN_PROCESS'
    and p.record_id = (select max(r.id) from lines_operationrecord r where r.serial = u.serial)
    and not exists (select 1 from traceability_trayload t where t.unit_id = p.unit_id)
"""
_ENDED = "r.source_time - make_interval(secs => coalesce(r.clock_offset_s, 0))"
_VISITS = f"""
select u.id from lines_operationrecord r join traceability_unit u on u.serial = r.serial
where r.received_at >= %(received_from)s and {_ENDED} >= %(window_from)s
    and (%(window_to)s::timestamptz is null or {_ENDED} <= %(window_to)s)
"""  # noqa: S608 - a constant of this module
_SIGNAL = f"""
select u.id from lines_operationrecord r join traceability_unit u on u.serial = r.serial
where r.station_id = %(station)s and r.received_at >= %(received_from)s and {_ENDED} >= %(window_from)s
    and (%(window_to)s::timestamptz is null or %(window_to)s >= case when %(by_overlap)s
        then coalesce(r.started_at - make_interval(secs => coalesce(r.clock_offset_s, 0)), {_ENDED}) else {_ENDED} end)
    and %(product)s in ('', r.product) and %(recipe)s in ('', r.recipe) and %(channel)s in ('', r.channel)
    and (%(position)s = '' or coalesce((
        select bool_or(m.position = %(position)s) from lines_measurement m
        where m.record_id = r.id and m.received_at = r.received_at
            and m.characteristic = %(characteristic)s and m.position <> ''), true))
"""  # noqa: S608 - a constant of this module
_SEEDS = {
    "UNIT": "select %(unit)s::bigint",
    "LOT": "",
    "ROLL_RANGE": "select %(unit)s::bigint, %(lane)s::int, %(from_m)s::float8, %(to_m)s::float8",
    "TRAY": _TRAY,
    "STATION": f"{_VISITS} and r.station_id = %(station)s",
    "CHANNEL": f"{_VISITS} and r.channel = %(channel)s",
    "SIGNAL": _SIGNAL,
    "UNITS": "select unnest(%(units)s::bigint[])",
}


@dataclass(frozen=True, slots=True)
class Suspect:
    """SIGNAL: which visits of a station. Empty: any."""

    product: str = ""
    recipe: str = ""
    channel: str = ""
    characteristic: str = ""
    position: str = ""
    by_overlap: bool = False


@dataclass(frozen=True, slots=True)
class Target:
    """What to hold, with the rows it names."""

    asked: AskedHold
    unit: Unit | None = None
    lot: Lot | None = None
    station: Station | None = None
    unit_ids: tuple[int, ...] = ()  # scope UNITS
    suspect: Suspect = Suspect()  # scope SIGNAL

    @property
    def parameters(self) -> dict[str, Any]:
        asked = self.asked
        return {
            "unit": self.unit.pk if self.unit else None,
            "lot": self.lot.pk if self.lot else None,
            "station": self.station.pk if self.station else None,
            "tray": asked.tray,
            "channel": asked.channel or self.suspect.channel,
            "product": self.suspect.product,
            "recipe": self.suspect.recipe,
            "characteristic": self.suspect.characteristic,
            "position": self.suspect.position,
            "by_overlap": self.suspect.by_overlap,
            "lane": asked.lane,
            "from_m": asked.from_m,
            "to_m": asked.to_m,
            "window_from": asked.window_from,
            "window_to": asked.window_to,
            "received_from": asked.window_from - CLOCKS_AGREE if asked.window_from else None,
            "at_operation": asked.at_operation,
            "units": list(self.unit_ids),
        }


def resolve(asked: AskedHold) -> Target:
    """Look up what is asked for. Raises WrongField for what is not known here."""
    if asked.at_operation and not Operation.objects.filter(code=asked.at_operation).exists():
        raise WrongField("at_operation", errors.HOLD_OPERATION, asked.at_operation)
    if asked.scope in ("UNIT", "ROLL_RANGE"):
        unit = Unit.objects.select_related("definition").filter(serial=asked.serial).first()
        if unit is None:
            raise WrongField("serial", errors.NOTHING_TO_HOLD, asked.serial)
        if asked.scope == "ROLL_RANGE" and (unit.definition is None or unit.definition.tracking != "ROLL"):
            raise WrongField("serial", errors.NOTHING_TO_HOLD, f"{asked.serial} is no roll")
        if asked.scope == "ROLL_RANGE" and (
            off := off_roll(unit.length_m, unit.lanes, lane=asked.lane, from_m=asked.from_m, to_m=asked.to_m)
        ):
            raise WrongField("to_m", OFF_ROLL, f"{unit.serial}: {off}")
        return Target(asked, unit=unit)
    if asked.scope == "LOT":
        lot = Lot.objects.filter(supplier=asked.supplier, number=asked.lot).first()
        if lot is None:
            raise WrongField("lot", errors.NOTHING_TO_HOLD, f"{asked.supplier} {asked.lot}")
        return Target(asked, lot=lot)
    if asked.scope == "STATION":
        station = Station.objects.filter(code=asked.station).first()
        if station is None:
            raise WrongField("station", errors.NOTHING_TO_HOLD, asked.station)
        return Target(asked, station=station)
    # Trays and channels are no master data: one that nothing was in yet may be held for what will be.
    field = asked.scope.lower()
    if not getattr(asked, field):
        raise WrongField(field, errors.NOTHING_TO_HOLD)
    return Target(asked)


def reaching(scope: str) -> str:
    """The beginning of a statement: `reach (unit_id)` holds every unit that a hold of this scope covers now.

    Of a roll that it covers in part the roll goes on, and what is made of the held metres is held.
    """
    if scope == "LOT":
        way = way_ahead(lots="select %(lot)s::bigint")
    elif scope == "ROLL_RANGE":
        way = way_ahead(_SEEDS[scope])
    else:
        seeds = f"select unit_id, null::int, null::float8, null::float8 from ({_SEEDS[scope]}) as seed (unit_id)"  # noqa: S608 - ours
        way = way_ahead(seeds)
    # The roll whose metres are held is not made of them.
    of = "way" if scope != "ROLL_RANGE" else "(select * from way where not is_seed)"
    return f"{way}, reach (unit_id) as ({covered_whole(of=of)})"


# Of each group of units in one situation a few serials are shown.
EXAMPLES = 3
# Each unit by its own index: the planner cannot know how few they are, and would read all units.
_COUNTED = f"""
select u.definition_id, u.state, s.operation_id, last.station_id, count(*),
       count(*) filter (where exists (
           select 1 from traceability_holdunit m where m.unit_id = u.id and m.released_at is null)),
       count(*) filter (where at_step.sequence > s.sequence),
       (array_agg(u.serial order by u.id desc))[1:{EXAMPLES}]
from reach cross join lateral (select u.* from traceability_unit u where u.id = reach.unit_id offset 0) u
left join lines_routestep s on s.id = u.next_step_id
left join lateral (
    select r.station_id from lines_operationrecord r where r.serial = u.serial order by r.id desc limit 1) last on true
left join lateral (
    select a.sequence from lines_routestep a join lines_operation o on o.id = a.operation_id
    where a.route_id = u.route_id and o.code = %(at_operation)s order by a.sequence limit 1) at_step on true
group by 1, 2, 3, 4
"""  # noqa: S608 - a constant of this module


@dataclass(frozen=True, slots=True)
class Situation:
    """Units of one kind in one state, at one place of the line."""

    definition: MaterialDefinition | None
    state: str
    next_operation: Operation | None
    last_station: Station | None
    n_units: int
    n_held: int  # under another hold already
    n_later: int  # the hold keeps them only from its operation on
    serials: list[str]


@dataclass(frozen=True, slots=True)
class Preview:
    """What a hold would cover now; nothing is written."""

    target: Target
    situations: list[Situation]

    @property
    def n_units(self) -> int:
        return sum(each.n_units for each in self.situations)

    @property
    def n_later(self) -> int:
        return sum(each.n_later for each in self.situations)

    @property
    def by_kind(self) -> list[tuple[MaterialDefinition | None, int]]:
        found: dict[MaterialDefinition | None, int] = {}
        for each in self.situations:
            found[each.definition] = found.get(each.definition, 0) + each.n_units
        return list(found.items())


def preview(target: Target) -> Preview:
    """How many units the hold would cover at this moment, by kind, state and place. Nothing is written."""
    with connection.cursor() as cursor:
        cursor.execute(reaching(target.asked.scope) + _COUNTED, target.parameters)
        rows = cursor.fetchall()
    definitions = MaterialDefinition.objects.in_bulk(_known(row[0] for row in rows))
    operations = Operation.objects.in_bulk(_known(row[2] for row in rows))
    stations = Station.objects.in_bulk(_known(row[3] for row in rows))
    situations = [
        Situation(definitions.get(kind), state, operations.get(following), stations.get(last), *counted)
        for kind, state, following, last, *counted in rows
    ]
    # As the line runs: what has come furthest stands last.
    situations.sort(key=lambda s: (s.last_station.sequence if s.last_station else -1, s.state, -s.n_units))
    return Preview(target, situations)


def _known(ids: Iterable[int | None]) -> set[int]:
    return {each for each in ids if each is not None}
