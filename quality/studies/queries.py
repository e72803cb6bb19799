"""Reading studies: their data as points, on the limits before and after the exclusions."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from quality.charts.queries import specification
from quality.plans.models import ControlPlan
from quality.studies.drawn import Named
from quality.studies.models import LimitsStudy
from quality.studies.phase_one import Group, Look, Way, is_enough, look


def one_study(study_id: int) -> LimitsStudy | None:
    rows = LimitsStudy.objects.select_related(
        "plan__characteristic", "plan__product", "plan__station", "frozen_as"
    ).prefetch_related("exclusions")
    return rows.filter(pk=study_id).first()


def studies_of(plan: ControlPlan) -> list[LimitsStudy]:
    """Newest first, without their data."""
    rows = LimitsStudy.objects.filter(plan=plan).select_related("frozen_as").prefetch_related("exclusions")
    return list(rows.defer("groups", "verdict")[:50])


def way_of(plan: ControlPlan) -> Way:
    return Way(plan.chart, tuple(plan.rules), plan.run_lengths, plan.options)


def named(plan: ControlPlan, stream: str = "") -> Named:
    characteristic = plan.characteristic
    return Named(
        plan.code,
        plan.name_en,
        plan.name_ja,
        characteristic.name_en,
        characteristic.name_ja,
        characteristic.unit,
        stream,
        specification(plan),
    )


@dataclass(frozen=True)
class Compared:
    """The same points with and without those that are left out."""

    before: Look
    after: Look

    @property
    def is_enough(self) -> bool:
        kept = self.after.verdict.n_kept if self.after.verdict else 0
        return is_enough(self.after.way.chart, kept, self.after.proposed.n_values)

    @property
    def is_stable(self) -> bool:
        return self.after.verdict is not None and self.after.verdict.is_stable


def compared(study: LimitsStudy) -> Compared:
    """Computed from the study's own data, by the plan's rules as they are now."""
    groups = [Group.from_json(stored) for stored in study.groups]
    way = way_of(study.plan)
    left_out = [exclusion.place for exclusion in study.exclusions.all()]
    before = look(way, groups, study.sigma_method)
    return Compared(before, look(way, groups, study.sigma_method, left_out) if left_out else before)


def as_evidence(found: Look) -> Mapping[str, Any]:
    """What of a look is kept with frozen limits."""
    limits, verdict = found.proposed.limits, found.verdict
    return {
        "center": limits.center if limits else None,
        "sigma_within": limits.sigma if limits else None,
        "parameters": dict(found.proposed.parameters),
        "n_values": found.proposed.n_values,
        "n_points": verdict.n_kept if verdict else 0,
        "is_stable": verdict.is_stable if verdict else None,
        "reason": found.proposed.reason,
        "rules": list(found.way.rules),
        "signals": [[*each.key] for each in verdict.violations] if verdict else [],
    }
