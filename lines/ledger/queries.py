"""The gap ledger for people and programs: hours of stations, gaps, and the records that a gap touches."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from django.db.models import Prefetch, Q, QuerySet, Sum
from django.db.models.functions import Coalesce, TruncHour

from lines.ledger.models import Gap, LedgerHour, LedgerRun, LedgerSource, Loss, StationTally
from lines.plant.models import Station
from lines.records.models import OperationRecord
from lines.records.prepared import prepared_cursor

HOUR = timedelta(hours=1)
MOST_RECORDS = 500
# A record is posted at most 30 days behind its end (lines.stations.body), and no visit takes longer than that.
LATEST_POST = timedelta(days=60)
# The ledger is looked after each second; where nobody did for so long, it says so.
STALE_AFTER = timedelta(seconds=15)


class GapState(StrEnum):
    """What is known of a gap."""

    OPEN = "OPEN"  # no values come
    CHECKING = "CHECKING"  # they come again; whether some are missing is not known yet
    RECOVERED = "RECOVERED"  # nothing is missing
    LOST = "LOST"  # so many are missing
    UNKNOWN = "UNKNOWN"  # some may be missing, nobody can say how many


def state_of(gap: Gap) -> GapState:
    if gap.closed_at is None:
        return GapState.OPEN
    if gap.decided_at is None:
        return GapState.CHECKING
    if gap.lost is None:
        return GapState.UNKNOWN
    return GapState.LOST if gap.lost else GapState.RECOVERED


IN_STATE = {
    GapState.OPEN: Q(closed_at=None),
    GapState.CHECKING: Q(closed_at__isnull=False, decided_at=None),
    GapState.RECOVERED: Q(decided_at__isnull=False, lost=0),
    GapState.LOST: Q(decided_at__isnull=False, lost__gt=0),
    GapState.UNKNOWN: Q(decided_at__isnull=False, lost=None),
}
# What leaves a doubt about the station's values; a gap that is recovered does not.
_IN_DOUBT = ~IN_STATE[GapState.RECOVERED]
# The same of these stations, of gaps that touch a time. Each history asks, and mostly there is none.
_GAPS_NEAR = """
select g.id from lines_gap g
where g.station_id = any(%s::bigint[]) and g.since <= %s and (g.decided_at is null or g.lost is distinct from 0)
and (g.until is null or g.until >= %s or exists (select 1 from lines_loss s where s.gap_id = g.id and s.until >= %s))
"""


@dataclass
class HourLine:
    """One station in one hour, or the sum of several. `expected` None: the station does not count its values."""

    hour: datetime
    expected: int | None = None
    received: int = 0
    late: int = 0
    duplicates: int = 0
    rejected: int = 0
    lost: int = 0
    is_in_doubt: bool = False  # a gap of this hour is open, or nobody knows what it cost

    @property
    def state(self) -> str:
        """lost, doubt, rejected, whole, or none: nothing came and nothing was counted."""
        if self.lost:
            return "lost"
        if self.is_in_doubt:
            return "doubt"
        if self.rejected:
            return "rejected"
        return "whole" if self.received or self.duplicates else "none"


@dataclass
class StationLines:
    station: Station
    counting_since: datetime | None
    hours: list[HourLine] = field(default_factory=list)

    @property
    def told(self) -> list[HourLine]:
        """Hours in which there is anything to tell, newest first."""
        return [line for line in reversed(self.hours) if line.state != "none"]

    @property
    def total(self) -> HourLine:
        total = HourLine(self.hours[0].hour, 0 if any(line.expected is not None for line in self.hours) else None)
        for line in self.hours:
            for name in ("received", "late", "duplicates", "rejected", "lost"):
                setattr(total, name, getattr(total, name) + getattr(line, name))
            if total.expected is not None:
                total.expected += line.expected or 0
            total.is_in_doubt |= line.is_in_doubt
        return total


def station_lines(since: datetime, until: datetime, codes: Collection[str] = ()) -> list[StationLines]:
    """Every hour of [since, until) of each station, in the order of the flow; `codes` empty: of all stations."""
    stations = Station.objects.filter(**({"code__in": codes} if codes else {})).order_by("sequence", "pk")
    first = since.replace(minute=0, second=0, microsecond=0)
    hours = [first + n * HOUR for n in range(max(-(-(until - first) // HOUR), 1))]
    counting = dict(StationTally.objects.values_list("station_id", "counting_since"))
    kept = {
        (row.station_id, row.hour): row
        for row in LedgerHour.objects.filter(station__in=stations, hour__gte=first, hour__lt=until)
    }
    # Values are missing from the time before a reading of the counter: the hour is that of the reading.
    lost: dict[tuple[int, datetime], int] = {}
    for station_id, hour, number in (
        Loss.objects.filter(station__in=stations, until__gte=first, until__lt=until)
        .annotate(hour=TruncHour("until"))
        .values_list("station_id", "hour")
        .annotate(number=Sum("lost"))
    ):
        lost[station_id, hour] = number
    doubts = _doubts(first, until, [station.pk for station in stations])
    return [
        StationLines(
            station,
            counting.get(station.pk),
            [
                _line(
                    hour,
                    kept.get((station.pk, hour)),
                    lost.get((station.pk, hour), 0),
                    counting.get(station.pk),
                    any(a < hour + HOUR and b >= hour for a, b in doubts.get(station.pk, [])),
                )
                for hour in hours
            ],
        )
        for station in stations
    ]


def _line(hour: datetime, row: LedgerHour | None, lost: int, counting: datetime | None, in_doubt: bool) -> HourLine:
    line = HourLine(hour, lost=lost, is_in_doubt=in_doubt)
    if row is not None:
        line.received, line.late, line.duplicates, line.rejected = row.received, row.late, row.duplicates, row.rejected
    if counting is not None and counting < hour + HOUR:
        line.expected = line.received + line.rejected + line.lost
    return line


def _doubts(since: datetime, until: datetime, stations: list[int]) -> dict[int, list[tuple[datetime, datetime]]]:
    found: dict[int, list[tuple[datetime, datetime]]] = {}
    unclear = Gap.objects.filter(_IN_DOUBT, ~IN_STATE[GapState.LOST], station__in=stations, since__lt=until)
    for gap in unclear.filter(Q(until=None) | Q(until__gte=since)):
        found.setdefault(gap.station_id, []).append((gap.since, gap.until or until))
    return found


def gaps(
    *, station: str = "", state: str = "", since: datetime | None = None, until: datetime | None = None
) -> QuerySet[Gap]:
    """Gaps that reach into [since, until), newest first. Each filter left empty takes all."""
    found = Gap.objects.select_related("station", "station__opcua_server").order_by("-since", "-pk")
    if station:
        found = found.filter(station__code=station)
    if state:
        found = found.filter(IN_STATE[GapState(state)])
    if since is not None:
        found = found.filter(Q(until=None) | Q(until__gte=since))
    if until is not None:
        found = found.filter(since__lt=until)
    return found


def gap_by_id(gap_id: int) -> Gap | None:
    return gaps().filter(pk=gap_id).prefetch_related(Prefetch("losses", Loss.objects.order_by("since"))).first()


def siblings(gap: Gap) -> list[Gap]:
    """Gaps of other stations that are part of the same event."""
    same = Gap.objects.filter(event=gap.event).exclude(pk=gap.pk).select_related("station")
    return list(same.order_by("station__sequence"))


def records_in(gap: Gap, most: int = MOST_RECORDS) -> list[OperationRecord]:
    """The visits during which values are missing, or may be; whenever they were posted. None if nothing is missing.

    By the machine's clock, like the gap. A record without a start is the moment of its end.
    """
    if state_of(gap) == GapState.RECOVERED:
        return []
    spans, meets = _spans(gap), Q()
    for since, until in spans:
        one = Q(source_time__gte=since)
        meets |= one if until is None else one & Q(began__lte=until)
    visits = OperationRecord.objects.annotate(began=Coalesce("started_at", "source_time"))
    # A record is received behind its end: this much is an index's work, the rest is a few rows.
    first, last = min(since for since, _ in spans), [until for _, until in spans]
    visits = visits.filter(station=gap.station_id, received_at__gte=first - timedelta(hours=1))
    if None not in last:
        visits = visits.filter(received_at__lt=max(filter(None, last)) + LATEST_POST)
    return list(visits.filter(meets, withdrawn=None).order_by("pk")[:most])


def gaps_of(records: Sequence[OperationRecord]) -> dict[int, list[Gap]]:
    """By record: the gaps of its station that its visit meets and that leave a doubt, oldest first."""
    spans = {record.pk: (record.started_at or record.source_time, record.source_time) for record in records}
    if not spans:
        return {}
    first, last = min(began for began, _ in spans.values()), max(ended for _, ended in spans.values())
    with prepared_cursor() as cursor:
        cursor.execute(_GAPS_NEAR, [list({record.station_id for record in records}), last, first, first])
        near = [pk for (pk,) in cursor.fetchall()]
    by_station: dict[int, list[Gap]] = {}
    if not near:
        return {}
    for gap in Gap.objects.filter(pk__in=near).select_related("station").prefetch_related("losses").order_by("since"):
        by_station.setdefault(gap.station_id, []).append(gap)
    found = {}
    for record in records:
        mine = [gap for gap in by_station.get(record.station_id, []) if _meets(gap, *spans[record.pk])]
        if mine:
            found[record.pk] = mine
    return found


def gaps_between(station_id: int, began: datetime, ended: datetime | None) -> list[Gap]:
    """Gaps of one station that leave a doubt about this time, oldest first; `ended` None: it goes on."""
    near = Gap.objects.filter(_IN_DOUBT, station=station_id).filter(Q(until=None) | Q(until__gte=began))
    found = near.select_related("station").prefetch_related("losses").order_by("since")
    return [gap for gap in found if _meets(gap, began, ended)]


def _meets(gap: Gap, began: datetime, ended: datetime | None) -> bool:
    return any((ended is None or since <= ended) and (until is None or until >= began) for since, until in _spans(gap))


def _spans(gap: Gap) -> list[tuple[datetime, datetime | None]]:
    """When values are missing, as exactly as it is known."""
    found: list[tuple[datetime, datetime | None]] = [(loss.since, loss.until) for loss in gap.losses.all()]
    return found or [(gap.since, gap.until)]


def gateways() -> list[LedgerSource]:
    """Gateways as they were last heard of."""
    return list(LedgerSource.objects.filter(is_current=True).exclude(servers={}).order_by("source"))


def evaluated_at() -> datetime | None:
    """When the ledger was last looked after; None: never."""
    run = LedgerRun.objects.first()
    return run.evaluated_at if run else None
