"""Parts taken out of a unit again at rework. The link stays and gets an end: both histories are kept."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from lines.models import RouteStep
from lines.records.queries import visits_by_serial
from lines.stations.results import RemovedPart
from traceability.genealogy.models import LinkEnd
from traceability.holds.services import NewNonconformance, open_nonconformances
from traceability.shipping.errors import PART_REMOVED
from traceability.units.models import Unit, UnitState

# Only what is used whole can be taken out. Locked in one order for everybody.
_PARTS = """
select l.output_id, l.id, u.id, u.serial, l.position from traceability_currentlink l
join traceability_unit u on u.id = l.input_unit_id
where l.output_id = any(%s) and l.from_m is null and u.state in ('CONSUMED', 'SCRAPPED')
order by u.id for no key update of u
"""


@dataclass(frozen=True, slots=True)
class Part:
    """A unit that is built into another one."""

    link_id: int
    unit_id: int
    serial: str
    position: int | None


@dataclass(frozen=True, slots=True)
class TakenOut:
    """A part that a record takes out."""

    part: Part
    record_id: int
    at: datetime
    reason: str


def parts_in(unit_ids: Collection[int]) -> dict[int, list[Part]]:
    """What is built into these units now; the parts are locked until the transaction ends."""
    found: dict[int, list[Part]] = {}
    if unit_ids:
        with connection.cursor() as cursor:
            cursor.execute(_PARTS, [list(unit_ids)])
            for output_id, *columns in cursor.fetchall():
                found.setdefault(output_id, []).append(Part(*columns))
    return found


def named(removed: Sequence[RemovedPart], parts: Sequence[Part]) -> tuple[list[tuple[Part, str]], list[str]]:
    """The parts that a result names, each once, with the reason; and what it names that is not in the unit."""
    found: dict[int, tuple[Part, str]] = {}
    absent = []
    for each in removed:
        at = [part for part in parts if (part.serial == each.serial if each.serial else part.position == each.position)]
        if each.serial and each.position is not None:
            at = [part for part in at if part.position == each.position]
        for part in at:
            found.setdefault(part.link_id, (part, each.reason))
        if not at:
            absent.append(each.serial or f"position {each.position}")
    return list(found.values()), absent


def take_out(taken: Sequence[TakenOut], out_of: str, now: datetime) -> None:
    """End the links; each part stands again where its own records leave it, and is held until somebody decides."""
    LinkEnd.objects.bulk_create(
        [LinkEnd(link_id=t.part.link_id, record_id=t.record_id, at=t.at, reason=t.reason) for t in taken]
    )
    for each in taken:
        stand_again(Unit.objects.get(pk=each.part.unit_id), now)
    words = f"Taken out of {out_of}"
    found = [
        NewNonconformance(
            t.part.unit_id, t.record_id, (PART_REMOVED.code,), f"{words}: {t.reason}"[:200] if t.reason else words
        )
        for t in taken
    ]
    open_nonconformances(found, now)


def stand_again(part: Unit, now: datetime) -> None:
    """A part that is in nothing any more is where its own visits left it. One that was scrapped stays so."""
    if part.state != UnitState.CONSUMED:
        return
    visits = visits_by_serial([part.serial]).get(part.serial, {})
    steps = RouteStep.objects.filter(route=part.route_id, definition=part.definition_id).select_related("operation")
    left = [
        step
        for step in steps.prefetch_related("alternatives").order_by("sequence")
        if step.sample_every <= 1
        and not any(
            operation.code in visits and visits[operation.code].last_verdict == "PASS"
            for operation in (step.operation, *step.alternatives.all())
        )
        and step.operation.code not in part.accepted
    ]
    part.next_step = left[0] if left else None
    part.state = UnitState.IN_PROCESS if left else UnitState.COMPLETED
    part.updated_at = now
    part.save(update_fields=["next_step", "state", "updated_at"])
