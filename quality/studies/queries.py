"""Reading studies: their data as points, on the limits before and after the exclusions."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from lines.telemetry.news import moment
from quality.charts.models import ChartStream
from quality.charts.queries import serials_of, specification
from quality.plans.models import ControlPlan
from quality.spc.autocorrelation import autocorrelation
from quality.spc.normality import normality
from quality.studies.drawn import Named
from quality.studies.models import LimitsStudy, StudyExclusion
from quality.studies.phase_one import Group, Look, Way, is_enough, look

NOT_NORMAL = 0.005  # below it individuals are called far from normal


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


@dataclass(frozen=True)
class ListedPoint:
    """A point that breaks a rule, or that is left out."""

    place: int
    at: datetime
    location: float
    broken: tuple[tuple[str, int], ...]  # (panel, rule) before anything was left out
    still: tuple[tuple[str, int], ...]  # on the limits without what is left out
    exclusion: StudyExclusion | None
    serial: str


def listed_points(study: LimitsStudy, both: Compared) -> list[ListedPoint]:
    """In order of time."""
    exclusions = {exclusion.place: exclusion for exclusion in study.exclusions.all()}
    before, after = _broken(both.before), _broken(both.after)
    places = sorted({*exclusions, *before, *after})
    records = {place: both.after.groups[place].records[-1:] for place in places if place < len(both.after.groups)}
    serials = serials_of(pk for some in records.values() for pk in some)
    return [
        ListedPoint(
            place,
            moment(both.after.groups[place].time_us),
            both.after.groups[place].location,
            before.get(place, ()),
            after.get(place, ()),
            exclusions.get(place),
            serials.get(some[0], "") if some else "",
        )
        for place, some in records.items()
    ]


def _broken(found: Look) -> dict[int, tuple[tuple[str, int], ...]]:
    by_place: dict[int, list[tuple[str, int]]] = {}
    for violation in found.verdict.violations if found.verdict else ():
        by_place.setdefault(violation.number, []).append((violation.panel, violation.rule))
    return {place: tuple(sorted(set(some))) for place, some in by_place.items()}


@dataclass(frozen=True)
class Warned:
    """What a person should think of before freezing."""

    is_autocorrelated: bool
    lag_1: float | None
    is_not_normal: bool
    p_normal: float | None


def warned(both: Compared) -> Warned:
    """Of the points that count: do neighbours resemble each other, are individuals far from normal?"""
    kept = [None if place in both.after.left_out else group.location for place, group in enumerate(both.after.groups)]
    related = autocorrelation(kept)
    present = [value for value in kept if value is not None]
    p_normal = normality(present).a2_p if both.after.way.chart == "I-MR" else None
    return Warned(
        bool(related.warns),
        related.lags[0] if related.lags else None,
        p_normal is not None and p_normal < NOT_NORMAL,
        p_normal,
    )


def stream_names(plan: ControlPlan) -> list[str]:
    """Streams that have points; of a plan without points yet, and of one that is not charted apart, none."""
    if not plan.stream_by:
        return []
    return list(ChartStream.objects.filter(plan=plan).order_by("stream").values_list("stream", flat=True))
