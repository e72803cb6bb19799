"""The page of a roll: every metre once, with what became of it; marks, points and scans where they belong."""

import re
from collections.abc import Iterator
from itertools import pairwise

import pytest
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st
from pytest_django.plugin import DjangoDbBlocker

from lines.models import Person
from lines.people.models import Role
from tests.traceability.conftest import Hand
from tests.traceability.wound import CUT, LENGTH, MARK, STRETCH, Wound, wind
from traceability.holds.services import hold_unit
from traceability.models import RollScan, Unit
from traceability.rolls.drawing import Scale, rows_of
from traceability.rolls.family import family_of
from traceability.rolls.fates import CUT as CUT_OUT
from traceability.rolls.fates import HELD, LEFT, SCRAPPED, USED, RollFates, fates_of
from traceability.rolls.maps import Piece
from traceability.rolls.scans import lane_share, scans_behind, scans_of
from traceability.rolls.shown import point

CELLS = 140  # one coated roll and a little


@pytest.fixture(scope="module")
def grown(loaded: Hand, django_db_blocker: DjangoDbBlocker) -> Iterator[Wound]:  # noqa: ARG001 - the plant comes first
    with django_db_blocker.unblock(), transaction.atomic():
        plant = wind(CELLS, 70, with_scans=True)
        with connection.cursor() as cursor:
            cursor.execute("analyze traceability_unit, traceability_genealogylink")
        yield plant
        transaction.set_rollback(True)


@pytest.fixture
def plant(grown: Wound, hand: Hand) -> Wound:  # noqa: ARG001 - order
    return grown


def fates(serial: str) -> RollFates:
    return fates_of(family_of(Unit.objects.get(serial=serial)))


def page(path: str, language: str = "en") -> str:
    client = Client(headers={"accept-language": language})
    client.force_login(Person.objects.get(role=Role.QUALITY))
    response = client.get(path)
    assert response.status_code == 200, path
    return re.sub(r"\s+", " ", response.content.decode())


@pytest.mark.parametrize("kind", ["CATHODE-ROLL", "CATHODE-CAL", "CATHODE-LANE", "ANODE-ROLL"])
def test_every_metre_of_every_lane_has_one_fate(plant: Wound, kind: str) -> None:
    for serial in plant.serials[kind][:6]:
        found = fates(serial)
        assert sum(found.metres.values()) == pytest.approx(found.length_m, abs=0.01)
        for lane in range(1, found.lanes + 1):
            ends = sorted((piece.from_m, piece.to_m) for piece in found.taken if piece.is_on(lane))
            assert ends[0][0] == pytest.approx(0, abs=1e-6)
            assert ends[-1][1] == pytest.approx(found.length_m)
            for (_start, end), (start, _end) in pairwise(ends):
                assert start == pytest.approx(end, abs=2e-3)


def test_what_was_cut_out_lies_where_the_mark_lies_on_both_rolls(plant: Wound) -> None:
    pressed, coated = (fates(plant.serials[kind][0]) for kind in ("CATHODE-CAL", "CATHODE-ROLL"))
    (cut,) = [piece for piece in pressed.taken if piece.fate == CUT_OUT]
    assert (cut.lane, cut.from_m, cut.to_m, cut.reason) == (2, *CUT, "COA-LINE")
    (before,) = [piece for piece in coated.taken if piece.fate == CUT_OUT]
    assert (before.from_m, before.to_m) == pytest.approx(
        [LENGTH["C"] - CUT[1] / STRETCH, LENGTH["C"] - CUT[0] / STRETCH]
    )
    (mark,) = [seen for seen in pressed.seen if seen.code == "COA-LINE"]
    assert (mark.from_m, mark.to_m) == pytest.approx(MARK, abs=0.01)
    assert (mark.lane, mark.side, mark.on) == (2, "A", plant.serials["CATHODE-ROLL"][0])
    # It is on lane 2 alone, and was cut out of that lane's roll: no lane roll shows it.
    for serial in plant.serials["CATHODE-LANE"][:4]:
        assert [seen for seen in fates(serial).seen if seen.code == "COA-LINE"] == []
    (pin,) = [seen for seen in fates(plant.serials["CATHODE-LANE"][2]).seen if seen.code == "COA-PIN"]
    assert pin.from_m == pytest.approx(812.0 * STRETCH, abs=0.01)  # turned round twice


def test_a_metre_leads_to_the_cell_that_was_cut_there(plant: Wound) -> None:
    roll = Unit.objects.get(serial=plant.serials["CATHODE-ROLL"][0])
    family = family_of(roll)
    found = fates_of(family)
    # Lane 1 lies straight on: its first metres made the first jelly roll.
    here = point(found, family, 5.0, 1).here
    assert [(p.serial, p.cell) for p in here] == [(plant.serials["LFP-JELLY"][0], plant.serials["LFP-CELL"][0])]
    edge = point(found, family, 15.75 / STRETCH, 1)
    assert {p.serial for p in (*edge.here, *edge.near)} == set(plant.serials["LFP-JELLY"][:2])
    assert [other.serial for other in edge.elsewhere] == [plant.serials["CATHODE-CAL"][0]]
    html = page(f"/rolls/{roll.serial}/?at=5&lane=1")
    section = html[html.index('id="point"') : html.index("roll-tables")]
    assert plant.serials["LFP-CELL"][0] in section and plant.serials["CATHODE-CAL"][0] in section
    assert page(f"/rolls/{roll.serial}/", "ja").count("<rect") > 200


def test_holds_and_scrap_show_on_the_metres_they_are_of(plant: Wound) -> None:
    held, scrapped = plant.serials["LFP-CELL"][0], plant.serials["LFP-CELL"][1]
    hold_unit(plant.ids[held], reason="look", by="person:q", now=timezone.now())
    Unit.objects.filter(serial=scrapped).update(state="SCRAPPED")
    found = fates(plant.serials["CATHODE-ROLL"][0])
    by_fate = {fate: {piece.cell for piece in found.taken if piece.fate == fate} for fate in (HELD, SCRAPPED)}
    assert by_fate == {HELD: {held}, SCRAPPED: {scrapped}}
    assert {piece.fate for piece in found.taken} == {HELD, SCRAPPED, USED, CUT_OUT, LEFT}


@pytest.mark.parametrize("query", ["at=x", "at=-3", "at=1e999", "at=nan", "at=99999&lane=9", "lane=0", "lane=²"])
def test_what_is_no_place_on_the_roll_is_refused_with_a_code(plant: Wound, query: str) -> None:
    client = Client()
    client.force_login(Person.objects.get(role=Role.QUALITY))
    response = client.get(f"/rolls/{plant.serials['CATHODE-ROLL'][0]}/?{query}")
    assert response.status_code in (400, 422) and re.search(r"MES-[LT]-\d{4}", response.content.decode())


def test_what_is_no_roll_has_no_metres_and_a_bare_roll_has_a_page(plant: Wound) -> None:
    client = Client()
    client.force_login(Person.objects.get(role=Role.AUDITOR))
    cell = plant.serials["LFP-CELL"][0]
    assert client.get(f"/rolls/{cell}/")["Location"] == f"/units/{cell}/"
    assert client.get("/rolls/NOWHERE/").status_code == client.get("/rolls/behind/NOWHERE/").status_code == 404
    assert client.get(f"/rolls/behind/spec/{cell}/?of=x").status_code == 404
    bare = Unit.objects.get(serial=plant.serials["ANODE-ROLL"][-1])
    Unit.objects.filter(pk=bare.pk).update(length_m=None, lanes=None)
    assert client.get(f"/rolls/{bare.serial}/").status_code == 200


def test_the_scans_behind_a_cell_are_those_of_its_lane_and_metres(plant: Wound) -> None:
    cell = Unit.objects.get(serial=plant.serials["LFP-CELL"][3])
    behind = scans_behind(cell)
    assert [(each.code, each.lane) for each in behind] == [("COA-01", 1), ("COA-02", 1)]
    (cathode, _anode) = behind
    ends = [(band.from_m, band.to_m) for band in cathode.bands]
    # Jelly rolls 7 and 8, with what the calender stretched.
    assert ends == [pytest.approx([n * 15.75 / STRETCH, (n + 1) * 15.75 / STRETCH]) for n in (6, 7)]
    scans = scans_of(cathode)
    within = [scan.at_m for scan in scans if scan.is_behind]
    assert within == [at for at in (n * 5.0 for n in range(200)) if ends[0][0] - 1 <= at <= ends[1][1] + 1]
    stored = RollScan.objects.get(roll=cathode.roll, at_m=within[0]).values
    assert scans[[s.at_m for s in scans].index(within[0])].mean == pytest.approx(sum(stored[:4]) / 4)
    client = Client()
    client.force_login(Person.objects.get(role=Role.AUDITOR))
    spec = client.get(f"/rolls/behind/spec/{cell.serial}/", {"of": cathode.key, "width": "800"}).json()
    assert spec["width"] < 800 and len(spec["data"]["values"]) == len(scans)
    assert cathode.key in page(f"/rolls/behind/{cell.serial}/")


@settings(max_examples=40)
@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=40), st.integers(2, 12))
def test_lanes_share_the_web_without_gap_or_overlap(values: list[float], lanes: int) -> None:
    numbered = [float(n) for n in range(len(values))]
    shares = [lane_share(numbered, lane, lanes) for lane in range(1, lanes + 1)]
    assert all(shares)  # every lane has a value
    if len(values) >= lanes:
        assert [value for share in shares for value in share] == numbered
    assert lane_share(values, None, lanes) == lane_share(values, 1, 1) == values


@settings(max_examples=40)
@given(st.floats(0.001, 1e6), st.lists(st.tuples(st.floats(0, 1), st.floats(0.001, 1)), max_size=12))
def test_a_drawing_stays_within_its_frame_and_overlaps_stand_below_each_other(
    length: float, spans: list[tuple[float, float]]
) -> None:
    scale = Scale(length)
    assert 1 < len(scale.ticks()) <= 13
    assert all(scale.x(0) <= scale.x(at * length) <= scale.x(length) for at in (-1.0, 0.3, 2.0))
    pieces = sorted((Piece(a * length, (a + b) * length) for a, b in spans), key=lambda piece: piece.from_m)
    rows = rows_of(pieces)
    for n, (piece, row) in enumerate(zip(pieces, rows, strict=True)):
        for other, other_row in zip(pieces[:n], rows[:n], strict=True):
            if row == other_row:
                assert other.to_m <= piece.from_m + 1e-6
