"""The history file of a unit: all of it, the same bytes for the same data, and proof that it is ours."""

import base64
import hashlib
import json
from datetime import UTC, datetime
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from lines.models import Measurement, OperationRecord
from tests.traceability.audits.conftest import Plant
from traceability.audits.content import code_of, read_code
from traceability.audits.printed import Issue, printed
from traceability.audits.words import words
from traceability.models import AuditQuery, IssuedPrint


def history(plant: Plant, serial: str) -> tuple[bytes, dict[str, Any]]:
    response = plant.get(f"units/{serial}/history")
    assert response.status_code == 200, response.content
    return response.content, response.json()


def test_everything_that_is_known_stands_in_it(plant: Plant) -> None:
    raw, told = history(plant, plant.failed)
    records = list(OperationRecord.objects.filter(serial=plant.failed).order_by("pk"))
    assert [each["record"] for each in told["records"]] == [record.pk for record in records]
    visit = told["records"][0]
    stored = {m.sequence: m for m in Measurement.objects.filter(record=records[0])}
    assert {each["sequence"]: each["recorded_value"] for each in visit["measurements"]} == {
        sequence: m.value for sequence, m in stored.items()
    }
    corrected = visit["measurements"][0]
    assert (corrected["value"], corrected["limits"]["version"]) == (1.0, 1)
    assert corrected["limits"]["author"]
    assert corrected["name"]["ja"] != corrected["name"]["en"]
    assert [each["reason"] for each in told["corrections"]] == ["Typed wrongly"]
    assert any("FAIL" in each["judgement"] for each in visit["measurements"])
    measured_by = {code for each in visit["measurements"] for code in each["gauges"]}
    assert measured_by == {each["gauge"] for each in visit["gauges"]}
    assert measured_by, "the gauges of the station"
    doubted = [each for each in visit["gauges"] if each["doubted_by"]]
    assert [(each["certificate"], each["was_valid"]) for each in doubted] == [("C-1", True)], "as it stood then"
    assert visit["recipe"] == "LFP-314/MIX-A/v1"
    assert visit["recipe_parameters"]
    assert "looked strange" in [each["reason"] for each in told["holds"]]
    assert told["unit"]["is_held"] is True
    assert [each["station"] for each in history(plant, plant.denied)[1]["denied_entries"]] == ["MIX-1"]
    _, good = history(plant, plant.good)
    lots = {each["material"] for each in good["lots_behind"]}
    assert lots == {each["material"] for each in good["made_of"]["links"]} != set()
    assert hashlib.sha256(raw).hexdigest() == plant.get(f"units/{plant.failed}/history")["X-Content-SHA256"]


def test_the_same_data_are_the_same_bytes_and_more_data_others(plant: Plant) -> None:
    first, _ = history(plant, plant.good)
    assert history(plant, plant.good)[0] == first
    code = code_of(hashlib.sha256(first).hexdigest())
    assert verified(plant, code=code)["is_current"] is True
    plant.hand.ask(plant.good, "MIX-A")
    assert history(plant, plant.good)[0] != first
    told = verified(plant, code=code.lower().replace("-", " "))
    assert (told["is_genuine"], told["is_current"], told["serial"]) == (True, False, plant.good)


def verified(plant: Plant, **body: Any) -> dict[str, Any]:
    response = plant.post("audits/verify", body)
    assert response.status_code == 200, response.content
    told: dict[str, Any] = response.json()
    return told


def test_a_file_is_proved_and_a_changed_one_is_not(plant: Plant) -> None:
    raw, _ = history(plant, plant.good)
    for language in ("en", "ja"):
        pdf = plant.get(f"units/{plant.good}/history", file="pdf", language=language).content
        assert pdf.startswith(b"%PDF")
        told = verified(plant, content=base64.b64encode(pdf).decode())
        assert (told["is_genuine"], told["kind"], told["serial"]) == (True, "PRINT", plant.good)
    assert IssuedPrint.objects.count() == 2
    assert verified(plant, content=base64.b64encode(raw).decode())["kind"] == "HISTORY"
    assert verified(plant, sha256=hashlib.sha256(raw).hexdigest())["is_genuine"]
    changed = raw.replace(b'"PASS"', b'"FAIL"')
    assert changed != raw
    told = verified(plant, content=base64.b64encode(changed).decode())
    assert (told["is_genuine"], told["kind"]) == (False, None)
    browser = plant.browser()
    assert (
        "was not changed"
        in browser.get("/verify/", {"code": code_of(hashlib.sha256(raw).hexdigest())}).content.decode()
    )
    for wrong in ({}, {"code": "ABC"}, {"sha256": "x"}, {"content": "%"}, {"code": 1}, {"code": "A", "sha256": "b"}):
        response = plant.post("audits/verify", wrong)
        assert (response.status_code, response.json()["code"]) == (422, "MES-T-1013"), wrong


def test_the_print_says_what_stands_out_in_both_languages(plant: Plant) -> None:
    raw, _ = history(plant, plant.failed)
    content = json.loads(raw)
    issue = Issue("0" * 64, "AAAA-AAAA-AAAA-AAAA", "auditor", datetime(2026, 11, 22, tzinfo=UTC), "http://x/verify/")
    for language in ("en", "ja"):
        told = printed(content, issue, language=language, zone=UTC)
        w = words(language)
        found = {text for _, text in told["summary"]["found"]}
        assert {w["s_failed_values"], w["s_failed_records"], w["s_corrections"], w["s_gauges"]} <= found
        n_rows = sum(len(each["values"]["rows"]) for each in told["records"])
        assert n_rows == sum(len(each["measurements"]) for each in content["records"])
        assert w["holds"] in {part["title"] for part in told["tables"]}


def test_who_may_see_the_unit_may_have_its_file_and_it_is_logged(plant: Plant) -> None:
    operator = plant.browser("OPERATOR")
    answer = operator.get(f"/audits/histories/pdf/{plant.good}/")
    assert answer.content.startswith(b"%PDF")
    assert f'filename="history-{plant.good}.pdf"' in answer.headers["Content-Disposition"]
    logged = AuditQuery.objects.order_by("-pk")[0]
    assert (logged.kind, logged.role, logged.asked["serial"]) == ("HISTORY", "OPERATOR", plant.good)
    assert operator.get("/audits/histories/pdf/NOBODY/").status_code == 404
    assert plant.get("units/NOBODY/history").json()["code"] == "MES-T-0201"
    assert plant.get(f"units/{plant.good}/history", file="exe").status_code == 400
    assert plant.hand.client.get(f"/api/v1/units/{plant.good}/history").status_code == 401
    station = {"Authorization": f"Token {plant.hand.tokens['MIX-1']}"}
    assert plant.hand.client.get(f"/api/v1/units/{plant.good}/history", headers=station).status_code == 403


@given(sha256=st.binary(min_size=32, max_size=32), blanks=st.sampled_from(["", "-", " "]))
@settings(max_examples=40, database=None)
def test_a_code_is_read_as_people_type_it(sha256: bytes, blanks: str) -> None:
    code = code_of(sha256.hex())
    typed = blanks.join(code.split("-")).lower().replace("o", "0").replace("i", "1")
    assert read_code(typed) == code
    assert base64.b32decode(code.replace("-", "")) == sha256[:10]
