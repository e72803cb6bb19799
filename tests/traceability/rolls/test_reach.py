"""The walks in PostgreSQL against those of the pure maps, on random families of rolls; holds now and later the same."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest
from django.db import connection

from lines.models import MaterialDefinition, OperationRecord, Person
from lines.people.models import Role
from tests.traceability.conftest import Hand
from traceability.genealogy.services import NewLink, add_links
from traceability.holds.asking import AskedHold
from traceability.holds.extending import extend_holds, taken_by
from traceability.holds.placing import place_hold
from traceability.holds.reach import reaching, resolve
from traceability.models import Correction, GenealogyLink, HoldUnit, LinkEnd, Lot, Unit
from traceability.rolls.maps import Piece, Segment
from traceability.rolls.reach import (
    EVER,
    Reached,
    Seed,
    lots_behind,
    pieces_ahead,
    pieces_behind,
    units_ahead,
    units_ahead_of_lot,
)  # fmt: skip

NOW = datetime(2026, 11, 20, 3, tzinfo=UTC)
LENGTH, LANES = 64.0, 3
_UNITS = "select unit_id from reach"
WHOLE = Piece(float("-inf"), float("inf"), side="A")


@dataclass
class Family:
    """Rolls of rolls, and what was cut from them; metres on a grid of quarters, so that both sides count exactly."""

    seed: int
    record: OperationRecord
    delta: bool
    rng: random.Random = field(init=False)
    rolls: list[int] = field(default_factory=list)
    pieces: list[int] = field(default_factory=list)  # jelly rolls and cells
    lots: list[int] = field(default_factory=list)
    links: list[NewLink] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.rng = random.Random(self.seed)
        self.lots = [
            Lot.objects.create(supplier="S", number=f"R{n}", material_code="X", created_at=NOW).pk for n in range(2)
        ]
        definitions = MaterialDefinition.objects.in_bulk(field_name="code")
        self.roll, self.jelly = definitions["CATHODE-CAL"], definitions["LFP-JELLY"]

    def unit(self, *, is_roll: bool) -> int:
        kept = self.rolls if is_roll else self.pieces
        definition = self.roll if is_roll else self.jelly
        pk: int = Unit.objects.create(
            serial=f"F{len(self.rolls)}-{len(self.pieces)}", definition=definition, created_at=NOW, updated_at=NOW,
            length_m=LENGTH if is_roll else None, lanes=LANES if is_roll else None,
        ).pk  # fmt: skip
        kept.append(pk)
        return pk

    def span(self) -> tuple[float, float]:
        a, b = sorted(self.rng.sample(range(int(4 * LENGTH) + 1), 2))
        return a / 4, b / 4

    def make(self) -> list[NewLink]:
        """One more unit with its links, older rolls and units alone before it."""
        rng, is_roll = self.rng, self.rng.random() < 0.5 or len(self.rolls) < 2
        older = list(self.rolls)
        parts = list(self.pieces)
        unit = self.unit(is_roll=is_roll)
        delta = rng.choice([None, 0.25, 0.5]) if self.delta else None
        links = []
        for _ in range(rng.randrange(1, 4)):
            own = self.span() if is_roll and rng.random() < 0.8 else (None, None)
            if not older or rng.random() < 0.2:
                lot = rng.choice(self.lots)
                links.append(NewLink(unit, self.record.pk, input_lot_id=lot, own_from_m=own[0], own_to_m=own[1],
                                     delta_m=delta))  # fmt: skip
                continue
            if not is_roll and parts and rng.random() < 0.3:
                links.append(NewLink(unit, self.record.pk, input_unit_id=rng.choice(parts)))
                continue
            start, end = self.span() if rng.random() < 0.9 else (None, None)
            links.append(
                NewLink(
                    unit, self.record.pk, input_unit_id=rng.choice(older), lane=rng.choice([None, None, 1, 2, 3]),
                    from_m=start, to_m=end, own_from_m=own[0], own_to_m=own[1], is_reversed=rng.random() < 0.5,
                    is_flipped=rng.random() < 0.5, is_mirrored=rng.random() < 0.5, delta_m=delta,
                    basis=rng.choice(["RECORDED", "RECORDED", "RECORDED", "MOUNTED"]),
                )
            )  # fmt: skip
        add_links(links)
        self.links += links
        return links

    def ahead(self, unit: int, piece: Piece) -> Iterator[tuple[int, Piece]]:
        for link in self.links:
            if link.input_unit_id == unit and (found := step(link, piece, forward=True)) is not None:
                yield link.output_id, found
                yield from self.ahead(link.output_id, found)

    def behind(self, unit: int, piece: Piece) -> Iterator[tuple[int, Piece]]:
        for link in self.links:
            if (
                link.output_id == unit
                and link.input_unit_id is not None
                and (found := step(link, piece, forward=False)) is not None
            ):
                yield link.input_unit_id, found
                yield from self.behind(link.input_unit_id, found)


def step(link: NewLink, piece: Piece, *, forward: bool) -> Piece | None:
    """One link by the pure maps. What was not told is all of it."""
    far = float("inf")
    own = (link.own_from_m, link.own_to_m) if link.own_to_m is not None and link.own_from_m is not None else None
    at = (link.from_m, link.to_m) if link.to_m is not None and link.from_m is not None else None
    segment = Segment(
        *(at or (-far, far)), *(own or (-far, far)), link.lane, link.is_reversed, link.is_flipped, link.is_mirrored,
        link.delta_m or 0.0, LANES,
    )  # fmt: skip
    found = segment.to_child(piece) if forward else segment.to_parent(piece)
    if found is None:
        return None
    inferred = found.is_inferred or link.basis == "MOUNTED"
    here, there = (at, own) if forward else (own, at)
    lane = found.lane if not forward or own is not None else None
    if there is None:
        return Piece(-far, far, lane, found.side, 0.0, inferred)
    if here is None:
        return Piece(*there, lane, found.side, link.delta_m or 0.0, inferred)
    return Piece(found.from_m, found.to_m, lane, found.side, found.delta_m, inferred)


def rounded(unit: int, piece: Piece) -> tuple[object, ...]:
    ends = [round(at, 6) for at in (piece.from_m, piece.to_m, piece.delta_m)]
    return unit, piece.lane, *ends, piece.is_inferred


def told(found: Reached) -> tuple[object, ...]:
    far = float("inf")
    start, end = -far if found.from_m is None else found.from_m, far if found.to_m is None else found.to_m
    return rounded(found.unit_id, Piece(start, end, found.lane, "", found.delta_m, found.is_inferred))


@pytest.fixture
def record(hand: Hand) -> OperationRecord:
    serial = hand.serial("SLA")
    assert hand.tell(hand.body(serial, "MIX-A")).status_code == 201
    return OperationRecord.objects.get(serial=serial)


@pytest.mark.parametrize("seed", range(4))
def test_the_walks_are_those_of_the_maps(record: OperationRecord, seed: int) -> None:
    family = Family(seed, record, delta=seed % 2 == 1)
    for _ in range(14):
        family.make()
    for n in range(6):
        roll, span = family.rng.choice(family.rolls[:4]), family.span()
        lane = family.rng.choice([None, 1, 2])
        expected = {rounded(*found) for found in family.ahead(roll, Piece(*span, lane))}
        found = pieces_ahead([Seed(roll, lane, *span)])
        assert {told(f) for f in found} == expected
        inferred: dict[int, bool] = {}
        for unit, piece in family.ahead(roll, Piece(*span, lane)):
            inferred[unit] = inferred.get(unit, True) and piece.is_inferred
        assert units_ahead([Seed(roll, lane, *span)]) == inferred
        unit = family.rng.choice(family.pieces or family.rolls)
        sides = {(*rounded(u, p), p.side == "B") for u, p in family.behind(unit, WHOLE)}
        back = pieces_behind(unit)
        assert sides == {(*told(b), b.is_flipped) for b in back}
        if not family.delta:
            # Forward and backward agree: what a unit is of, is in it.
            for b in back:
                start = b.from_m if b.from_m is not None else None
                assert unit in units_ahead([Seed(b.unit_id, b.lane, start, b.to_m)]), (n, b)
    for lot in family.lots:
        of_lot = units_ahead_of_lot(lot)
        for unit in (*family.rolls, *family.pieces):
            assert (lot in lots_behind(unit)) == (unit in of_lot) or family.delta


@pytest.mark.parametrize("seed", range(6))
def test_a_hold_on_metres_is_the_same_placed_before_or_after(record: OperationRecord, seed: int) -> None:
    family = Family(100 + seed, record, delta=seed % 2 == 1)
    for _ in range(6):
        family.make()
    roll = Unit.objects.get(pk=family.rolls[0])
    start, end = family.span()
    lot = Lot.objects.get(pk=family.lots[0])
    asked = [
        AskedHold("ROLL_RANGE", "why", serial=roll.serial, lane=[None, 2][seed % 2], from_m=start, to_m=end),
        AskedHold("LOT", "why", supplier=lot.supplier, lot=lot.number),
    ]
    holds = [place_hold(each, Person.objects.get(role=Role.QUALITY), f"{seed}-{each.scope}").hold for each in asked]
    for _ in range(14):
        links = family.make()
        extend_holds([], [taken_by(link) for link in links], station_id=None, tray="", now=NOW)
    for each, hold in zip(asked, holds, strict=True):
        with connection.cursor() as cursor:
            cursor.execute(reaching(each.scope) + _UNITS, resolve(each).parameters)
            again = {unit for (unit,) in cursor.fetchall()}
        assert set(HoldUnit.objects.filter(hold=hold).values_list("unit_id", flat=True)) == again


def test_what_was_taken_out_is_in_no_more_but_was(record: OperationRecord) -> None:
    family = Family(7, record, delta=False)
    first, second = family.unit(is_roll=True), family.unit(is_roll=False)
    add_links([NewLink(second, record.pk, input_unit_id=first, from_m=1.0, to_m=2.0)])
    link = GenealogyLink.objects.get(output=second)
    assert units_ahead([Seed(first)]) == {second: False}
    LinkEnd.objects.create(link=link, record=record, at=NOW, reason="weak")
    assert units_ahead([Seed(first)]) == {} and pieces_behind(second) == []
    assert units_ahead([Seed(first)], links=EVER) == {second: False}
    Correction.objects.create(record=record, kind="LINK", removed_link=link, before={}, after={}, at=NOW, by="q")
    assert units_ahead([Seed(first)], links=EVER) == {}
