"""A gateway that says nothing while we listen: nobody knows what its stations do."""

from collections.abc import Mapping
from datetime import timedelta

from django.db.models import QuerySet
from django.utils import timezone

from lines.ledger.gaps import close_gaps, open_gaps, stations_of
from lines.ledger.models import Gap, GapCause, LedgerRun, LedgerSource, Recovery

SILENT_AFTER = timedelta(seconds=5)
# Nobody looked for so long: what was not heard meanwhile is nobody's silence.
DEAF_AFTER = timedelta(seconds=5)


def watch(sources: Mapping[str, LedgerSource]) -> None:
    """Open and close the gaps of silent gateways, in the caller's transaction."""
    now = timezone.now()
    run = LedgerRun.objects.first() or LedgerRun(evaluated_at=now, listening_since=now)
    if now - run.evaluated_at > DEAF_AFTER:
        run.listening_since = now
    run.evaluated_at = now
    run.save()
    for source in sources.values():
        stations = stations_of(source.servers)
        prefix = f"SILENT-{source.source}-"
        opened = Gap.objects.filter(station_id__in=stations, event__startswith=prefix, closed_at=None)
        is_silent = now - max(source.heard_at, run.listening_since) > SILENT_AFTER
        if not source.is_current:
            _close(opened, stations, source, Recovery.NONE)
        elif now - source.heard_at <= SILENT_AFTER:
            _close(opened, stations, source, Recovery.SPOOL)
        elif is_silent and not opened.exists():
            event = f"{prefix}{int(source.heard_at.timestamp() * 1e6)}"
            open_gaps(stations, GapCause.SILENT, event, source.heard_at)


def _close(opened: QuerySet[Gap], stations: list[int], source: LedgerSource, recovered: Recovery) -> None:
    for event in set(opened.values_list("event", flat=True)):
        close_gaps(stations, GapCause.SILENT, event, source.heard_at, recovered)
