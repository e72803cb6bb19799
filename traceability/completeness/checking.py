"""Keeping the table of missing links: what happened to units since the last look is looked at again.

Each look is a short transaction of its own that also says how far it came, so whoever is killed begins there again. A
recall does not wait for it: what was not looked at yet it looks at itself (queries.py).
"""

from datetime import datetime, timedelta

from django.db import connection
from django.utils import timezone

from lines.people.actors import acting
from traceability.completeness.lacking import LACKING, TOUCHED
from traceability.completeness.models import LinkCheck

ACTOR = "task:links"
_LOST = "select unit_id from traceability_linktocheck"
CHUNK = 10_000  # units a look
SPAN = timedelta(minutes=10)  # of records a look
_LOOK = f"""
with recursive look (unit_id) as materialized ({{units}}), {LACKING.replace("{units}", "select unit_id from look")},
gone as (delete from traceability_missinglink m using look where m.unit_id = look.unit_id),
noted as (delete from traceability_linktocheck t using look where t.unit_id = look.unit_id)
insert into traceability_missinglink (unit_id, step_id, material_id, needed, found, last_at, why)
select unit_id, step_id, material_id, needed, found, last_at, why from lacking
"""  # noqa: S608 - constants of ours


def check_links(most: int = 1_000) -> int:
    """Look at what came since; how many looks it took, at most `most`."""
    done = 0
    while done < most and _look():
        done += 1
    return done


def _look() -> bool:
    """One chunk. False: there was nothing to do, or somebody else is at it."""
    now = timezone.now()
    with acting(ACTOR), connection.cursor() as cursor:
        LinkCheck.objects.get_or_create(pk=1, defaults={"checked_at": now, "unit_id": 0})
        state = LinkCheck.objects.select_for_update(skip_locked=True).filter(pk=1).first()
        if state is None:
            return False
        cursor.execute(
            "select max(id) from (select id from traceability_unit where id > %s order by id limit %s) as next",
            [state.unit_id, CHUNK],
        )
        (last,) = cursor.fetchone()
        if last is not None:
            units = "select id from traceability_unit where id > %(first)s and id <= %(last)s"
            cursor.execute(_LOOK.format(units=units), {"first": state.unit_id, "last": last})
            state.unit_id = last
            state.save(update_fields=["unit_id"])
            return True
        until = min(now, state.checked_at + SPAN)
        cursor.execute(_LOOK.format(units=f"{TOUCHED} union {_LOST}"), {"since": state.checked_at, "until": until})
        state.checked_at = until
        state.save(update_fields=["checked_at"])
        return until < now


def checked_until() -> datetime | None:
    """None: nobody has looked yet."""
    state = LinkCheck.objects.filter(pk=1).first()
    return state.checked_at if state else None
