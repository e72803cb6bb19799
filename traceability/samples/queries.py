"""Samples: which a unit waits for, and which wait for their result."""

from collections.abc import Collection
from dataclasses import dataclass

from django.db import connection
from django.db.models import QuerySet

from lines.errors import Refusal
from lines.models import Operation, Person, RouteStep
from lines.people.models import Role
from quality.models import CharacteristicUse
from traceability.samples import errors
from traceability.samples.models import Sample, SampleState
from traceability.units.models import Unit


@dataclass(frozen=True, slots=True)
class WaitingSample:
    """A sample without a result. `waits_at`: its unit may not enter this operation before; empty: it waits nowhere."""

    code: str
    waits_at: str


def waiting(unit_ids: Collection[int]) -> dict[int, list[WaitingSample]]:
    """Samples without a result of each of these units, oldest first; one statement. No entry: none."""
    found: dict[int, list[WaitingSample]] = {}
    if not unit_ids:
        return found
    with connection.cursor() as cursor:
        cursor.execute(
            "select unit_id, code, waits_at from traceability_sample"
            " where state = 'TAKEN' and unit_id = any(%s) order by id",
            [list(unit_ids)],
        )
        for unit_id, code, waits_at in cursor.fetchall():
            found.setdefault(unit_id, []).append(WaitingSample(code, waits_at))
    return found


def may_handle(person: Person) -> bool:
    """Take samples and enter their results."""
    return person.role != Role.AUDITOR


def may_cancel(person: Person) -> bool:
    return person.role in (Role.SUPERVISOR, Role.QUALITY, Role.ADMINISTRATOR)


def _samples() -> QuerySet[Sample]:
    return Sample.objects.select_related("unit__definition__product", "station", "record")


def waiting_samples() -> list[Sample]:
    """All without a result, oldest first."""
    return list(_samples().filter(state=SampleState.TAKEN).order_by("taken_at"))


def newest_done(most: int) -> list[Sample]:
    return list(_samples().exclude(state=SampleState.TAKEN).order_by("-pk")[:most])


def samples_of(unit: Unit) -> list[Sample]:
    return list(_samples().filter(unit=unit).order_by("pk"))


def sample_by_code(code: str) -> Sample:
    """Raises Refusal SAMPLE_UNKNOWN."""
    found = _samples().filter(code=code.strip().upper()).first() if code.isprintable() else None
    if found is None:
        raise Refusal(errors.SAMPLE_UNKNOWN, code[:32] if code.isprintable() else "")
    return found


def label_of(text: str) -> str:
    """The label of a sample that was scanned; empty where there is none of it."""
    label = text.strip().upper()
    return label if label.isprintable() and Sample.objects.filter(code=label).exists() else ""


def samples_by_code(codes: Collection[str]) -> dict[str, Sample]:
    return {sample.code: sample for sample in _samples().filter(code__in=codes)}


def operations_measured(unit: Unit | None) -> list[Operation]:
    """Operations with characteristics for the unit's product; of any product for no unit."""
    uses = CharacteristicUse.objects.all()
    if unit is not None and unit.product_id is not None:
        uses = uses.filter(product=unit.product_id)
    return list(Operation.objects.filter(pk__in=uses.values("operation")))


def operations_ahead(unit: Unit) -> list[Operation]:
    """What the unit has still to do, in order: where it may be told to wait."""
    if unit.next_step is None:
        return []
    steps = RouteStep.objects.filter(
        route=unit.route_id, definition=unit.definition_id, sequence__gte=unit.next_step.sequence
    )
    return [step.operation for step in steps.select_related("operation").order_by("sequence")]
