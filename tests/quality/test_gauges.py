"""Gauges: until when they are good, what they judged when they were not, and what studies say of them."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from lines.models import Person
from lines.people.models import Role
from quality.charts.services import evaluate
from quality.gauges.queries import suspect_serials
from quality.gauges.standing import Standing, standing, suspect_window
from quality.models import Calibration, Gauge, GaugeRrStudy, ProcessChange
from quality.reports.collecting import _gauges
from quality.reports.rows import gauges_of, rows_of
from tests.quality.conftest import STARTED, ChartPlant

CASES = Path(__file__).parents[2] / "fixtures" / "spc"
START = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass
class Row:
    kind: str
    at: datetime
    as_found_passed: bool
    as_left_passed: bool
    next_due: datetime | None


@st.composite
def histories(draw: st.DrawFn) -> list[Row]:
    rows = []
    for day in sorted(draw(st.sets(st.integers(1, 40), max_size=8))):
        at = START + timedelta(days=day)
        found, left, is_check = draw(st.booleans()), draw(st.booleans()), draw(st.booleans())
        if is_check:
            rows.append(Row("CHECK", at, found, found, None))
        else:
            due = at + timedelta(days=draw(st.integers(1, 30))) if left else None
            rows.append(Row("CALIBRATION", at, found, left, due))
    return rows


@given(histories(), st.integers(1, 30))
def test_what_a_gauge_may_judge_day_by_day(rows: list[Row], first_due: int) -> None:
    """Against a walk over the days: allowed from a calibration that passed to its due date or the next failure."""
    before = Standing(START, START + timedelta(days=first_due))
    by_day = {row.at: row for row in rows}
    day, until = START, before.valid_until
    while day <= START + timedelta(days=45):
        row = by_day.get(day)
        if row and not row.as_left_passed:
            until = min(until, day)
        elif row and row.next_due:
            until = row.next_due
        now = standing(before, [each for each in rows if each.at <= day])
        assert (now.valid_until < day) == (until < day), day
        day += timedelta(days=1)


@given(histories())
def test_what_it_judged_is_suspect_from_the_last_good_look_to_the_next_good_calibration(rows: list[Row]) -> None:
    for row in (each for each in rows if not each.as_found_passed):
        window = suspect_window(rows, row)
        for day in (START + timedelta(days=n, hours=12) for n in range(0, 42)):
            good_before = any(each.as_left_passed and day < each.at < row.at for each in rows)
            mended = row.as_left_passed and day > row.at
            mended = mended or any(each.next_due and row.at < each.at < day for each in rows)
            inside = (window.since is None or day > window.since) and (window.until is None or day < window.until)
            assert inside == (not good_before and not mended), (row, day)


@pytest.fixture
def client(db: None) -> Client:  # noqa: ARG001 - order
    client = Client()
    client.force_login(Person.objects.create(username="quality", role=Role.QUALITY))
    return client


def make_gauge(plant: ChartPlant, code: str = "SCALE", channel: str = "", since: datetime = STARTED) -> Gauge:
    gauge = Gauge.objects.create(
        code=code, name_en="Scale", name_ja="はかり", station=plant.station, channel=channel, calibrated_at=since,
        valid_until=since + timedelta(days=3650),
    )  # fmt: skip
    Calibration.objects.create(
        gauge=gauge, kind="CALIBRATION", at=since, as_found_passed=True, as_left_passed=True,
        next_due=gauge.valid_until, recorded_at=since, recorded_by="task:test",
    )  # fmt: skip
    return gauge


FAILED = {"kind": "CHECK", "performed_by": "T. Mori", "as_found_passed": "fail", "as_found": "0.4", "allowed": "0.1"}
PASSED = {"kind": "CALIBRATION", "performed_by": "Lab", "as_found_passed": "fail", "as_left_passed": "pass"}


def test_a_gauge_found_out_of_order_lists_what_it_judged_since_it_was_good(client: Client, plant: ChartPlant) -> None:
    a = plant.add_plan("A")
    plant.add_plan("B")
    gauge = make_gauge(plant, since=STARTED + timedelta(minutes=2, seconds=30))
    gauge.characteristics.add(a.characteristic)
    plant.post([{"A": [10.0], "B": [10.0]}] * 4 + [{"B": [10.0]}] + [{"A": [9.0, 11.0]}] * 2)
    response = client.post("/gauges/SCALE/calibrations/", FAILED)
    assert response.status_code == 302
    failed = Calibration.objects.latest("pk")
    assert suspect_serials(failed.pk) == ["SERIAL-00003", "SERIAL-00005", "SERIAL-00006"]  # 4 has B alone
    gauge.refresh_from_db()
    assert gauge.valid_until == failed.at
    assert ProcessChange.objects.get().kind == "MACHINE"
    html = client.get(f"/gauges/calibrations/{failed.pk}/suspects/").content.decode()
    assert html.count("/go/unit/SERIAL-") == 3
    assert f"/go/gauge-hold/{failed.pk}/" in html
    assert "Out of order" in client.get("/gauges/?state=OUT_OF_ORDER").content.decode()
    first = Calibration.objects.earliest("pk")
    assert client.get(f"/gauges/calibrations/{first.pk}/suspects/").status_code == 404
    # Mended: the window is closed, and what is made after it is not suspect.
    assert client.post("/gauges/SCALE/calibrations/", PASSED | {"certificate": "C-7"}).status_code == 302
    newest = gauge.calibrations.first()
    assert newest is not None and newest.next_due == newest.at + timedelta(days=365)
    gauge.refresh_from_db()
    assert gauge.valid_until == newest.next_due
    late = (newest.at - STARTED + timedelta(minutes=1)).total_seconds()
    plant.post([{"A": [10.0]}], seconds=[late])
    assert len(suspect_serials(failed.pk)) == 3


def test_a_channel_gauge_answers_for_its_channel_alone(client: Client, plant: ChartPlant) -> None:
    plant.add_plan("A")
    make_gauge(plant, "CH-1", "R1")
    plant.post([{"A": [10.0]}] * 2, channel="R1")
    plant.post([{"A": [10.0]}] * 3, channel="R2")
    client.post("/gauges/CH-1/calibrations/", FAILED)
    assert suspect_serials(Calibration.objects.latest("pk").pk) == ["SERIAL-00000", "SERIAL-00001"]


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        (FAILED | {"performed_by": ""}, "MES-Q-0502"),
        (FAILED | {"as_found": "0,4"}, "MES-Q-0502"),
        (FAILED | {"as_found": "1e999"}, "MES-Q-0502"),
        (FAILED | {"at": "yesterday"}, "MES-Q-0502"),
        (FAILED | {"at": "2999-01-01T00:00"}, "MES-Q-0503"),
        (PASSED | {"next_due": "2020-01-01"}, "MES-Q-0503"),
        (FAILED | {"as_found_passed": "pass"}, "MES-Q-0504"),
        (FAILED | {"as_left_passed": "pass"}, "MES-Q-0504"),
    ],
)
def test_a_calibration_that_cannot_be_is_refused(
    client: Client, plant: ChartPlant, fields: dict[str, str], code: str
) -> None:
    make_gauge(plant)
    response = client.post("/gauges/SCALE/calibrations/", fields)
    assert response.status_code == 422
    assert code in response.content.decode()
    assert Calibration.objects.count() == 1


def test_auditors_read_only(plant: ChartPlant) -> None:
    gauge = make_gauge(plant)
    reader = Client()
    reader.force_login(Person.objects.create(username="auditor", role=Role.AUDITOR))
    assert 'action="/gauges/SCALE/calibrations/"' not in reader.get("/gauges/SCALE/").content.decode()
    for part in ("calibrations", "characteristics", "studies"):
        assert reader.post(f"/gauges/SCALE/{part}/", FAILED | {"table": "1,A,2"}).status_code == 403
    assert gauge.calibrations.count() == 1


def published() -> tuple[str, dict[str, Any]]:
    """The readings of a published study as a table, and what it should give."""
    case = json.loads((CASES / "msa02_grr_batteries.json").read_text())
    columns = case["params"].get("columns", ["part", "operator", "value"])
    at = [columns.index(name) for name in ("part", "operator", "value")]
    rows = ["part,operator,value", *(",".join(str(row[place]) for place in at) for row in case["data"])]
    return "\n".join(rows), case["expected"]


def test_a_study_is_calculated_shown_and_told_in_reports(client: Client, plant: ChartPlant) -> None:
    plan = plant.add_plan("A")
    gauge = make_gauge(plant)
    gauge.characteristics.add(plan.characteristic)
    table, expected = published()
    fields = {"study_of": "A", "table": table, "note": "Quarterly"}
    assert client.post("/gauges/SCALE/studies/", fields).status_code == 302
    study = GaugeRrStudy.objects.get()
    of = expected["with_interaction" if study.with_interaction else "without_interaction_pooled"]
    assert study.components["gage_rr"]["variance"] == pytest.approx(of["variance"]["gage_rr"], rel=1e-6)
    assert study.grr_percent == pytest.approx(study.components["gage_rr"]["study_share"])
    for language in ("en", "ja"):
        client.cookies["django_language"] = language
        for page in (f"/gauges/studies/{study.pk}/", "/gauges/SCALE/", "/gauges/"):
            html = client.get(page).content.decode()
            assert f"{study.grr_percent:.1f} %" in html
    # The gauge that measures the characteristic stands in the report, another of the station does not.
    other = make_gauge(plant, "LASER")
    other.characteristics.add(plant.add_plan("B").characteristic)
    plant.post([{"A": [10.0]}])
    evaluate()
    rows = rows_of(plan, "", STARTED, STARTED + timedelta(days=1), None)
    assert {row.gauge for row in rows} == {"SCALE"}
    (told,) = _gauges(plan, rows)
    assert (told["code"], told["study"]["verdict"]) == ("SCALE", study.verdict)
    # Where nothing is linked to it, those that measure whatever the station does.
    assert gauges_of(plant.add_plan("C")) == {}
    make_gauge(plant, "ANY")
    assert gauges_of(plant.plans["C"]) == {"": "ANY"}


def test_a_study_with_bad_rows_names_each_and_stores_nothing(client: Client, plant: ChartPlant) -> None:
    plant.add_plan("A")
    make_gauge(plant)
    rows = [f"{part},{who},{part}.{repeat}" for part in range(3) for who in "AB" for repeat in (1, 2)]
    bad = ["part,operator,value", *rows]
    bad[3], bad[5], bad[7] = "0,B,abc", '1,A,"1,5"', "1,,1.2"
    response = client.post("/gauges/SCALE/studies/", {"study_of": "A", "table": "\n".join(bad)})
    html = response.content.decode()
    assert response.status_code == 422
    assert all(f"Row {row}" in html for row in (4, 6, 8))
    for table, code in (
        ("\n".join(["part,operator,value", *rows[:-1]]), "MES-Q-0511"),  # one reading is missing
        ("part,operator,value\n1,A,5\n1,A,5\n2,A,5\n2,A,5", "MES-Q-0511"),  # nothing varies
        ("", "MES-Q-"),
    ):
        response = client.post("/gauges/SCALE/studies/", {"study_of": "A", "table": table})
        assert response.status_code in (413, 422)
        assert code in response.content.decode()
    assert client.post("/gauges/SCALE/studies/", {"study_of": "NONE", "table": "1,A,5"}).status_code == 422
    assert not GaugeRrStudy.objects.exists()


def test_a_list_of_gauges_begins_with_what_needs_somebody(client: Client, plant: ChartPlant) -> None:
    now = timezone.now()
    make_gauge(plant, "GOOD", since=now)
    late, soon = make_gauge(plant, "LATE"), make_gauge(plant, "SOON")
    Gauge.objects.filter(pk=late.pk).update(valid_until=now - timedelta(days=1))
    Gauge.objects.filter(pk=soon.pk).update(valid_until=now + timedelta(days=5))
    make_gauge(plant, "BROKEN")
    client.post("/gauges/BROKEN/calibrations/", FAILED)
    html = client.get("/gauges/").content.decode()
    places = [html.index(f'/gauges/{code}/"') for code in ("BROKEN", "LATE", "SOON", "GOOD")]
    assert places == sorted(places)
