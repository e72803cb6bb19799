"""Judging values by limits, and what is derived from what was posted."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lines.errors import Refusal
from lines.records.models import Judgement
from quality import errors
from quality.plans import judging
from quality.plans.judging import Derived, JudgingPlan, Limits, Value, judge, judge_value

NOW = datetime(2026, 11, 20, tzinfo=UTC)
BOTH = Limits(7, 1.0, 2.0, 3.0)
PLAN = JudgingPlan(
    units={"V1": "V", "V2": "V", "H": "h", "K": "mV/h", "F": "N"},
    limits={"K": Limits(9, None, None, 0.08), "F": BOTH},
    derived={"K": Derived("k_value", ("V1", "V2", "H"))},
    required=frozenset({"V1", "V2", "H"}),
)


def value(code: str, number: float, unit: str = "V", position: str = "") -> Value:
    return Value(code, number, unit, position, NOW)


def test_the_numbers_are_those_of_the_table() -> None:
    assert Judgement.values == [judging.UNJUDGED, judging.PASS, judging.FAIL_LOW, judging.FAIL_HIGH]


@given(st.floats(-10, 10), st.none() | st.floats(-5, 0), st.none() | st.floats(0.1, 5))
def test_a_value_on_a_limit_passes(number: float, lsl: float | None, usl: float | None) -> None:
    judgement = judge_value(number, Limits(1, lsl, None, usl))
    inside = (lsl is None or number >= lsl) and (usl is None or number <= usl)
    assert (judgement in (judging.PASS, judging.UNJUDGED)) == inside
    assert (judgement == judging.UNJUDGED) == (lsl is None and usl is None)
    for limit in (lsl, usl):
        if limit is not None:
            assert judge_value(limit, Limits(1, lsl, None, usl)) == judging.PASS


def test_derived_values_follow_the_posted_ones() -> None:
    posted = [value("V1", 3.21), value("V2", 3.20), value("H", 100, "h")]
    found = judge(PLAN, posted, NOW)
    assert [j.code for j in found] == ["V1", "V2", "H", "K"]
    derived = found[-1]
    assert derived.is_derived and derived.value == pytest.approx(0.1)
    assert (derived.judgement, derived.limits.version_id, derived.unit) == (judging.FAIL_HIGH, 9, "mV/h")


def test_of_several_positions_the_mean_counts() -> None:
    posted = [value("V1", 3.20, position="A"), value("V1", 3.22, position="B"), value("V2", 3.20), value("H", 100, "h")]
    assert judge(PLAN, posted, NOW)[-1].value == pytest.approx(0.1)


def test_from_values_beyond_the_number_range_nothing_is_derived() -> None:
    posted = [value("V1", 1.5e308), value("V1", 1.5e308), value("V2", 3.20), value("H", 100, "h")]
    assert [j.code for j in judge(PLAN, posted, NOW)] == ["V1", "V1", "V2", "H"]


def test_a_posted_value_is_not_derived_again_and_missing_inputs_derive_nothing() -> None:
    assert [j.is_derived for j in judge(PLAN, [value("K", 0.02, "mV/h")], NOW)] == [False]
    assert [j.code for j in judge(PLAN, [value("V1", 3.2)], NOW)] == ["V1"]


def test_unknown_characteristics_and_units_are_refused() -> None:
    judging.check_values(PLAN, [value("F", 1, "N")])
    for bad, code in [(value("X", 1), errors.UNKNOWN_CHARACTERISTIC), (value("F", 1, "kN"), errors.WRONG_UNIT)]:
        with pytest.raises(Refusal) as refused:
            judging.check_values(PLAN, [bad])
        assert refused.value.code is code
    assert judging.missing(PLAN, [value("V2", 1)]) == ["H", "V1"]
