"""What a person may enter where, and the fields of the form, from the plant's data."""

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q
from django.utils import timezone

from lines.errors import Refusal
from lines.models import (
    Certification,
    MaterialDefinition,
    Operation,
    Person,
    ReasonCode,
    RouteStep,
    Station,
    StationPost,
    WorkOrder,
)
from lines.orders.models import WorkOrderState
from lines.people.models import Role
from quality.models import Characteristic, CharacteristicUse
from quality.plans.judging import NO_LIMITS
from quality.plans.queries import judging_plan
from traceability.entry import errors
from traceability.interlock.facts import design_code, serial_fault
from traceability.interlock.models import Permit
from traceability.units.models import Unit


def may_enter(person: Person) -> bool:
    """Auditors read only."""
    return person.role != Role.AUDITOR


@dataclass(frozen=True)
class Place:
    """One operation at one station."""

    station: Station
    operation: Operation

    @property
    def code(self) -> str:
        return f"{self.station.code}/{self.operation.code}"


def places(person: Person) -> list[Place]:
    """Where this person may enter results, in the order of the flow. An operator without a valid certification is not
    offered an operation that asks for one."""
    if not may_enter(person):
        return []
    operations = Operation.objects.prefetch_related("stations")
    if person.role == Role.OPERATOR:
        valid = Certification.objects.filter(person=person, valid_until__gt=timezone.now())
        operations = operations.filter(Q(needs_certification=False) | Q(pk__in=valid.values("operation")))
    found = [Place(station, operation) for operation in operations for station in operation.stations.all()]
    return sorted(found, key=lambda place: (place.station.sequence, place.operation.code))


def place_for(person: Person, station: str, operation: str) -> Place:
    """Raises Refusal NOT_YOURS_TO_ENTER, also for what does not exist."""
    for place in places(person):
        if (place.station.code, place.operation.code) == (station, operation):
            return place
    raise Refusal(errors.NOT_YOURS_TO_ENTER, f"{person.username}: {station[:32]}/{operation[:24]}")


@dataclass(frozen=True)
class Field:
    """One characteristic that a person measures, with the limits that judge it now."""

    code: str
    name: str
    unit: str
    lsl: float | None
    target: float | None
    usl: float | None
    is_required: bool

    @property
    def name_of_input(self) -> str:
        return f"v-{self.code}"


def definition_of(serial: str) -> MaterialDefinition | None:
    """What the unit is: as stored, or as its serial says."""
    unit = Unit.objects.select_related("definition__product").filter(serial=serial).first()
    if unit is not None:
        return unit.definition
    if serial_fault(serial):
        return None
    return MaterialDefinition.objects.select_related("product").filter(design_code=design_code(serial)).first()


def fields(product: str, operation: str) -> list[Field]:
    """The characteristics of an operation of a product that are measured, not derived; required ones first."""
    plan = judging_plan(product, operation, (), timezone.now())
    codes = [code for code in plan.units if code not in plan.derived]
    names = {c.code: c.name for c in Characteristic.objects.filter(code__in=codes)}
    found = []
    for code in codes:
        limits = plan.limits.get(code, NO_LIMITS)
        ends = (limits.lsl, limits.target, limits.usl)
        found.append(Field(code, names.get(code, code), plan.units[code], *ends, is_required=code in plan.required))
    return sorted(found, key=lambda field: not field.is_required)


def columns(operation: str) -> list[Characteristic]:
    """What any product measures at an operation: the columns of a table."""
    uses = CharacteristicUse.objects.filter(operation__code=operation, characteristic__formula="")
    return list(Characteristic.objects.filter(pk__in=uses.values("characteristic")))


def reasons(kind: str) -> list[ReasonCode]:
    """Reason codes that stations of this kind may give."""
    return [r for r in ReasonCode.objects.all() if not r.station_kinds or kind in r.station_kinds]


def newest_permit(station: Station, operation: str, serial: str) -> Permit | None:
    return Permit.objects.filter(station=station, operation=operation, serial=serial).order_by("-id").first()


def stored_answer(station: Station, key: str) -> tuple[datetime, dict[str, Any]] | None:
    """What was answered to a post with this key, if there was one."""
    post = StationPost.objects.filter(station=station, key=key).first()
    if post is None or post.answer is None:
        return None
    answer: dict[str, Any] = json.loads(post.answer)
    return post.received_at, answer


def station_by_code(code: str) -> Station | None:
    return Station.objects.filter(code=code).first()


def frozen_recipe(serial: str, operation: str) -> str:
    """The recipe that the unit's order, or the order it would begin under, has for an operation; empty: none."""
    unit = Unit.objects.select_related("work_order").filter(serial=serial).first()
    order = unit.work_order if unit else None
    if unit is None and (definition := definition_of(serial)) is not None:
        open_orders = WorkOrder.objects.filter(product=definition.product, state=WorkOrderState.RELEASED)
        order = open_orders.filter(released_at__lte=timezone.now()).first()
    if order is None:
        return ""
    recipe = order.recipes.select_related("product").filter(operation__code=operation).first()
    return f"{recipe.product.code}/{operation}/v{recipe.version}" if recipe else ""


@dataclass(frozen=True)
class BillLine:
    """Something the operation takes in."""

    code: str
    name: str
    quantity: float
    uom: str
    is_lot: bool
    positions: int


def bill(definition: MaterialDefinition | None, operation: str) -> list[BillLine]:
    """What one unit takes in at an operation, by the newest route."""
    if definition is None:
        return []
    step = (
        RouteStep.objects.filter(
            definition=definition, operation__code=operation, route__valid_from__lte=timezone.now()
        )
        .order_by("-route__version")
        .first()
    )
    items = step.bill.select_related("material").order_by("pk") if step else []
    return [
        BillLine(
            i.material.code, i.material.name, i.quantity, i.material.uom, i.material.tracking == "LOT", i.positions
        )
        for i in items
    ]


def material_units() -> dict[str, str]:
    """Unit of measure of every bought material, by code."""
    return dict(MaterialDefinition.objects.filter(tracking="LOT").values_list("code", "uom"))


@dataclass(frozen=True)
class PlantCodes:
    """What the lines of a file may name."""

    stations_of: dict[str, list[Station]]  # by operation, of all the plant
    units_of: dict[str, str]  # unit of measure by characteristic
    reasons: frozenset[str]


def plant_codes(characteristics: Collection[str]) -> PlantCodes:
    operations = Operation.objects.prefetch_related("stations")
    return PlantCodes(
        stations_of={operation.code: list(operation.stations.all()) for operation in operations},
        units_of=dict(Characteristic.objects.filter(code__in=characteristics).values_list("code", "unit")),
        reasons=frozenset(ReasonCode.objects.values_list("code", flat=True)),
    )
