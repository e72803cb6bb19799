"""What the plans expect by chance in a shift, and what came: told apart by what people found."""

from datetime import timedelta

import pytest
from django.utils import timezone

from lines.models import Shift
from quality.charts.models import ChartPoint
from quality.charts.services import evaluate
from quality.plans.expected import per_point, whole_plan
from quality.plans.listing import all_plans
from quality.plans.models import ControlLimits, ControlPlan
from quality.reactions.models import CodeKind, Reaction, ReactionCode
from tests.quality.conftest import STARTED, ChartPlant

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


def test_a_young_plan_is_counted_over_its_own_time_and_each_stream_by_its_own_valid_limits(plant: ChartPlant) -> None:
    old, young = plant.add_plan("A"), plant.add_plan("B", "C", stream_by="POSITION")
    plant.freeze(young, 2, center=2.0, stream="L")
    plant.freeze(young, 3, center=30.0, stream="R")
    tomorrow = plant.freeze(young, 4, center=0.1, stream="L")
    ControlLimits.objects.filter(pk=tomorrow.pk).update(valid_from=timezone.now() + timedelta(days=1))
    now = STARTED + timedelta(days=3)

    def points(plan: ControlPlan, stream: str, hours: int, each: int) -> None:
        frozen = plan.limits.order_by("version").first()
        assert frozen is not None
        ChartPoint.objects.bulk_create(
            ChartPoint(plan=plan, stream=stream, limits=frozen, number=number, location=10, n=1, records=[],
                       source_time=now - timedelta(minutes=60 / each * number))
            for number in range(hours * each + 1)
        )  # fmt: skip

    points(old, "", 72, 1)
    points(young, "L", 12, 10)
    points(young, "R", 12, 30)
    rows = {row.plan: row for row in whole_plan(all_plans()).rows}
    assert rows[old].points == pytest.approx(8, rel=0.02)  # shifts of eight hours
    assert rows[young].points == pytest.approx(320, rel=0.02)
    values = {"chart": "C", "rules": [1, 2], "run_lengths": {}, "options": {}, "subgroup_size": 1}
    left, right = per_point(values, center=2.0), per_point(values, center=30.0)
    assert left != pytest.approx(right, rel=0.05)
    assert rows[young].signals == pytest.approx(80 * left + 240 * right, rel=0.02)
