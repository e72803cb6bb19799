"""A gateway that says nothing while we listen: nobody knows what its stations do."""

from collections.abc import Mapping
from datetime import timedelta

from django.utils import timezone

from lines.ledger.gaps import close_gaps, open_gaps, stations_of
from lines.ledger.models import Gap, GapCause, LedgerRun, LedgerSource, Recovery

SILENT_AFTER = timedelta(seconds=5)
# Nobody looked for so long: what was not heard meanwhile is nobody's silence.
DEAF_AFTER = timedelta(seconds=5)
_PREFIX = "SILENT-"


def watch(sources: Mapping[str, LedgerSource]) -> None:
    """Open and close the gaps of silent gateways, in the caller's transaction."""
    now = timezone.now()
    run = LedgerRun.objects.first() or LedgerRun(evaluated_at=now, listening_since=now)
    if now - run.evaluated_at > DEAF_AFTER:
        run.listening_since = now
    run.evaluated_at = now
    run.save()
    opened: dict[str, dict[str, list[int]]] = {}  # stations by event, by source
    still_open = Gap.objects.filter(decided_at=None, closed_at=None, event__startswith=_PREFIX)
    for event, station in still_open.values_list("event", "station_id"):
        source_name = event.removeprefix(_PREFIX).rpartition("-")[0]
        opened.setdefault(source_name, {}).setdefault(event, []).append(station)
    for source in sources.values():
        mine = opened.get(source.source, {})
        if not source.is_current:
            _close(mine, source, Recovery.NONE)
        elif now - source.heard_at <= SILENT_AFTER:
            _close(mine, source, Recovery.SPOOL)
        elif now - max(source.heard_at, run.listening_since) > SILENT_AFTER and not mine:
            event = f"{_PREFIX}{source.source}-{int(source.heard_at.timestamp() * 1e6)}"
            stations = stations_of(source.servers)
            # A cut that stands open when its gateway ends goes on; it is not a second gap.
            cut = set(Gap.objects.filter(station_id__in=stations, closed_at=None).values_list("station_id", flat=True))
            open_gaps([each for each in stations if each not in cut], GapCause.SILENT, event, source.heard_at)


def _close(opened: Mapping[str, list[int]], source: LedgerSource, recovered: Recovery) -> None:
    for event, stations in opened.items():
        close_gaps(stations, GapCause.SILENT, event, source.heard_at, recovered)
