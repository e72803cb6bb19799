"""Corrections of records, records as they stand with them, and what followed from an error."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.db.models.expressions import RawSQL

from lines.errors import Refusal
from lines.models import Measurement, OperationRecord, Person
from lines.people.models import Role
from lines.records.prepared import prepared_cursor
from quality.charts.queries import points_with
from quality.models import ChartPoint
from quality.plans.judging import NO_LIMITS
from quality.plans.queries import limits_by_version
from traceability.corrections import errors
from traceability.corrections.models import Correction, CorrectionKind
from traceability.corrections.standing import Stood
from traceability.genealogy.models import GenealogyLink
from traceability.holds.models import HoldUnit
from traceability.units.models import Unit

MOST_SHOWN = 200
# Each history asks, and mostly there are none.
_OF_RECORDS = """
select id from traceability_correction where record_id = any(%s)
union select id from traceability_correction where new_record_id = any(%s)
"""


def may_correct(person: Person) -> bool:
    return person.role in (Role.QUALITY, Role.ADMINISTRATOR)


def _corrections() -> QuerySet[Correction]:
    return Correction.objects.select_related(
        "record__station",
        "new_record",
        "removed_link__input_unit",
        "removed_link__input_lot",
        "added_link__input_unit",
        "added_link__input_lot",
        "added_link__output",
    )


def corrections_of(record_ids: Collection[int], as_of: datetime | None = None) -> dict[int, list[Correction]]:
    """By record, oldest first; with `as_of` those made until then."""
    return corrections_and_origins(record_ids, as_of)[0]


def corrections_and_origins(
    record_ids: Collection[int], as_of: datetime | None = None
) -> tuple[dict[int, list[Correction]], dict[int, Correction]]:
    """The corrections of each record as `corrections_of` tells them; and by a record that took another one's place, the
    correction that made it, whenever that was."""
    of_records: dict[int, list[Correction]] = {}
    origins: dict[int, Correction] = {}
    wanted = set(record_ids)
    with prepared_cursor() as cursor:
        cursor.execute(_OF_RECORDS, [list(wanted)] * 2)
        found = [pk for (pk,) in cursor.fetchall()]
    if not found:
        return of_records, origins
    for correction in _corrections().filter(pk__in=found):
        if correction.record_id in wanted and (as_of is None or correction.at <= as_of):
            of_records.setdefault(correction.record_id, []).append(correction)
        if correction.new_record_id in wanted:
            origins[correction.new_record_id] = correction
    return of_records, origins


def right_values(corrections: Iterable[Correction]) -> dict[int, Correction]:
    """The newest correction of each value of one record, by its sequence."""
    return {c.before["sequence"]: c for c in corrections if c.kind == CorrectionKind.VALUE}


def verdict_now(recorded: str, corrections: Iterable[Correction]) -> str:
    """The record's verdict with its corrections."""
    verdicts = [c.verdict for c in corrections if c.verdict]
    return verdicts[-1] if verdicts else recorded


def moved_by(corrections: Iterable[Correction]) -> Correction | None:
    """The correction that gave the record to another serial."""
    return next((c for c in corrections if c.kind == CorrectionKind.SERIAL), None)


def correction_by_id(correction_id: int) -> Correction:
    """Raises Refusal CORRECTION_NOT_FOUND."""
    found = _corrections().filter(pk=correction_id).first()
    if found is None:
        raise Refusal(errors.CORRECTION_NOT_FOUND, str(correction_id))
    return found


def made_with(correction: Correction) -> list[Correction]:
    """What was set right in the same breath: derived values, the links of a record given to another unit."""
    return list(_corrections().filter(record=correction.record_id, at=correction.at).exclude(pk=correction.pk))


def newest(most: int = 50) -> list[Correction]:
    return list(_corrections().order_by("-pk")[:most])


def record_by_id(record_id: int) -> OperationRecord:
    """Raises Refusal RECORD_NOT_FOUND."""
    found = OperationRecord.objects.select_related("station").filter(pk=record_id).first()
    if found is None:
        raise Refusal(errors.RECORD_NOT_FOUND, str(record_id))
    return found


def stood_values(record: OperationRecord) -> list[Stood]:
    """The values of a record as they stand now, with the limits that judged them."""
    rows = Measurement.objects.filter(record=record.pk, received_at=record.received_at).order_by("sequence")
    found = [
        Stood(
            sequence=m.sequence,
            code=m.characteristic,
            value=m.value,
            unit=m.unit,
            position=m.position,
            source_time=m.source_time,
            judgement=m.judgement,
            limits=replace(NO_LIMITS, version_id=m.limits_version or 0),
            is_derived=m.is_derived,
        )
        for m in rows
    ]
    limits = limits_by_version({each.limits.version_id for each in found if each.limits.version_id})
    right = right_values(corrections_of([record.pk]).get(record.pk, []))
    return [
        replace(
            each,
            limits=limits.get(each.limits.version_id, NO_LIMITS),
            **(
                {"value": right[each.sequence].after["value"], "judgement": right[each.sequence].after["judgement"]}
                if each.sequence in right
                else {}
            ),
        )
        for each in found
    ]


def links_of(record: OperationRecord) -> list[GenealogyLink]:
    """What the record says went in, as it stands now."""
    links = GenealogyLink.objects.filter(record=record, removed_by=None)
    return list(links.select_related("input_unit", "input_lot", "output").order_by("pk"))


def link_json(link: GenealogyLink) -> dict[str, Any]:
    """What a link says, for the rows of corrections."""
    lot = link.input_lot
    return {
        "serial": link.input_unit.serial if link.input_unit else None,
        "lot": {"id": lot.pk, "supplier": lot.supplier, "number": lot.number} if lot else None,
        "quantity": link.quantity,
        "uom": link.uom,
        "position": link.position,
        "lane": link.lane,
        "from_m": link.from_m,
        "to_m": link.to_m,
        "own_from_m": link.own_from_m,
        "own_to_m": link.own_to_m,
    }


_AHEAD = """
with recursive ahead(unit_id) as (
    select output_id from traceability_genealogylink where input_unit_id = any(%s)
    union
    select l.output_id from traceability_genealogylink l join ahead on l.input_unit_id = ahead.unit_id
) select unit_id from ahead
"""


@dataclass(frozen=True)
class Followed:
    """What happened after the error, on the strength of it or not: a person has to look."""

    later: list[OperationRecord]  # of the units concerned, oldest first
    points: list[ChartPoint]  # with a value of the record; they are not computed again
    ahead: list[Unit]  # units that the units concerned went into, by any links, removed ones too
    n_ahead: int
    held: list[HoldUnit]  # open holds of the units concerned

    @property
    def is_nothing(self) -> bool:
        return not (self.later or self.points or self.ahead or self.held)


def what_followed(record: OperationRecord, others: Collection[str] = ()) -> Followed:
    """After a record of a unit; `others`: serials of further units concerned."""
    serials = {record.serial, *others}
    units = list(Unit.objects.filter(serial__in=serials))
    ids = [unit.pk for unit in units]
    later = OperationRecord.objects.filter(serial__in=serials, pk__gt=record.pk).select_related("station")
    ahead = Unit.objects.filter(pk__in=RawSQL(_AHEAD, [ids]))  # noqa: S611 - the statement above, ids as a parameter
    measured = Measurement.objects.filter(record=record.pk, received_at=record.received_at)
    codes = set(measured.values_list("characteristic", flat=True))
    held = HoldUnit.objects.filter(unit__in=ids, released_at=None).select_related("hold", "unit").order_by("pk")
    return Followed(
        later=list(later.order_by("pk")[:MOST_SHOWN]),
        points=points_with(record.pk, record.station_id, codes)[:MOST_SHOWN],
        ahead=list(ahead.select_related("definition").order_by("-pk")[:MOST_SHOWN]),
        n_ahead=ahead.count(),
        held=list(held[:MOST_SHOWN]),
    )


def concerned(correction: Correction) -> list[str]:
    """Serials of further units that a correction concerns, beside its record's own."""
    found = [str(correction.after["serial"])] if correction.kind == CorrectionKind.SERIAL else []
    links = (correction.removed_link, correction.added_link)
    return found + [link.input_unit.serial for link in links if link is not None and link.input_unit is not None]


def correction_json(correction: Correction, *, with_followed: bool = False) -> dict[str, Any]:
    """A correction as the API tells it."""
    answer: dict[str, Any] = {
        "correction": correction.pk,
        "record": correction.record_id,
        "kind": correction.kind,
        "before": correction.before,
        "after": correction.after,
        "new_record": correction.new_record_id,
        "verdict": correction.verdict or None,
        "reason": correction.reason,
        "by": correction.by,
        "at": correction.at.isoformat(),
    }
    if with_followed:
        found = what_followed(correction.record, concerned(correction))
        answer["followed"] = {
            "records": [
                {"record": r.pk, "serial": r.serial, "operation": r.operation, "verdict": r.verdict}
                for r in found.later
            ],
            "chart_points": [{"chart": p.plan.code, "number": p.number} for p in found.points],
            "went_into": [{"serial": u.serial, "state": u.state} for u in found.ahead],
            "holds": [{"serial": m.unit.serial, "reason": m.hold.reason} for m in found.held],
        }
    return answer
