"""Confirming a recall: what was found is kept as it was found, and what is here is held.

Decided here:
- The content is written first, so it tells of every unit as it stood before the hold.
- The hold has the suspect's own scope where it has one, so that what will be made of it is held as well. What hangs
  behind a missing link comes under the same hold. What has left the plant does not: nobody here can stop it.
- Asked again with the same token, the same recall is found; with another suspect or reason it is refused.
"""

import hashlib
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from lines.errors import Refusal
from lines.people.actors import acting
from lines.people.auth import may_hold
from lines.people.models import Person
from lines.records.services import refusing_when_locked
from traceability.completeness.queries import missing_row
from traceability.holds.asking import LONGEST_REASON, WrongField
from traceability.holds.extending import MADE_LATER, TAKEN_AGAIN
from traceability.holds.models import Hold
from traceability.holds.placing import columns_of, put_under
from traceability.recall import errors
from traceability.recall.asked import AskedSuspect
from traceability.recall.content import pieces
from traceability.recall.models import Recall, RecallContent
from traceability.recall.queries import Traced, header_of, seen, traced, unit_row
from traceability.recall.suspects import Suspect, look_up
from traceability.rolls.reach import covered_whole

# Of a roll that is in it in part the roll goes on: what is made of the metres is held (holds/reach.py).
_HERE = f""", whole (unit_id) as ({{whole}})
insert into traceability_holdunit (hold_id, unit_id, added_at, released_by)
select %(hold)s, id, %(now)s, '' from {{seen}}
where place not in ('SHIPPED', 'RETURNED') and (certainty = 2 or id in (select unit_id from whole))
order by id {TAKEN_AGAIN}
"""  # noqa: S608 - constants of ours
# What was made of any of them while the recall was written down.
_SINCE = f""", later (unit_id) as (
    {{whole}}
    union
    select l.output_id from recall_unit a join traceability_currentlink l on l.input_unit_id = a.unit_id
    where a.certainty = 2
    union
    select l.output_id from later join traceability_currentlink l on l.input_unit_id = later.unit_id
)
insert into traceability_holdunit (hold_id, unit_id, added_at, released_by)
select %(hold)s, unit_id, %(now)s, '' from later where unit_id not in (select unit_id from recall_unit)
order by unit_id {TAKEN_AGAIN}
"""  # noqa: S608 - constants of ours


@dataclass(frozen=True, slots=True)
class Confirmed:
    """`is_new`: this call made it; a form sent twice finds the first one."""

    recall: Recall
    is_new: bool


def confirm(
    asked: AskedSuspect, person: Person, token: str, reason: str, *, holds: bool = True, expressly: bool = False
) -> Confirmed:
    """Keep the recall, and hold what is here unless it is a drill.

    `expressly`: even if it covers more than half of all units. Raises Refusal: not allowed, no reason, unknown, the
    token made another one, too much; or BUSY.
    """
    if not may_hold(person):
        raise Refusal(errors.RECALL_NOT_YOURS, person.username)
    reason = " ".join(reason.split())
    if not 1 <= len(reason) <= LONGEST_REASON or not reason.isprintable():
        raise WrongField("reason", errors.RECALL_REASON)
    if not 1 <= len(token) <= 36 or not token.isprintable():
        raise Refusal(errors.RECALL_KEY)
    with refusing_when_locked(token), acting(f"person:{person.username}"):
        earlier = Recall.objects.filter(token=token).select_related("hold").first()
        if earlier is not None:
            same = (asked.as_json(), reason, holds)
            if same != (earlier.asked, earlier.reason, earlier.hold_id is not None):
                raise Refusal(errors.RECALL_KEY, f"recall {earlier.pk}")
            return Confirmed(earlier, False)
        suspect = look_up(asked)
        with traced(suspect) as found:
            if found.is_everything and not expressly:
                raise Refusal(errors.MATCHES_EVERYTHING, f"{found.n_units} of {found.n_all}")
            return Confirmed(_keep(found, person, token, reason, holds=holds), True)


def _keep(found: Traced, person: Person, token: str, reason: str, *, holds: bool) -> Recall:
    now = timezone.now()
    header = header_of(found) | {
        "reason": reason, "made_at": now.isoformat(), "made_by": person.username, "is_drill": not holds
    }  # fmt: skip
    compressed, sha256 = _written(found, header)
    hold = _hold(found.suspect, reason, f"person:{person.username}") if holds else None
    recall = Recall.objects.create(
        token=token,
        asked=found.suspect.asked.as_json(),
        subject=found.suspect.words[:300],
        reason=reason,
        made_at=now,
        made_by=person.username,
        hold=hold,
        n_recorded=found.counts["RECORDED"],
        n_inferred=found.counts["INFERRED"],
        n_possible=found.counts["POSSIBLE"],
        n_missing=header["completeness"]["missing"],
        n_shipped=header["n_shipped"],
        content_sha256=sha256,
    )
    RecallContent.objects.create(recall=recall, compressed=compressed)
    return recall


def _written(found: Traced, header: dict[str, Any]) -> tuple[bytes, str]:
    """The content, compressed, and its hash."""
    packing, sha256, packed = zlib.compressobj(6), hashlib.sha256(), []
    for piece in pieces(header, map(missing_row, found.missing()), _units(found)):
        sha256.update(piece)
        packed.append(packing.compress(piece))
    packed.append(packing.flush())
    return b"".join(packed), sha256.hexdigest()


def _units(found: Traced) -> Iterator[dict[str, Any]]:
    return map(unit_row, found.units())


def _hold(suspect: Suspect, reason: str, by: str) -> Hold:
    columns = columns_of(suspect.target, by) | {"reason": f"Recall: {reason}"[:LONGEST_REASON]}
    hold = Hold.objects.create(**columns)
    more = {"hold": hold.pk, "now": hold.placed_at, "made_later": MADE_LATER}
    whole = covered_whole(of=suspect.pieces)
    first, then = (suspect.way + part.replace("{whole}", whole).replace("{seen}", seen()) for part in (_HERE, _SINCE))
    put_under(first, then, {**suspect.parameters, **more})
    return hold
