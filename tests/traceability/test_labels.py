"""Labels: what is printed is what a scanner reads, and leads back to what it stands for."""

import io
import re

import numpy as np
import pytest
import typst
import zxingcpp
from django.test import Client
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from documents.labels import Label, LabelError, Symbol, as_png, as_sheet, as_svg, modules
from documents.pdf import font_folder
from lines.models import Person
from lines.people.models import Role
from tests.traceability.conftest import Hand
from traceability.models import Lot

FORMATS = {Symbol.QR: zxingcpp.BarcodeFormat.QRCode, Symbol.DATAMATRIX: zxingcpp.BarcodeFormat.DataMatrix}
PRINTABLE = st.text(st.characters(exclude_categories=("C", "Z"), include_characters=" "), min_size=1, max_size=60)


def scanned(png: bytes) -> list[tuple[str, str]]:
    """(format, text) of every code on a picture."""
    picture = np.asarray(Image.open(io.BytesIO(png)).convert("L"))
    return [(code.format.name, code.text) for code in zxingcpp.read_barcodes(picture)]


@given(text=PRINTABLE, symbol=st.sampled_from(Symbol))
@settings(max_examples=40, deadline=None, database=None)
def test_any_text_is_scanned_back(text: str, symbol: Symbol) -> None:
    assert scanned(as_png(text, symbol, scale=3)) == [(FORMATS[symbol].name, text)]


def test_what_cannot_be_scanned_is_no_label() -> None:
    for text in ("", "x" * 201, "a\nb", "\x00"):
        with pytest.raises(LabelError):
            modules(text, Symbol.QR)


def picture_of(svg: str) -> bytes:
    """A drawing as a screen shows it."""
    source = b'#set page(width: 60mm, height: 60mm, margin: 5mm)\n#image("code.svg", width: 100%)'
    files = {"main.typ": source, "code.svg": svg.encode()}
    drawn = typst.compile(files, format="png", ppi=150, font_paths=[str(font_folder())])  # type: ignore[call-overload]  # files by name
    assert isinstance(drawn, bytes)
    return drawn


@pytest.mark.parametrize("symbol", list(Symbol))
def test_drawing_and_picture_are_the_same_code(symbol: Symbol) -> None:
    text = "SK1CLF6BL000456DB"
    assert scanned(picture_of(as_svg(text, symbol, width_mm=20))) == scanned(as_png(text, symbol)) == [
        (FORMATS[symbol].name, text)
    ]  # fmt: skip
    assert as_sheet([Label(text, "セル", ["LFP-314"])], symbol, made_at=Person().date_joined).startswith(b"%PDF")


def test_every_kind_is_scanned_and_found_again(hand: Hand) -> None:
    slurry, roll = hand.make("ANODE-SLURRY"), hand.serial("RLC")
    assert hand.tell(hand.body(roll, "SLIT-C")).status_code == 201
    lot = Lot.objects.order_by("pk")[0]
    browser = Client()
    browser.force_login(Person.objects.get(role=Role.AUDITOR))
    for kind, key, text in (
        ("unit", roll, roll),
        ("unit", slurry.lower(), slurry),
        ("lot", str(lot.pk), f"{lot.supplier} {lot.number}"),
        ("lot", lot.number, f"{lot.supplier} {lot.number}"),
        ("lot", f"{lot.supplier} {lot.number}", f"{lot.supplier} {lot.number}"),
        ("tray", "T-0001", "T-0001"),
    ):
        for symbol in Symbol:
            response = hand.get("labels", kind=kind, key=key, symbol=symbol, file="png")
            assert response.status_code == 200, response.content
            assert scanned(response.content) == [(FORMATS[symbol].name, text)]
        found = browser.get("/search/", {"q": text})
        places = {f"/units/{text}/", f"/lots/{lot.pk}/", f"/trays/{text}/"}
        assert found.headers.get("Location") in places or text in found.content.decode()
        page = browser.get("/labels/", {"kind": kind, "key": key})
        svg = re.search(r"<svg xmlns[^>]*>.*?</svg>", page.content.decode())
        assert svg
        assert [code for _, code in scanned(picture_of(svg[0]))] == [text]
    assert browser.get("/labels/labels.pdf", {"kind": "unit", "key": [roll, slurry]}).content.startswith(b"%PDF")


def test_a_serial_that_no_rule_knows_gets_no_label(hand: Hand) -> None:
    strange = "SK1CLF6BL000456DC"  # its check pair is wrong
    assert hand.tell(hand.body(strange, "FORM", tray="T-1", slot=1)).status_code == 201
    for query, status, code in (
        ({"kind": "unit", "key": strange}, 422, "MES-T-1000"),
        ({"kind": "unit", "key": "NOBODY"}, 404, "MES-T-0201"),
        ({"kind": "lot", "key": "x"}, 404, "MES-T-0202"),
        ({"kind": "tray", "key": "T" * 33}, 422, "MES-T-1001"),
        ({"kind": "pallet", "key": "1"}, 400, "MES-L-0007"),
        ({"kind": "tray", "key": "T-1", "symbol": "ean"}, 400, "MES-L-0007"),
        ({"kind": "tray", "key": "T-1", "file": "exe"}, 400, "MES-L-0007"),
        ({"kind": "tray"}, 400, "MES-L-0007"),
        ({"kind": "tray", "key": ["A", "B"], "file": "svg"}, 400, "MES-L-0007"),
    ):
        response = hand.get("labels", **query)
        assert (response.status_code, response.json()["code"]) == (status, code), query
    assert hand.client.get("/api/v1/labels?kind=tray&key=T-1").status_code == 401
