"""What a recall says of its own completeness: recorded, inferred, missing; what hangs behind a missing link is never
clean."""

import random
from datetime import timedelta

import pytest
from django.db.models import F

from tests.traceability.conftest import Hand
from tests.traceability.recall.plain_answer import answer_for_lot
from tests.traceability.rolls.test_posts import Web
from traceability.completeness.checking import check_links
from traceability.completeness.queries import Missing
from traceability.holds.asking import WrongField
from traceability.models import GenealogyLink, LinkToCheck, LostLink, Lot, Unit
from traceability.recall.asked import AskedSuspect, from_json
from traceability.recall.queries import traced
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
    of = GenealogyLink.objects.select_related("record", "input_lot", "input_unit__definition")
    gone = list(of.filter(pk__in=rng.sample(links, 8)))
    for link in gone:
        GenealogyLink.objects.filter(pk=link.pk).delete()
    if seed == 3:
        check_links()
    serial = dict(Unit.objects.values_list("pk", "serial"))
    for material in ("GRAPHITE", "NMP", "SEPARATOR"):
        plain = answer_for_lot(Lot.objects.get(number=f"LOT-{material}").pk, material, gone)
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


@pytest.mark.parametrize("is_looked_after", [False, True])
def test_one_of_several_links_of_a_material_that_was_deleted_is_missing(hand: Hand, is_looked_after: bool) -> None:
    """A splice, a change of batch, two lots of one material: the bill is satisfied by what is left."""
    web = Web(hand)
    jellies = {web.wind() for _ in range(3)}
    if is_looked_after:
        check_links()
    metres = AskedSuspect("ROLL_RANGE", serial=web.coated, lane=2, from_m=62.0, to_m=95.0)
    batch = AskedSuspect("UNITS", serials=(web.slurries[1],))
    before = {suspect.kind: told(suspect) for suspect in (metres, batch)}
    assert not any(missing or found["POSSIBLE"] for found, missing in before.values())
    splice = GenealogyLink.objects.filter(output__serial=web.slit).order_by("own_from_m")[0]
    second = GenealogyLink.objects.get(output__serial=web.coated, input_unit__serial=web.slurries[1])
    for suspect, link, serial in ((metres, splice, web.slit), (batch, second, web.coated)):
        kept = GenealogyLink(**{each.attname: getattr(link, each.attname) for each in link._meta.concrete_fields})
        GenealogyLink.objects.filter(pk=link.pk).delete()
        if is_looked_after:
            check_links()
        found, missing = told(suspect)
        assert set().union(*before[suspect.kind][0].values()) <= set().union(*found.values())
        assert {serial, *jellies} <= set().union(*found.values()) and found["POSSIBLE"]
        assert [(m.serial, m.needed, m.found, m.why) for m in missing] == [(serial, 2, 1, "LOST")]
        # Told again, it is whole; the database noted the unit, so that it is looked at again.
        kept.save(force_insert=True)
        assert LostLink.objects.filter(unit=kept.output).count() == 1
        LinkToCheck.objects.get_or_create(unit=kept.output)
        assert told(suspect) == before[suspect.kind]
    # Two lots.
    slurry = Unit.objects.get(serial=web.slurries[0])
    first = GenealogyLink.objects.filter(output=slurry).exclude(input_lot=None)[0]
    assert first.input_lot is not None
    code = first.input_lot.material_code
    other = Lot.objects.get(pk=first.input_lot.pk)
    other.pk, other.number = None, "OTHER"
    other.save()
    GenealogyLink.objects.create(output=slurry, input_lot=other, record=first.record)
    GenealogyLink.objects.get(input_lot=other).delete()
    found, missing = told(AskedSuspect("LOT", supplier=other.supplier, lot="OTHER"))
    assert {web.slurries[0], web.coated, web.slit, *jellies} <= found["POSSIBLE"]
    assert [(m.serial, m.material, m.needed, m.found, m.why) for m in missing] == [
        (web.slurries[0], code, 2, 1, "LOST")
    ]


def test_metres_of_a_roll_that_no_link_covers_are_missing(hand: Hand) -> None:
    web = Web(hand)
    web.wind()
    batch = AskedSuspect("UNITS", serials=(web.slurries[1],))
    second = GenealogyLink.objects.filter(input_unit__serial=web.slurries[1])
    second.update(own_to_m=99.6)
    assert not told(batch)[1]
    second.update(own_to_m=99.4)
    assert [(m.serial, m.material, m.why) for m in told(batch)[1]] == [(web.coated, "CATHODE-SLURRY", "METRES")]
    second.update(own_from_m=None, own_to_m=None)  # it lies anywhere
    assert not told(batch)[1]


def test_times_outside_the_calendar_are_refused() -> None:
    for suspect in ({"kind": "RECIPE", "recipe": "A/B/v1"}, {"kind": "GAUGE", "gauge": "G"}):
        for name in ("window_from", "window_to"):
            with pytest.raises(WrongField) as refused:
                from_json({**suspect, name: "0001-01-01T00:00:00+00:00"})
            assert refused.value.field == name
