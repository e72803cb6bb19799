"""A plant with charts, people who ask, and reports that are kept in a folder of the test's own."""

import random
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import override_settings

from lines.models import Person
from lines.people.models import Role
from quality.charts.services import evaluate
from quality.gauges.models import Gauge
from quality.reports import services
from quality.reports.asked import AskedReport
from quality.reports.models import Report
from tests.quality.conftest import STARTED, ChartPlant

SPAN = (STARTED - timedelta(days=1), STARTED + timedelta(days=2))


@pytest.fixture(autouse=True)
def kept(settings: Any, tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "reports"
    storage = {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": str(folder)}}
    with override_settings(STORAGES={**settings.STORAGES, "reports": storage}):
        yield folder


@pytest.fixture
def quality(db: None) -> Person:  # noqa: ARG001 - asks for the database
    return Person.objects.create(username="quality", role=Role.QUALITY)


@pytest.fixture
def charted(plant: ChartPlant) -> ChartPlant:
    """LOAD drifts off, CALM is in control with 120 values, SOME has two points, SAME is constant, NONE is empty."""
    rng = random.Random(7)
    for code in ("LOAD", "CALM", "SOME", "SAME", "NONE"):
        plant.add_plan(code, rules=[1])
    Gauge.objects.create(
        code="SCALE", name_en="Scale", name_ja="はかり", station=plant.station, channel="",
        calibrated_at=STARTED, valid_until=STARTED + timedelta(days=90),
    )  # fmt: skip
    plant.post(
        [
            {"LOAD": [rng.gauss(10 + n / 20, 1)], "CALM": [min(12.9, max(7.1, rng.gauss(10, 0.8)))], "SAME": [10.0]}
            for n in range(120)
        ],
        channel="CH-1",
    )
    plant.post([{"SOME": [9.0]}, {"SOME": [11.0]}])
    while evaluate():
        pass
    return plant


def asked(**more: Any) -> AskedReport:
    return AskedReport(*SPAN, **more)


def made(person: Person, language: str = "en", **more: Any) -> Report:
    report = services.ask(asked(**more), language, person)
    services.make_next()
    report.refresh_from_db()
    assert report.state == "DONE", (report.code, report.detail)
    return report


def bytes_of(report: Report, kind: str) -> bytes:
    content: bytes = services.storage().open(report.files.get(format=kind).name).read()
    return content
