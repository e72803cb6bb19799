"""The line at a glance: a constant number of queries however many stations it has."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from lines.alarms.queries import AlarmCounts, counts_by_station
from lines.models import Area, OperationRecord, ProductionLine, RouteStep, Shift, Station, StationStatus
from lines.orders.models import Tracking
from lines.records.models import Verdict
from lines.states.freshness import SAME_CLOCK, is_stale, plant_time
from lines.states.shifts import shift_at
from lines.states.words import NO_DATA, StateLook, state_look
from mes.station.values import LiveValue, latest_values
from traceability.models import Unit
from traceability.units.models import UnitState

VALUES_ON_A_TILE = 2
NO_ALARMS = AlarmCounts(0, 0, 0)


@dataclass(frozen=True)
class ShiftWindow:
    shift: Shift | None
    begins: datetime
    ends: datetime


@dataclass(frozen=True)
class ShiftCounts:
    good: int = 0
    ng: int = 0
    first: int = 0
    first_good: int = 0


@dataclass(frozen=True)
class Tile:
    station: Station
    look: StateLook
    is_stale: bool
    age_s: float | None  # since anything was heard of it; None: never
    in_state_s: float | None
    counts: ShiftCounts
    last: OperationRecord | None
    values: list[LiveValue]
    alarms: AlarmCounts

    @property
    def level(self) -> str:
        return NO_DATA.level if self.is_stale else self.look.level

    @property
    def done_pct(self) -> int:
        target = self.station.target_per_shift
        return min(100, round(100 * self.counts.good / target)) if target else 0


@dataclass(frozen=True)
class AreaRow:
    area: Area
    tiles: list[Tile]
    in_process: int


@dataclass(frozen=True)
class Strip:
    """The figures above the tiles."""

    line: ProductionLine | None
    shift: ShiftWindow
    plant_time: datetime
    is_replay: bool  # the machines speak of another time than ours
    cells_today: int
    packs_today: int
    first_pass_pct: float | None  # None: nothing finished its first visit in this shift
    open_alarms: int
    unacknowledged: int
    in_process: int


@dataclass(frozen=True)
class Overview:
    strip: Strip
    rows: list[AreaRow]

    @property
    def tiles(self) -> Iterable[Tile]:
        return (tile for row in self.rows for tile in row.tiles)


def overview() -> Overview:
    """Everything the page shows. At most 11 queries (tests/mes/test_overview.py)."""
    now = timezone.now()
    stations = list(Station.objects.select_related("area__site", "production_line", "status").order_by("sequence"))
    line = stations[0].production_line if stations else None
    zone = ZoneInfo(stations[0].area.site.time_zone if stations else "UTC")
    statuses = {station.pk: _status(station) for station in stations}
    at = plant_time(
        (
            (status.last_source_time, status.last_received_at)
            for station in stations
            if (status := statuses[station.pk]) and status.last_source_time and status.last_received_at
            if not is_stale(status.last_received_at, station.stale_after_s, now)
        ),
        now,
    )
    shift = shift_window(line, at, zone)
    counts = shift_counts(shift)
    last = last_records()
    values = latest_values()
    alarms = counts_by_station()
    in_process = in_process_by_area()

    rows: dict[int, AreaRow] = {}
    for station in stations:
        row = rows.setdefault(station.area_id, AreaRow(station.area, [], in_process.get(station.area_id, 0)))
        row.tiles.append(
            _tile(
                station,
                statuses[station.pk],
                now,
                counts=counts.get(station.pk, ShiftCounts()),
                last=last.get(station.pk),
                values=values.get(station.pk, [])[:VALUES_ON_A_TILE],
                alarms=alarms.get(station.code, NO_ALARMS),
            )
        )
    made = made_since(_day_begins(at, zone))
    first = sum(each.first for each in counts.values())
    strip = Strip(
        line=line,
        shift=shift,
        plant_time=at,
        is_replay=abs(at - now) >= SAME_CLOCK,
        cells_today=made.get(Tracking.CELL, 0),
        packs_today=made.get(Tracking.PACK, 0),
        first_pass_pct=100 * sum(each.first_good for each in counts.values()) / first if first else None,
        open_alarms=sum(each.open for each in alarms.values()),
        unacknowledged=sum(each.unacknowledged for each in alarms.values()),
        in_process=sum(in_process.values()),
    )
    return Overview(strip, sorted(rows.values(), key=lambda row: row.area.sequence))


def shift_window(line: ProductionLine | None, at: datetime, zone: ZoneInfo) -> ShiftWindow:
    """The shift that runs at `at`; outside every shift, the calendar day without a name."""
    shifts = list(Shift.objects.filter(production_line=line))
    span = shift_at([(each.code, each.starts_at, each.ends_at) for each in shifts], at, zone)
    if span is None:
        begins = _day_begins(at, zone)
        return ShiftWindow(None, begins, _day_begins(begins + timedelta(hours=36), zone))
    return ShiftWindow(next(each for each in shifts if each.code == span.code), span.starts_at, span.ends_at)


def _day_begins(at: datetime, zone: ZoneInfo) -> datetime:
    return datetime.combine(at.astimezone(zone).date(), time(), zone)


def _status(station: Station) -> StationStatus | None:
    """None for a station that was never heard of."""
    return getattr(station, "status", None)


def _tile(
    station: Station,
    status: StationStatus | None,
    now: datetime,
    *,
    counts: ShiftCounts,
    last: OperationRecord | None,
    values: list[LiveValue],
    alarms: AlarmCounts,
) -> Tile:
    received_at = status.last_received_at if status else None
    return Tile(
        station=station,
        look=state_look(status.state if status else None),
        is_stale=is_stale(received_at, station.stale_after_s, now),
        age_s=(now - received_at).total_seconds() if received_at else None,
        in_state_s=time_in_state_s(status, now) if status else None,
        counts=counts,
        last=last,
        values=values,
        alarms=alarms,
    )


def time_in_state_s(status: StationStatus, now: datetime) -> float | None:
    """On the machine's own clock, so that a clock that is off, or a replay, does not falsify the span."""
    if status.state_since is None or status.last_source_time is None or status.last_received_at is None:
        return None
    span = status.last_source_time - status.state_since + (now - status.last_received_at)
    return max(span, timedelta()).total_seconds()


def in_window(window: ShiftWindow) -> QuerySet[OperationRecord]:
    """Visits that ended in a shift. No machine finishes in the future, so received_at prunes by its index."""
    visits = OperationRecord.objects.filter(attempt__gt=0, withdrawn=None)
    return visits.filter(received_at__gte=window.begins, source_time__gte=window.begins, source_time__lt=window.ends)


def shift_counts(window: ShiftWindow, station_id: int | None = None) -> dict[int, ShiftCounts]:
    """By station id; of one station or of all."""
    records = in_window(window) if station_id is None else in_window(window).filter(station=station_id)
    first = Q(attempt=1)
    passed = Q(verdict=Verdict.PASS)
    rows = (
        records.order_by()
        .values("station_id")
        .annotate(
            good=Count("id", filter=passed),
            ng=Count("id", filter=~passed),
            first=Count("id", filter=first),
            first_good=Count("id", filter=first & passed),
        )
    )
    return {row["station_id"]: ShiftCounts(row["good"], row["ng"], row["first"], row["first_good"]) for row in rows}


def last_records() -> dict[int, OperationRecord]:
    """The newest record of each station, by station id; one look into the index each."""
    newest = OperationRecord.objects.filter(station=OuterRef("pk")).order_by("-id").values("pk")[:1]
    ids = Station.objects.annotate(newest=Subquery(newest)).values("newest")
    return {record.station_id: record for record in OperationRecord.objects.filter(pk__in=ids)}


def in_process_by_area() -> dict[int, int]:
    """Units that wait for or are at an operation of an area, by area id."""
    rows = (
        Unit.objects.filter(state=UnitState.IN_PROCESS, next_step__isnull=False)
        .order_by()
        .values("next_step__operation__stations__area")
        .annotate(n=Count("id", distinct=True))
    )
    return {row["next_step__operation__stations__area"]: row["n"] for row in rows}


def made_since(begins: datetime) -> dict[str, int]:
    """Units that passed the last operation of their own route since then, by tracking."""
    last: dict[tuple[int, int], RouteStep] = {}
    steps = RouteStep.objects.filter(definition__tracking__in=[Tracking.CELL, Tracking.PACK])
    for step in steps.select_related("definition__product", "operation").order_by("sequence"):
        last[step.route_id, step.definition_id] = step
    tracking = {
        (step.definition.product.code, step.operation.code): step.definition.tracking
        for step in last.values()
        if step.definition.product
    }
    rows = (
        OperationRecord.objects.filter(
            received_at__gte=begins,
            source_time__gte=begins,
            verdict=Verdict.PASS,
            operation__in={operation for _, operation in tracking},
        )
        .order_by()
        .values_list("product", "operation")
        .annotate(n=Count("serial", distinct=True))
    )
    made: Counter[str] = Counter()
    for product, operation, n in rows:
        if (product, operation) in tracking:
            made[tracking[product, operation]] += n
    return dict(made)
