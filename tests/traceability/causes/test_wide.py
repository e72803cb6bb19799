"""The wide table: values through the genealogy to the metres of the roll, as JSON and as files."""

import csv
import io
from datetime import timedelta
from typing import Any

import pyarrow.parquet as pq
import pytest
from pytest_django.plugin import DjangoDbBlocker
from python_calamine import CalamineWorkbook

from lines.models import OperationRecord
from lines.records.copying import copy_rows
from tests.traceability.conftest import Hand
from tests.traceability.test_units_api import fits
from tests.traceability.wound import Wound, wind
from traceability.models import Unit
from traceability.wide import schemas

_MEASUREMENT = ("received_at", "record_id", "sequence", "characteristic", "value", "unit", "position", "source_time",
                "judgement", "is_derived")  # fmt: skip


def measure(serial: str, operation: str, code: str, *values: float) -> None:
    record = OperationRecord.objects.get(serial=serial, operation=operation)
    rows = [
        (record.received_at, record.pk, n, code, value, "x", str(n), record.source_time, 1, False)
        for n, value in enumerate(values)
    ]
    copy_rows("lines_measurement", _MEASUREMENT, rows)


@pytest.fixture(scope="module")
def plant(loaded: Hand, django_db_blocker: DjangoDbBlocker) -> Wound:  # noqa: ARG001 - the plant's data
    with django_db_blocker.unblock():
        made = wind(70, with_scans=True)
        for n, jelly in enumerate(made.serials["LFP-JELLY"][:4]):
            measure(jelly, "WIND", "WIN-01", 1.0 + n)
        measure(made.serials["CATHODE-SLURRY"][0], "MIX-C", "MIX-03", 14.0, 16.0)
        measure(made.serials["ANODE-SLURRY"][0], "MIX-A", "MIX-03", 20.0)
        measure(made.serials["LFP-CELL"][0], "FILL", "FIL-01", 0.85)
        return made


def get(hand: Hand, **query: Any) -> Any:
    response = hand.get("units/wide", **query)
    assert response.status_code == 200, response.content
    return response.json()


def test_a_row_has_what_was_measured_on_the_unit_and_on_all_behind_it(hand: Hand, plant: Wound) -> None:
    page = get(hand, definition="LFP-CELL", limit=3)
    fits(schemas.WidePage(), page)
    assert page["n_units"] == 70
    assert [item["serial"] for item in page["items"]] == plant.serials["LFP-CELL"][:3]
    names = [column["name"] for column in page["columns"]]
    assert len(set(names)) == len(names)
    assert {"MIX-03@MIX-C", "MIX-03@MIX-A", "COA-01", "WIN-01"} <= set(names)
    assert not [column for column in page["columns"] if column["definition"] in ("LFP-PACK", "LFP-CONTAINER")]
    first, second = page["items"][0]["values"], page["items"][1]["values"]
    assert (first["WIN-01"], second["WIN-01"]) == (1.5, 3.5)  # of two jelly rolls
    assert (first["MIX-03@MIX-C"], first["MIX-03@MIX-A"]) == (15.0, 20.0)
    assert (first["FIL-01"], second["FIL-01"]) == (0.85, None)
    rest = get(hand, definition="LFP-CELL", limit=500, cursor=page["next_cursor"])
    assert [item["serial"] for item in rest["items"]] == plant.serials["LFP-CELL"][3:]
    assert rest["next_cursor"] is None


@pytest.mark.usefixtures("plant")
def test_a_cell_has_the_loading_of_its_own_metres(hand: Hand) -> None:
    """Scans every 5 m and 16 places across: a lane is four of them. Cells in a lane follow each other from the roll's
    beginning, since calender and slitter both turn it round."""
    items = get(hand, definition="LFP-CELL", columns="COA-01", limit=70)["items"]
    each = int(1000.0 * 1.005 / 15.75)  # jelly rolls of a lane

    def scan(n: int, places: range) -> list[float]:
        return [round(19.0 + 0.05 * ((n * 7 + y * 3) % 11 - 5) / 5, 3) for y in places]

    for cell in (0, 5, 20, 40, 60):
        means = []
        for jelly in (2 * cell, 2 * cell + 1):
            lane, place = divmod(jelly, each)
            if lane == 1 and place * 15.75 > 500:
                break  # behind the cut-out
            low, high = place * 15.75 / 1.005, (place + 1) * 15.75 / 1.005
            some = [v for n in range(200) if low <= n * 5.0 <= high for v in scan(n, range(4 * lane, 4 * lane + 4))]
            means.append(sum(some) / len(some))
        if len(means) == 2:
            assert items[cell]["values"]["COA-01"] == pytest.approx(sum(means) / 2, abs=1e-9), cell


def test_files_say_the_same_as_the_pages(hand: Hand, plant: Wound) -> None:
    query: dict[str, Any] = {"definition": "LFP-CELL", "columns": "COA-01,WIN-01"}
    page = get(hand, **query, limit=100)
    rows = [[item["serial"], item["values"]["WIN-01"], item["values"]["COA-01"]] for item in page["items"]]
    parquet = pq.read_table(io.BytesIO(b"".join(hand.get("units/wide", **query, file="parquet"))))
    found = [parquet.column(name).to_pylist() for name in ("serial", "WIN-01", "COA-01")]
    assert [list(row) for row in zip(*found, strict=True)] == rows
    assert parquet.schema.field("COA-01").metadata[b"operation"] == b"COAT-C"
    text = b"".join(hand.get("units/wide", **query, file="csv")).decode("utf-8-sig")
    read = list(csv.DictReader(io.StringIO(text)))
    assert [row["serial"] for row in read] == plant.serials["LFP-CELL"]
    assert float(read[0]["WIN-01"]) == 1.5 and read[9]["WIN-01"] == ""
    book = io.BytesIO(b"".join(hand.get("units/wide", **query, file="xlsx")))
    sheets = CalamineWorkbook.from_filelike(book)
    assert [row[0] for row in sheets.get_sheet_by_index(0).to_python()[1:]] == plant.serials["LFP-CELL"]


def test_wide_tables_are_refused_where_they_make_no_sense(hand: Hand, plant: Wound) -> None:
    for wrong in (
        {},
        {"definition": "NOTHING"},
        {"definition": "NMP"},
        {"definition": "LFP-CELL", "columns": "XXX-01"},
        {"definition": "LFP-CELL", "file": "pdf"},
        {"definition": "LFP-CELL", "since": "yesterday"},
        {"definition": "LFP-CELL", "since": "2027-01-02T00:00:00Z", "until": "2027-01-01T00:00:00Z"},
        {"definition": "LFP-CELL", "serial_from": "S" * 65},
    ):
        response = hand.get("units/wide", **wrong)
        assert (response.status_code, response.json()["code"]) == (400, "MES-T-0985"), wrong
    unit = Unit.objects.get(serial=plant.serials["LFP-CELL"][10])
    some = get(hand, definition="LFP-CELL", since=unit.created_at.isoformat(), serial_to=plant.serials["LFP-CELL"][12])
    assert some["n_units"] == 3
    later = (unit.created_at + timedelta(days=900)).isoformat()
    assert get(hand, definition="LFP-CELL", since=later)["items"] == []
