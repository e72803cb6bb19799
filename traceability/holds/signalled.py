"""Holds that control charts place: on what a station made from a moment on, and makes until it is verified; in the
caller's transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from lines.models import Station
from traceability.holds.asking import LONGEST_REASON, AskedHold
from traceability.holds.extending import MADE_LATER, PLACING_LOCK
from traceability.holds.models import Hold, HoldUnit
from traceability.holds.placing import Placed, cover
from traceability.holds.reach import Suspect, Target, reaching


@dataclass(frozen=True, slots=True)
class SuspectWindow:
    """What a station made, from `begins` on."""

    station: Station
    begins: datetime
    of: Suspect


def place_on_window(window: SuspectWindow, *, reason: str, by: str, now: datetime) -> Placed:
    """Hold what the station made since then, with what was made of it, and what it will make."""
    of = window.of
    hold = Hold.objects.create(
        scope="SIGNAL", station=window.station, window_from=window.begins, product=of.product, recipe=of.recipe,
        channel=of.channel, characteristic=of.characteristic, position=of.position, by_overlap=of.by_overlap,
        reason=reason[:LONGEST_REASON], placed_at=now, placed_by=by,
    )  # fmt: skip
    return Placed(hold, True, cover(hold, target_of(hold), now))


def reach_back(hold: Hold, begins: datetime, now: datetime) -> int | None:
    """Let a hold of scope SIGNAL begin at `begins` where it begins later; how many units came under it. None: it is
    released, and holds nothing."""
    _nobody_else()
    hold = Hold.objects.select_for_update(no_key=True, of=("self",)).get(pk=hold.pk)
    if hold.released_at is not None or hold.window_from is None:
        return None
    if begins < hold.window_from:
        hold.window_from = begins
        hold.save(update_fields=["window_from"])
    return cover(hold, target_of(hold), now)


def end_window(hold: Hold, ends: datetime, *, by: str, now: datetime) -> None:
    """The station is verified from `ends` on: what it made later is free again, and nothing more comes under it."""
    _nobody_else()
    hold = Hold.objects.select_for_update(no_key=True, of=("self",)).get(pk=hold.pk)
    if hold.released_at is not None or hold.window_to is not None:
        return
    hold.window_to = max(ends, hold.window_from or ends)
    hold.save(update_fields=["window_to"])
    with connection.cursor() as cursor:
        cursor.execute(
            reaching(hold.scope)  # noqa: S608 - ours
            + "update traceability_holdunit set released_at = %(now)s, released_by = %(by)s, release_reason = %(why)s"
            " where hold_id = %(hold)s and released_at is null and unit_id not in (select unit_id from reach)",
            {
                **target_of(hold).parameters,
                "hold": hold.pk,
                "now": now,
                "by": by,
                "why": MADE_LATER,
            },
        )


def release_worked(holds: Sequence[Hold], reason: str, *, by: str, now: datetime) -> None:
    """The reaction is closed: what these holds still hold goes on."""
    _nobody_else()
    held = HoldUnit.objects.filter(hold__in=holds, released_at=None)
    held.update(released_at=now, released_by=by, release_reason=reason)
    Hold.objects.filter(pk__in=[hold.pk for hold in holds], released_at=None).update(
        released_at=now, released_by=by, release_reason=reason
    )


def target_of(hold: Hold) -> Target:
    """Of a hold of scope SIGNAL, as its row says."""
    asked = AskedHold("SIGNAL", reason=hold.reason, window_from=hold.window_from, window_to=hold.window_to)
    suspect = Suspect(
        hold.product, hold.recipe, hold.channel, hold.characteristic, hold.position, by_overlap=hold.by_overlap
    )
    return Target(asked, station=hold.station, suspect=suspect)


def _nobody_else() -> None:
    """No post adds units, and nobody releases, from here to the end of the transaction."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(%s)", [PLACING_LOCK])
