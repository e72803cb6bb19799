"""A scan goes straight to the object; what nobody knows gets a clear answer."""

from datetime import timedelta

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from lines.models import OperationRecord, Person, Station, StationPost
from lines.orders.serials import ALPHABET, Serial, make_serial
from lines.people.models import Role
from lines.records.models import Verdict
from mes.search.nearby import serials_near
from tests.traceability.conftest import MADE_ON, Hand, hand, loaded  # noqa: F401 - fixtures
from traceability.models import Lot, TrayPlacement, Unit

CELL = make_serial(Serial("SK", "1", "CLF", MADE_ON, 42))


def unit(serial: str = CELL) -> Unit:
    now = timezone.now()
    return Unit.objects.create(serial=serial, created_at=now, updated_at=now)


def lot(number: str, supplier: str = "ACME") -> Lot:
    return Lot.objects.create(supplier=supplier, number=number, material_code="NMP", created_at=timezone.now())


def search(text: str, language: str = "en") -> HttpResponse:
    client = Client()
    client.force_login(Person.objects.get(role=Role.SUPERVISOR))
    client.cookies["django_language"] = language
    response = client.get("/search/", {"q": text})
    assert isinstance(response, HttpResponse)
    return response


def full_width(text: str) -> str:
    return "".join(chr(ord(c) + 0xFEE0) for c in text)


@pytest.mark.usefixtures("hand")
def test_a_scan_goes_straight_to_the_object() -> None:
    unit()
    found = lot("NMP-0815")
    for text, address in [
        (CELL, f"/units/{CELL}/"),
        (f"  {CELL.lower()}\t", f"/units/{CELL}/"),
        (full_width(CELL), f"/units/{CELL}/"),
        ("nmp-0815", f"/lots/{found.pk}/"),
        ("ACME NMP-0815", f"/lots/{found.pk}/"),
        ("coat-1", "/stations/COAT-1/"),
        ("FIL-01-LFP", "/charts/FIL-01-LFP/"),
    ]:
        response = search(text)
        assert response.status_code == 302, text
        assert response["Location"] == address


@pytest.mark.usefixtures("hand")
def test_several_hits_are_listed() -> None:
    lots = [lot("77-1", "ACME"), lot("77-1", "Other")]
    html = search("77-1").content.decode()
    assert all(f"/lots/{each.pk}/" in html for each in lots)
    unit()
    assert CELL in search(CELL[:8]).content.decode()


@pytest.mark.usefixtures("hand")
def test_a_tray_shows_its_newest_load() -> None:
    now = timezone.now()
    station = Station.objects.get(code="FORM-1")
    for load, when in enumerate((now - timedelta(days=2), now - timedelta(hours=1))):
        post = StationPost.objects.create(station=station, key=f"t-{load}", body_sha256="0" * 64, received_at=when)
        for slot in (1, 2):
            placed = unit(make_serial(Serial("SK", "1", "CLF", MADE_ON, 100 * (load + 1) + slot)))
            record = OperationRecord.objects.create(
                post=post, station=station, operation="FORM", serial=placed.serial, attempt=1, source_time=when,
                received_at=when, machine_outcome=Verdict.PASS, verdict=Verdict.PASS, is_conforming=True,
                content_sha256="0" * 64, tray="T-0009", slot=slot,
            )  # fmt: skip
            TrayPlacement.objects.create(unit=placed, record=record, tray="T-0009", slot=slot, source_time=when)
    html = search("T-0009").content.decode()
    assert "000201" in html
    assert "000202" in html
    assert "000101" not in html


@pytest.mark.usefixtures("hand")
@pytest.mark.parametrize(
    ("text", "said", "said_ja"),
    [
        (CELL[:-2], "15 characters", "15 文字"),
        (CELL[:4] + "O" + CELL[5:], "serials never have: O", "使われない文字があります：O"),
        (CELL[:-1] + ("X" if CELL[-1] != "X" else "Y"), "check pair", "検査文字"),
        (CELL, "no station ever asked for it", "どの設備からも"),
    ],
)
def test_an_unknown_code_says_what_is_wrong_with_it(text: str, said: str, said_ja: str) -> None:
    for language, words in (("en", said), ("ja", said_ja)):
        response = search(text, language)
        assert response.status_code == 200
        html = response.content.decode()
        assert words in html
        assert text in html


@pytest.mark.usefixtures("hand")
def test_a_misread_serial_leads_to_the_one_meant() -> None:
    unit()
    misread = CELL[:9] + CELL[9:].replace("0", "O", 1)
    assert f"/units/{CELL}/" in search(misread).content.decode()


@pytest.mark.usefixtures("hand")
@pytest.mark.parametrize("text", ["", " ", "%", "'", "<script>alert(1)</script>", "💥" * 200, "SK1" * 100])
def test_whatever_is_typed_gets_an_answer(text: str) -> None:
    response = search(text)
    assert response.status_code == 200
    assert "<script>alert" not in response.content.decode()


@pytest.mark.usefixtures("hand")
def test_the_number_of_queries_does_not_grow_with_the_hits() -> None:
    counts = []
    for first, last in ((0, 2), (2, 70)):
        for sequence in range(first, last):
            unit(make_serial(Serial("SK", "1", "CLF", MADE_ON, sequence)))
        with CaptureQueriesContext(connection) as captured:
            assert b"SK1CLF" in search("SK1CLF").content
        counts.append(len(captured))
    assert counts[0] == counts[1]


@given(
    sequence=st.integers(0, 999_999),
    place=st.integers(0, 14),
    letter=st.sampled_from(ALPHABET),
)
def test_every_single_misreading_is_found_back(sequence: int, place: int, letter: str) -> None:
    serial = make_serial(Serial("SK", "1", "CLF", MADE_ON, sequence))
    assert serial in serials_near(serial[:place] + letter + serial[place + 1 :])
    assert serial in serials_near(serial[:place] + serial[place + 1 :])
    swapped = serial[:place] + serial[place + 1] + serial[place] + serial[place + 2 :]
    assert serial in serials_near(swapped) or serial[place] == serial[place + 1] or place == 14
