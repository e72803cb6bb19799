"""One unit of a result, weighed: deviations, verdict and what follows for the unit. Pure."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from lines.errors import UNKNOWN_REASON, WRONG_QUANTITY_UNIT, Refusal
from lines.stations.errors import UNKNOWN_COUNT
from lines.stations.results import UnitResult
from quality.errors import UNKNOWN_CHARACTERISTIC
from quality.plans.judging import Judged, JudgingPlan, Value, all_pass, check_values, judge, missing
from traceability import errors
from traceability.feeding.errors import MATERIAL_NOT_NAMED
from traceability.interlock.checks import Finding, check_entry
from traceability.interlock.facts import InputFacts, LotFacts, Material, UnitFacts
from traceability.interlock.feeds import Fed
from traceability.interlock.materials import absent_units, check_input, check_lot
from traceability.interlock.outcome import Outcome, decide
from traceability.shipping.errors import PART_NOT_THERE
from traceability.trays.errors import TRAY_DIFFERS

LotKey = tuple[str, str]  # supplier, number
LONGEST_DETAIL = 500


@dataclass(frozen=True, slots=True)
class Weighed:
    """A unit's result with everything we say about it."""

    attempt: int
    verdict: str
    judged: list[Judged]
    deviations: list[Finding]  # one for each code, in order
    outcome: Outcome

    @property
    def codes(self) -> list[str]:
        return [finding.code.code for finding in self.deviations]


def values_of(result: UnitResult, finished_at: datetime) -> list[Value]:
    """The measurements; one without a time of its own was taken when the operation ended."""
    return [Value(m.code, m.value, m.unit, m.position, m.source_time or finished_at) for m in result.measurements]


def totals(result: UnitResult) -> dict[str, int]:
    """Counts over all positions, by code."""
    found: dict[str, int] = {}
    for count in result.counts:
        found[count.code] = found.get(count.code, 0) + count.count
    return found


def check_understood(
    result: UnitResult,
    plan: JudgingPlan,
    values: Sequence[Value],
    *,
    materials: Mapping[str, Material],
    reasons: Collection[str],
) -> None:
    """Refuse what the plant data gives no meaning: an unknown characteristic or reason (`reasons`: the known ones),
    another unit."""
    check_values(plan, values)
    for reason in result.reason_codes:
        if reason not in reasons:
            raise Refusal(UNKNOWN_REASON, reason)
    for index, count in enumerate(result.counts):
        if count.code not in reasons and count.code not in plan.units:
            raise Refusal(UNKNOWN_COUNT, f"counts[{index}].code: {count.code}")
    told = [("marks", mark.code) for mark in result.marks] + [("cut_outs", cut.code) for cut in result.cut_outs]
    for part, code in told:
        if code and code not in reasons:
            raise Refusal(UNKNOWN_REASON, f"{part}: {code}")
    for scan in result.scans:
        if scan.characteristic not in plan.units:
            raise Refusal(UNKNOWN_CHARACTERISTIC, f"scans: {scan.characteristic}")
    for index, lot in enumerate(result.consumed):
        material = materials.get(lot.material)
        if material is not None and material.uom != lot.unit:
            detail = f"consumed[{index}].unit: {lot.material} is in {material.uom!r}, not {lot.unit!r}"
            raise Refusal(WRONG_QUANTITY_UNIT, detail)


def weigh(
    result: UnitResult,
    unit_id: int,
    facts: UnitFacts,
    *,
    unpermitted: Finding | None,
    misplaced: str,
    inputs: Mapping[str, InputFacts],
    lots: Mapping[LotKey, LotFacts],
    materials: Mapping[str, Material],
    fed: Fed,
    built_in: Collection[str],
    plan: JudgingPlan,
    values: Sequence[Value],
    finished_at: datetime,
    not_there: Sequence[str] = (),
    on_web: Sequence[Finding] = (),
) -> Weighed:
    """`unpermitted`: what is wrong with entering without a permit, where there was none. `misplaced`: how the place
    that the result names differs from where the unit was loaded. `built_in`: codes of the materials that the unit's
    earlier visits put in. `not_there`: parts that the result takes out and that are not in the unit.
    `on_web`: what deviates in the metres it tells (rolls/checking.py)."""
    findings = check_entry(facts)
    if unpermitted is not None:
        findings.append(unpermitted)
    if misplaced:
        findings.append(Finding(TRAY_DIFFERS, misplaced))
    for serial in dict.fromkeys([*(c.serial for c in result.components), *(r.serial for r in result.ranges)]):
        findings += check_input(inputs[serial], unit_id, facts.step)
    findings += on_web
    for consumed in (*result.consumed, *fed.lots):
        lot = lots[consumed.supplier, consumed.lot]
        findings += check_lot(lot, consumed.material, materials.get(consumed.material), facts.step, finished_at)
    if fed.absent and result.outcome == "PASS":
        findings.append(Finding(MATERIAL_NOT_NAMED, ", ".join(fed.absent)))
    if gone := absent_units(result, facts.step, inputs, built_in):
        findings.append(Finding(errors.COMPONENT_MISSING, ", ".join(gone)))
    if result.outcome == "PASS" and (absent := missing(plan, values)):
        findings.append(Finding(errors.MEASUREMENT_MISSING, ", ".join(absent)))
    if not_there:
        findings.append(Finding(PART_NOT_THERE, ", ".join(not_there)))
    deviations = merged(findings)
    judged = judge(plan, values, finished_at, totals(result))
    verdict = "PASS" if result.outcome == "PASS" and all_pass(judged) else "FAIL"
    visit = facts.visits.get(facts.operation)
    attempt = 1 + (visit.count if visit else 0)
    outcome = decide(facts, verdict, [finding.code.code for finding in deviations])
    return Weighed(attempt, verdict, judged, deviations, outcome)


def merged(findings: Sequence[Finding]) -> list[Finding]:
    """One finding for each code, with the details of all that have it."""
    details: dict[str, list[str]] = {}
    by_code = {}
    for finding in findings:
        by_code[finding.code.code] = finding.code
        seen = details.setdefault(finding.code.code, [])
        if finding.detail not in seen:
            seen.append(finding.detail)
    return [Finding(by_code[code], "; ".join(seen)[:LONGEST_DETAIL]) for code, seen in details.items()]
