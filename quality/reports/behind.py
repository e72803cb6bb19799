"""The values behind one chart as a page and as files: which unit, when, by which gauge, judged by which limits."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.core.paginator import Page, Paginator
from django.utils import timezone

from lines.spreadsheets import Cell
from quality.charts.models import ChartPoint
from quality.plans.models import ControlPlan
from quality.reports.content import Row
from quality.reports.files import COLUMNS, spread
from quality.reports.rows import rows_of

POINTS_A_PAGE = 50
# Of a file; older values are in reports of their span.
MOST_POINTS = 100_000
_MOMENT = timedelta(microseconds=1)


@dataclass(frozen=True)
class Behind:
    page: Page[ChartPoint]
    rows: list[Row]  # newest first


def behind(plan: ControlPlan, stream: str, number: str | None) -> Behind:
    """A page of points, newest first, and the values behind them."""
    points = plan.points.filter(stream=stream).order_by("-source_time", "-number")
    page = Paginator(points, POINTS_A_PAGE).get_page(number)
    shown = list(page.object_list)
    if not shown:
        return Behind(page, [])
    rows = rows_of(plan, stream, shown[-1].source_time, shown[0].source_time + _MOMENT, None)
    numbers = {point.number for point in shown}
    return Behind(page, [row for row in reversed(rows) if row.point in numbers])


def newest_rows(plan: ControlPlan, stream: str) -> tuple[Sequence[str], Iterator[Sequence[Cell]]]:
    """Header and rows of the newest points, in order of time, as a report's files have them."""
    times: Any = plan.points.filter(stream=stream).order_by("-source_time", "-number").values_list(
        "source_time", flat=True
    )  # fmt: skip
    newest = times.first()
    if newest is None:
        return COLUMNS, iter(())
    oldest = next(iter(times[MOST_POINTS - 1 : MOST_POINTS]), None) or times.last()
    rows = rows_of(plan, stream, oldest, newest + _MOMENT, None)
    before, unit, zone = (plan.code, stream), plan.characteristic.unit, timezone.get_default_timezone()
    return COLUMNS, (spread(before, unit, row, zone) for row in rows)
