"""A record as it stands after its corrections, and judged again with a right value. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from quality.plans.judging import Derived, JudgingPlan, Limits, Value, all_pass, judge


@dataclass(frozen=True, slots=True)
class Stood:
    """One value of a record as it stands, with the limits that judged it."""

    sequence: int
    code: str
    value: float
    unit: str
    position: str
    source_time: datetime
    judgement: int
    limits: Limits
    is_derived: bool


@dataclass(frozen=True, slots=True)
class Rejudged:
    """Values that are others now, and the record's verdict with them."""

    changed: list[tuple[Stood, float, int]]  # value and judgement that are right
    verdict: str


def rejudge(
    stood: Sequence[Stood], sequence: int, value: float, *, formulas: Mapping[str, Derived], machine_outcome: str
) -> Rejudged:
    """The record with one value set right, by the limits of then; derived values follow."""
    posted = [each for each in stood if not each.is_derived]
    derived = {each.code: each for each in stood if each.is_derived}
    plan = JudgingPlan(
        units={each.code: each.unit for each in stood},
        limits={each.code: each.limits for each in stood},
        derived={code: formula for code, formula in formulas.items() if code in derived},
        required=frozenset(),
    )
    values = [
        Value(e.code, value if e.sequence == sequence else e.value, e.unit, e.position, e.source_time) for e in posted
    ]
    judged = judge(plan, values, max(each.source_time for each in stood))
    changed = [
        (each, now.value, now.judgement) for each, now in zip(posted, judged, strict=False) if now.value != each.value
    ]
    changed += [
        (derived[now.code], now.value, now.judgement)
        for now in judged[len(posted) :]
        if now.value != derived[now.code].value
    ]
    passes = machine_outcome == "PASS" and all_pass(judged)
    return Rejudged(changed, "PASS" if passes else "FAIL")
