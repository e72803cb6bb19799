"""Placing and releasing holds, in a person's name or a task's."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.utils import timezone

from lines.errors import Refusal
from lines.people.actors import acting
from lines.people.auth import may_hold
from lines.people.models import Person
from lines.records.services import refusing_when_locked
from traceability.holds import errors
from traceability.holds.asking import LONGEST_REASON, AskedHold, WrongField
from traceability.holds.extending import MADE_LATER, PLACING_LOCK, TAKEN_AGAIN
from traceability.holds.models import Hold, HoldUnit
from traceability.holds.reach import Target, reaching, resolve

LONGEST_RELEASE_REASON = 500
_MEMBERS = f"""
insert into traceability_holdunit (hold_id, unit_id, added_at, released_by)
select %(hold)s, unit_id, %(now)s, '' from reach order by unit_id {TAKEN_AGAIN}
"""  # noqa: S608 - constants of ours


@dataclass(frozen=True, slots=True)
class Placed:
    """`is_new`: this call placed it; a form sent twice finds the first one."""

    hold: Hold
    is_new: bool
    n_units: int


def place_hold(asked: AskedHold, person: Person, token: str) -> Placed:
    """Hold what is asked for, once per token.

    Raises Refusal: not allowed, unknown, the token placed another one; or BUSY.
    """
    if not may_hold(person):
        raise Refusal(errors.HOLD_NOT_YOURS, person.username)
    if not 1 <= len(token) <= 36 or not token.isprintable():
        raise Refusal(errors.HOLD_KEY)
    actor = f"person:{person.username}"
    with refusing_when_locked(token), acting(actor):
        target = resolve(asked)
        hold, is_new = Hold.objects.get_or_create(token=token, defaults=columns_of(target, actor))
        if is_new:
            return Placed(hold, True, cover(hold, target, hold.placed_at))
        if _described(hold) != _described(Hold(**columns_of(target, hold.placed_by))):
            raise Refusal(errors.HOLD_KEY, f"hold {hold.pk}")
        return Placed(hold, False, hold.members.count())


def place_on_units(unit_ids: Collection[int], *, reason: str, by: str, now: datetime) -> Placed:
    """Hold these units and all that is made of them; in the caller's transaction."""
    target = Target(AskedHold("UNITS", reason=reason[:LONGEST_REASON]), unit_ids=tuple(unit_ids))
    hold = Hold.objects.create(scope="UNITS", reason=target.asked.reason, placed_at=now, placed_by=by)
    return Placed(hold, True, cover(hold, target, now))


def cover(hold: Hold, target: Target, now: datetime) -> int:
    """Put everything under the hold that it reaches; how many units.

    Twice: the second time, usually with nothing left to add, no post is being stored, so what was made since the first
    is seen, and posts wait for that pass alone.
    """
    statement = reaching(hold.scope) + _MEMBERS
    parameters = {**target.parameters, "hold": hold.pk, "now": now, "made_later": MADE_LATER}
    return put_under(statement, statement, parameters)


def put_under(first: str, then: str, parameters: Mapping[str, Any]) -> int:
    """Run two statements that add members to a hold, the second while no post is being stored; how many units."""
    with connection.cursor() as cursor:
        cursor.execute(first, parameters)
        added: int = cursor.rowcount
        cursor.execute("select pg_advisory_xact_lock(%s)", [PLACING_LOCK])
        cursor.execute(then, parameters)
        added += cursor.rowcount
    return added


def columns_of(target: Target, by: str) -> dict[str, object]:
    """Of a hold that is placed on it now."""
    asked = target.asked
    return {
        "scope": asked.scope,
        "unit": target.unit,
        "lot": target.lot,
        "station": target.station,
        # What a form carries beside its scope's own fields is no part of the hold.
        "tray": asked.tray if asked.scope == "TRAY" else "",
        "channel": asked.channel if asked.scope == "CHANNEL" else "",
        "lane": asked.lane if asked.scope == "ROLL_RANGE" else None,
        "from_m": asked.from_m if asked.scope == "ROLL_RANGE" else None,
        "to_m": asked.to_m if asked.scope == "ROLL_RANGE" else None,
        "window_from": asked.window_from if asked.scope in ("STATION", "CHANNEL") else None,
        "window_to": asked.window_to if asked.scope in ("STATION", "CHANNEL") else None,
        "at_operation": asked.at_operation,
        "reason": asked.reason,
        "placed_at": timezone.now(),
        "placed_by": by,
    }


def _described(hold: Hold) -> tuple[object, ...]:
    return (
        hold.scope, hold.unit_id, hold.lot_id, hold.station_id, hold.tray, hold.channel, hold.lane, hold.from_m,
        hold.to_m, hold.window_from, hold.window_to, hold.at_operation, hold.reason,
    )  # fmt: skip


def release_hold(hold_id: int, person: Person, reason: str, serials: Sequence[str] | None = None) -> Hold:
    """End a hold, or for the units of these serials alone; with the last chosen unit it stays open for what will come.

    Raises Refusal: not allowed, no reason, unknown, released before, of a nonconformance, not held by it; and BUSY.
    """
    reason = reason.strip()
    if not may_hold(person):
        raise Refusal(errors.HOLD_NOT_YOURS, person.username)
    if not reason or len(reason) > LONGEST_RELEASE_REASON or not reason.replace("\n", " ").isprintable():
        raise WrongField("reason", errors.HOLD_REASON)
    by, now = f"person:{person.username}", timezone.now()
    with refusing_when_locked(str(hold_id)), acting(by):
        with connection.cursor() as cursor:
            # A post that is being stored may be adding units to it: they are released with the others.
            cursor.execute("select pg_advisory_xact_lock(%s)", [PLACING_LOCK])
        hold = Hold.objects.select_for_update(no_key=True, of=("self",)).filter(pk=hold_id).first()
        if hold is None:
            raise Refusal(errors.HOLD_NOT_FOUND, str(hold_id))
        if hold.released_at is not None:
            raise Refusal(errors.HOLD_RELEASED, hold.released_at.isoformat())
        if hold.nonconformance_id is not None:
            raise Refusal(errors.HOLD_OF_NONCONFORMANCE, f"nonconformance {hold.nonconformance_id}")
        held = HoldUnit.objects.filter(hold=hold, released_at=None)
        if serials is not None:
            wanted = set(serials)
            held = held.filter(unit__serial__in=wanted)
            if not wanted or held.count() != len(wanted):
                raise WrongField("units", errors.NOT_UNDER_HOLD, f"{held.count()} of {len(wanted)} are held by it")
        held.update(released_at=now, released_by=by, release_reason=reason)
        if serials is None:
            hold.released_at, hold.released_by, hold.release_reason = now, by, reason
            hold.save(update_fields=["released_at", "released_by", "release_reason"])
    return hold
