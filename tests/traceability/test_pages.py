"""The pages of units and lots, on the real plant, filled through the API as stations do."""

import re
from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from lines.models import Person
from lines.people.models import Role
from tests.traceability.conftest import Hand
from traceability.genealogy.levels import Edge, Node, made_of, went_into
from traceability.models import Hold, Lot, Permit


@pytest.fixture
def page(hand: Hand) -> Callable[..., str]:  # noqa: ARG001 - the plant comes first
    client = Client()
    client.force_login(Person.objects.get(role=Role.QUALITY))

    def get(path: str, language: str = "en") -> str:
        client.cookies["django_language"] = language
        response = client.get(path)
        assert response.status_code == 200, path
        return re.sub(r"\s+", " ", response.content.decode())

    return get


def part(html: str, section: str) -> str:
    """One section of a page, by its id."""
    start = html.index(f'id="{section}"')
    return html[start : html.index("</section>", start)]


def queries(page: Callable[..., str], path: str) -> int:
    with CaptureQueriesContext(
        connection,
    ) as captured:
        page(path)
    return len(captured)


def test_a_cell_shows_each_operation_with_its_values_and_what_it_is_made_of(
    hand: Hand, page: Callable[..., str]
) -> None:
    cell = hand.make("LFP-CELL")
    html = page(f"/units/{cell}/")
    history = part(html, "history")
    operations = [s.operation for s in hand.plant.products[0].steps if s.definition == "LFP-CELL"]
    shown = re.findall(r'<h3>[^<]* <span class="mono">([\w-]+)</span>', history)
    assert shown == operations
    # First filling: value, unit, both limits, drawn and judged.
    fill = history[history.index("First filling") :]
    assert re.search(r"<b>846\.00</b> <span class=\"unit\">g</span>.*?842\.00 – 850\.00.*?limit-bar.*?Pass", fill)
    assert "T-0001" in history
    behind = part(html, "made-of")
    for word in ("Jelly roll", "Slit cathode lane", "Cathode slurry", "LFP powder"):
        assert word in behind
    assert "position 1" in behind
    assert "10.0 – 17.9 m" in behind
    lot = Lot.objects.get(number="LOT-LFP-POWDER")
    assert f"/lots/{lot.pk}/" in behind
    assert "No other unit was made of it so far" in part(html, "went-into")


def test_a_deviating_result_is_told_in_the_readers_language(hand: Hand, page: Callable[..., str]) -> None:
    cell = hand.make("LFP-CELL", until="DEGAS")
    denied = hand.ask(cell, "GRADE")
    assert denied["verdict"] == "DENY"
    assert hand.tell(hand.body(cell, "GRADE")).status_code == 201
    assert Permit.objects.filter(serial=cell, verdict="DENY").exists()
    assert Hold.objects.filter(unit__serial=cell, released_at=None).exists()
    reason = denied["reasons"][0]
    for language, held in (("en", "On hold"), ("ja", "保留中")):
        html = page(f"/units/{cell}/", language)
        assert held in html
        history = part(html, "history")
        # Once for the denied entry, once for the result that came anyway.
        assert history.count(reason["what"][language]) >= 2
        assert "is-warn" in history


def test_attempts_of_a_rework_stand_together(hand: Hand, page: Callable[..., str]) -> None:
    cell = hand.make("LFP-CELL", until="DEGAS")
    step = hand.step(cell, "DEGAS")
    assert step is not None
    assert hand.run(cell, "DEGAS", "FAIL", reason_codes=["FIL-LOW"], **hand.inputs(step))["disposition"] == "REWORK"
    hand.run(cell, "DEGAS", **hand.inputs(step))
    history = part(page(f"/units/{cell}/"), "history")
    loop = history[history.index("is-rework") :]
    assert loop.index("attempt 1") < loop.index("attempt 2")
    assert "ended with a pass" in loop
    assert "FIL-LOW" in loop
    assert loop.count('class="visit') == 2


def test_a_pack_shows_its_cells_by_position_and_a_cell_where_it_went(hand: Hand, page: Callable[..., str]) -> None:
    product = hand.plant.products[0]
    step = next(s for s in product.steps if s.operation == "PACK")
    cells = [hand.make("LFP-CELL") for _ in range(8)]
    inputs = hand.inputs(step, per_position=0)
    inputs["components"] = [{"serial": cell, "position": at} for at, cell in enumerate(cells, 1)]
    pack = hand.serial("PLF")
    assert hand.tell(hand.body(pack, "PACK", **inputs)).status_code == 201
    behind = part(page(f"/units/{pack}/"), "made-of")
    positions = re.findall(r'href="/units/(\w+)/" title="[^"]*">(\d+)</a>', behind)
    assert positions == [(cell, str(at)) for at, cell in enumerate(cells, 1)]
    # What lies behind all cells stands once, below them.
    assert behind.count("Cathode slurry") == 1
    ahead = part(page(f"/units/{cells[2]}/"), "went-into")
    assert pack in ahead
    assert "position 3" in ahead


def test_a_lot_shows_every_unit_and_the_way_into_it(hand: Hand, page: Callable[..., str]) -> None:
    cell = hand.make("LFP-CELL")
    lot = Lot.objects.get(number="LOT-LFP-POWDER")
    batches = page(f"/lots/{lot.pk}/?kind=CATHODE-SLURRY")
    assert "directly" in batches
    assert "1.5 kg" in batches
    cells = page(f"/lots/{lot.pk}/?kind=LFP-CELL")
    assert cell in cells
    assert "through" in cells
    assert re.search(r'Jelly roll <span class="badge quiet">2</span>', cells)


def test_the_number_of_queries_does_not_grow_with_the_rows(hand: Hand, page: Callable[..., str]) -> None:
    first = hand.make("LFP-CELL", until="CAN")
    lot = Lot.objects.get(number="LOT-LID-LFP")
    page(f"/units/{first}/")
    few, few_of_lot = queries(page, f"/units/{first}/"), queries(page, f"/lots/{lot.pk}/")
    second = hand.make("LFP-CELL")
    assert queries(page, f"/units/{second}/") <= few + 1  # the route, once no step is next
    assert queries(page, f"/lots/{lot.pk}/") == few_of_lot


@pytest.mark.parametrize("path", ["/units/NONE/", "/units/A/B/", "/lots/0/", f"/lots/{10**30}/"])
def test_what_is_not_there_is_not_found(hand: Hand, path: str) -> None:  # noqa: ARG001 - the plant comes first
    client = Client()
    client.force_login(Person.objects.get(role=Role.QUALITY))
    assert client.get(path).status_code == 404


def test_siblings_share_what_lies_behind_them() -> None:
    """A diamond: two cells of one lane stand as one group, the lane once, with both its ranges."""
    pack, one, two, lane, lot = Node(False, 1), Node(False, 2), Node(False, 3), Node(False, 4), Node(True, 1)
    edges = [
        Edge(pack, two, position=2),
        Edge(pack, one, position=1),
        Edge(one, lane, from_m=0.0, to_m=10.0),
        Edge(two, lane, from_m=20.0, to_m=30.0),
        Edge(lane, lot, quantity=4.0, uom="kg"),
    ]
    materials = {one: "CELL", two: "CELL", lane: "LANE", lot: "POWDER", pack: "PACK"}
    (cells,) = made_of(pack, edges, materials)
    assert [member.node for member in cells.members] == [one, two]
    (lanes,) = cells.groups
    (member,) = lanes.members
    assert (member.from_m, member.to_m, member.taken_m) == (0.0, 30.0, 20.0)
    assert lanes.groups[0].members[0].quantity == 4.0
    (up,) = went_into(lot, edges, materials)
    assert up.groups[0].groups[0].members[0].node == pack


def test_a_loop_in_the_links_ends() -> None:
    a, b = Node(False, 1), Node(False, 2)
    assert made_of(a, [Edge(a, b), Edge(b, a)], {a: "A", b: "B"})
