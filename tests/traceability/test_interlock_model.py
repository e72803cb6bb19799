"""Random stations, people and outages against a plain model of the rules: the interlock and the model never disagree.

The model below is written from the rules, not from the code: a unit's visits as a list, its place in the route, its
holds, its permit. Every answer of the API is compared with what the model says, codes and all; so is every tray.
"""

from __future__ import annotations

from typing import Any

import hypothesis.strategies as st
import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from lines.errors import Code
from lines.models import MaterialDefinition, Operation, OperationRecord, Person, Product, Route, RouteStep, Station
from lines.orders.models import Tracking
from lines.plant.models import OfflinePolicy, StationKind
from tests.traceability.conftest import Hand
from tests.traceability.plain_rules import OPERATIONS, ROUTE, STATIONS, Model, step_of
from traceability import errors
from traceability.holds.disposing import AskedDecision, decide
from traceability.holds.placing import release_hold
from traceability.holds.services import hold_unit
from traceability.interlock import errors as entry_errors
from traceability.models import Hold, HoldUnit, Nonconformance, Permit, TrayLoad, Unit

DESIGN = "MDL"
N_UNITS = 4
OFFLINE_UNITS = 2


def make_plant() -> None:
    """The route of the model as plant data, on stations of the Osaka plant."""
    product = Product.objects.create(code="MODEL", name_en="Model", name_ja="模型", chemistry="LFP")
    cell = MaterialDefinition.objects.create(
        code="MODEL-CELL", name_en="Cell", name_ja="セル", tracking=Tracking.CELL, uom="pcs", product=product,
        design_code=DESIGN,
    )  # fmt: skip
    route = Route.objects.create(product=product, version=1, valid_from=timezone.now())
    operations = {}
    for station, codes in STATIONS.items():
        for code in codes:
            operations[code] = Operation.objects.create(
                code=code, name_en=code, name_ja=code, kind=StationKind.CELL_ASSEMBLY
            )
            operations[code].stations.add(Station.objects.get(code=station))
    steps: dict[str, RouteStep] = {}
    for place, step in enumerate(ROUTE):
        row = steps[step.operation] = RouteStep.objects.create(
            route=route, definition=cell, sequence=10 * (place + 1), operation=operations[step.operation],
            duration_s=1, max_passes=step.passes, rework_from=steps.get(step.back_to), on_fail=step.on_fail,
            sample_every=step.every, repeat_in_rework=not step.once,
        )  # fmt: skip
        if step.instead:
            row.alternatives.add(operations[step.instead])
    Station.objects.filter(code__in=STATIONS).update(offline_policy=OfflinePolicy.STOP, mode="PRODUCTION")
    Station.objects.filter(code="CAN-1").update(offline_policy=OfflinePolicy.RUN_ON, offline_units=OFFLINE_UNITS)


UNITS = st.integers(0, N_UNITS - 1)
VISITS = st.sampled_from([(station, code) for code in OPERATIONS for station in STATIONS])


class Line(RuleBasedStateMachine):
    """Stations and people at a line of a few units, with the model beside it."""

    hand: Hand

    @initialize()
    def begin(self) -> None:
        self.units = []
        self.hand.made = 0  # a run that is made again has the same serials, and so the same samples
        for _ in range(N_UNITS):
            serial = self.hand.serial(DESIGN)
            self.units.append(Model(int(serial[9:15]), serial))
        self.offline = dict.fromkeys(STATIONS, 0)
        self.quality = Person.objects.get(username="quality")

    def _likely(self, unit: Model, visit: tuple[str, str], is_likely: bool) -> tuple[str, str]:
        """Random visits alone would rarely get a unit anywhere."""
        if not is_likely or unit.next is None:
            return visit
        operation = step_of(unit.next).instead or unit.next if visit[1].endswith("2") else unit.next
        return next(station for station, codes in STATIONS.items() if operation in codes), operation

    @rule(n=UNITS, visit=VISITS, likely=st.booleans())
    def ask(self, n: int, visit: tuple[str, str], likely: bool) -> None:
        unit = self.units[n]
        station, operation = self._likely(unit, visit, likely)
        expected = unit.reasons(operation, station)
        answer = self.hand.ask(unit.serial, operation, station)
        assert names(answer["reasons"]) == expected
        assert answer["verdict"] == ("DENY" if expected else "ALLOW")
        if not expected:
            unit.permit = (station, operation)
        elif unit.permit and unit.permit[0] == station:
            unit.permit = None  # what was given here before is taken back

    @precondition(lambda self: any(unit.permit for unit in self.units))
    @rule(n=UNITS)
    def cancel(self, n: int) -> None:
        unit = self.units[n]
        if unit.permit:
            permit = Permit.objects.get(serial=unit.serial, verdict="ALLOW", closed_at=None)
            token = self.hand.tokens[unit.permit[0]]
            address = f"/api/v1/stations/{unit.permit[0]}/permits/{permit.pk}"
            answer = self.hand.client.delete(address, headers={"Authorization": f"Token {token}"})
            assert answer.status_code in (200, 204), answer.content
            unit.permit = None

    @rule(n=UNITS, visit=VISITS, likely=st.booleans(), verdict=st.sampled_from(["PASS", "PASS", "FAIL"]))
    def post(self, n: int, visit: tuple[str, str], likely: bool, verdict: str) -> None:
        unit = self.units[n]
        station, operation = unit.permit if unit.permit and likely else self._likely(unit, visit, likely)
        expected = unit.reasons(operation, station)
        if unit.permit == (station, operation):
            expected.discard("HELD")  # placed after the permit: no fault of the station
        else:
            expected.add("NO_PERMIT")
        self.offline[station] = 0
        self._tell(unit, station, operation, verdict, expected)

    @rule(n=UNITS, visit=VISITS, likely=st.booleans(), verdict=st.sampled_from(["PASS", "FAIL"]))
    def post_from_an_outage(self, n: int, visit: tuple[str, str], likely: bool, verdict: str) -> None:
        unit = self.units[n]
        if unit.extra:
            return  # a person decided since: what lies before that is another question (tests of the fold)
        station, operation = self._likely(unit, visit, likely)
        # As of the visit: holds and releases by people came later, what an earlier visit of an outage did was there.
        expected = unit.reasons(operation, station) - {"HELD"}
        if unit.was_held_then:
            expected.add("HELD")
        self.offline[station] += 1
        if unit.permit == (station, operation):
            expected.discard("HELD")  # let in before the outage began
        elif station != "CAN-1":
            expected.add("OFFLINE_NOT_ALLOWED")
        elif self.offline[station] > OFFLINE_UNITS:
            expected.add("OFFLINE_BEYOND")
        self._tell(unit, station, operation, verdict, expected, offline=True)

    def _tell(self, unit: Model, station: str, operation: str, verdict: str, expected: set[str], **more: Any) -> None:
        # That another station was let in is no fault of its own: this one had no permit.
        expected.discard("PERMIT_ELSEWHERE")
        body = self.hand.body(unit.serial, operation, verdict, **more)
        response = self.hand.tell(body, station=station)
        assert response.status_code == 201, response.content
        answer = response.json()
        assert names(answer["deviations"]) == expected
        if unit.permit == (station, operation):
            unit.permit = None
        assert answer["disposition"] == unit.visit(operation, verdict, expected, bool(more))
        assert answer["next_operation"] == unit.next

    @rule(n=UNITS)
    def hold(self, n: int) -> None:
        unit = self.units[n]
        row = Unit.objects.filter(serial=unit.serial).first()
        if row is not None:
            hold_unit(row.pk, reason="by the model", by="person:quality", now=timezone.now())
            unit.by_person += 1

    @precondition(lambda self: any(unit.by_person for unit in self.units))
    @rule(n=UNITS)
    def release(self, n: int) -> None:
        unit = self.units[n]
        hold = Hold.objects.filter(unit__serial=unit.serial, nonconformance=None, released_at=None).first()
        assert (hold is not None) == bool(unit.by_person)
        if hold is not None:
            release_hold(hold.pk, self.quality, "looked at")
            unit.by_person -= 1

    @precondition(lambda self: any(unit.open for unit in self.units))
    @rule(n=UNITS, data=st.data())
    def decide_to_rework(self, n: int, data: st.DataObject) -> None:
        unit = self.units[n]
        if unit.open:
            oldest = Nonconformance.objects.filter(unit__serial=unit.serial, closed_at=None).order_by("pk")[0]
            operation = data.draw(st.sampled_from(unit.reached))
            decide(oldest.pk, AskedDecision("REWORK", "once more", rework_to=operation), self.quality)
            unit.open.pop(0)
            unit.rework(operation)

    @rule(n=UNITS, slot=st.integers(1, 3))
    def load(self, n: int, slot: int) -> None:
        unit = self.units[n]
        body = {"items": [{"serial": unit.serial, "slot": slot}]}
        answer = self.hand.post("trays/T-MODEL/load", body, "CAN-1")
        taken = any(other.slot == slot for other in self.units if other is not unit)
        is_free = unit.is_known and not taken and unit.slot in (None, slot)
        assert (answer.status_code == 200) == is_free, answer.content
        if is_free:
            unit.slot = slot

    @precondition(lambda self: any(unit.slot for unit in self.units))
    @rule(n=UNITS)
    def unload(self, n: int) -> None:
        unit = self.units[n]
        answer = self.hand.post("trays/T-MODEL/unload", {"serials": [unit.serial]}, "CAN-1")
        if unit.slot:
            assert answer.status_code == 200, answer.content
            unit.slot = None

    @invariant()
    def the_rows_say_what_the_model_says(self) -> None:
        if not hasattr(self, "units"):
            return
        rows = {row.serial: row for row in Unit.objects.filter(serial__in=[unit.serial for unit in self.units])}
        for unit in self.units:
            row = rows.get(unit.serial)
            assert (row is not None) >= unit.is_known
            if row is None or not unit.is_known:
                continue
            operation = row.next_step.operation.code if row.next_step else None
            assert (row.state, operation) == (unit.state, unit.next)
            held = HoldUnit.objects.filter(unit=row, released_at=None).count()
            assert held == unit.by_person + sum(unit.open)
            assert OperationRecord.objects.filter(serial=unit.serial).count() == len(unit.visits)
            open_permits = Permit.objects.filter(serial=unit.serial, verdict="ALLOW", closed_at=None).count()
            assert open_permits == bool(unit.permit)
        sitting = dict(TrayLoad.objects.filter(unloaded_at=None).values_list("unit__serial", "slot"))
        assert sitting == {unit.serial: unit.slot for unit in self.units if unit.slot}


CODES = {
    code.code: name
    for module in (errors, entry_errors)
    for name, code in vars(module).items()
    if isinstance(code, Code)
}


def names(reasons: list[dict[str, Any]]) -> set[str]:
    return {CODES[reason["code"]] for reason in reasons}


def run(hand: Hand, examples: int, steps: int) -> None:
    make_plant()

    class Here(Line):
        """Each run is undone."""

        def __init__(self) -> None:
            super().__init__()
            self.hand = hand
            self._undo = transaction.atomic()
            self._undo.__enter__()

        def teardown(self) -> None:
            transaction.set_rollback(True)
            self._undo.__exit__(None, None, None)

    run_state_machine_as_test(
        Here,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            database=None,
            phases=[Phase.generate],
        ),
    )


def test_the_interlock_agrees_with_a_plain_model(hand: Hand) -> None:
    run(hand, 8, 20)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_interlock_agrees_with_a_plain_model_for_long(hand: Hand) -> None:
    run(hand, 20, 50)
