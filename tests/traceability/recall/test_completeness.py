"""What a recall says of its own completeness: recorded, inferred, missing; what hangs behind a missing link is never
clean."""

import random
from datetime import timedelta

import pytest
from django.db.models import F

from tests.traceability.conftest import Hand
from tests.traceability.recall.plain_answer import answer_for_lot
from traceability.models import GenealogyLink, Lot, Unit
from traceability.recall.asked import AskedSuspect
from traceability.recall.checking import check_links
from traceability.recall.queries import Missing, traced
from traceability.recall.suspects import look_up


def told(asked: AskedSuspect) -> tuple[dict[str, set[str]], list[Missing]]:
    """Serials by certainty, and what is missing."""
    found: dict[str, set[str]] = {"RECORDED": set(), "INFERRED": set(), "POSSIBLE": set()}
    with traced(look_up(asked)) as answer:
        for each in answer.units():
            found[each.certainty].add(each.unit.serial)
        assert {name: len(serials) for name, serials in found.items()} == answer.counts
        assert sum(group.n_units for _, group in answer.groups()) == answer.n_units
        return found, list(answer.missing())


def lot(material: str) -> AskedSuspect:
    return AskedSuspect("LOT", supplier="ACME", lot=f"LOT-{material}")


@pytest.mark.parametrize("is_looked_after", [False, True])
def test_deleting_a_link_makes_the_next_report_say_so(hand: Hand, is_looked_after: bool) -> None:
    jelly = hand.make("LFP-JELLY")
    unit = Unit.objects.get(serial=jelly)
    if is_looked_after:
        check_links()
    found, missing = told(lot("GRAPHITE"))
    assert jelly in found["RECORDED"] and not found["POSSIBLE"] and not missing
    lane = GenealogyLink.objects.get(output=unit, input_unit__definition__code="ANODE-LANE")
    lane.delete()
    if is_looked_after:
        check_links()
    found, missing = told(lot("GRAPHITE"))
    assert found["POSSIBLE"] == {jelly} and jelly not in found["RECORDED"] | found["INFERRED"]
    assert [(m.serial, m.operation, m.material, m.needed, m.found) for m in missing] == [
        (jelly, "WIND", "ANODE-LANE", 1, 0)
    ]
    # The cathode's way does not lead through it.
    found, missing = told(lot("LFP-POWDER"))
    assert jelly in found["RECORDED"] and not missing


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_any_links_may_be_missing_or_only_mounted(hand: Hand, seed: int) -> None:
    """Against a walk in plain Python, looked after or not."""
    rng = random.Random(seed)
    for _ in range(2):
        hand.make("LFP-JELLY")
    hand.make("LFP-CELL", until="BAKE")
    links = list(GenealogyLink.objects.order_by("pk").values_list("pk", flat=True))
    GenealogyLink.objects.update(from_m=None, to_m=None, lane=None)
    GenealogyLink.objects.filter(pk__in=rng.sample(links, 6)).update(basis="MOUNTED")
    if seed % 2:
        check_links()
    gone = GenealogyLink.objects.filter(pk__in=rng.sample(links, 8))
    for link in gone:
        link.delete()
    if seed == 3:
        check_links()
    serial = dict(Unit.objects.values_list("pk", "serial"))
    for material in ("GRAPHITE", "NMP", "SEPARATOR"):
        plain = answer_for_lot(Lot.objects.get(number=f"LOT-{material}").pk, material)
        found, missing = told(lot(material))
        assert found["RECORDED"] == {serial[pk] for pk in plain.recorded}
        assert found["INFERRED"] == {serial[pk] for pk in plain.inferred}
        assert found["POSSIBLE"] == {serial[pk] for pk in plain.possible}
        assert {(m.serial, m.operation, m.material, m.needed, m.found) for m in missing} == {
            (serial[pk], *rest) for pk, *rest in plain.missing
        }


def test_a_part_that_was_named_but_never_told_of_is_missing_as_a_whole(hand: Hand) -> None:
    """A jelly roll takes in a lane that no record made: nobody knows what the lane is made of."""
    step = hand.step(hand.serial("JRL"), "WIND")
    assert step
    inputs = hand.inputs(step)
    ghost = hand.serial("RLA")
    for each in inputs["ranges"]:
        if each["serial"][3:6] == "RLA":
            each["serial"] = ghost
    jelly = hand.serial("JRL")
    assert hand.tell(hand.body(jelly, "WIND", **inputs)).status_code == 201
    check_links()
    found, missing = told(lot("GRAPHITE"))
    assert {jelly, ghost} <= found["POSSIBLE"]
    assert (ghost, "SLIT-A", "ANODE-CAL") in {(m.serial, m.operation, m.material) for m in missing}
    # Told of later, it is clean again.
    whole = hand.make("ANODE-LANE")
    GenealogyLink.objects.filter(input_unit__serial=ghost).update(input_unit=Unit.objects.get(serial=whole))
    Unit.objects.filter(serial=ghost).delete()
    assert jelly in told(lot("GRAPHITE"))[0]["RECORDED"]


def test_a_place_of_the_bill_that_is_empty_is_missing(hand: Hand) -> None:
    cell, jelly = hand.serial("CLF"), hand.make("LFP-JELLY")
    assert hand.tell(hand.body(cell, "WELD", components=[{"serial": jelly, "position": 2}])).status_code == 201
    found, missing = told(lot("GRAPHITE"))
    assert {jelly, cell} <= found["RECORDED"]  # what is affected for certain is not called possible
    assert [(m.serial, m.found, m.needed) for m in missing if m.material == "LFP-JELLY"] == [(cell, 1, 2)]


def test_what_was_there_before_the_suspect_is_clean(hand: Hand) -> None:
    jelly = hand.make("LFP-JELLY")
    GenealogyLink.objects.get(output__serial=jelly, input_unit__definition__code="ANODE-LANE").delete()
    hand.receive("GRAPHITE", "NEW")
    Lot.objects.filter(number="NEW").update(created_at=F("created_at") + timedelta(days=3), received_at=None)
    check_links()
    found, missing = told(AskedSuspect("LOT", supplier="ACME", lot="NEW"))
    assert not any(found.values()) and not missing
    Lot.objects.filter(number="NEW").update(created_at=F("created_at") - timedelta(days=9))
    assert told(AskedSuspect("LOT", supplier="ACME", lot="NEW"))[0]["POSSIBLE"] == {jelly}
