"""Gaps as the gateway tells of them: opened, closed, and which stations they are of."""

import logging
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import DataError, transaction
from django.utils import timezone

from lines.ledger.errors import NOTE_UNREADABLE
from lines.ledger.models import Gap, GapCause, LedgerNews, LedgerSource, Recovery, StationTally
from lines.ledger.times import moment
from lines.opcua import services as signals
from lines.plant.models import Signal, Station

logger = logging.getLogger(__name__)

# What a restart of the gateway continues: it does not remember that it had begun.
_ENDS_IN_RESTART = (GapCause.SILENT, GapCause.CUT, GapCause.SPOOL_FULL)
# What a queue or a sequence loses in one bad moment is told several times over.
_TOGETHER = timedelta(seconds=10)


def take_notes(news: Iterable[LedgerNews], sources: Mapping[str, LedgerSource]) -> None:
    """The breaks, overflows, missing notifications and signals that cannot be followed of which these batches tell, in
    the caller's transaction."""
    for each in news:
        for note in each.notes:
            if note["kind"] == "heartbeat":
                continue
            try:
                with transaction.atomic():
                    _take(note)
            except (AttributeError, KeyError, TypeError, ValueError, OverflowError, DataError) as error:
                # One that nobody can read must not hold up all that follow.
                logger.error("%s: batch %s/%s: %r: %r", NOTE_UNREADABLE.code, each.source, each.sequence, note, error)
    _retire(sources)


def _take(note: Mapping[str, Any]) -> None:
    match note["kind"]:
        case "break":
            _take_break(note)
        case "overflow":
            _take_moment(GapCause.OVERFLOW, _station_of(note["signal_id"]), note)
        case "missing":
            _take_moment(GapCause.SEQUENCE, stations_of([note["server"]]), note)
        case "nodes" | "refused":
            signals.take_notes([note])


def _station_of(signal_id: int) -> list[int]:
    return list(Signal.objects.filter(pk=signal_id).values_list("station_id", flat=True))


def stations_of(servers: Iterable[str]) -> list[int]:
    """Stations that these servers speak for, in the order of the flow."""
    found = Station.objects.filter(opcua_server__code__in=list(servers)).order_by("sequence", "pk")
    return list(found.values_list("pk", flat=True))


def clocks(stations: Iterable[int]) -> dict[int, timedelta]:
    """How far the stations' clocks are from the gateway's, as their newest counts tell; the others: nothing known."""
    found = StationTally.objects.filter(station_id__in=list(stations)).values_list("station_id", "clock_us")
    return {station: timedelta(microseconds=us) for station, us in found}


def _take_break(note: Mapping[str, Any]) -> None:
    event, at = str(note["id"])[:80], moment(int(note["at_us"]))
    stations = _station_of(note["signal_id"]) if note.get("signal_id") else stations_of([note["server"]])
    cause = GapCause(note["cause"]) if note["cause"] in GapCause.values else GapCause.CUT
    if note["state"] == "OPEN":
        open_gaps(stations, cause, event, at)
    else:
        close_gaps(stations, cause, event, at, _recovery(note.get("recovered")))


def _recovery(word: str | None) -> Recovery:
    return Recovery(word) if word in Recovery.values else Recovery.NONE


def open_gaps(stations: list[int], cause: GapCause, event: str, at: datetime) -> None:
    """One gap for each station. A gateway that was silent, or had lost the server when it ended, and now says that it
    has begun anew has one gap, not two."""
    ahead = clocks(stations)
    if cause == GapCause.GATEWAY_RESTART:
        _continue(stations, event, at, ahead)
    Gap.objects.bulk_create(
        [
            Gap(station_id=station, cause=cause, event=event, since=at + ahead.get(station, timedelta()), opened_at=at)
            for station in stations
        ],
        ignore_conflicts=True,
    )
    # The end of a break may be known before its beginning.
    late = Gap.objects.filter(station_id__in=stations, event=event, opened_at__gt=at)
    for gap in late:
        gap.opened_at, gap.since = at, at + ahead.get(gap.station_id, timedelta())
        gap.save(update_fields=["opened_at", "since"])


def _continue(stations: list[int], event: str, at: datetime, ahead: Mapping[int, timedelta]) -> None:
    """Gaps that stand open go on as this restart; where there are two of a station, what is missing belongs to the
    first, and the other one ends."""
    known = Gap.objects.filter(event=event).values("station_id")
    before = Gap.objects.filter(station_id__in=stations, cause__in=_ENDS_IN_RESTART, closed_at=None)
    taken: set[int] = set()
    for gap in before.exclude(station_id__in=known).order_by("opened_at"):
        there = at + ahead.get(gap.station_id, timedelta())
        if gap.station_id in taken:
            gap.closed_at, gap.until = max(at, gap.opened_at), max(there, gap.since)
            gap.recovered, gap.lost, gap.decided_at = Recovery.NONE, 0, timezone.now()
        else:
            taken.add(gap.station_id)
            gap.cause = GapCause.GATEWAY_RESTART if gap.cause == GapCause.SILENT else gap.cause
            gap.event, gap.opened_at, gap.since = event, min(gap.opened_at, at), min(gap.since, there)
        changed = ["cause", "event", "opened_at", "since", "closed_at", "until", "recovered", "lost", "decided_at"]
        gap.save(update_fields=changed)


def close_gaps(stations: list[int], cause: GapCause, event: str, at: datetime, recovered: Recovery) -> None:
    """The values flow again. Whether some are missing is decided when all that were on their way are here."""
    open_gaps(stations, cause, event, at)
    ahead = clocks(stations)
    for gap in Gap.objects.filter(station_id__in=stations, event=event, closed_at=None):
        gap.closed_at = max(at, gap.opened_at)
        gap.until = max(gap.closed_at + ahead.get(gap.station_id, timedelta()), gap.since)
        gap.recovered = recovered
        gap.save(update_fields=["closed_at", "until", "recovered"])


def _take_moment(cause: GapCause, stations: list[int], note: Mapping[str, Any]) -> None:
    """Something that has no length of its own: part of a gap of the same cause nearby, or a new one."""
    at = moment(int(note["at_us"]))
    ahead = clocks(stations)
    near = Gap.objects.filter(cause=cause, closed_at__gte=at - _TOGETHER, opened_at__lte=at + _TOGETHER)
    known = {gap.station_id: gap for gap in near.filter(station_id__in=stations)}
    for station in stations:
        gap, there = known.get(station), at + ahead.get(station, timedelta())
        if gap is None:
            event = f"{cause}-{int(note['at_us'])}"
            Gap.objects.bulk_create(
                [
                    Gap(
                        station_id=station, cause=cause, event=event, since=there, until=there, opened_at=at,
                        closed_at=at, recovered=Recovery.NONE,
                    )
                ],
                ignore_conflicts=True,
            )  # fmt: skip
        elif gap.closed_at is not None and gap.until is not None:
            gap.opened_at, gap.closed_at = min(gap.opened_at, at), max(gap.closed_at, at)
            gap.since, gap.until, gap.decided_at = min(gap.since, there), max(gap.until, there), None
            gap.save(update_fields=["opened_at", "closed_at", "since", "until", "decided_at"])


def _retire(sources: Mapping[str, LedgerSource]) -> None:
    """A gateway with a new spool speaks for the servers of the old one, which is not heard of again, as a rule."""
    newest: dict[str, LedgerSource] = {}
    for source in sorted(sources.values(), key=lambda each: each.heard_at):
        newest |= dict.fromkeys(source.servers, source)
    for source in sources.values():
        is_current = all(newest[server] is source for server in source.servers)
        # One without servers has just begun, or was never heard of: nothing says that another took its place.
        if source.servers and source.is_current != is_current:
            source.is_current = is_current
            source.save(update_fields=["is_current"])
