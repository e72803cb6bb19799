"""What is missing, to which gap it belongs, and whether a gap that was closed has cost anything."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import Q
from django.utils import timezone

from lines.ledger import alarming, tally
from lines.ledger.digesting import Digest
from lines.ledger.models import Gap, GapCause, Loss, Recovery, StationTally
from lines.ledger.tally import Tally
from lines.ledger.times import microseconds, moment
from lines.telemetry.batches import BEHIND_TOLERANCE_US

# Clocks of gateway and server, and a batch's way from its first value to its receipt.
NEARBY = timedelta(seconds=3)
# A station that counts tells its count each second or so; it is not waited for longer than this behind a gap. By what
# has come, not by our clock: of what a spool has held back for long the counts are still on their way.
WAITED_FOR_US = 60_000_000
_BROUGHT_ALL = {Recovery.REACTIVATED, Recovery.TRANSFERRED, Recovery.HISTORY, Recovery.SPOOL}
_TAKES_SOME = {GapCause.OVERFLOW, GapCause.SEQUENCE}


def decide(digest: Digest) -> None:
    """Losses and gaps of all stations that something is new of, their alarms, and their tallies as they are to stay."""
    now = timezone.now()
    undecided: dict[int, list[Gap]] = {}
    for gap in Gap.objects.filter(decided_at=None).order_by("opened_at"):
        undecided.setdefault(gap.station_id, []).append(gap)
    known: dict[int, list[Loss]] = {}
    for loss in _in_reach(digest):
        known.setdefault(loss.station_id, []).append(loss)
    for station_id, row in digest.rows.items():
        before, settled_us = digest.tallies[station_id], digest.settled_us(station_id)
        gaps = undecided.pop(station_id, [])
        _set_right(gaps, moment(digest.newest_us(station_id)))
        _find_losses(before, settled_us, row, gaps, known.get(station_id, []))
        for gap in gaps:
            if before.is_counting:
                _decide_by_count(gap, before, settled_us, is_over=digest.is_over(station_id))
            else:
                _decide_by_word(gap)
        forget_us = microseconds(now) - BEHIND_TOLERANCE_US
        after = tally.settle(before, settled_us, forget_us)
        row.state, row.is_open = after.to_bytes(), after.is_open
    _save(digest.rows.values())
    for gap in (gap for gaps in undecided.values() for gap in gaps):
        _decide_by_word(gap)  # of stations that nothing was ever heard of
    alarming.raise_and_clear(now)


def _in_reach(digest: Digest) -> Iterable[Loss]:
    """What may still change; older losses are final, and of all time they may be many."""
    reach = Q()
    for station_id, each in digest.tallies.items():
        if each.is_counting:
            reach |= Q(station_id=station_id, since__gte=moment(int(each.time_us[0])))
    return Loss.objects.filter(reach) if reach else ()


def _save(rows: Iterable[StationTally]) -> None:
    fields = ["source", "state", "is_open", "counting_since", "counted_until", "clock_us"]
    StationTally.objects.bulk_create(rows, update_conflicts=True, unique_fields=["station"], update_fields=fields)


def _set_right(gaps: list[Gap], newest: datetime) -> None:
    """What a gateway's clock that was ahead told of is over, however late it said it was: see `tally.received_by`."""
    for gap in gaps:
        if max(gap.opened_at, gap.closed_at or gap.opened_at) > newest:
            gap.opened_at = min(gap.opened_at, newest)
            gap.closed_at = min(gap.closed_at, newest) if gap.closed_at else None
            gap.save(update_fields=["opened_at", "closed_at"])


def _find_losses(before: Tally, settled_us: int, row: StationTally, gaps: list[Gap], known: list[Loss]) -> None:
    """Bring the rows of Loss to what the tally says now."""
    if not before.is_counting:
        return
    found = tally.losses(before, settled_us)
    open_us = min((microseconds(gap.opened_at) for gap in gaps if gap.closed_at is None), default=None)
    in_reach = {microseconds(loss.since): loss for loss in known if microseconds(loss.since) >= before.time_us[0]}
    if open_us is not None:
        # What a cut holds back may still come: until it ends no more losses are told than before it.
        found = [loss for loss in found if loss.since_us in in_reach or loss.received_until_us < open_us]
    touched: set[int] = set()
    for loss in found:
        old = in_reach.pop(loss.since_us, None)
        if old is None:
            gap_id = _gap_for(loss, row.station_id).pk
            Loss.objects.create(
                gap_id=gap_id, station_id=row.station_id, since=moment(loss.since_us), until=moment(loss.until_us),
                lost=loss.lost, is_exact=loss.is_exact,
            )  # fmt: skip
            touched.add(gap_id)
        elif (old.lost, microseconds(old.until), old.is_exact) != (loss.lost, loss.until_us, loss.is_exact):
            old.lost, old.until, old.is_exact = loss.lost, moment(loss.until_us), loss.is_exact
            old.save(update_fields=["lost", "until", "is_exact"])
            touched.add(old.gap_id)
    for old in in_reach.values():
        touched.add(old.gap_id)
        old.delete()
    held = {gap.pk: gap for gap in gaps}
    for gap in Gap.objects.filter(pk__in=touched - held.keys()):
        _settle(gap)


def _gap_for(loss: tally.Loss, station_id: int) -> Gap:
    """The gap that explains it: the first that was open when it happened; else one without a cause."""
    since, until = moment(loss.received_since_us), moment(loss.received_until_us)
    near = Gap.objects.filter(Q(closed_at=None) | Q(closed_at__gte=since - NEARBY), station_id=station_id)
    found = near.filter(opened_at__lte=until + NEARBY).order_by("opened_at").first()
    if found is not None:
        return found
    return Gap.objects.create(
        station_id=station_id, cause=GapCause.UNEXPLAINED, event=f"COUNT-{loss.since_us}", recovered=Recovery.NONE,
        since=moment(loss.since_us), until=moment(loss.until_us), opened_at=since, closed_at=until,
    )  # fmt: skip


def _decide_by_count(gap: Gap, before: Tally, settled_us: int, *, is_over: bool) -> None:
    """`is_over`: its gateway has no more to say, ever."""
    if gap.closed_at is None:
        return
    opened_us, closed_us = microseconds(gap.opened_at), microseconds(gap.closed_at)
    heard_us = tally.heard_until(before, settled_us)
    if heard_us >= closed_us:
        _settle(gap, is_known=gap.recovered == Recovery.HISTORY or not tally.started_anew(before, opened_us, heard_us))
    elif is_over or settled_us - closed_us > WAITED_FOR_US:
        _decide_by_word(gap)


def _decide_by_word(gap: Gap) -> None:
    """Of a station that does not count: what the gateway knows to have come is here, of the rest nobody knows."""
    if gap.closed_at is not None:
        _settle(gap, is_known=gap.recovered in _BROUGHT_ALL and gap.cause not in _TAKES_SOME)


def _settle(gap: Gap, *, is_known: bool = True) -> None:
    """As many are lost as its losses say; with none of them: none, if that is known at all."""
    losses = list(gap.losses.all())
    gap.lost = sum(loss.lost for loss in losses) if losses or is_known else None
    gap.is_exact = is_known and all(loss.is_exact for loss in losses)
    gap.decided_at = timezone.now()
    gap.save(update_fields=["lost", "is_exact", "decided_at"])
