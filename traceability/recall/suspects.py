"""A suspect looked up: which units it is in, by SQL that others may join to, and since when it can be in any.

A suspect that a hold may have as its scope reaches what the hold reaches (holds/reach.py); the others name the units of
some visits, and everything made of them follows.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db import connection
from django.db.models import Min

from lines.models import Operation, OperationRecord, Recipe, Station
from lines.orders.models import Tracking
from quality.gauges.queries import gauge_by_code, judged, windows_of
from quality.models import Signal
from traceability.containment.windows import window_behind
from traceability.holds.asking import AskedHold, WrongField
from traceability.holds.errors import NOTHING_TO_HOLD
from traceability.holds.reach import CLOCKS_AGREE, Target, reaching, resolve
from traceability.recall.asked import AS_HOLDS, AskedSuspect
from traceability.recall.errors import SUSPECT_UNKNOWN, SUSPECT_WINDOW, TRAY_EMPTY
from traceability.rolls.reach import way_ahead
from traceability.trays.models import TrayLoad, TrayPlacement
from traceability.units.models import Unit

MOST_NAMED = 5
_ENDED = "r.source_time - make_interval(secs => coalesce(r.clock_offset_s, 0))"
_RECIPE = f"""
select u.id from lines_operationrecord r join traceability_unit u on u.serial = r.serial
where r.recipe = %(recipe)s and r.station_id = any(%(stations)s)
    and (%(received_from)s::timestamptz is null or r.received_at >= %(received_from)s)
    and (%(window_from)s::timestamptz is null or {_ENDED} >= %(window_from)s)
    and (%(window_to)s::timestamptz is null or {_ENDED} <= %(window_to)s)
    and not exists (select 1 from lines_withdrawnrecord w where w.record_id = r.id)
"""  # noqa: S608 - a constant of this module
# Records of the operations without a word of what would tell whether the suspect was at work there.
_UNTOLD = f"""
select u.id, r.operation, max(r.received_at) from lines_operationrecord r
join traceability_unit u on u.serial = r.serial
where r.operation = any(%(operations)s) and r.station_id = any(%(stations)s) and {{column}} = '' and r.attempt > 0
    and (%(received_from)s::timestamptz is null or r.received_at >= %(received_from)s)
    and (%(window_from)s::timestamptz is null or {_ENDED} >= %(window_from)s)
    and (%(window_to)s::timestamptz is null or {_ENDED} <= %(window_to)s)
    and not exists (select 1 from lines_withdrawnrecord w where w.record_id = r.id)
group by 1, 2
"""  # noqa: S608 - a constant of this module
_PACKED = "select input_unit_id from traceability_currentlink where output_id = any(%s) and input_unit_id is not null"
_WHOLE = "select id, null::int, null::float8, null::float8 from "
# Of a roll whose metres are suspect it is not told that it is made of them.
_MADE_OF = "(select * from way where not is_seed)"


@dataclass(frozen=True, slots=True)
class Suspect:
    """`way` begins a statement whose CTE `way` holds every piece with the suspect in it (rolls/reach.py)."""

    asked: AskedSuspect
    words: str
    way: str
    parameters: dict[str, Any]
    since: datetime | None  # our clock; no unit took it in before. None: nobody knows
    target: Target  # what a hold is placed on
    pieces: str = "way"  # those of `way` that count
    material: str = ""  # code of what it is itself, where a bill may ask for it
    operations: tuple[str, ...] = ()  # who passed one of them without a record may have been at the suspect
    untold: str = ""  # a statement: (unit, operation, received) of records that do not say whether it was there

    @property
    def units(self) -> str:
        """A subquery of unit ids, to be run with `parameters`: rolls that it is in with some metres alone as well."""
        return "".join((self.way, " select distinct unit_id from ", self.pieces, " as piece"))


def look_up(asked: AskedSuspect) -> Suspect:
    """Raises WrongField for what is not known here."""
    if asked.kind in AS_HOLDS:
        return _as_hold(asked)
    return {"UNITS": _units, "GAUGE": _gauge, "RECIPE": _recipe, "SIGNAL": _signal}[asked.kind](asked)


def _as_hold(asked: AskedSuspect) -> Suspect:
    try:
        target = resolve(asked.as_hold)
    except WrongField as refused:
        if refused.code != NOTHING_TO_HOLD:
            raise
        raise WrongField(refused.field, SUSPECT_UNKNOWN, refused.detail.partition(": ")[2]) from None
    way, parameters = reaching(asked.kind), target.parameters
    if asked.kind == "LOT" and target.lot is not None:
        lot = target.lot
        return Suspect(
            asked, f"{lot.material_code} {lot}", way, parameters, _since_lot(lot.pk), target, material=lot.material_code
        )
    if asked.kind == "ROLL_RANGE" and target.unit is not None:
        roll = target.unit
        material = roll.definition.code if roll.definition else ""
        return Suspect(
            asked, f"{roll.serial} {_metres(asked)}", way, parameters, _before(roll.created_at), target,
            pieces=_MADE_OF, material=material,
        )  # fmt: skip
    if asked.kind == "TRAY":
        # A hold may wait for a tray's first load; of a recall "nothing in it" would look like a clean answer.
        if not any(each.objects.filter(tray=asked.tray).exists() for each in (TrayPlacement, TrayLoad)):
            raise WrongField("tray", SUSPECT_UNKNOWN, asked.tray)
        with connection.cursor() as cursor:
            cursor.execute("".join((way, " select exists (select from reach)")), parameters)
            if not cursor.fetchone()[0]:
                raise WrongField("tray", TRAY_EMPTY, asked.tray)
        return Suspect(asked, asked.tray, way, parameters, None, target)
    since, span = parameters["received_from"], _span(asked.window_from, asked.window_to)
    if asked.kind == "STATION" and target.station is not None:
        operations = _operations(target.station.pk)
        return Suspect(asked, f"{target.station.code} {span}", way, parameters, since, target, operations=operations)
    seen = _at_channel(asked.channel, since)
    if not seen:
        raise WrongField("channel", SUSPECT_UNKNOWN, asked.channel)
    operations = tuple(dict.fromkeys(operation for operation, _ in seen))
    parameters |= {"operations": list(operations), "stations": sorted({station for _, station in seen})}
    return Suspect(
        asked, f"{asked.channel} {span}", way, parameters, since, target, operations=operations,
        untold=_UNTOLD.format(column="r.channel"),
    )  # fmt: skip


def _at_channel(channel: str, since: datetime | None) -> set[tuple[str, int]]:
    """(operation, station) of what was on the channel lately, or in the window; empty: nothing ever was."""
    placed = TrayPlacement.objects.filter(channel=channel).order_by("-source_time")
    found = set(placed.values_list("record__operation", "record__station_id")[:1_000])
    told = OperationRecord.objects.filter(channel=channel, received_at__gte=since)
    return found or set(told.values_list("operation", "station_id").distinct())


def _units(asked: AskedSuspect) -> Suspect:
    found = dict(Unit.objects.filter(serial__in=asked.serials).values_list("serial", "pk"))
    unknown = [serial for serial in asked.serials if serial not in found]
    if unknown:
        more = f" and {len(unknown) - MOST_NAMED} more" if len(unknown) > MOST_NAMED else ""
        raise WrongField("serials", SUSPECT_UNKNOWN, ", ".join(unknown[:MOST_NAMED]) + more)
    units = Unit.objects.filter(pk__in=found.values())
    containers = units.filter(definition__tracking=Tracking.CONTAINER).values_list("pk", flat=True)
    # Nothing is made of a container: it is suspect for what is in it.
    with connection.cursor() as cursor:
        cursor.execute(_PACKED, [list(containers)])
        packed = [row[0] for row in cursor.fetchall()]
    kinds = sorted(set(units.exclude(definition=None).values_list("definition__code", flat=True)))
    units = Unit.objects.filter(pk__in=[*found.values(), *packed])
    since = units.aggregate(first=Min("created_at"))["first"]
    words = ", ".join(asked.serials[:MOST_NAMED]) + (f" … ({len(asked.serials)})" if len(found) > MOST_NAMED else "")
    target = Target(AskedHold("UNITS"), unit_ids=tuple(sorted(units.values_list("pk", flat=True))))
    return Suspect(
        asked, words, reaching("UNITS"), target.parameters, _before(since), target,
        material=kinds[0] if len(kinds) == 1 else "",
    )  # fmt: skip


def _gauge(asked: AskedSuspect) -> Suspect:
    gauge = gauge_by_code(asked.gauge)
    if gauge is None:
        raise WrongField("gauge", SUSPECT_UNKNOWN, asked.gauge)
    begins, ends = asked.window_from, asked.window_to
    if begins is None:
        window = next((window for _, window in windows_of(gauge) if window is not None), None)
        if window is None:
            raise WrongField("window_from", SUSPECT_WINDOW, f"{gauge.code} was never found out of order")
        begins, ends = window.since, window.until
    statement, parameters = judged(gauge, begins, ends)
    seeds = f"select id from traceability_unit where serial in ({statement})"  # noqa: S608 - quality's statement
    words = f"{gauge.code} {_span(begins, ends)}"
    since = parameters["received_from"]
    return _of_visits(
        asked, words=words, seeds=seeds, parameters=parameters, since=since, operations=_operations(gauge.station_id)
    )


def _recipe(asked: AskedSuspect) -> Suspect:
    product, _, rest = asked.recipe.partition("/")
    operation, _, version = rest.partition("/v")
    known = version.isascii() and version.isdigit() and len(version) < 5
    if (
        not known
        or not Recipe.objects.filter(product__code=product, operation__code=operation, version=int(version)).exists()
    ):
        raise WrongField("recipe", SUSPECT_UNKNOWN, asked.recipe)
    stations = list(Station.objects.filter(operations__code=operation).values_list("pk", flat=True))
    since = asked.window_from - CLOCKS_AGREE if asked.window_from else None
    parameters = {
        "recipe": asked.recipe, "operations": [operation], "stations": stations, "received_from": since,
        "window_from": asked.window_from, "window_to": asked.window_to,
    }  # fmt: skip
    words = f"{asked.recipe} {_span(asked.window_from, asked.window_to)}".strip()
    return _of_visits(
        asked, words=words, seeds=_RECIPE, parameters=parameters, since=since, operations=(operation,),
        untold=_UNTOLD.format(column="r.recipe"),
    )  # fmt: skip


def _signal(asked: AskedSuspect) -> Suspect:
    rows = Signal.objects.select_related(
        "plan__characteristic", "plan__product", "plan__station", "limits", "point", "answered_by__reaction"
    )
    signal = rows.filter(pk=asked.signal or 0).first()
    if signal is None:
        raise WrongField("signal", SUSPECT_UNKNOWN, str(asked.signal))
    window = window_behind(signal).window
    answered = getattr(signal, "answered_by", None)
    ends = answered.reaction.verified_at if answered is not None else None
    of_window = AskedHold("SIGNAL", window_from=window.begins, window_to=ends)
    parameters = Target(of_window, station=window.station, suspect=window.of).parameters
    words = f"SPC {signal.plan.code}, {signal.chart} {signal.point.number}, {_span(window.begins, ends)}"
    return Suspect(
        asked, words, reaching("SIGNAL"), parameters, parameters["received_from"], Target(AskedHold("UNITS")),
        operations=_operations(window.station.pk),
    )  # fmt: skip


def _of_visits(
    asked: AskedSuspect,
    *,
    words: str,
    seeds: str,
    parameters: dict[str, Any],
    since: datetime | None,
    operations: tuple[str, ...],
    untold: str = "",
) -> Suspect:
    way = way_ahead("".join((_WHOLE, "(", seeds, ") as seed (id)")))
    return Suspect(
        asked, words, way, parameters, since, Target(AskedHold("UNITS")), operations=operations, untold=untold
    )


def _operations(station_id: int) -> tuple[str, ...]:
    return tuple(Operation.objects.filter(stations=station_id).order_by("code").values_list("code", flat=True))


def _since_lot(lot_id: int) -> datetime | None:
    """When the lot, or one it was made of, was first told of."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select least(min(t.created_at), min(t.received_at),"
            " (select min(r.received_at) from traceability_genealogylink l"
            " join lines_operationrecord r on r.id = l.record_id where l.input_lot_id = %(lot)s))"
            " from traceability_lot t where t.id = %(lot)s",
            {"lot": lot_id},
        )
        (first,) = cursor.fetchone()
    return _before(first)


def _before(moment: datetime | None) -> datetime | None:
    """Less than clocks may be wrong by."""
    return moment - CLOCKS_AGREE if moment else None


def _metres(asked: AskedSuspect) -> str:
    start = "0" if asked.from_m is None else f"{asked.from_m:g}"
    end = "…" if asked.to_m is None else f"{asked.to_m:g}"
    return f"{start}–{end} m" + (f", lane {asked.lane}" if asked.lane else "")


def _span(begins: datetime | None, ends: datetime | None) -> str:
    if begins is None and ends is None:
        return ""
    shown = [f"{each.astimezone(UTC):%Y-%m-%d %H:%M}" if each else "…" for each in (begins, ends)]
    return f"{shown[0]}–{shown[1]} UTC"
