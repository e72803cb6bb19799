"""The charts in a real browser: every kind in both sizes and languages, a point that opens, streams, the wall."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from quality.charts.lined import drawn_panels
from quality.charts.models import ChangeKind, ChartPoint, ChartStream, Signal
from quality.charts.process_changes import note
from quality.plans.models import ChartType, ControlLimits, ControlPlan
from tests.e2e.test_screens import CHROMIUM, SIZES, chromium, tab, url, var  # noqa: F401 - fixtures

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(not CHROMIUM, reason="needs Debian's chromium (apt-get install chromium)"),
    pytest.mark.xdist_group("browser"),
]

SUBGROUPS = {"XBAR-R", "XBAR-S", "I-MR-R", "I-MR-S"}
COUNTED = {"P", "NP", "U", "LANEY-P", "LANEY-U"}


def fill(plan: ControlPlan, stream: str = "") -> None:
    """Sixty points as the evaluation would leave them; the last one breaks rule 1."""
    limits = plan.limits.get(version=1)
    started = timezone.now() - timedelta(hours=2)
    points = ChartPoint.objects.bulk_create(
        ChartPoint(
            plan=plan, stream=stream, limits=limits, number=number, source_time=started + timedelta(minutes=number),
            location=0.2 + number % 7 / 100, spread=0.01, within=0.01, statistic=0.2, statistic_low=0.1,
            n=plan.subgroup_size, size=100.0 if plan.chart in COUNTED else None, is_late=number == 20,
            is_excluded=number == 30, records=[],
        )
        for number in range(60)
    )  # fmt: skip
    ChartStream.objects.create(plan=plan, stream=stream, next_number=60, newest_at=points[-1].source_time)
    Signal.objects.create(
        plan=plan, stream=stream, limits=limits, point=points[-1], chart=drawn_panels(plan.chart)[0], rule=1, side=1,
        window_first=59, raised_at=timezone.now(),
    )  # fmt: skip


def plan_like(model: ControlPlan, chart: str, **more: Any) -> ControlPlan:
    plan = ControlPlan.objects.create(
        code=f"KIND-{chart}", name_en=f"Kind {chart}", name_ja=f"種類{chart}", characteristic=model.characteristic,
        product=model.product, station=model.station, chart=chart, subgroup_size=5 if chart in SUBGROUPS else 1,
        rules=[1], **more,
    )  # fmt: skip
    ControlLimits.objects.create(
        plan=plan, version=1, center=0.2, sigma_within=0.02, n_values=100, sigma_method="MR-MEAN",
        parameters={"sigma_mean": 0.02, "sigma_z": 1.1}, valid_from=timezone.now() - timedelta(days=1), author="test",
        reason="study",
    )  # fmt: skip
    return plan


def is_within(screen: Any) -> bool:
    return bool(screen.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"))


def test_every_kind_of_chart_fits_both_sizes_in_both_languages(tab: Any) -> None:  # noqa: F811 - a fixture
    model = ControlPlan.objects.filter(chart="I-MR").select_related("station").first()
    assert model is not None
    note(model.station, ChangeKind.METHOD, timezone.now() - timedelta(hours=1), "Recipe R2", "レシピR2", by="person:x")
    for chart in ChartType.values:
        fill(plan_like(model, chart))
    paths = [f"/charts/KIND-{chart}/" for chart in ChartType.values]
    for (width, height), language, some in (
        (SIZES[0], "en", paths), (SIZES[1], "ja", paths[:3]), (SIZES[0], "ja", paths[2:4]),
    ):  # fmt: skip
        tab.set_viewport_size({"width": width, "height": height})
        tab.goto("/charts/")
        tab.context.add_cookies([{"name": "django_language", "value": language, "url": tab.url}])
        for path in [*some, "/charts/", "/charts/wall/", "/charts/KIND-I-MR/capability/", "/charts/pareto/"]:
            tab.goto(path)
            if "KIND" in path:
                tab.locator(".chart svg").first.wait_for()
            assert is_within(tab), (path, width, language)


def test_a_point_opens_and_streams_are_chosen(tab: Any) -> None:  # noqa: F811 - a fixture
    model = ControlPlan.objects.filter(chart="I-MR").select_related("station").first()
    assert model is not None
    plan = plan_like(model, "I-MR", stream_by="POSITION")
    fill(plan, "LANE-1")
    fill(plan, "LANE-2")
    tab.goto("/charts/KIND-I-MR/?stream=LANE-1")
    tab.locator("#control-chart svg").wait_for()
    box = tab.locator("#control-chart svg").bounding_box()
    tab.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 3)
    tab.locator("#point h2").wait_for()
    tab.locator("#stream").select_option("LANE-2")
    tab.wait_for_url("**stream=LANE-2**")
    assert "LANE-2" in tab.locator("#chart-facts").inner_text()
