"""Rolls as stations post them: coated, calendered, slit with a cut-out, wound; what follows from it for holds, answers
and deviations."""

from typing import Any

import pytest

from lines.errors import UNKNOWN_REASON
from lines.models import Person, QuarantinedPost
from lines.people.models import Role
from lines.people.services import issue_person_token
from tests.traceability.conftest import Hand
from tests.traceability.test_units_api import fits
from traceability.holds.asking import AskedHold
from traceability.holds.placing import place_hold
from traceability.holds.reach import preview, resolve
from traceability.models import GenealogyLink, HoldUnit, RollCut, RollMark, RollScan, Unit
from traceability.rolls import schemas
from traceability.rolls.reach import Seed, pieces_behind, units_ahead

LENGTH, STRETCH = 100.0, 1.005  # metres of the coated roll; the calender's
LANES, LANE = 4, 2
CUT = (40.0, 44.0)  # on the calendered roll, of lane 2
JELLY_M = 15.75
TRANSITION = (45.0, 55.0)  # both batches lie there


class Web:
    """One web from slurry to jelly rolls, posted, and where its truth puts every point of it."""

    def __init__(self, hand: Hand) -> None:
        self.hand = hand
        self.slurries = [hand.make("CATHODE-SLURRY") for _ in range(2)]
        self.coated = hand.serial("RCC")
        self.coat = self.post(
            self.coated, "COAT-C", length_m=LENGTH, lanes=LANES,
            components=[
                {"serial": self.slurries[0], "quantity": 25.0, "own_from_m": 0.0, "own_to_m": TRANSITION[1]},
                {"serial": self.slurries[1], "quantity": 25.0, "own_from_m": TRANSITION[0], "own_to_m": LENGTH},
            ],
            marks=[{"from_m": 10.0, "to_m": 10.4, "lane": LANE, "side": "A", "code": "COA-LINE", "size_mm": 3.0}],
            scans=[
                {"characteristic": "COA-01", "side": "A", "at_m": at, "values": [19.0, 19.1, 18.9], "gauge": "B-1"}
                for at in (5.0, 10.0, 60.0)
            ],
        )  # fmt: skip
        self.pressed = hand.serial("RKC")
        long = LENGTH * STRETCH
        self.post(
            self.pressed, "CAL-C", length_m=long, lanes=LANES,
            ranges=[{"serial": self.coated, "from_m": 0.0, "to_m": LENGTH, "own_from_m": 0.0, "own_to_m": long,
                     "reversed": True, "flipped": True}],
        )  # fmt: skip
        self.slit = hand.serial("RLC")
        first = long - CUT[1]
        of = {"serial": self.pressed, "lane": LANE, "reversed": True}
        self.slit_length = first + CUT[0]
        self.post(
            self.slit, "SLIT-C", length_m=self.slit_length, lanes=1,
            ranges=[
                {**of, "from_m": CUT[1], "to_m": long, "own_from_m": 0.0, "own_to_m": first},
                {**of, "from_m": 0.0, "to_m": CUT[0], "own_from_m": first, "own_to_m": self.slit_length},
            ],
            cut_outs=[{"serial": self.pressed, "lane": LANE, "from_m": CUT[0], "to_m": CUT[1], "code": "COA-LINE"}],
        )  # fmt: skip
        self.jellies: list[str] = []

    def post(self, serial: str, operation: str, **more: Any) -> dict[str, Any]:
        response = self.hand.tell(self.hand.body(serial, operation, **more))
        assert response.status_code == 201, response.content
        answer: dict[str, Any] = response.json()
        return answer

    def wind(self) -> str:
        jelly, at = self.hand.serial("JRL"), len(self.jellies) * JELLY_M
        self.post(
            jelly, "WIND", ranges=[{"serial": self.slit, "from_m": at, "to_m": at + JELLY_M, "delta_m": 0.0}]
        )  # fmt: skip
        self.jellies.append(jelly)
        return jelly

    def jelly_at(self, at_m: float) -> int | None:
        """Which jelly roll has a point of the coated roll's lane; None: cut out, or not wound."""
        on_pressed = STRETCH * (LENGTH - at_m)
        if CUT[0] <= on_pressed <= CUT[1]:
            return None
        turned = LENGTH * STRETCH - on_pressed
        return int((turned if on_pressed > CUT[1] else turned - (CUT[1] - CUT[0])) / JELLY_M)

    def cut_from(self, from_m: float, to_m: float) -> set[str]:
        """By every millimetre."""
        points = (self.jelly_at(from_m + n / 1000) for n in range(1, round(1000 * (to_m - from_m))))
        return {self.jellies[n] for n in points if n is not None and n < len(self.jellies)}


def held(hold_id: int) -> set[str]:
    return set(HoldUnit.objects.filter(hold=hold_id, released_at=None).values_list("unit__serial", flat=True))


def test_metres_of_a_coated_roll_hold_exactly_what_is_cut_there_now_and_later(hand: Hand) -> None:
    web = Web(hand)
    web.wind(), web.wind()
    from_m, to_m = 12.0, 42.0
    target = resolve(AskedHold("ROLL_RANGE", "streak", serial=web.coated, lane=LANE, from_m=from_m, to_m=to_m))
    counted = preview(target).n_units
    placed = place_hold(target.asked, Person.objects.get(role=Role.QUALITY), "range").hold
    before = held(placed.pk)
    assert before == web.cut_from(from_m, to_m)
    assert counted == len(before) == 2
    for _ in range(3):
        web.wind()
    assert held(placed.pk) == web.cut_from(from_m, to_m)
    assert held(placed.pk) - before == {web.jellies[2]}
    other = resolve(AskedHold("ROLL_RANGE", "streak", serial=web.coated, lane=LANE + 1, from_m=from_m, to_m=to_m))
    assert preview(other).n_units == 0
    # What is built of a held jelly roll is held with it.
    cell = hand.serial("CLF")
    web.post(cell, "WELD", components=[{"serial": web.jellies[2], "position": 1}])
    assert held(placed.pk) == web.cut_from(from_m, to_m) | {cell}
    # A slurry batch holds the metres it lies on; the rolls that are of both batches go their way.
    quality = Person.objects.get(role=Role.QUALITY)
    batch = place_hold(AskedHold("UNIT", "wet", serial=web.slurries[1]), quality, "batch").hold
    assert held(batch.pk) >= web.cut_from(TRANSITION[0], LENGTH) | {web.slurries[1]}
    assert not held(batch.pk) & {web.coated, web.pressed, web.slit, web.jellies[0]}
    web.wind()
    assert web.jellies[5] in held(batch.pk)


def test_where_a_unit_lies_on_every_roll_behind_it_and_what_was_seen_there(hand: Hand) -> None:
    web = Web(hand)
    jelly = web.wind()
    told = hand.get(f"units/{jelly}/ranges").json()
    fits(schemas.RangesBehind(), told)
    ranges = {each["serial"]: each for each in told["ranges"]}
    assert set(ranges) == {web.slit, web.pressed, web.coated}
    on = ranges[web.coated]
    inside = [at / 1000 for at in range(0, 100_000, 7) if web.jelly_at(at / 1000) == 0]
    assert on["from_m"] == pytest.approx(min(inside), abs=0.01) and on["to_m"] == pytest.approx(max(inside), abs=0.01)
    assert (on["lane"], on["is_flipped"], on["is_inferred"], on["level"]) == (LANE, True, False, 3)
    assert [mark["code"] for mark in on["marks"]] == ["COA-LINE"]
    assert [scan["at_m"] for scan in on["scans"]] == [5.0, 10.0]
    unit = Unit.objects.get(serial=jelly)
    batches = {Unit.objects.get(pk=piece.unit_id).serial for piece in pieces_behind(unit.pk)} - set(ranges)
    assert batches == {web.slurries[0]}  # it lies before the second one
    mark = Seed(Unit.objects.get(serial=web.coated).pk, LANE, 10.0, 10.4)
    assert Unit.objects.get(serial=jelly).pk in units_ahead([mark])

    told = hand.get(f"rolls/{web.pressed}/map").json()
    fits(schemas.RollMapShape(), told)
    assert [(s["serial"], s["is_reversed"]) for s in told["made_of"]] == [(web.coated, True)]
    assert told["made_of"][0]["stretch"] == pytest.approx(STRETCH)
    assert [(cut["lane"], cut["from_m"], cut["to_m"]) for cut in told["cut_outs"]] == [(LANE, *CUT)]
    assert told["balance"]["remaining_m"] == pytest.approx(LENGTH * STRETCH * (LANES - 1) / LANES)
    assert told["balance"]["is_balanced"]
    assert hand.get(f"rolls/{jelly}/map").status_code == 422
    assert hand.get("rolls/NOWHERE/map").status_code == hand.get("units/NOWHERE/ranges").status_code == 404


def test_one_range_without_its_own_metres_lies_over_the_whole_roll(hand: Hand) -> None:
    parent, child = hand.serial("RCC"), hand.serial("RKC")
    web_like: dict[str, Any] = {"length_m": 101.0, "ranges": [{"serial": parent, "from_m": 0.0, "to_m": 100.0}]}
    assert hand.tell(hand.body(child, "CAL-C", **web_like)).status_code == 201
    link = GenealogyLink.objects.get(output__serial=child)
    assert (link.own_from_m, link.own_to_m, link.is_reversed, link.delta_m) == (0.0, 101.0, False, None)


def deviations(answer: dict[str, Any]) -> set[str]:
    return {each["code"] for each in answer["deviations"]}


def test_what_cannot_be_on_a_roll_deviates_and_is_kept(hand: Hand) -> None:
    web = Web(hand)
    first = web.wind()
    ours = {"MES-T-0900", "MES-T-0901", "MES-T-0903"}
    assert not deviations(web.coat) & ours

    def wound(from_m: float, to_m: float, **more: Any) -> set[str]:
        ranges = [{"serial": web.slit, "from_m": from_m, "to_m": to_m, **more}]
        return deviations(web.post(hand.serial("JRL"), "WIND", ranges=ranges)) & ours

    # A serial's own repeat takes the same metres.
    again = web.post(first, "WIND", ranges=[{"serial": web.slit, "from_m": 0.0, "to_m": JELLY_M}])
    assert not deviations(again) & ours
    assert wound(90.0, 130.0) == {"MES-T-0900"}  # beyond the roll
    assert wound(10.0, 25.0) == {"MES-T-0901"}  # the first jelly roll has them
    assert wound(30.0, 40.0) == set()
    assert wound(39.9, 45.0, delta_m=0.2) == set()  # within what the encoder may be off
    # Metres that were cut out cannot be in a lane roll.
    of = {"serial": web.pressed, "lane": LANE, "from_m": 41.0, "to_m": 43.0}
    assert "MES-T-0901" in deviations(web.post(hand.serial("RLC"), "SLIT-C", length_m=2.0, ranges=[of]))
    roll = hand.serial("RCC")
    mark = {"from_m": 180.0, "code": "COA-PIN"}
    assert "MES-T-0903" in deviations(web.post(roll, "COAT-C", length_m=100.0, marks=[mark]))
    assert RollMark.objects.filter(roll__serial=roll).count() == 1
    assert RollScan.objects.filter(roll__serial=web.coated).count() == 3
    assert RollCut.objects.get(roll__serial=web.pressed).code == "COA-LINE"


def test_what_has_no_meaning_is_quarantined_and_nothing_of_it_kept(hand: Hand) -> None:
    web = Web(hand)
    links, kept = GenealogyLink.objects.count(), QuarantinedPost.objects.count()

    def refused(serial: str, operation: str, **more: Any) -> str:
        response = hand.tell(hand.body(serial, operation, **more))
        assert response.status_code == 422, response.content
        return str(response.json()["code"])

    roll = hand.serial("RKC")
    twice = [{"serial": web.slit, "from_m": at, "to_m": at + 10.0} for at in (0.0, 5.0)]
    assert refused(hand.serial("JRL"), "WIND", ranges=twice) == "MES-L-0980"
    # The coated roll went into the calendered one, which went into the slit one.
    circle = [{"serial": web.slit, "from_m": 0.0, "to_m": 1.0}]
    assert refused(web.coated, "COAT-C", ranges=circle) == "MES-T-0902"
    assert refused(roll, "CAL-C", length_m=5.0, marks=[{"from_m": 1.0, "code": "NO-SUCH"}]) == UNKNOWN_REASON.code
    scan = {"characteristic": "NO-SUCH", "at_m": 1.0, "values": [1.0]}
    refused(roll, "CAL-C", length_m=5.0, scans=[scan])
    bad: dict[str, Any]
    for bad in ({"values": []}, {"values": [1.0, "x"]}, {"values": [1.0, 1e300]}, {"at_m": -1.0}, {"side": "C"}):
        refused(roll, "CAL-C", length_m=5.0, scans=[{**scan, "characteristic": "COA-01", **bad}])
    piece = {"serial": web.coated, "from_m": 0.0, "to_m": 1.0}
    # Half a place; metres that no web has, whose ratio would be no number any more.
    for bad in ({"own_from_m": 0.0}, {"to_m": 1e-300}, {"to_m": 1e100}, {"own_from_m": 0.0, "own_to_m": 1e100},
                {"delta_m": 1e9}):  # fmt: skip
        refused(roll, "CAL-C", length_m=5.0, ranges=[piece | bad])
    refused(roll, "CAL-C", length_m=1e100, ranges=[piece])
    assert not Unit.objects.filter(serial=roll).exists()
    assert GenealogyLink.objects.count() == links
    assert QuarantinedPost.objects.count() == kept + 15


def test_a_record_of_another_roll_takes_its_marks_with_it(hand: Hand) -> None:
    wrong, right = hand.serial("RCC"), hand.serial("RCC")
    told = hand.tell(hand.body(wrong, "COAT-C", length_m=50.0, marks=[{"from_m": 7.0, "code": "COA-PIN"}])).json()
    correction = {"record": told["record"], "kind": "SERIAL", "serial": right, "reason": "Label of the next roll"}
    token = issue_person_token(Person.objects.get(role=Role.QUALITY))
    assert hand.post("corrections", correction, token).status_code == 201
    assert hand.get(f"rolls/{wrong}/map").json()["marks"] == []
    assert [mark["from_m"] for mark in hand.get(f"rolls/{right}/map").json()["marks"]] == [7.0]


def test_no_correction_makes_a_circle(hand: Hand) -> None:
    first, then = hand.serial("RCC"), hand.serial("RKC")
    told = hand.tell(hand.body(first, "COAT-C", length_m=50.0)).json()
    ranges = [{"serial": first, "from_m": 0.0, "to_m": 50.0}]
    assert hand.tell(hand.body(then, "CAL-C", length_m=50.0, ranges=ranges)).status_code == 201
    correction = {"record": told["record"], "kind": "LINK", "right": {"serial": then}, "reason": "Wrong way round"}
    response = hand.post("corrections", correction, issue_person_token(Person.objects.get(role=Role.QUALITY)))
    assert (response.status_code, response.json()["code"]) == (422, "MES-T-0902")
