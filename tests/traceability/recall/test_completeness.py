"""What a recall says of its own completeness: recorded, inferred, missing; what hangs behind a missing link is never
clean."""


import pytest

from tests.traceability.conftest import Hand
from traceability.models import GenealogyLink, Unit
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
