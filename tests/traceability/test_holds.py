"""Holds: on what exists and what will be made, counted before they are placed, against a model in plain Python."""

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from lines.errors import Refusal
from lines.models import Measurement, OperationRecord, Person, Station
from lines.people.models import Role
from tests.traceability.conftest import Hand
from traceability import errors as entry_errors
from traceability.genealogy.services import NewLink, add_links
from traceability.holds import errors
from traceability.holds.asking import AskedHold
from traceability.holds.covering import Cover, Seen, Taken, covered
from traceability.holds.extending import extend_holds
from traceability.holds.placing import cover as cover_now
from traceability.holds.placing import place_hold, release_hold
from traceability.holds.queries import open_holds
from traceability.holds.reach import Suspect, preview, resolve
from traceability.holds.signalled import SuspectWindow, end_window, place_on_window
from traceability.interlock import errors as own_errors
from traceability.models import Hold, HoldUnit, Lot, LotPart, Unit

NOW = datetime(2026, 11, 20, 3, tzinfo=UTC)


def person(role: str) -> Person:
    return Person.objects.get(role=role)


def held_by(hold: Hold) -> set[int]:
    return set(HoldUnit.objects.filter(hold=hold, released_at=None).values_list("unit_id", flat=True))


class Plant:
    """Units, lots and visits at random, as rows and as plain Python sets."""

    def __init__(self, hand: Hand, seed: int) -> None:
        self.random = random.Random(seed)
        self.hand = hand
        self.units: list[int] = []
        self.links: list[Taken] = []
        self.seen: list[tuple[Seen, int, str]] = []  # with station and tray
        self.parts: list[tuple[int, int]] = []  # parent, child
        self.lots = [
            Lot.objects.create(supplier="S", number=f"L{n}", material_code="X", created_at=NOW).pk for n in range(5)
        ]
        self.stations = list(Station.objects.values_list("pk", flat=True)[:3])
        self.post = self._post()

    def _post(self) -> int:
        cell = self.hand.serial("SLA")
        assert self.hand.tell(self.hand.body(cell, "MIX-A")).status_code == 201
        return OperationRecord.objects.values_list("post_id", flat=True).get(serial=cell)

    def split(self) -> None:
        parent, child = self.random.sample(self.lots, 2)
        if (parent, child) not in self.parts and (child, parent) not in self.parts:
            self.parts.append((parent, child))
            LotPart.objects.create(parent_id=parent, child_id=child, quantity=1.0, at=NOW)

    def visit(self) -> dict[int, list[Any]]:
        """One unit, old or new, visits a station and takes something in; holds are extended as a post does it."""
        rng = self.random
        at = NOW + timedelta(minutes=rng.randrange(60))
        if self.units and rng.random() < 0.2:
            unit = rng.choice(self.units)
        else:
            serial = f"U{len(self.units)}"
            unit = Unit.objects.create(serial=serial, state="IN_PROCESS", created_at=NOW, updated_at=NOW).pk
            self.units.append(unit)
        station, channel, tray = rng.choice(self.stations), rng.choice(["", "C1"]), rng.choice(["", "T1"])
        product, recipe = rng.choice(["P1", "P2"]), rng.choice(["R1", "R2"])
        started = at - timedelta(minutes=rng.randrange(15)) if rng.random() < 0.8 else None
        record = OperationRecord.objects.create(
            post_id=self.post, station_id=station, operation="X", serial=Unit.objects.get(pk=unit).serial, attempt=1,
            source_time=at + timedelta(seconds=30), clock_offset_s=30.0, received_at=at, machine_outcome="PASS",
            verdict="PASS", is_conforming=True, channel=channel, tray=tray, product=product, recipe=recipe,
            started_at=started + timedelta(seconds=30) if started else None,
        )  # fmt: skip
        measured = {("X-01", position) for position in ("A", "B") if rng.random() < 0.7}
        Measurement.objects.bulk_create(
            Measurement(
                received_at=at, record=record, sequence=n, characteristic=code, value=1.0, unit="mm",
                position=position, source_time=at, judgement=0,
            )
            for n, (code, position) in enumerate(sorted(measured))
        )  # fmt: skip
        taken = []
        for _ in range(rng.randrange(3)):
            older = [each for each in self.units if each < unit]
            if older and rng.random() < 0.7:
                start = rng.choice([None, float(rng.randrange(100))])
                end = None if start is None else start + 10.0
                taken.append(Taken(unit, rng.choice(older), None, rng.choice([None, 1, 2]), start, end))
            else:
                taken.append(Taken(unit, input_lot_id=rng.choice(self.lots)))
        rows = [
            NewLink(t.output_id, record.pk, t.input_unit_id, t.input_lot_id, lane=t.lane, from_m=t.from_m, to_m=t.to_m)
            for t in taken
        ]
        add_links(rows)
        self.links += taken
        seen = Seen(unit, channel, at, started, product, recipe, frozenset(measured))
        self.seen.append((seen, station, tray))
        return extend_holds([seen], taken, station_id=station, tray=tray, now=timezone.now())

    def expected(self, cover: Cover, first: set[int], *, station: int = 0) -> set[int]:
        """By walking everything again: what the hold covers in the end. `first`: what was covered when it was placed;
        a tray's units count as they were then, and as they came later."""
        lots = {cover.lot_id}
        while grown := {child for parent, child in self.parts if parent in lots} - lots:
            lots |= grown
        found = set(first)
        for link in self.links:
            for lot in lots if cover.scope == "LOT" else (None,):
                found |= {unit for _, unit in covered([replace(cover, lot_id=lot)], [], [link])}
        for seen, at_station, _ in self.seen:
            if cover.scope == "CHANNEL" or (cover.scope in ("STATION", "SIGNAL") and at_station == station):
                found |= {unit for _, unit in covered([cover], [seen], [])}
        while grown := {link.output_id for link in self.links if link.input_unit_id in found} - found:
            found |= grown
        return found


@pytest.mark.parametrize("seed", range(18))
def test_a_hold_covers_what_is_made_before_and_after_it(hand: Hand, seed: int) -> None:
    plant = Plant(hand, seed)
    rng = plant.random
    for _ in range(25):
        plant.visit()
        if rng.random() < 0.2:
            plant.split()
    scope = ["UNIT", "LOT", "ROLL_RANGE", "STATION", "CHANNEL", "SIGNAL"][seed % 6]
    unit = Unit.objects.get(pk=rng.choice(plant.units[:10]))
    lot = Lot.objects.get(pk=rng.choice(plant.lots))
    station = Station.objects.get(pk=rng.choice(plant.stations))
    asked = AskedHold(
        scope if scope != "ROLL_RANGE" else "UNIT", "why", serial=unit.serial, supplier=lot.supplier, lot=lot.number,
        station=station.code, channel="C1", window_from=NOW + timedelta(minutes=10),
        window_to=NOW + timedelta(minutes=40),
    )  # fmt: skip
    target = resolve(replace(asked, scope="STATION") if scope == "SIGNAL" else asked)
    suspect = Suspect(
        product="P1", recipe=["", "R1"][seed // 6 % 2], characteristic="X-01", position=["A", ""][seed // 6 % 2],
        by_overlap=seed // 6 == 1,
    )  # fmt: skip
    if scope == "SIGNAL":
        target = replace(target, asked=asked, suspect=suspect)
        counted = preview(target).n_units
        placed = place_on_window(
            SuspectWindow(station, NOW + timedelta(minutes=10), suspect), reason="why", by="task:containment", now=NOW
        )
        hold = placed.hold
        assert placed.n_units >= counted  # it is open, the preview's window is not
        end_window(hold, NOW + timedelta(minutes=40), by="task:containment", now=NOW)
        hold.refresh_from_db()
    elif scope == "ROLL_RANGE":
        asked = replace(asked, scope=scope, lane=1, from_m=20.0, to_m=60.0)
        target = replace(target, asked=asked)
        hold = Hold.objects.create(
            scope=scope, unit=unit, lane=1, from_m=20.0, to_m=60.0, reason="why", placed_at=NOW, placed_by="person:q"
        )
        counted = preview(target).n_units
        assert cover_now(hold, target, NOW) == counted
    else:
        counted = preview(target).n_units
        placed = place_hold(asked, person(Role.QUALITY), f"T-{seed}")
        hold = placed.hold
        assert placed.n_units == counted
    cover = Cover(
        hold.pk, scope, unit.pk, lot.pk, "" if scope == "SIGNAL" else "C1", hold.lane, hold.from_m, hold.to_m,
        hold.window_from, hold.window_to, hold.product, hold.recipe, hold.characteristic, hold.position,
        hold.by_overlap,
    )  # fmt: skip
    first = {unit.pk} if scope == "UNIT" else set()
    assert held_by(hold) == plant.expected(cover, first, station=station.pk)
    new: set[int] = set()
    for _ in range(25):
        was = held_by(hold)
        told = plant.visit()
        assert set(told) == held_by(hold) - was
        new |= set(told)
        if rng.random() < 0.2 and scope != "LOT":
            plant.split()
    assert held_by(hold) == plant.expected(cover, first, station=station.pk)
    assert new or scope == "UNIT" or len(held_by(hold)) == counted


def codes(answer: dict[str, Any], key: str = "reasons") -> list[str]:
    return [reason["code"] for reason in answer[key]]


def hold(hand: Hand, asked: AskedHold, role: str = Role.SUPERVISOR) -> Hold:
    hand.made += 1
    return place_hold(asked, person(role), f"token-{hand.made}").hold


def test_what_is_made_of_a_held_lot_is_told_to_be_held(hand: Hand) -> None:
    cell = hand.make("LFP-CELL", until="FORM")
    lot = Lot.objects.get(number="LOT-LFP-POWDER")
    target = resolve(AskedHold("LOT", "iron", supplier=lot.supplier, lot=lot.number))
    counted = preview(target)
    assert not Hold.objects.exists()
    assert {s.definition.code for s in counted.situations if s.definition} >= {"CATHODE-SLURRY", "LFP-CELL"}
    placed = hold(hand, target.asked)
    assert placed.members.count() == counted.n_units
    assert codes(hand.ask(cell, "FORM")) == [entry_errors.HELD.code]
    step = hand.step(hand.serial("SLC"), "MIX-C")
    assert step is not None
    made = hand.run(hand.serial("SLC"), "MIX-C", **hand.inputs(step))
    assert (made["verdict"], made["disposition"], made["is_conforming"]) == ("PASS", "HOLD", True)
    # Another batch of the same plant, of other lots, goes on.
    anode, other = hand.serial("SLA"), hand.step(hand.serial("SLA"), "MIX-A")
    assert other is not None
    assert hand.run(anode, "MIX-A", **hand.inputs(other))["disposition"] == "COMPLETE"
    release_hold(placed.pk, person(Role.QUALITY), "analysis is good")
    assert codes(hand.ask(cell, "FORM")) == []
    assert hand.run(hand.serial("SLC"), "MIX-C", **hand.inputs(step))["disposition"] == "COMPLETE"


def test_a_hold_from_a_later_operation_on_lets_the_unit_go_on_until_there(hand: Hand) -> None:
    cell = hand.make("LFP-CELL", until="CAN")
    target = resolve(AskedHold("UNIT", "for the lab", serial=cell, at_operation="FILL"))
    assert (preview(target).n_units, preview(target).n_later) == (1, 1)
    hold(hand, target.asked)
    while (following := Unit.objects.select_related("next_step__operation").get(serial=cell).next_step) is not None:
        operation = following.operation.code
        if operation == "FILL":
            break
        step = hand.step(cell, operation)
        assert step is not None
        tray: dict[str, Any] = {"tray": "T-1", "slot": 1} if step.by_tray else {}
        told = hand.run(cell, operation, **hand.inputs(step), **tray)
    assert told["disposition"] == "HOLD"  # what it said last: the next operation is the one
    assert codes(hand.ask(cell, "FILL")) == [entry_errors.HELD.code]


def test_the_metres_of_a_roll_the_tray_and_the_window(hand: Hand) -> None:
    roll = hand.make("CATHODE-LANE")
    from_there = AskedHold("ROLL_RANGE", "streak", serial=roll, lane=1, from_m=100.0, to_m=200.0)
    placed = hold(hand, from_there)
    assert held_by(placed) == set()

    def wind(from_m: float, lane: int = 1) -> str:
        jelly = hand.serial("JRL")
        ranges = [{"serial": roll, "lane": lane, "from_m": from_m, "to_m": from_m + 8.0}]
        assert hand.tell(hand.body(jelly, "WIND", ranges=ranges)).status_code == 201
        return jelly

    inside, edge, outside, lane = wind(195.0), wind(92.0), wind(200.0), wind(150.0, lane=2)
    serials = set(Unit.objects.filter(pk__in=held_by(placed)).values_list("serial", flat=True))
    assert serials == {inside}
    assert not {edge, outside, lane, roll} & serials
    assert preview(resolve(from_there)).n_units == 1

    cell = hand.make("LFP-CELL", until="BAKE")
    tray = hold(hand, AskedHold("TRAY", "bent", tray="T-9"))
    hand.tell(hand.body(cell, "BAKE", tray="T-9", slot=1))
    assert held_by(tray) == {Unit.objects.get(serial=cell).pk}

    began = hand.clock
    window = AskedHold(
        "STATION", "chiller", station="WIND-1", window_from=began + timedelta(minutes=2),
        window_to=began + timedelta(minutes=3),
    )  # fmt: skip
    before, within, again, after = wind(300.0), wind(310.0), wind(320.0), wind(330.0)
    at = hold(hand, window)
    assert set(Unit.objects.filter(pk__in=held_by(at)).values_list("serial", flat=True)) == {within, again}
    assert {before, after}.isdisjoint({within, again})


def test_a_form_sent_twice_places_one_hold_and_roles_are_kept(hand: Hand) -> None:
    cell = hand.make("CATHODE-SLURRY")
    asked = AskedHold("UNIT", "look", serial=cell)
    quality = person(Role.QUALITY)
    first = place_hold(asked, quality, "same")
    again = place_hold(asked, quality, "same")
    assert (first.is_new, again.is_new, first.hold.pk) == (True, False, again.hold.pk)
    with pytest.raises(Refusal) as refused:
        place_hold(replace(asked, reason="other"), quality, "same")
    assert refused.value.code is errors.HOLD_KEY
    for act in (
        lambda: place_hold(asked, person(Role.AUDITOR), "new"),
        lambda: release_hold(first.hold.pk, person(Role.AUDITOR), "no"),
    ):
        with pytest.raises(Refusal) as refused:
            act()
        assert refused.value.code is errors.HOLD_NOT_YOURS
    batch = Unit.objects.get(serial=cell)
    assert [h.reason for h in open_holds([batch.pk])[batch.pk]] == ["look"]
    release_hold(first.hold.pk, quality, "one unit", [cell])
    assert open_holds([batch.pk]) == {}
    assert Hold.objects.get(pk=first.hold.pk).released_at is None
    with pytest.raises(Refusal) as refused:
        release_hold(first.hold.pk, quality, "again", [cell])
    assert refused.value.code is errors.NOT_UNDER_HOLD
    release_hold(first.hold.pk, quality, "all")
    with pytest.raises(Refusal) as refused:
        release_hold(first.hold.pk, quality, "all")
    assert refused.value.code is errors.HOLD_RELEASED


def test_a_held_lot_at_a_feed_point_keeps_units_out_and_a_held_tray_what_is_loaded(hand: Hand) -> None:
    hand.receive("SEPARATOR", "S-9")
    scan = {"material": "SEPARATOR", "supplier": "ACME", "lot": "S-9"}
    assert hand.post("stations/WIND-1/feed-points/SEPARATOR", scan, "WIND-1").status_code == 200
    jelly = hand.serial("JRL")
    assert codes(hand.ask(jelly, "WIND")) == []
    lot = hold(hand, AskedHold("LOT", "wrinkles", supplier="ACME", lot="S-9"))
    assert codes(hand.ask(hand.serial("JRL"), "WIND")) == [own_errors.MOUNTED_NOT_RELEASED.code]
    release_hold(lot.pk, person(Role.QUALITY), "flat after all")
    assert codes(hand.ask(hand.serial("JRL"), "WIND")) == []

    cell = hand.make("LFP-CELL", until="FORM")
    tray = hold(hand, AskedHold("TRAY", "bent", tray="T-8"))
    loaded = hand.post("trays/T-8/load", {"items": [{"serial": cell, "slot": 1}]}, "FORM-1")
    assert loaded.status_code == 200, loaded.content
    assert held_by(tray) == {Unit.objects.get(serial=cell).pk}
    assert preview(resolve(AskedHold("TRAY", "bent", tray="T-8"))).n_units == 1
