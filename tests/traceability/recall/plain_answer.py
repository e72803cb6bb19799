"""A recall worked out by walking everything in plain Python, unit by unit: what the statements must agree with."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from lines.models import BillItem, OperationRecord, RouteStep
from traceability.models import GenealogyLink, Unit

THROUGH = {"COMPLETED", "CONSUMED", "SHIPPED", "RETURNED"}


@dataclass
class Plain:
    """The plant as dictionaries. Rolls are looked at whole: no range is told in these plants."""

    recorded: set[int] = field(default_factory=set)
    inferred: set[int] = field(default_factory=set)
    possible: set[int] = field(default_factory=set)
    missing: set[tuple[int, str, str, int, int]] = field(default_factory=set)


def answer_for_lot(lot_id: int, material: str, lost: Sequence[GenealogyLink] = ()) -> Plain:
    links = list(GenealogyLink.objects.select_related("record", "input_lot", "input_unit__definition"))
    found = Plain()
    sure = {link.output_id for link in links if link.input_lot_id == lot_id and link.basis != "MOUNTED"}
    any_way = {link.output_id for link in links if link.input_lot_id == lot_id}
    while more := {k.output_id for k in links if k.input_unit_id in sure and k.basis != "MOUNTED"} - sure:
        sure |= more
    while more := {k.output_id for k in links if k.input_unit_id in any_way} - any_way:
        any_way |= more
    found.recorded, found.inferred = sure, any_way - sure

    units = {unit.pk: unit for unit in Unit.objects.select_related("definition")}
    carrying = {material} | {of.code for each in any_way if (of := units[each].definition) is not None}
    bills = [(item.step.definition.code, item.material.code) for item in BillItem.objects.all()]
    while grown := {output for output, part in bills if part in carrying} - carrying:
        carrying |= grown

    for unit in units.values():
        found.missing |= {row for row in lacking(unit, links, lost) if row[2] in carrying}
    behind = {row[0] for row in found.missing}
    while more := {k.output_id for k in links if k.input_unit_id in behind} - behind:
        behind |= more
    found.possible = behind - any_way
    return found


def lacking(
    unit: Unit, links: list[GenealogyLink], lost: Sequence[GenealogyLink]
) -> set[tuple[int, str, str, int, int]]:
    """(unit, operation, material, needed, found)"""
    assert unit.definition is not None
    steps = list(RouteStep.objects.filter(route=unit.route_id, definition=unit.definition).order_by("sequence"))
    visited = set(OperationRecord.objects.filter(serial=unit.serial, attempt__gt=0).values_list("operation", flat=True))
    done = [{step.operation.code, *step.alternatives.values_list("code", flat=True)} & visited for step in steps]
    through = unit.state in THROUGH or any(link.input_unit_id == unit.pk for link in links)
    rows = set()
    for place, step in enumerate(steps):
        later = through or any(done[place + 1 :])
        if not done[place] and not (later and step.sample_every == 1):
            continue
        names = {step.operation.code, *step.alternatives.values_list("code", flat=True)}
        for item in step.bill.all():
            of_it, gone = (
                [
                    link
                    for link in among
                    if link.output_id == unit.pk
                    and link.record.operation in names
                    and code_of(link) == item.material.code
                ]
                for among in (links, lost)
            )
            n = len({link.position or -link.pk for link in of_it}) if item.positions else len(of_it)
            needed = max(item.positions, 1, n + len(gone))
            if n < needed:
                rows.add((unit.pk, step.operation.code, item.material.code, needed, n))
    return rows


def code_of(link: GenealogyLink) -> str:
    if link.input_lot is not None:
        return link.input_lot.material_code
    assert link.input_unit is not None
    return link.input_unit.definition.code if link.input_unit.definition else ""
