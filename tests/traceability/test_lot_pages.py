"""Pages of lots and trays: receipt by form and file, decisions, lists, a tray as it lies there."""

from collections.abc import Callable
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from lines.models import MaterialDefinition, Person
from lines.people.models import Role
from lines.spreadsheets import neutral
from tests.traceability.conftest import Hand
from tests.traceability.test_trays import cells_before
from traceability.holds.services import hold_unit
from traceability.lots import errors
from traceability.models import Lot, Unit

Signed = Callable[[str], Client]


@pytest.fixture
def signed(hand: Hand) -> Signed:  # noqa: ARG001 - the plant comes first
    def client_of(role: str) -> Client:
        client = Client()
        person = Person.objects.filter(role=role).first()
        assert person
        client.force_login(person)
        return client

    MaterialDefinition.objects.update(release_on_receipt=True)
    return client_of


def receipt(**changed: Any) -> dict[str, Any]:
    return {
        "supplier": "ACME",
        "number": "N-1",
        "material": "NMP",
        "quantity": "１２.5",
        "expires_at": "2031-04-01",
        "property": ["Moisture", ""],
        "value": ["310", ""],
        "unit": ["ppm", ""],
        "lower": ["", ""],
        "upper": ["300", ""],
        **changed,
    }


def test_a_receipt_by_form_and_what_quality_decides(signed: Signed) -> None:
    supervisor, quality = signed(Role.SUPERVISOR), signed(Role.QUALITY)
    wrong = supervisor.post("/lots/receive/", receipt(quantity="1,5", material="", value=["much", ""]))
    html = wrong.content.decode()
    assert wrong.status_code == 422
    assert html.count('role="alert"') == 3 and html.count('aria-invalid="true"') == 3
    assert not Lot.objects.exists()
    assert supervisor.post("/lots/receive/", receipt()).status_code == 302
    lot = Lot.objects.get()
    assert (lot.state, lot.quantity, timezone.localtime(lot.expires_at).isoformat()) == (
        "QUARANTINE", 12.5, "2031-04-01T23:59:59+09:00",
    )  # fmt: skip
    again = supervisor.post("/lots/receive/", receipt(quantity="13"))
    assert again.status_code == 409
    assert "MES-T-0204" in again.content.decode()
    page = unescape(quality.get(f"/lots/{lot.pk}/").content.decode())
    for words in (errors.CERTIFICATE_OUTSIDE.what_en, "Moisture 310 ppm", "1 value outside its limits", "Release"):
        assert words in page
    assert "decide-lot" not in page
    assert supervisor.post(f"/lots/{lot.pk}/release/", {"reason": "looks fine"}).status_code == 403
    refused = quality.post(f"/lots/{lot.pk}/release/", {"reason": ""})
    assert refused.status_code == 422
    assert errors.REASON_MISSING.what_en in refused.content.decode()
    assert quality.post(f"/lots/{lot.pk}/release/", {"reason": "measured again: 280 ppm"}).status_code == 302
    assert quality.post(f"/lots/{lot.pk}/expiry/", {"reason": "letter", "expires_at": ""}).status_code == 302
    assert quality.post(f"/lots/{lot.pk}/nothing/", {"reason": "letter"}).status_code == 404
    lot.refresh_from_db()
    assert (lot.state, lot.expires_at) == ("RELEASED", None)
    split = {"number": ["P-1", "P-2", ""], "quantity": ["2.5", "4", ""], "reason": "two machines"}
    assert supervisor.post(f"/lots/{lot.pk}/split/", split | {"quantity": ["2.5", "99", ""]}).status_code == 409
    assert supervisor.post(f"/lots/{lot.pk}/split/", split).status_code == 302
    one, two = Lot.objects.filter(number__startswith="P").order_by("number")
    chosen = supervisor.get(f"/lots/merge/?lot={one.pk}&lot={two.pk}&lot=x").content.decode()
    assert "P-1" in chosen and "P-2" in chosen
    merge = {"lot": [one.pk, two.pk], "number": "M", "reason": "back again", f"quantity-{one.pk}": "1"}
    assert supervisor.post("/lots/merge/", merge).status_code == 302
    assert Lot.objects.get(number="M").quantity == 5
    japanese = Client(headers={"accept-language": "ja"})
    japanese.force_login(Person.objects.filter(role=Role.QUALITY)[0])
    assert errors.CERTIFICATE_OUTSIDE.what_ja in japanese.get(f"/lots/{lot.pk}/").content.decode()


FILE = """supplier,number,material,quantity,expires_at,property,value,unit,lower,upper
ACME,F-1,NMP,20,2031-04-01,Moisture,120,ppm,,300
ACME,F-1,,,,Purity,99.95,%,99.9,
=cmd|'/c calc'!A1,F-2,NMP,5.5,,,,,,
"""


def upload(client: Client, text: str) -> Any:
    return client.post("/lots/receive/file/", {"file": SimpleUploadedFile("r.csv", text.encode())})


def test_a_file_is_checked_whole_shown_and_then_stored(signed: Signed) -> None:
    client = signed(Role.SUPERVISOR)
    bad = FILE.replace("20,", "twenty,").replace("99.95", "").replace("F-2,NMP", "F-2,GOLD")
    refused = upload(client, bad + "ACME,F-1,BINDER-SBR,,,,,,,\n")
    html = refused.content.decode()
    assert refused.status_code == 422
    for code in ("MES-T-06", "MES-L-0203", "MES-T-0203", errors.LINE_DIFFERS.code):
        assert code in html, code
    for unreadable in (
        "",
        "a,b\n1,2\n",
        "supplier,number,material\n",
        "\0",
        "supplier,number,material,material\n1,2,3",
    ):
        assert upload(client, unreadable).status_code == 422
    shown = upload(client, FILE)
    assert shown.status_code == 200
    assert shown.content.decode().count('<td class="code">F-') == 2
    assert not Lot.objects.exists()
    assert client.post("/lots/receive/file/", {"text": bad, "confirm": "1"}).status_code == 422
    assert not Lot.objects.exists()
    assert client.post("/lots/receive/file/", {"text": FILE, "confirm": "1"}).status_code == 200
    assert list(Lot.objects.order_by("number").values_list("number", "quantity")) == [("F-1", 20), ("F-2", 5.5)]
    assert Lot.objects.get(number="F-1").certificate_values.count() == 2
    assert client.post("/lots/receive/file/", {"text": FILE, "confirm": "1"}).status_code == 200  # the same again
    assert Lot.objects.count() == 2
    table = client.get("/lots/list.csv").content.decode()
    assert "'=cmd|" in table and "\n=cmd" not in table
    assert client.get("/lots/receive/template.csv").content.decode().startswith("\ufeffsupplier,number")
    for role in (Role.QUALITY, Role.AUDITOR):
        assert signed(role).get("/lots/receive/").status_code == 403
        assert signed(role).post("/lots/receive/file/", {"text": FILE}).status_code == 403


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\t=1", "\r=1"])
def test_what_a_spreadsheet_would_compute_is_text(text: str) -> None:
    assert neutral(text) == f"'{text}"
    assert neutral(f"A{text}") == f"A{text}"


def test_the_list_filters_and_asks_a_fixed_number_of_queries(hand: Hand, signed: Signed) -> None:
    client, now = signed(Role.QUALITY), timezone.now()

    def found(**query: str) -> tuple[set[str], int]:
        with CaptureQueriesContext(connection) as asked:
            html = client.get("/lots/", query).content.decode()
        return {f"L{n}" for n in range(30) if f">L{n}</a>" in html}, len(asked)

    hand.receive("NMP", "L0", now + timedelta(days=5))
    few = found()[1]
    hand.receive("NMP", "L1", now - timedelta(days=5))
    for n in range(2, 30):
        hand.receive("BINDER-SBR", f"L{n}")
    Lot.objects.filter(number="L7").update(state="BLOCKED")
    everything, many = found()
    assert (len(everything), many) == (30, few)
    assert found(expiry="soon")[0] == {"L0"}
    assert found(expiry="expired")[0] == {"L1"}
    assert found(state="BLOCKED")[0] == {"L7"}
    assert found(material="NMP")[0] == {"L0", "L1"}
    assert found(text="l29")[0] == {"L29"}
    assert len(found(state="x", expiry="y", page="99")[0]) == 30
    assert found(text="%")[0] == set()


def test_a_tray_as_it_lies_there(hand: Hand, signed: Signed) -> None:
    client = signed(Role.AUDITOR)
    cells = cells_before(hand, "OCV1", 3)
    items = [{"serial": cell, "slot": slot, "channel": f"C-{slot}"} for slot, cell in enumerate(cells, 2)]
    assert hand.post("trays/T-55/load", {"items": items}, "OCV-1").status_code == 200
    hold_unit(Unit.objects.get(serial=cells[0]).pk, reason="recall", by="person:q", now=timezone.now())
    html = client.get("/trays/T-55/").content.decode()
    assert html.count('class="free"') == 16 - 3
    assert html.count('class="is-held"') == 1 and "On hold" in html
    assert cells[1][9:15] in html and "C-3" in html
    assert client.get("/search/", {"q": "t-55"})["Location"] == "/trays/T-55/"
    hand.post("trays/T-55/unload", {"all": True}, "OCV-1")
    emptied = client.get("/trays/T-55/").content.decode()
    assert cells[1] in emptied and "What lay in it before" in emptied
    assert client.get("/trays/NEVER/").status_code == 404
