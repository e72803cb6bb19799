"""Holds: on what exists and what will be made, counted before they are placed, against a model in plain Python."""

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from lines.models import OperationRecord, Person, Station
from lines.people.models import Role
from tests.traceability.conftest import Hand
from traceability.genealogy.services import NewLink, add_links
from traceability.holds.asking import AskedHold
from traceability.holds.covering import Cover, Seen, Taken, covered
from traceability.holds.extending import extend_holds
from traceability.holds.placing import cover as cover_now
from traceability.holds.placing import place_hold
from traceability.holds.reach import preview, resolve
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
        record = OperationRecord.objects.create(
            post_id=self.post, station_id=station, operation="X", serial=Unit.objects.get(pk=unit).serial, attempt=1,
            source_time=at + timedelta(seconds=30), clock_offset_s=30.0, received_at=at, machine_outcome="PASS",
            verdict="PASS", is_conforming=True, channel=channel, tray=tray,
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
        seen = Seen(unit, channel, at)
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
            if cover.scope == "CHANNEL" or (cover.scope == "STATION" and at_station == station):
                found |= {unit for _, unit in covered([cover], [seen], [])}
        while grown := {link.output_id for link in self.links if link.input_unit_id in found} - found:
            found |= grown
        return found


@pytest.mark.parametrize("seed", range(12))
def test_a_hold_covers_what_is_made_before_and_after_it(hand: Hand, seed: int) -> None:
    plant = Plant(hand, seed)
    rng = plant.random
    for _ in range(25):
        plant.visit()
        if rng.random() < 0.2:
            plant.split()
    scope = ["UNIT", "LOT", "ROLL_RANGE", "STATION", "CHANNEL"][seed % 5]
    unit = Unit.objects.get(pk=rng.choice(plant.units[:10]))
    lot = Lot.objects.get(pk=rng.choice(plant.lots))
    station = Station.objects.get(pk=rng.choice(plant.stations))
    asked = AskedHold(
        scope if scope != "ROLL_RANGE" else "UNIT", "why", serial=unit.serial, supplier=lot.supplier, lot=lot.number,
        station=station.code, channel="C1", window_from=NOW + timedelta(minutes=10),
        window_to=NOW + timedelta(minutes=40),
    )  # fmt: skip
    target = resolve(asked)
    if scope == "ROLL_RANGE":
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
        hold.pk, scope, unit.pk, lot.pk, "C1", hold.lane, hold.from_m, hold.to_m, hold.window_from, hold.window_to
    )
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
