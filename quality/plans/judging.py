"""Judging values against specification limits, and deriving the values that no station posts. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from lines.errors import Refusal
from quality import errors
from quality.plans.formulas import Formula, Input, Reading, derive

# The numbers of lines.records.models.Judgement, which needs Django.
UNJUDGED, PASS, FAIL_LOW, FAIL_HIGH = 0, 1, 2, 3

Readings = Mapping[Input, Sequence[Reading]]


@dataclass(frozen=True, slots=True)
class Value:
    """One value as posted."""

    code: str
    value: float
    unit: str
    position: str
    source_time: datetime


@dataclass(frozen=True, slots=True)
class Limits:
    """The version of the specification limits that judges; `version_id` is quality.CharacteristicLimits."""

    version_id: int
    lsl: float | None
    target: float | None
    usl: float | None


NO_LIMITS = Limits(0, None, None, None)


@dataclass(frozen=True, slots=True)
class JudgingPlan:
    """What is known of the characteristics of one operation of one product."""

    units: Mapping[str, str]  # unit of every characteristic asked for
    limits: Mapping[str, Limits]
    derived: Mapping[str, Formula]  # characteristics of this operation that come from others


@dataclass(frozen=True, slots=True)
class Judged:
    """One value with its verdict and the limits it was judged by."""

    code: str
    value: float
    unit: str
    position: str
    source_time: datetime
    judgement: int
    limits: Limits
    is_derived: bool


def judge_value(value: float, limits: Limits) -> int:
    """A value on a limit passes. Without limits there is no verdict."""
    if limits.lsl is not None and value < limits.lsl:
        return FAIL_LOW
    if limits.usl is not None and value > limits.usl:
        return FAIL_HIGH
    return UNJUDGED if limits.lsl is None and limits.usl is None else PASS


def check_values(plan: JudgingPlan, values: Sequence[Value]) -> None:
    """Refuse (quality.errors) a value of an unknown characteristic or in another unit than its own."""
    for index, value in enumerate(values):
        unit = plan.units.get(value.code)
        if unit is None:
            raise Refusal(errors.UNKNOWN_CHARACTERISTIC, f"measurements[{index}].code: {value.code}")
        if unit != value.unit:
            raise Refusal(
                errors.WRONG_UNIT, f"measurements[{index}].unit: {value.code} is in {unit!r}, not {value.unit!r}"
            )


def needed(plan: JudgingPlan) -> set[Input]:
    """Readings that the derived characteristics take from outside the record."""
    return {
        wanted
        for formula in plan.derived.values()
        for wanted in formula.inputs
        if wanted.constant is None and (wanted.operation or wanted.of_inputs)
    }


def judge(plan: JudgingPlan, values: Sequence[Value], readings: Readings, finished_at: datetime) -> list[Judged]:
    """Posted values in their order, then the derived ones, each with its verdict.

    `readings` are those that `needed` asked for. A derived characteristic that the station posted itself stands as
    posted; one whose inputs are missing is left out. `finished_at` is the source time of a derived value.
    """
    found = [
        Judged(v.code, v.value, v.unit, v.position, v.source_time, judge_value(v.value, limits), limits, False)
        for v in values
        for limits in (plan.limits.get(v.code, NO_LIMITS),)
    ]
    posted = {v.code for v in values}
    for code, formula in plan.derived.items():
        if code in posted:
            continue
        value = derive(formula, [_readings_of(wanted, values, readings) for wanted in formula.inputs])
        if value is not None:
            limits = plan.limits.get(code, NO_LIMITS)
            judgement = judge_value(value, limits)
            found.append(Judged(code, value, plan.units[code], "", finished_at, judgement, limits, True))
    return found


def _readings_of(wanted: Input, values: Iterable[Value], readings: Readings) -> Sequence[Reading]:
    if wanted.operation or wanted.of_inputs:
        return readings.get(wanted, ())
    return [Reading(v.value, v.source_time) for v in values if v.code == wanted.characteristic]


def all_pass(judged: Iterable[Judged]) -> bool:
    return all(j.judgement in (UNJUDGED, PASS) for j in judged)
