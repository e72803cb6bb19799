"""Reports: one content in four files, the same for the same question; refusals, cancelling, crashes."""

import csv
import io
import json
import math
import os
import random
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from python_calamine import CalamineWorkbook

from lines.errors import Refusal
from lines.models import Measurement, Person
from lines.people.models import Role
from quality.charts.capable import capable
from quality.charts.models import ChartPoint
from quality.charts.services import evaluate
from quality.plans.models import CharacteristicLimits
from quality.reports import files, services
from quality.reports.errors import FILE_GONE, NOTHING_CHARTED, REPORT_FINISHED, REPORT_NOT_YOURS, UNKNOWN_NAME
from quality.reports.models import Report
from quality.reports.reading import content_of
from tests.processes import Processes
from tests.quality.conftest import ChartPlant, make_plant
from tests.quality.reports.conftest import asked, bytes_of, made


def figures(value: Any) -> list[float]:
    if isinstance(value, dict):
        return [each for inner in value.values() for each in figures(inner)]
    if isinstance(value, list):
        return [each for inner in value for each in figures(inner)]
    return [value] if isinstance(value, float) else []


def test_the_same_question_about_the_same_data_has_the_same_hash(charted: ChartPlant, quality: Person) -> None:
    auditor = Person.objects.create(username="auditor", role=Role.AUDITOR)
    english, japanese = made(quality, plans=("CHART-CALM",)), made(auditor, "ja", plans=("CHART-CALM",))
    assert english.content_sha256 == japanese.content_sha256
    assert bytes_of(english, "JSON") == bytes_of(japanese, "JSON")
    assert bytes_of(english, "PDF") != bytes_of(japanese, "PDF")
    charted.post([{"CALM": [10.0]}])
    evaluate()
    assert made(quality, plans=("CHART-CALM",)).content_sha256 != english.content_sha256


def test_a_report_says_all_that_its_signer_needs(charted: ChartPlant, quality: Person) -> None:
    del charted
    report = made(quality)
    content = json.loads(bytes_of(report, "JSON"))
    told = {section["plan"]: section for section in content["sections"]}
    assert set(told) == {"CHART-LOAD", "CHART-CALM", "CHART-SOME", "CHART-SAME"}
    assert [each["plan"] for each in content["left_out"]] == ["CHART-NONE"]
    assert len(content["conventions"]) == 6
    assert all(math.isfinite(each) for each in figures(content))
    # Stability stands before capability.
    load, calm = told["CHART-LOAD"], told["CHART-CALM"]
    assert load["stability"]["verdict"] == "OUT_OF_CONTROL"
    assert load["capability"]["within"] is None
    assert load["capability"]["refused"]["code"] == "MES-Q-0126"
    assert calm["stability"] == {"verdict": "IN_CONTROL", "n_points": 120, "signals": []}
    assert calm["capability"]["refused"] is None
    low, high = calm["capability"]["within"]["actual_ci"]
    assert low < calm["capability"]["within"]["actual"] < high
    # Two points and a constant say why they say nothing.
    assert told["CHART-SOME"]["capability"]["refused"]["ja"]
    assert told["CHART-SAME"]["capability"]["overall"]["undefined"]["en"]
    assert calm["limits"][0]["version"] == 1
    assert calm["limits"][0]["reason"] == "study 1"
    assert [gauge["code"] for gauge in calm["gauges"]] == ["SCALE"]
    assert calm["sigma_method"] == "MR-MEAN"
    assert calm["gaps"] == {"n": 0, "shown": []}


def test_a_one_sided_specification_has_one_sided_figures(charted: ChartPlant, quality: Person) -> None:
    CharacteristicLimits.objects.filter(characteristic__code="CALM").update(lsl=None, target=None)
    report = made(quality, plans=("CHART-CALM",))
    capability = json.loads(bytes_of(report, "JSON"))["sections"][0]["capability"]
    assert capability["within"]["potential"] is None
    assert capability["within"]["actual"] == pytest.approx(2.0, abs=0.3)
    assert charted.plans


def test_a_batch_process_is_as_capable_in_a_report_as_on_its_page(plant: ChartPlant, quality: Person) -> None:
    """Single values vary between batches, too: sigma within a batch alone would flatter it."""
    plan = plant.add_plan("BATCH", "I-MR-R", 3, by="RECORD", rules=[1], parameters={"sigma_mean": 1.5})
    rng = random.Random(5)
    batches = [10 + 1.2 * math.sin(n) for n in range(60)]
    plant.post([{"BATCH": [mean + rng.uniform(-1, 1) for _ in range(3)]} for mean in batches])
    evaluate()
    told = json.loads(bytes_of(made(quality, plans=("CHART-BATCH",)), "JSON"))["sections"][0]["capability"]
    page = capable(plan)
    assert page is not None
    assert page.refused is None
    assert told["within"]["sigma"] == pytest.approx(page.sigma) == pytest.approx(math.sqrt(1.5**2 - 1 / 3 + 1))
    assert told["within"]["actual"] == pytest.approx(page.figures.within.actual)


def test_rows_are_the_measurements_behind_the_points(charted: ChartPlant, quality: Person) -> None:
    report = made(quality, plans=("CHART-CALM",))
    rows = list(csv.DictReader(io.StringIO(bytes_of(report, "CSV").decode("utf-8-sig"))))
    points = {point.number: point for point in ChartPoint.objects.filter(plan__code="CHART-CALM")}
    stored = {
        each.record_id: each
        for each in Measurement.objects.filter(characteristic="CALM").select_related("record")
    }  # fmt: skip
    assert len(rows) == len(stored) == 120
    for row in rows:
        measured = stored[int(row["record"])]
        assert float(row["value"]) == measured.value
        assert row["serial"] == measured.record.serial
        assert points[int(row["point"])].records == [measured.record_id]
        assert (row["gauge"], row["channel"], row["limits_version"]) == ("SCALE", "CH-1", "1")
        assert (row["judgement"], row["unit"]) == ("PASS", "mg/cm2")
    assert rows[0]["time"] == "2026-03-01T09:00:00+09:00"
    assert charted.plans


def test_only_values_of_the_chosen_serials(charted: ChartPlant, quality: Person) -> None:
    serials = ("SERIAL-00003", "SERIAL-00005")
    report = made(quality, plans=("CHART-CALM",), serials=serials)
    section = json.loads(bytes_of(report, "JSON"))["sections"][0]
    assert {row[2] for row in section["rows"]} == set(serials)
    assert section["n_points"] == 2
    assert section["stability"]["n_points"] == 120
    with pytest.raises(Refusal) as refused:
        services.ask(asked(serials=("NO-SUCH",)), "en", quality)
    assert refused.value.code == UNKNOWN_NAME
    assert charted.plans


def test_no_cell_is_a_formula(charted: ChartPlant, quality: Person) -> None:
    positions = [f"{sign}1+1" for sign in "=+-@"]
    for position in positions:
        charted.post([{"SOME": [10.0]}], position=position)
    evaluate()
    report = made(quality, plans=("CHART-SOME",))
    rows = list(csv.DictReader(io.StringIO(bytes_of(report, "CSV").decode("utf-8-sig"))))
    assert [row["position"] for row in rows[2:]] == [f"'{position}" for position in positions]
    book = CalamineWorkbook.from_filelike(io.BytesIO(bytes_of(report, "XLSX")))
    sheet = book.get_sheet_by_name("Values").to_python()
    assert [row[sheet[0].index("position")] for row in sheet[3:]] == [f"'{position}" for position in positions]
    assert [row[sheet[0].index("value")] for row in sheet[1:]] == [9.0, 11.0, *[10.0] * 4]


def test_what_cannot_be_asked(charted: ChartPlant, quality: Person) -> None:
    operator = Person.objects.create(username="operator", role=Role.OPERATOR)
    for person, more, code in (
        (operator, {}, REPORT_NOT_YOURS),
        (quality, {"stations": ("NOWHERE",)}, UNKNOWN_NAME),
        (quality, {"plans": ("CHART-CALM",), "characteristics": ("LOAD",)}, NOTHING_CHARTED),
    ):
        with pytest.raises(Refusal) as refused:
            services.ask(asked(**more), "en", person)
        assert refused.value.code == code
    assert not Report.objects.exists()
    assert charted.plans


def test_a_report_that_is_cancelled_while_it_is_made_leaves_no_files(
    charted: ChartPlant, quality: Person, kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = services.ask(asked(plans=("CHART-SOME",)), "en", quality)
    write_json = files.write_json

    def and_cancel(*words: Any) -> None:
        services.cancel(report.pk, quality)
        write_json(*words)

    monkeypatch.setattr(files, "write_json", and_cancel)
    monkeypatch.setattr(services, "ALIVE_EACH_S", 0.0)
    services.make_next()
    report.refresh_from_db()
    assert (report.state, report.cancel_asked_by) == ("CANCELLED", "quality")
    assert report.files.count() == 0
    assert [path for path in kept.rglob("*") if path.is_file()] == []
    with pytest.raises(Refusal) as refused:
        services.cancel(report.pk, quality)
    assert refused.value.code == REPORT_FINISHED
    assert charted.plans


def test_a_file_that_was_changed_is_not_given_out(charted: ChartPlant, quality: Person, kept: Path) -> None:
    report = made(quality, plans=("CHART-SOME",))
    file = report.files.get(format="CSV")
    assert b"".join(content_of(file)).startswith(b"\xef\xbb\xbfplan,")
    path = kept / file.name
    path.write_bytes(path.read_bytes().replace(b"9.0", b"9.1"))
    with pytest.raises(Refusal) as refused:
        content_of(file)
    assert refused.value.code == FILE_GONE
    assert charted.plans


KILLED_WHILE_COLLECTING = """
import os, signal, django
django.setup()
from quality.reports import files, services
services.collect = lambda asked, told: (print("collecting", flush=True), signal.pause())
services.make_next()
"""


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_report_whose_worker_is_killed_is_taken_up_again(open_folder: Path) -> None:
    plant = make_plant()
    plant.add_plan("LOAD")
    plant.post([{"LOAD": [10.0]}] * 3)
    evaluate()
    quality = Person.objects.create(username="quality", role=Role.QUALITY)
    report = services.ask(asked(), "en", quality)
    processes = Processes(open_folder)
    worker = subprocess.Popen(
        [sys.executable, "-c", KILLED_WHILE_COLLECTING],
        env={**os.environ, **processes.environment},
        stdout=subprocess.PIPE,
    )
    assert worker.stdout is not None
    assert worker.stdout.readline() == b"collecting\n"
    worker.send_signal(signal.SIGKILL)
    worker.wait()
    report.refresh_from_db()
    assert report.state == "RUNNING"
    assert services.make_next(1.0) == 0  # it may still live
    Report.objects.filter(pk=report.pk).update(alive_at=timezone.now() - services.FORSAKEN_AFTER * 1.1)
    assert services.make_next() == 1
    report.refresh_from_db()
    assert report.state == "DONE"
    assert report.files.count() == 4
