"""One station's page: a constant number of queries."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import QuerySet
from django.utils import timezone

from lines.alarms.queries import open_alarms
from lines.errors import Code
from lines.models import Alarm, OperationRecord, QuarantinedPost, ReasonCode, Station, StationStatus
from lines.records.models import Verdict
from lines.states.freshness import is_stale, plant_time
from lines.states.queries import state_history
from lines.states.words import NO_DATA, StateLook, state_look
from lines.telemetry.models import SignalLatest
from mes.errors import ALL_CODES
from mes.overview.queries import ShiftCounts, ShiftWindow, shift_counts, shift_window, time_in_state_s
from mes.station.feeds import FeedRow, feeds
from mes.station.panels import Panel, panel
from mes.station.values import LiveValue, SignalFault, latest_values, other_faults
from traceability.models import Permit

UNITS = 20
PERMITS = 6
ALARMS = 5
HISTORY = timedelta(hours=8)

# OPC UA Part 4, 7.39: the two highest bits of a status code are its severity.
BAD = 0x80000000
UNCERTAIN = 0x40000000


@dataclass(frozen=True)
class UnitRow:
    record: OperationRecord
    deviations: list[Code]
    reasons: list[str]  # why the machine failed it, in the reader's language


@dataclass(frozen=True)
class PermitRow:
    permit: Permit
    reasons: list[Code]


@dataclass(frozen=True)
class PastState:
    """One stretch in one state, and where it lies on a bar of HISTORY, in percent of its width."""

    look: StateLook
    starts_at: datetime
    seconds: float
    left_pct: float
    width_pct: float


@dataclass(frozen=True)
class Link:
    """How well we hear the station."""

    last_received_at: datetime | None
    age_s: float | None
    clock_offset_s: float | None  # machine less ours at the last message; None: never heard
    good: int
    uncertain: int
    bad: int
    quarantined_today: int

    @property
    def is_clock_off(self) -> bool:
        """More than a network takes; ingest accepts 15 minutes ahead and 30 days behind."""
        return self.clock_offset_s is not None and abs(self.clock_offset_s) > 60


@dataclass(frozen=True)
class StationView:
    station: Station
    previous: Station | None
    following: Station | None
    look: StateLook
    is_stale: bool
    in_state_s: float | None
    past_states: list[PastState]
    shift: ShiftWindow
    counts: ShiftCounts
    values: list[LiveValue]
    other_faults: list[SignalFault]
    units: list[UnitRow]
    permits: list[PermitRow]
    alarms: list[Alarm]
    more_alarms: int
    panel: Panel
    link: Link
    feeds: list[FeedRow]

    @property
    def level(self) -> str:
        return NO_DATA.level if self.is_stale else self.look.level

    @property
    def is_replay(self) -> bool:
        """The machine speaks of another time than ours: a catch-up, or a clock that is far off."""
        return self.link.is_clock_off

    @property
    def last(self) -> OperationRecord | None:
        return self.units[0].record if self.units else None

    @property
    def first_pass_pct(self) -> float | None:
        return 100 * self.counts.first_good / self.counts.first if self.counts.first else None


def station_by_code(code: str) -> Station | None:
    found = Station.objects.select_related("area__site", "production_line__site", "opcua_server", "status")
    return found.filter(code=code).first()


def serial_of_record(key: str) -> str | None:
    """Whose record it is; None for what is no record's number."""
    if not key.isascii() or not key.isdigit() or int(key) >= 2**63:
        return None
    return OperationRecord.objects.filter(pk=int(key)).values_list("serial", flat=True).first()


def machine_now(station: Station, now: datetime) -> datetime:
    """What time it is at this station: the end of its live trends. Silence does not stop its clock."""
    status = status_of(station)
    if status is None or status.last_source_time is None or status.last_received_at is None:
        return now
    return plant_time([(status.last_source_time, status.last_received_at)], now)


def status_of(station: Station) -> StationStatus | None:
    return getattr(station, "status", None)


def view(station: Station) -> StationView:
    now = timezone.now()
    status = status_of(station)
    zone = ZoneInfo(station.area.site.time_zone)
    at = machine_now(station, now)
    shift = shift_window(station.production_line, at, zone)
    records = list(OperationRecord.objects.filter(station=station).order_by("-id")[:UNITS])
    permits = list(Permit.objects.filter(station=station).order_by("-id")[:PERMITS])
    previous, following = _neighbours(station)
    alarms = open_alarms(station.code)
    return StationView(
        station=station,
        previous=previous,
        following=following,
        look=state_look(status.state if status else None),
        is_stale=is_stale(status.last_received_at if status else None, station.stale_after_s, now),
        in_state_s=time_in_state_s(status, now) if status else None,
        past_states=_past_states(station, at),
        shift=shift,
        counts=shift_counts(shift, station.pk).get(station.pk, ShiftCounts()),
        values=latest_values(station.pk).get(station.pk, []),
        other_faults=other_faults(station.pk),
        units=_unit_rows(records),
        permits=[PermitRow(each, described(each.reasons)) for each in permits],
        alarms=list(alarms[:ALARMS]),
        more_alarms=max(0, alarms.count() - ALARMS),
        panel=panel(station, records, permits),
        link=_link(station, status, now),
        feeds=feeds(station),
    )


def described(codes: Iterable[str]) -> list[Code]:
    """The table's entries; one that is in no table (an older version's) says only its code."""
    return [ALL_CODES.get(code) or Code(code, 0, code, code, "", "") for code in codes]


def _past_states(station: Station, at: datetime) -> list[PastState]:
    since = at - HISTORY
    return [
        PastState(
            look=state_look(span.state),
            starts_at=span.starts_at,
            seconds=(span.ends_at - span.starts_at).total_seconds(),
            left_pct=100 * ((span.starts_at - since) / HISTORY),
            width_pct=100 * ((span.ends_at - span.starts_at) / HISTORY),
        )
        for span in state_history(station, since, at)
    ]


def _neighbours(station: Station) -> tuple[Station | None, Station | None]:
    line: QuerySet[Station] = Station.objects.filter(production_line=station.production_line)
    before = line.filter(sequence__lt=station.sequence).order_by("-sequence").first()
    return before, line.filter(sequence__gt=station.sequence).order_by("sequence").first()


def _unit_rows(records: list[OperationRecord]) -> list[UnitRow]:
    codes = {code for record in records for code in record.reason_codes}
    names = {reason.code: reason.name for reason in ReasonCode.objects.filter(code__in=codes)}
    return [
        UnitRow(
            record,
            described(record.deviation_codes),
            [names.get(code, code) for code in record.reason_codes] if record.verdict != Verdict.PASS else [],
        )
        for record in records
    ]


def _link(station: Station, status: StationStatus | None, now: datetime) -> Link:
    received_at = status.last_received_at if status else None
    source_time = status.last_source_time if status else None
    statuses = list(SignalLatest.objects.filter(signal__station=station).values_list("status", flat=True))
    bad = sum(1 for code in statuses if code & BAD)
    uncertain = sum(1 for code in statuses if not code & BAD and code & UNCERTAIN)
    return Link(
        last_received_at=received_at,
        age_s=(now - received_at).total_seconds() if received_at else None,
        clock_offset_s=(source_time - received_at).total_seconds() if source_time and received_at else None,
        good=len(statuses) - bad - uncertain,
        uncertain=uncertain,
        bad=bad,
        quarantined_today=QuarantinedPost.objects.filter(
            station=station, received_at__gte=now - timedelta(days=1)
        ).count(),
    )
