"""A parameter that nobody reads is refused: a misspelt filter must not answer for everything."""

import pytest

from lines.errors import WRONG_PARAMETER, Code
from lines.models import Person
from lines.people.models import Role
from lines.people.services import issue_person_token
from tests.traceability.conftest import Hand
from traceability.wide.errors import WRONG_REQUEST


@pytest.mark.parametrize(
    ("path", "query", "code", "named"),
    [
        ("units", {"kinds": "cell"}, WRONG_PARAMETER, "kinds"),
        ("units/{unit}", {"asof": "2026-11-20T09:00:00Z"}, WRONG_PARAMETER, "asof"),
        ("units/{unit}/genealogy", {"kind": "cell"}, WRONG_PARAMETER, "kind"),
        ("lots/1/where-used", {"kind": "cell"}, WRONG_PARAMETER, "kind"),
        ("where-used", {"kind": "unit", "serial": "{unit}", "form_m": "3"}, WRONG_PARAMETER, "form_m"),
        ("where-used", {"kind": "range"}, WRONG_PARAMETER, "serial"),
        ("units/wide", {"definition": "LFP-CELL", "serials_from": "A"}, WRONG_PARAMETER, "serials_from"),
        ("units/wide", {"definition": "LFP-CELL", "serial_from": "B", "serial_to": "A"}, WRONG_REQUEST, "serial_from"),
        ("audits/log", {"kind": "BANANA"}, WRONG_PARAMETER, "kind"),
    ],
)
def test_it_is_named_in_the_refusal(hand: Hand, path: str, query: dict[str, str], code: Code, named: str) -> None:
    unit = hand.make("ANODE-SLURRY")
    token = issue_person_token(Person.objects.get(role=Role.AUDITOR))
    answer = hand.client.get(
        f"/api/v1/{path.format(unit=unit)}",
        {name: value.format(unit=unit) for name, value in query.items()},
        headers={"authorization": f"Token {token}"},
    )
    assert (answer.json()["code"], named in answer.json()["detail"]) == (code.code, True), answer.content
