"""Filters against plain loops over the same rows, samples that anybody can draw again, archives, the log."""

import hashlib
import io
import json
import re
import shutil
import subprocess
import zipfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from lines.models import Measurement, OperationRecord, Person
from tests.traceability.audits.conftest import Plant
from tests.traceability.test_shipping import container
from tests.traceability.test_units_api import fits
from traceability.audits import bundles, schemas
from traceability.audits.asked import AskedUnits, read_units
from traceability.audits.content import code_of
from traceability.models import AuditQuery, Bundle, GenealogyLink, Lot, Unit

Fits = Callable[[Unit], bool]


def listed(plant: Plant, **query: Any) -> dict[str, Any]:
    response = plant.get("audits/units", **query)
    assert response.status_code == 200, response.content
    told: dict[str, Any] = response.json()
    fits(schemas.AuditedUnits(), told)
    return told


def visits(unit: Unit) -> list[OperationRecord]:
    return list(OperationRecord.objects.filter(serial=unit.serial).select_related("station"))


def has_failed_value(record: OperationRecord, code: str = "") -> bool:
    values = Measurement.objects.filter(record=record, judgement__in=[2, 3])
    return any(not code or value.characteristic == code for value in values)


def has_lot(unit: Unit, lot: Lot) -> bool:
    """By walking the links by hand."""
    links = GenealogyLink.objects.filter(output=unit)
    return any(
        link.input_lot_id == lot.pk or (link.input_unit is not None and has_lot(link.input_unit, lot)) for link in links
    )


def test_every_field_narrows_as_a_plain_loop_does(plant: Plant) -> None:
    lane = plant.hand.make("ANODE-LANE")
    units = list(Unit.objects.select_related("definition", "product"))
    lot = Lot.objects.filter(material_code="GRAPHITE")[0]
    code = Measurement.objects.filter(record__serial=plant.failed, judgement=3)[0].characteristic
    middle = sorted(unit.serial for unit in units)[len(units) // 2]
    ended = OperationRecord.objects.get(serial=plant.failed).source_time
    cases: list[tuple[dict[str, Any], Fits]] = [
        ({"kinds": ["roll"]}, lambda u: bool(u.definition and u.definition.tracking == "ROLL")),
        ({"products": ["LFP-314"]}, lambda u: bool(u.product and u.product.code == "LFP-314")),
        ({"states": ["completed", "IN_PROCESS"]}, lambda u: u.state in ("COMPLETED", "IN_PROCESS")),
        ({"held": "true"}, lambda u: u.serial == plant.failed or u.held_by.filter(released_at=None).exists()),
        ({"serial_from": middle}, lambda u: u.serial >= middle),
        ({"serial_to": middle.lower()}, lambda u: u.serial <= middle),
        ({"lots": [f"ACME {lot.number}"]}, lambda u: has_lot(u, lot)),
        ({"stations": ["MIX-1"]}, lambda u: any(v.station.code == "MIX-1" for v in visits(u))),
        ({"operations": ["MIX-A", "SLIT-A"]}, lambda u: any(v.operation in ("MIX-A", "SLIT-A") for v in visits(u))),
        ({"characteristics": [code], "outside": "1"}, lambda u: any(has_failed_value(v, code) for v in visits(u))),
        ({"outside": "true"}, lambda u: any(has_failed_value(v) for v in visits(u))),
        ({"deviations": ["ANY"]}, lambda u: any(v.deviation_codes for v in visits(u))),
        ({"since": ended.isoformat()}, lambda u: any(v.source_time >= ended for v in visits(u))),
        ({"until": ended.isoformat()}, lambda u: any(v.source_time < ended for v in visits(u))),
        ({"verdict": "FAIL"}, lambda u: any(v.verdict == "FAIL" for v in visits(u))),
        # One and the same visit.
        (
            {"operations": ["MIX-A"], "verdict": "PASS", "kinds": ["slurry_batch"]},
            lambda u: any(v.operation == "MIX-A" and v.verdict == "PASS" for v in visits(u)),
        ),
    ]
    for query, is_in in cases:
        expected = sorted(unit.serial for unit in units if is_in(unit))
        told = listed(plant, **query, limit=500)
        assert [each["serial"] for each in told["items"]] == expected, query
        assert told["n_units"] == len(expected)
    assert lane in [each["serial"] for each in listed(plant, lots=[lot.number])["items"]]
    assert len({json.dumps(query) for query, _ in cases}) == len(cases)


def test_a_site_has_what_was_shipped_and_what_is_built_into_it(plant: Plant) -> None:
    made = container(plant.hand)
    box, wound = made[-1], made[0]
    if box.definition and box.definition.tracking != "CONTAINER":
        box, wound = made[0], made[-1]
    body = {"number": "S-1", "site": "DC-SAKAI", "serials": [box.serial]}
    assert plant.post("shipments", body, role="SUPERVISOR").status_code == 201
    found = [each["serial"] for each in listed(plant, sites="DC-SAKAI")["items"]]
    assert found == sorted(unit.serial for unit in made), "the container, pack, cell and jelly roll; not their rolls"
    assert listed(plant, sites="DC-INZAI")["n_units"] == 0
    told = plant.get(f"units/{wound.serial}/history").json()
    assert (told["is_at"]["site"], told["is_at"]["with"], told["shipments"]) == ("DC-SAKAI", box.serial, [])
    rolls = {each["serial"] for each in told["made_of"]["links"] if each["from_m"] is not None}
    assert rolls <= {each["serial"] for each in told["webs"]["ranges"]} != set()
    assert [each["shipment"] for each in plant.get(f"units/{box.serial}/history").json()["shipments"]] == ["S-1"]


def test_pages_follow_and_what_takes_everything_is_warned_of(plant: Plant) -> None:
    plant.hand.make("CATHODE-LANE")
    whole = sorted(Unit.objects.values_list("serial", flat=True))
    seen: list[str] = []
    page = listed(plant, limit=2)
    assert (page["n_units"], page["warning"]["code"]) == (len(whole), "MES-T-1004")
    while True:
        seen += [each["serial"] for each in page["items"]]
        if not page["next_cursor"]:
            break
        page = listed(plant, limit=2, cursor=page["next_cursor"])
        assert page["n_units"] is None
    assert seen == whole
    logged = AuditQuery.objects.filter(kind="LIST").order_by("pk").values_list("asked", flat=True)
    assert [each.get("after") for each in logged] == [None, *whole[1:-1:2]], "each page, with its place"
    assert listed(plant, kinds="slurry_batch")["warning"] is None


def test_a_sample_can_be_drawn_again_by_hand(plant: Plant) -> None:
    for _ in range(4):
        plant.hand.make("ANODE-SLURRY")
    first = plant.get("audits/sample", size=3, kinds="slurry_batch").json()
    fits(schemas.AuditSample(), first)
    again = plant.get("audits/sample", size=3, kinds="slurry_batch", seed=first["seed"]).json()
    serials = [each["serial"] for each in first["items"]]
    assert [each["serial"] for each in again["items"]] == serials
    every = Unit.objects.filter(definition__tracking="SLURRY_BATCH").values_list("serial", flat=True)
    by_hand = sorted(every, key=lambda serial: hashlib.sha256(f"{first['seed']}:{serial}".encode()).digest())
    assert serials == by_hand[:3]
    assert first["n_units"] == len(every) > 3
    others = {tuple(e["serial"] for e in plant.get("audits/sample", size=3, seed=s).json()["items"]) for s in range(9)}
    assert len(others) > 1


def test_bad_filters_are_refused_with_a_code(plant: Plant) -> None:
    for query, code in (
        ({"stations": "NOWHERE"}, "MES-T-1005"),
        ({"lots": "NO-SUCH-LOT"}, "MES-T-1005"),
        ({"kinds": "unicorn"}, "MES-T-1005"),
        ({"deviations": "MES-T-9999"}, "MES-T-1005"),
        ({"products": "x" * 131}, "MES-T-1003"),
        ({"verdict": "MAYBE"}, "MES-T-1003"),
        ({"since": "soon"}, "MES-T-1003"),
        ({"since": "2027-01-02T00:00:00Z", "until": "2027-01-01T00:00:00Z"}, "MES-T-1003"),
        ({"serial_from": "B", "serial_to": "A"}, "MES-T-1003"),
        ({"prodcuts": "LFP-314"}, "MES-T-1003"),
        ({"held": "perhaps"}, "MES-T-1003"),
        ({"stations": [str(n) for n in range(51)]}, "MES-T-1003"),
    ):
        response = plant.get("audits/units", **query)
        assert (response.status_code, response.json()["code"]) == (422, code), query
    for query in ({"size": "0"}, {"size": "2001"}, {"size": "x"}, {"seed": "s" * 33}):
        assert plant.get("audits/sample", **query).json()["code"] == "MES-T-1003", query
    assert plant.get("audits/units", cursor="%%").json()["code"] == "MES-L-0007"
    assert plant.get("audits/units", role="OPERATOR").json()["code"] == "MES-T-1002"
    assert not AuditQuery.objects.exists()


def ask(plant: Plant, **body: Any) -> Bundle:
    response = plant.post("audits/archives", body)
    assert response.status_code == 202, response.content
    fits(schemas.ArchiveShape(), response.json())
    return Bundle.objects.get(pk=response.json()["archive"])


def test_an_archive_proves_itself(plant: Plant, tmp_path: Path) -> None:
    bundle = ask(plant, filter={"kinds": ["slurry_batch"]}, size=2, seed="7", language="ja")
    assert bundles.make_next() == 1
    shown = plant.get(f"audits/archives/{bundle.pk}").json()
    assert (shown["state"], shown["progress"], shown["n_files"], shown["n_units"]) == ("DONE", 100, 2, 3)
    content = b"".join(plant.get(f"audits/archives/{bundle.pk}/file").streaming_content)
    assert hashlib.sha256(content).hexdigest() == shown["sha256"]
    zipfile.ZipFile(io.BytesIO(content)).extractall(tmp_path / "out")
    if shutil.which("sha256sum"):
        words = ["sha256sum", "--strict", "-c", "SHA256SUMS"]
        done = subprocess.run(words, cwd=tmp_path / "out", capture_output=True, check=False)
        assert done.returncode == 0, done.stdout
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert (manifest["seed"], manifest["filter"], manifest["serials"]) == (
        "7", {"kinds": ["slurry_batch"]}, [each["serial"] for each in manifest["files"][::2]],
    )  # fmt: skip
    for each in manifest["files"]:
        raw = (tmp_path / "out" / each["name"]).read_bytes()
        told = plant.post("audits/verify", {"sha256": hashlib.sha256(raw).hexdigest()}).json()
        assert (told["is_genuine"], told["code"], told["serial"]) == (True, each["code"], each["serial"])
    assert plant.post("audits/verify", {"sha256": shown["sha256"]}).json()["kind"] == "ARCHIVE"


def test_an_archive_that_was_changed_is_not_handed_out(plant: Plant, kept: Path) -> None:
    bundle = ask(plant, filter={"serial_from": plant.good, "serial_to": plant.good})
    bundles.make_next()
    bundle.refresh_from_db()
    path = kept / bundle.name
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    response = plant.get(f"audits/archives/{bundle.pk}/file")
    assert (response.status_code, response.json()["code"]) == (409, "MES-T-1012")


@pytest.mark.slow
def test_archives_are_cancelled_taken_over_and_refused(
    plant: Plant, kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting = ask(plant)
    assert plant.post(f"audits/archives/{waiting.pk}/cancel", {}).json()["state"] == "CANCELLED"
    assert plant.post(f"audits/archives/{waiting.pk}/cancel", {}).json()["code"] == "MES-T-1010"
    assert plant.get(f"audits/archives/{waiting.pk}/file").json()["code"] == "MES-T-1009"
    # Cancelled while it is made: found between two units, and nothing is left of it.
    monkeypatch.setattr(bundles, "ALIVE_EACH_S", 0.0)
    running = ask(plant)
    Bundle.objects.filter(pk=running.pk).update(cancel_asked_by="somebody")
    Bundle.objects.filter(pk=running.pk).update(state="RUNNING", started_at=timezone.now(), alive_at=timezone.now())
    running.refresh_from_db()
    bundles._make(running)
    running.refresh_from_db()
    assert (running.state, running.name) == ("CANCELLED", "")
    # Its worker died: another one makes it.
    forsaken = ask(plant)
    long_ago = timezone.now() - timedelta(hours=1)
    Bundle.objects.filter(pk=forsaken.pk).update(state="RUNNING", started_at=long_ago, alive_at=long_ago)
    assert bundles.make_next() == 1
    forsaken.refresh_from_db()
    assert forsaken.state == "DONE"
    assert [path.name for path in kept.rglob("*.zip")] == [Path(forsaken.name).name]
    monkeypatch.setattr(bundles, "MOST_FILES", 2)
    assert plant.post("audits/archives", {}).json()["code"] == "MES-T-1007"
    nothing = {"filter": {"kinds": ["pack"]}}
    assert plant.post("audits/archives", nothing).json()["code"] == "MES-T-1008"
    assert plant.post("audits/archives", {"size": "many"}).json()["code"] == "MES-T-1003"
    assert plant.post("audits/archives", {}, role="OPERATOR").status_code == 403
    assert plant.get("audits/archives/999999").json()["code"] == "MES-T-1009"


def test_each_question_is_logged_and_stays(plant: Plant) -> None:
    listed(plant, stations="MIX-1")
    plant.get("audits/sample", size=2, seed="9")
    auditor = Person.objects.filter(role="AUDITOR")[0]
    log = plant.get("audits/log", by=auditor.username).json()
    fits(schemas.AuditLogPage(), log)
    newest, before = log["items"]
    assert (newest["kind"], newest["asked"]["seed"], newest["n_units"]) == ("SAMPLE", "9", Unit.objects.count())
    assert (before["kind"], before["asked"], before["n_units"]) == ("LIST", {"stations": ["MIX-1"]}, 3)
    assert before["role"] == "AUDITOR"
    with pytest.raises(IntegrityError), transaction.atomic():
        AuditQuery.objects.update(by="nobody")
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("delete from traceability_auditquery")
    for path in ("audits/log", "audits/archives", "audits/sample"):
        assert plant.get(path, role="OPERATOR").json()["code"] == "MES-T-1002"


def test_the_pages_lead_from_a_filter_to_a_proved_archive(plant: Plant) -> None:
    auditor = plant.browser()
    page = auditor.get("/audits/").content.decode()
    assert "the count comes first" in page
    assert not AuditQuery.objects.exists()
    page = auditor.get("/audits/?shown=1&kinds=slurry_batch&verdict=FAIL&since=2020-01-01T00:00").content.decode()
    assert "1 unit" in page
    assert plant.failed in page
    assert "2019-12-31T15:00:00+00:00" in json.dumps(AuditQuery.objects.get().asked), "the plant's clock"
    page = auditor.get("/audits/?draw=1&size=2&seed=5&kinds=slurry_batch").content.decode()
    assert page.count("/audits/histories/pdf/") == 2
    assert "MES-T-1004" in auditor.get("/audits/?shown=1").content.decode()
    assert auditor.get("/audits/?shown=1&stations=NOWHERE").status_code == 422
    answer = auditor.post(
        "/audits/archives/new/?kinds=slurry_batch&shown=1", {"size": 2, "seed": "5", "language": "en"}
    )
    bundle = Bundle.objects.get()
    assert answer.headers["Location"] == f"/audits/archives/{bundle.pk}/"
    assert 'hx-trigger="every 1s"' in auditor.get(f"/audits/archives/{bundle.pk}/").content.decode()
    bundles.make_next()
    assert "Load the ZIP" in auditor.get(f"/audits/archives/{bundle.pk}/parts/").content.decode()
    content = b"".join(auditor.get(f"/audits/archives/{bundle.pk}/file/").streaming_content)  # type: ignore[attr-defined]  # of a stream
    page = auditor.post("/verify/", {"file": io.BytesIO(content)}).content.decode()
    assert "handed this archive out" in page
    page = auditor.post("/verify/", {"file": io.BytesIO(content + b"x")}).content.decode()
    assert "never handed this out" in page
    assert auditor.post("/verify/", {}).status_code == 422
    assert bundle.seed in auditor.get("/audits/archives/").content.decode()
    assert auditor.get("/audits/log/?kind=BUNDLE").content.decode().count('<td class="nowrap">') >= 1
    operator = plant.browser("OPERATOR")
    for path in ("/audits/", "/audits/log/", "/audits/archives/", f"/audits/archives/{bundle.pk}/"):
        assert operator.get(path).status_code == 403
    assert operator.post(f"/audits/archives/{bundle.pk}/cancel/").status_code == 403
    assert operator.get("/verify/").status_code == 200


def test_a_filter_reads_its_stored_form_again() -> None:
    asked = AskedUnits(kinds=("cell",), held=True, since=timezone.now(), lots=("ACME A-1",), serial_from="SK1")
    assert read_units(asked.as_json()) == asked


@pytest.mark.slow
def test_the_guide_s_requests_are_answered(plant: Plant) -> None:
    guide = (Path(__file__).resolve().parents[3] / "docs" / "auditors.md").read_text()
    asked = re.findall(r"^    (GET|POST) /api/v1/(\S+)(?: (\{.*\}))?$", guide, re.MULTILINE)
    assert len(asked) >= 11
    content = plant.get(f"units/{plant.good}/history")
    names = {"unit": plant.good, "code": code_of(content["X-Content-SHA256"]), "sha256": content["X-Content-SHA256"]}
    for method, path, body in asked:
        for name, value in names.items():
            path, body = (text.replace(f"{{{name}}}", value) for text in (path, body))  # noqa: PLW2901 - filled in
        response = plant.get(path) if method == "GET" else plant.post(path, json.loads(body))
        assert response.status_code in (200, 202), (path, response.content)
        if "verify" in path:
            assert response.json()["is_genuine"], body
