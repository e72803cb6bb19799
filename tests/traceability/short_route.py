"""A product of five steps at five stations that takes nothing in: a visit is one small post."""

from datetime import datetime, timedelta
from itertools import count
from typing import Any

from lines.models import MaterialDefinition, Operation, OperationRecord, Product, Route, RouteStep, Station
from lines.orders.serials import Serial, make_serial
from lines.plant.models import OfflinePolicy
from tests.traceability.conftest import MADE_ON
from traceability.holds.models import HoldUnit, Nonconformance
from traceability.units.models import Unit

STEPS = ["NOTCH-C", "STACK", "CAN", "BAKE", "FILL"]
STATIONS = ["NOTCH-1", "STACK-1", "CAN-1", "BAKE-1", "FILL-1"]
DESIGN = "XZ7"
_numbers = count(1)


def make_short_route(valid_from: datetime) -> None:
    """In a plant that is loaded; every station may run on."""
    Station.objects.update(offline_policy=OfflinePolicy.RUN_ON, offline_units=100_000)
    product = Product.objects.create(code="SHORT", chemistry="none", name_en="Short", name_ja="短")
    definition = MaterialDefinition.objects.create(
        code="SHORT-CELL", tracking="CELL", uom="pcs", product=product, design_code=DESIGN, name_en="S", name_ja="短"
    )
    route = Route.objects.create(product=product, version=1, valid_from=valid_from - timedelta(days=9))
    steps: list[RouteStep] = []
    for place, operation in enumerate(STEPS):
        steps.append(
            RouteStep.objects.create(
                route=route,
                definition=definition,
                sequence=10 * (place + 1),
                operation=Operation.objects.get(code=operation),
                duration_s=60,
                max_passes=2 if operation in ("STACK", "CAN") else 1,
                rework_from=steps[1] if operation == "CAN" else None,
                on_fail="SCRAP" if operation == "STACK" else "HOLD",
                max_wait_s=5400 if operation == "FILL" else None,
            )
        )


def new_serial() -> str:
    return make_serial(Serial("SK", "1", DESIGN, MADE_ON, next(_numbers)))


def offline(serial: str, operation: str, ended: datetime, verdict: str = "PASS", **more: Any) -> dict[str, Any]:
    """The body of a result that was made while the MES did not answer."""
    return {
        "serial": serial,
        "operation": operation,
        "outcome": verdict,
        "offline": True,
        "started_at": (ended - timedelta(seconds=30)).isoformat(),
        "finished_at": ended.isoformat(),
        **more,
    }


def standing(serial: str) -> dict[str, Any]:
    """What the plant makes of a unit now: its place, its holds and what counts of each of its visits."""
    unit = Unit.objects.get(serial=serial)
    visits = []
    for record in OperationRecord.objects.filter(serial=serial).order_by("source_time"):
        newest = record.rejudgements.last()
        codes = newest.codes_after if newest else record.deviation_codes
        is_open = Nonconformance.objects.filter(record=record, closed_at=None).count()
        visits.append((record.operation, record.source_time, record.verdict, sorted(codes), is_open))
    held = HoldUnit.objects.filter(unit=unit, released_at=None)
    return {
        "place": (unit.state, unit.next_step and unit.next_step.operation.code, unit.last_test_passed),
        "visits": visits,
        "held": sorted(held.values_list("hold__reason", flat=True)),
    }


def is_held(serial: str) -> bool:
    return HoldUnit.objects.filter(unit__serial=serial, released_at=None).exists()
