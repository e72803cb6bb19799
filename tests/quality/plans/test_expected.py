"""What the plans expect by chance in a shift, and what came: told apart by what people found."""

from datetime import timedelta

import pytest
from django.utils import timezone

from lines.models import Shift
from quality.charts.models import ChartPoint
from quality.charts.services import evaluate
from quality.plans.expected import whole_plan
from quality.plans.listing import all_plans
from quality.reactions.models import CodeKind, Reaction, ReactionCode
from tests.quality.conftest import ChartPlant

QUIET = [10.0, 10.5, 9.5]


def post(plant: ChartPlant, hours: int, beyond: set[int]) -> None:
    """A value a minute; `beyond`: the minutes at which it is far off."""
    plant.post([{"A": [99.0 if n in beyond else QUIET[n % 3]]} for n in range(hours * 60)])
    evaluate()


def test_points_of_a_shift_times_false_signals_of_a_point(plant: ChartPlant) -> None:
    plan = plant.add_plan("A", response="CONTAIN")
    Shift.objects.create(
        production_line=plant.station.production_line, code="DAY", name_en="Day", name_ja="日勤",
        starts_at="08:00", ends_at="20:00",
    )  # fmt: skip
    Shift.objects.create(
        production_line=plant.station.production_line, code="NIGHT", name_en="Night", name_ja="夜勤",
        starts_at="20:00", ends_at="08:00",
    )  # fmt: skip
    post(plant, 24, set())
    whole = whole_plan(all_plans())
    row = whole.rows[0]
    assert row.plan == plan
    assert row.points == pytest.approx(720, rel=0.01)  # twelve hours
    # Rule 1 on individuals 1 in 370, rule 2 1 in 512, rule 1 on moving ranges about 1 in 130: runs of them, together.
    assert 1 / 90 < row.per_point < 1 / 65
    assert row.points is not None
    assert whole.alarms == whole.containments == pytest.approx(row.points * row.per_point)
    plan.response = "LOG"
    plan.save()
    whole = whole_plan(all_plans())
    assert (whole.alarms, whole.containments) == (0, 0)


def test_what_came_is_told_apart_by_what_was_found(plant: ChartPlant) -> None:
    plant.add_plan("A")
    post(plant, 16, {100, 300, 500, 700})
    whole = whole_plan(all_plans())
    alarms = whole.came.alarms
    assert alarms >= 4
    assert whole.false_per_shift == pytest.approx(alarms / whole.shifts)  # nobody has answered one yet
    nothing = ReactionCode.objects.create(code="NONE-FOUND", kind=CodeKind.CAUSE, is_false_alarm=True)
    horn = ReactionCode.objects.create(code="HORN", kind=CodeKind.CAUSE)
    action = ReactionCode.objects.create(code="LOOKED", kind=CodeKind.ACTION)
    reactions = list(Reaction.objects.order_by("id"))
    assert reactions
    for reaction, cause in zip(reactions, [nothing, *[horn] * len(reactions)], strict=False):
        now = timezone.now()
        reaction.cause, reaction.action, reaction.verified_at, reaction.closed_at = cause, action, now, now
        reaction.save()
    whole = whole_plan(all_plans())
    came = whole.came
    assert came.false >= 1
    assert whole.false_per_shift == pytest.approx(came.false / whole.shifts)
    assert came.alarms == alarms


def test_a_plan_without_points_is_named_and_not_counted(plant: ChartPlant) -> None:
    plant.add_plan("A")
    whole = whole_plan(all_plans())
    assert (whole.unknown, whole.alarms, whole.alarms_per_shift) == (1, 0.0, None)
    plant.add_plan("B")
    post(plant, 1, set())
    whole = whole_plan(all_plans())
    assert whole.unknown == 1


def test_old_points_do_not_count(plant: ChartPlant) -> None:
    plan = plant.add_plan("A")
    post(plant, 10, {30})
    before = whole_plan(all_plans())
    last = plan.points.order_by("-number").first()
    assert last is not None
    ChartPoint.objects.filter(pk=last.pk).update(source_time=last.source_time + timedelta(days=8))
    after = whole_plan(all_plans())
    assert before.came.alarms >= 1
    assert (after.came.alarms, after.rows[0].points, after.shifts) == (0, 1.0, 1.0)
