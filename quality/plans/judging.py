"""Judging values against specification limits, and deriving the values that no station posts. Pure."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from lines.errors import Refusal
from quality import errors
from quality.plans.formulas import derive

# The numbers of lines.records.models.Judgement, which needs Django.
UNJUDGED, PASS, FAIL_LOW, FAIL_HIGH = 0, 1, 2, 3


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
class Derived:
    """A characteristic that comes from others of the same record (quality.plans.formulas)."""

    formula: str
    inputs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class JudgingPlan:
    """What is known of the characteristics of one operation of one product."""

    units: Mapping[str, str]  # unit of every characteristic asked for or used here
    limits: Mapping[str, Limits]
    derived: Mapping[str, Derived]  # those of this operation
    required: frozenset[str]  # measured at every visit; without the derived ones


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


def missing(plan: JudgingPlan, values: Iterable[Value]) -> list[str]:
    """Required characteristics without a value, in alphabetical order."""
    return sorted(plan.required - {v.code for v in values})


def judge(
    plan: JudgingPlan, values: Sequence[Value], finished_at: datetime, counts: Mapping[str, int] | None = None
) -> list[Judged]:
    """Posted values in their order, then the derived ones, each with its verdict.

    `counts`: of characteristics that are counted, over all positions; they may be inputs of what is derived.

    A derived characteristic that the station posted itself stands as posted; one whose inputs are missing is left
    out. Of an input with several positions the mean counts. `finished_at` is the source time of a derived value.
    """
    found = []
    by_code: dict[str, list[float]] = {}
    for v in values:
        limits = plan.limits.get(v.code, NO_LIMITS)
        judgement = judge_value(v.value, limits)
        found.append(Judged(v.code, v.value, v.unit, v.position, v.source_time, judgement, limits, False))
        by_code.setdefault(v.code, []).append(v.value)
    for code, count in (counts or {}).items():
        by_code.setdefault(code, [float(count)])
    for code, derived in plan.derived.items():
        if code in by_code or not all(name in by_code for name in derived.inputs):
            continue
        value = derive(derived.formula, [_mean(by_code[n]) for n in derived.inputs])
        if value is not None:
            limits = plan.limits.get(code, NO_LIMITS)
            judgement = judge_value(value, limits)
            found.append(Judged(code, value, plan.units[code], "", finished_at, judgement, limits, True))
    return found


def _mean(values: Sequence[float]) -> float:
    """Not a number where the sum is beyond the number range: nothing is derived from that, and nothing fails."""
    try:
        return math.fsum(values) / len(values)
    except OverflowError:
        return math.nan


def all_pass(judged: Iterable[Judged]) -> bool:
    return all(j.judgement in (UNJUDGED, PASS) for j in judged)
