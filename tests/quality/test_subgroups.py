"""From values in order of arrival to the points of a chart."""

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quality.charts import subgroups
from quality.charts.subgroups import HOUR_US, Grouping, Intake, NewPoint, Value, nominal_of

SECOND = 1_000_000


def values(*numbers: float, start: int = 0) -> list[Value]:
    """A second apart, each of a record of its own."""
    return [Value(number, start + n + 1, (start + n) * SECOND) for n, number in enumerate(numbers)]


def taken(intake: Intake, some: list[Value]) -> list[NewPoint]:
    return [point for value in some for point in intake.take([value])]


def judged(fails: str) -> list[Value]:
    return [Value(1.0, n + 1, n * SECOND, fail == "x") for n, fail in enumerate(fails)]


@given(st.lists(st.floats(-1e6, 1e6), max_size=60), st.integers(2, 7))
def test_consecutive_subgroups_are_the_plain_pieces(numbers: list[float], size: int) -> None:
    intake = Intake(Grouping("XBAR-S", "CONSECUTIVE", size))
    points = taken(intake, values(*numbers))
    pieces = [numbers[n : n + size] for n in range(0, len(numbers) // size * size, size)]
    assert len(points) == len(pieces)
    for point, piece in zip(points, pieces, strict=True):
        mean = sum(piece) / size
        assert math.isclose(point.location, mean, rel_tol=1e-9, abs_tol=1e-6)
        sd = math.sqrt(sum((x - mean) ** 2 for x in piece) / (size - 1))
        assert point.spread is not None
        assert math.isclose(point.spread, sd, rel_tol=1e-6, abs_tol=1e-5)
    assert [value.value for value in intake.waiting] == numbers[len(pieces) * size :]


@given(st.integers(0, 10**6), st.integers(2, 5))
def test_whatever_is_late_each_value_is_in_one_point(seed: int, size: int) -> None:
    """A closed subgroup stays closed: what comes after its time is a point of its own."""
    generator = random.Random(seed)
    some = values(*range(40))
    some.sort(key=lambda value: value.time_us + generator.choice([0, 0, 0, 9 * SECOND]))
    intake = Intake(Grouping("XBAR-R", "CONSECUTIVE", size))
    points = taken(intake, some)
    assert sorted([r for p in points for r in p.records] + [v.record for v in intake.waiting]) == list(range(1, 41))
    newest = -1
    for point in points:
        assert point.n in (1, size)
        assert (point.n == 1) == (point.time_us < newest)
        newest = max(newest, point.time_us)


def test_a_period_that_is_full_goes_on_with_another_point(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subgroups, "FULL", 3)
    hourly = Intake(Grouping("XBAR-R", "PERIOD", 2, period_us=HOUR_US))
    points = taken(hourly, values(1.0, 2.0, 3.0, 4.0, 6.0))
    assert [(p.location, p.n) for p in points] == [(2.0, 3)]
    assert [(p.location, p.n) for p in hourly.close_until(HOUR_US)] == [(5.0, 2)]
    late = hourly.take([Value(9.0, 9, 6 * SECOND)])  # the period is over: closed by the clock, not for being full
    assert [(p.location, p.n) for p in late] == [(9.0, 1)]


def test_a_late_unit_of_an_attribute_chart_counts_in_the_open_sample() -> None:
    hourly = Intake(Grouping("P", "PERIOD", 1, period_us=HOUR_US))
    hourly.take([Value(1.0, 1, 10, True)])
    assert hourly.take([Value(1.0, 2, HOUR_US + 10)])[0].location == 1.0
    assert hourly.take([Value(1.0, 3, 20, True)]) == []
    (point,) = hourly.close_until(2 * HOUR_US)
    assert (point.location, point.size, point.time_us) == (0.5, 2, HOUR_US + 10)
    assert hourly.take([Value(1.0, 4, HOUR_US + 30)]) == []  # that hour is over
    (point,) = hourly.close_until(3 * HOUR_US)
    assert (point.records, point.time_us) == ((4,), 2 * HOUR_US)


def test_units_and_hours_between_rare_events() -> None:
    units = Intake(Grouping("G"))
    assert [point.location for point in taken(units, judged("..x.x...x.."))] == [2, 1, 3]
    assert units.since_event == 2
    hours = Intake(Grouping("T"))
    events = [Value(1.0, n, at * HOUR_US, True) for n, at in enumerate((1, 3, 8), 1)]
    assert [point.location for point in taken(hours, events)] == [2, 5]
    assert hours.take([Value(1.0, 9, 4 * HOUR_US, True)])[0].location == 1  # late, since the one before it


def test_what_cannot_be_plotted_is_named_and_stops_nothing() -> None:
    single = Intake(Grouping("I-MR"))
    assert taken(single, values(math.nan, math.inf, 5.0))[0].location == 5.0
    assert single.left_out == [1, 2]
    count = Intake(Grouping("C"))
    assert taken(count, values(-1.0)) == []
    assert count.left_out == [1]
    rate = Intake(Grouping("U"))
    assert rate.take([Value(3.0, 1, 0, size=0.0)]) == []
    groups = Intake(Grouping("XBAR-R", "RECORD", 3))
    assert groups.take([Value(0.0, 1, 0), Value(1.6e308, 1, 0), Value(1.6e308, 1, 0)]) == []
    assert groups.left_out == [1]
    assert groups.take([Value(2.0, 2, 0)])[0][1:5] == (2.0, None, None, 1)


def test_a_nominal_value_stands_for_all_or_for_each_recipe() -> None:
    assert nominal_of({}, "A") == 0
    assert nominal_of({"nominal": 12}, "A") == 12
    by_recipe = {"nominal": {"A": 3.5, "": 1}}
    assert (nominal_of(by_recipe, "A"), nominal_of(by_recipe, "B")) == (3.5, 1)
    assert nominal_of({"nominal": {"A": 3.5}}, "B") is None
    assert nominal_of({"nominal": "much"}, "B") is None
