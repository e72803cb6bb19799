"""A page of what does not exist says which, under which code, and what to do: in both languages."""

import pytest
from django.test import Client

from lines.errors import Code
from lines.models import Person
from lines.people.models import Role
from traceability.causes.errors import ANALYSIS_UNKNOWN
from traceability.errors import LOT_NOT_FOUND, UNIT_NOT_FOUND
from traceability.genealogy.errors import NOWHERE_PLACED
from traceability.holds.errors import HOLD_NOT_FOUND
from traceability.recall.errors import RECALL_NOT_FOUND


@pytest.mark.parametrize(
    ("path", "code", "told"),
    [
        ("/units/NOBODY/", UNIT_NOT_FOUND, "NOBODY"),
        ("/genealogy/NOBODY/", UNIT_NOT_FOUND, "NOBODY"),
        ("/genealogy/lots/99999/", LOT_NOT_FOUND, "99999"),
        ("/rolls/NOBODY/", UNIT_NOT_FOUND, "NOBODY"),
        ("/lots/99999/", LOT_NOT_FOUND, "99999"),
        ("/trays/NOBODY/", NOWHERE_PLACED, "NOBODY"),
        ("/recall/99999/", RECALL_NOT_FOUND, "99999"),
        ("/common-cause/99999/", ANALYSIS_UNKNOWN, "99999"),
        ("/holds/99999/", HOLD_NOT_FOUND, "99999"),
    ],
)
@pytest.mark.parametrize("language", ["en", "ja"])
@pytest.mark.usefixtures("hand")
def test_an_unknown_name_is_told_with_its_code(path: str, code: Code, told: str, language: str) -> None:
    client = Client(headers={"accept-language": language})
    client.force_login(Person.objects.get(role=Role.AUDITOR))
    response = client.get(path)
    page = response.content.decode()
    assert response.status_code == 404
    assert code.code in page and told in page[page.index(code.code) :], path
