"""/go/<kind>/<id>/ knows where the things that alarms and records name have their pages."""

import pytest
from django.test import Client

from lines.models import Person
from tests.mes.plant_rows import load_osaka, post

pytestmark = pytest.mark.django_db


@pytest.fixture
def visitor() -> Client:
    client = Client()
    client.force_login(Person.objects.create(username="reader"))
    return client


@pytest.mark.parametrize(
    ("address", "page"),
    [
        ("/go/station/COAT-1/", "/stations/COAT-1/"),
        ("/go/chart/COAT-LOAD-A/", "/charts/COAT-LOAD-A/"),
        ("/go/unit/SK1CLF6AB000001XX/", "/units/SK1CLF6AB000001XX/"),
        ("/go/lot/12/", "/lots/12/"),
        ("/go/quarantine/L1-3f2a/", "/quarantine/"),
        ("/go/tray/T-0007/", "/search/?q=T-0007"),
    ],
)
def test_each_kind_has_its_page(visitor: Client, address: str, page: str) -> None:
    answer = visitor.get(address)
    assert (answer.status_code, answer["Location"]) == (302, page)


def test_a_record_is_on_its_units_page(visitor: Client) -> None:
    load_osaka()
    record = post("EOL-1", ["SK1PLF6AB000001XX"])[0]
    assert visitor.get(f"/go/record/{record.pk}/")["Location"] == f"/units/SK1PLF6AB000001XX/#record-{record.pk}"


@pytest.mark.parametrize(
    "address", ["/go/nothing/1/", "/go/lot/x/", "/go/record/x/", "/go/record/1/", f"/go/record/{10**30}/"]
)
def test_what_is_not_there_is_not_found(visitor: Client, address: str) -> None:
    assert visitor.get(address).status_code == 404
