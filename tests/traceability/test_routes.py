"""Both products, from mixing to container, through the API of every station."""

import pytest
from django.utils import timezone

from lines.models import Measurement, Operation, OperationRecord, Pending, Route, RouteStep, WorkOrder
from lines.orders.models import WorkOrderState
from lines.plant.models import StationKind
from tests.traceability.conftest import Hand
from traceability import errors
from traceability.models import Unit
from traceability.units.history import history


@pytest.mark.parametrize(
    ("container", "lots"), [pytest.param("LFP-CONTAINER", 15, marks=pytest.mark.slow), ("ZN-CONTAINER", 8)]
)
def test_whole_route(hand: Hand, container: str, lots: int) -> None:
    serial = hand.make(container)
    unit = hand.get(f"units/{serial}", depth=12).json()
    assert unit["state"] == "COMPLETED"
    assert not unit["holds"]
    assert all(record["is_conforming"] for record in unit["records"])
    links = unit["made_of"]["links"]
    assert len({link["lot"]["id"] for link in links if link["lot"]}) >= lots
    parts = {serial, *(link["serial"] for link in links if link["serial"])}
    stations = set(OperationRecord.objects.filter(serial__in=parts).values_list("station__code", flat=True))
    kinds = {station.kind for station in hand.plant.stations if station.code in stations}
    assert kinds == set(StationKind.values)
    # What it is made of, seen from a lot at the far end, is the same set of units.
    first_lot = next(link["lot"]["id"] for link in reversed(links) if link["lot"])
    reached = hand.get(f"lots/{first_lot}", limit=500).json()
    assert serial in {item["serial"] for item in reached["units"]["items"]}
    assert Pending.objects.count() > 20
    assert Measurement.objects.filter(judgement=1).count() > 50


def test_a_finished_unit_keeps_the_route_it_started_with(hand: Hand) -> None:
    slurry = hand.make("ANODE-SLURRY")
    old = Unit.objects.get(serial=slurry)
    assert old.product
    assert old.definition
    route = Route.objects.create(product=old.product, version=2, valid_from=timezone.now())
    for sequence, operation in ((10, "MIX-A"), (20, "CAL-A")):
        RouteStep.objects.create(
            route=route,
            definition=old.definition,
            sequence=sequence,
            operation=Operation.objects.get(code=operation),
            duration_s=60,
        )
    assert [mark.step.operation.code for mark in history(old).steps] == ["MIX-A"]
    assert [reason["code"] for reason in hand.ask(slurry, "CAL-A")["reasons"]] == [errors.NOT_IN_ROUTE.code]
    # New units begin under the released order, which keeps its route; without one, by the newest.
    assert hand.run(hand.serial("SLA"), "MIX-A")["next_operation"] is None
    WorkOrder.objects.filter(product=old.product).update(state=WorkOrderState.CLOSED)
    new = hand.run(hand.serial("SLA"), "MIX-A")
    assert new["next_operation"] == "CAL-A"
    assert Unit.objects.get(serial=new["serial"]).route == route
