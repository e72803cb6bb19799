"""A deleted link is told wherever genealogy is: over the API, on the pages, on the roll, in the history file."""

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client

from lines.models import Person
from lines.people.models import Role
from tests.traceability.conftest import Hand
from tests.traceability.rolls.test_posts import Web
from traceability.audits.history import history_content
from traceability.audits.printed import Issue, printed
from traceability.completeness.checking import check_links
from traceability.models import GenealogyLink, Unit
from traceability.rolls.family import family_of
from traceability.rolls.fates import LOST, RollFates, fates_of


@pytest.fixture
def web(hand: Hand) -> Web:
    found = Web(hand)
    for _ in range(3):
        found.wind()
    return found


def fates(serial: str) -> RollFates:
    return fates_of(family_of(Unit.objects.get(serial=serial)))


def told(hand: Hand, path: str, **query: Any) -> list[tuple[str, str]]:
    """(serial, operation) of the links that were deleted; the web's anodes and foils nobody told."""
    missing = hand.get(path, **query).json()["missing"]
    assert missing["n_links"] == sum(each["needed"] - each["found"] for each in missing["links"])
    return [(each["serial"], each["operation"]) for each in missing["links"] if each["why"] == "LOST"]


def page(path: str) -> str:
    client = Client(headers={"accept-language": "en"})
    client.force_login(Person.objects.get(role=Role.AUDITOR))
    response = client.get(path)
    assert response.status_code == 200, path
    return re.sub(r"<[^>]+>|\s+", " ", response.content.decode())


@pytest.mark.parametrize("looks", [0, 1, 2], ids=["never looked at", "looked at before", "looked at again"])
def test_behind_the_unit_and_ahead_of_all_that_is_in_it(hand: Hand, web: Web, looks: int) -> None:
    jelly, other = web.jellies[:2]
    lost = GenealogyLink.objects.get(output__serial=jelly, input_unit__serial=web.slit)
    lot = GenealogyLink.objects.filter(output__serial=web.slurries[0]).exclude(input_lot=None)[0].input_lot_id
    behind, ahead = f"units/{jelly}/genealogy", f"units/{web.coated}/genealogy"
    assert lost.to_m is not None
    metres = {"kind": "range", "serial": web.slit, "from_m": lost.from_m, "to_m": lost.to_m}
    asked: list[tuple[str, dict[str, Any]]] = [
        (behind, {}),
        (behind, {"depth": 1}),
        (ahead, {"direction": "used_in"}),
        ("where-used", metres),
        ("where-used", {"kind": "unit", "serial": web.slit}),
    ]
    if looks:
        check_links()
    for path, query in asked:
        assert told(hand, path, **query) == []
    lost.delete()
    if looks > 1:
        check_links()
    for path, query in asked:
        assert told(hand, path, **query) == [(jelly, "WIND")], (path, query)
    assert told(hand, f"units/{other}/genealogy") == []
    assert told(hand, "where-used", **{**metres, "from_m": lost.to_m, "to_m": lost.to_m + 1}) == []
    of_slurry = told(hand, f"units/{web.slurries[0]}/genealogy", direction="used_in")
    of_lot = told(hand, f"lots/{lot}/where-used")
    assert of_slurry == of_lot
    at = web.slurries[0] in {link["serial"] for link in hand.get(f"units/{other}/genealogy").json()["links"]}
    assert of_lot or not at
    first = hand.get(ahead, direction="used_in", limit=1).json()
    assert hand.get(ahead, direction="used_in", limit=1, cursor=first["next_cursor"]).json()["missing"] is None
    assert hand.get(behind, as_of="2100-01-01T00:00:00Z").json()["missing"] is None


def test_pages_do_not_say_that_all_is_recorded(hand: Hand) -> None:
    jelly = hand.make("LFP-JELLY")
    link = GenealogyLink.objects.get(output__serial=jelly, input_unit__definition__code="ANODE-LANE")
    assert link.input_unit is not None
    lane = link.input_unit.serial
    before = page(f"/genealogy/{jelly}/")
    assert "all recorded by stations" in before
    assert "missing" not in before.lower()
    link.delete()
    of_unit, of_roll = page(f"/genealogy/{jelly}/"), page(f"/genealogy/{lane}/")
    assert "1 link behind it is missing." in of_unit
    assert "1 link that told where it went was deleted." in of_roll
    assert "all recorded by stations" not in of_unit + of_roll
    for text in (of_unit, of_roll):
        assert "a link that was deleted" in text[text.index("Missing links") :]
    assert "1 link behind it is missing." in page(f"/units/{jelly}/")
    assert "1 link that told where it went was deleted." in page(f"/units/{lane}/")
    assert "1 link that told where it went was deleted." in page(f"/rolls/{lane}/")


def test_metres_of_a_deleted_link_are_not_left(web: Web) -> None:
    jelly = web.jellies[0]
    taken = {
        serial: [piece for piece in fates(serial).taken if piece.serial == jelly] for serial in (web.slit, web.coated)
    }
    left = fates(web.slit).metres["left"]
    GenealogyLink.objects.filter(output__serial=jelly, input_unit__serial=web.slit).delete()
    for serial, pieces in taken.items():
        now = [piece for piece in fates(serial).taken if piece.serial == jelly]
        assert pieces
        assert [(piece.from_m, piece.to_m) for piece in now] == [(piece.from_m, piece.to_m) for piece in pieces]
        assert {piece.fate for piece in now} == {LOST}
    assert fates(web.slit).metres["left"] == left


def test_the_history_file_lists_them(hand: Hand) -> None:
    jelly = hand.make("LFP-JELLY")
    assert history_content(jelly)["missing_links"] == []
    GenealogyLink.objects.get(output__serial=jelly, input_unit__definition__code="ANODE-LANE").delete()
    content = history_content(jelly)
    assert [(each["serial"], each["operation"], each["material"]) for each in content["missing_links"]] == [
        (jelly, "WIND", "ANODE-LANE")
    ]
    issue = Issue("0" * 64, "ABCD", "somebody", datetime(2026, 1, 1, tzinfo=UTC), "https://plant/verify?code=ABCD")
    for language, title in (("en", "Missing links behind it"), ("ja", "欠けている系譜リンク")):
        tables = printed(content, issue, language=language, zone=UTC)["tables"]
        assert [title] == [part["title"] for part in tables if "ANODE-LANE" in str(part) and jelly in str(part)]
