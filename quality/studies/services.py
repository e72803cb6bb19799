"""Phase I studies and freezing limits: versions with author, reason and the moment they are valid from."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Max
from django.utils import timezone

from lines.errors import Refusal
from lines.people.actors import acting
from lines.people.models import Person
from quality.charts.subgroups import SHARES, THREE_WAY
from quality.plans import errors as plan_errors
from quality.plans import fitting
from quality.plans.listing import one_plan, values_of_plan
from quality.plans.models import ControlLimits, ControlPlan
from quality.plans.services import checked_reason, require_editor
from quality.spc.panels import FrozenLimits
from quality.studies import errors
from quality.studies.models import LimitsStudy, StudyExclusion
from quality.studies.past import past_points, watched_as
from quality.studies.queries import as_evidence, compared

MOST_POINTS = 10_000
_LONGEST_STREAM = 48
_LARGEST = 1e150  # beyond it a square is infinite


def make_study(code: str, person: Person, *, stream: str, since: datetime | None, until: datetime | None,
               sigma_method: str = "") -> LimitsStudy:  # fmt: skip
    """Copy the past points of one stream. Raises Refusal: not allowed, no such plan or stream, span, too few values."""
    require_editor(person)
    plan = _plan(code)
    if since is None or until is None or not since < until:
        raise Refusal(errors.STUDY_SPAN, f"{since} to {until}")
    methods = fitting.sigma_methods(plan.chart, plan.subgroup_size)
    method = sigma_method or plan.sigma_method or methods[0]
    if method not in methods:
        raise Refusal(plan_errors.PLAN_SIGMA_METHOD, ", ".join(methods))
    past = past_points(watched_as(values_of_plan(plan), plan.station_id), since, until)
    if past.streams and stream not in past.streams:
        raise Refusal(errors.STUDY_STREAM, f"{stream!r}; there are {', '.join(past.streams)}"[:300])
    groups = past.streams.get(stream, ())
    if len(groups) < 2:
        raise Refusal(errors.STUDY_NO_DATA, f"{len(groups)} points")
    if len(groups) > MOST_POINTS or past.is_cut:
        raise Refusal(errors.STUDY_TOO_LARGE, f"{MOST_POINTS} points")
    with acting(f"person:{person.username}"):
        return LimitsStudy.objects.create(
            plan=plan,
            stream=stream,
            since=since,
            until=until,
            sigma_method=method,
            groups=[group.as_json() for group in groups],
            author=person.username,
            made_at=timezone.now(),
        )


def leave_out(study_id: int, person: Person, places: Sequence[int], reason: str) -> None:
    """Points with an assignable cause; those left out before keep their reason."""
    require_editor(person)
    reason = checked_reason(reason, errors.STUDY_REASON)
    with acting(f"person:{person.username}"):
        study = _open(study_id)
        if not places or not all(0 <= place < len(study.groups) for place in places):
            raise Refusal(errors.STUDY_POINT, f"0 … {len(study.groups) - 1}")
        StudyExclusion.objects.bulk_create(
            [
                StudyExclusion(study=study, place=place, reason=reason, author=person.username, at=timezone.now())
                for place in sorted(set(places))
            ],
            ignore_conflicts=True,
        )


def take_in_again(study_id: int, person: Person, places: Sequence[int]) -> None:
    require_editor(person)
    with acting(f"person:{person.username}"):
        _open(study_id).exclusions.filter(place__in=list(places)).delete()


def discard(study_id: int, person: Person) -> None:
    """It stays to be read, but no limits come of it."""
    require_editor(person)
    with acting(f"person:{person.username}"):
        study = _open(study_id)
        study.discarded_at = timezone.now()
        study.save(update_fields=["discarded_at"])


def freeze(
    study_id: int, person: Person, reason: str, *, valid_from: datetime | None = None, despite_signals: bool = False
) -> ControlLimits:
    """The study's limits become the next version. Points judged so far keep theirs.

    Raises Refusal: not allowed, no reason, closed, undefined, in the past, or not stable without `despite_signals`.
    """
    require_editor(person)
    reason = checked_reason(reason, errors.STUDY_REASON)
    with acting(f"person:{person.username}"):
        study = _open(study_id)
        found = compared(study)
        limits = found.after.proposed.limits
        if limits is None:
            raise Refusal(errors.STUDY_UNDEFINED, found.after.proposed.reason)
        if not limits.sigma > 0:
            raise Refusal(errors.STUDY_UNDEFINED, "Sigma is 0: the values do not differ.")
        if not found.is_stable and not despite_signals:
            raise Refusal(errors.LIMITS_NOT_STABLE)
        version = _Version(study.plan, study.stream, person, reason, _moment(valid_from))
        proposed = found.after.proposed
        study.frozen_as = version.write(limits, proposed.n_values, proposed.method, proposed.parameters)
        study.verdict = {"before": as_evidence(found.before), "after": as_evidence(found.after)}
        study.save(update_fields=["frozen_as", "verdict"])
        return study.frozen_as


def enter_limits(
    code: str,
    person: Person,
    reason: str,
    *,
    words: Mapping[str, str],
    stream: str = "",
    valid_from: datetime | None = None,
) -> ControlLimits:
    """Mean, sigma and n of a process that is known from elsewhere, never bare limits. `words`: the fields as typed."""
    require_editor(person)
    reason = checked_reason(reason, errors.STUDY_REASON)
    with acting(f"person:{person.username}"):
        plan = _plan(code)
        if stream and not (plan.stream_by and len(stream) <= _LONGEST_STREAM and stream.isprintable()):
            raise Refusal(errors.STUDY_STREAM, stream[:_LONGEST_STREAM])
        limits, n_values, parameters = _entered(plan.chart, words)
        method = str(words.get("sigma_method", "")).strip()
        methods = fitting.sigma_methods(plan.chart, plan.subgroup_size)
        if method and method not in methods:
            raise Refusal(plan_errors.PLAN_SIGMA_METHOD, ", ".join(methods))
        version = _Version(plan, stream, person, reason, _moment(valid_from))
        return version.write(limits, n_values, method or plan.sigma_method or methods[0], parameters)


def fields_to_enter(chart: str) -> tuple[str, ...]:
    """Which figures the limits of a chart are made of."""
    if chart in SHARES | {"C", "U", "LANEY-U", "G"}:
        return ("center", "sigma_z", "n_values") if chart.startswith("LANEY") else ("center", "n_values")
    if chart in THREE_WAY:
        return "center", "sigma_within", "sigma_mean", "n_values"
    return "center", "sigma_within", "n_values"


def _entered(chart: str, words: Mapping[str, str]) -> tuple[FrozenLimits, int, dict[str, float]]:
    found = {}
    for name in fields_to_enter(chart):
        try:
            found[name] = float(str(words.get(name, "")).strip())
        except ValueError:
            raise Refusal(errors.LIMITS_ENTERED, name) from None
        if not abs(found[name]) < _LARGEST or (name != "center" and not found[name] > 0):
            raise Refusal(errors.LIMITS_ENTERED, name)
    n_values = found.pop("n_values")
    if n_values != int(n_values) or not 2 <= n_values <= 2**31 - 1:
        raise Refusal(errors.LIMITS_ENTERED, "n_values")
    center = found.pop("center")
    sigma = found.pop("sigma_within", None)
    if sigma is None:
        sigma = _of_the_distribution(chart, center)
    return FrozenLimits(center, sigma), int(n_values), found


def _of_the_distribution(chart: str, center: float) -> float:
    """Sigma of one unit follows from the centre."""
    if center < 0 or (chart in SHARES and center > 1):
        raise Refusal(errors.LIMITS_ENTERED, "center")
    if chart in SHARES:
        return math.sqrt(center * (1 - center))
    return math.sqrt(center * (center + 1)) if chart == "G" else math.sqrt(center)


@dataclass(frozen=True)
class _Version:
    plan: ControlPlan
    stream: str
    person: Person
    reason: str
    valid_from: datetime

    def write(self, limits: FrozenLimits, n_values: int, method: str, parameters: Mapping[str, Any]) -> ControlLimits:
        # Held until the end, so that no two versions get one number. Points that name the plan go on being stored.
        ControlPlan.objects.select_for_update(no_key=True).get(pk=self.plan.pk)
        newest = self.plan.limits.aggregate(newest=Max("version"))["newest"] or 0
        return ControlLimits.objects.create(
            plan=self.plan,
            stream=self.stream,
            version=newest + 1,
            center=limits.center,
            sigma_within=limits.sigma,
            n_values=n_values,
            sigma_method=method,
            parameters=dict(parameters),
            valid_from=self.valid_from,
            author=self.person.username,
            reason=self.reason,
        )


def _moment(valid_from: datetime | None) -> datetime:
    now = timezone.now()
    if valid_from is None or now - timedelta(minutes=1) < valid_from <= now:
        return now  # a form counts in minutes
    if valid_from < now:
        raise Refusal(errors.LIMITS_VALID_FROM, valid_from.isoformat())
    return valid_from


def _plan(code: str) -> ControlPlan:
    plan = one_plan(code)
    if plan is None:
        raise Refusal(plan_errors.PLAN_UNKNOWN, code)
    return plan


def _open(study_id: int) -> LimitsStudy:
    """Locked until the end of the transaction."""
    rows = LimitsStudy.objects.select_for_update(of=("self",)).select_related(
        "plan__characteristic", "plan__product", "plan__station"
    )
    study = rows.filter(pk=study_id).first()
    if study is None:
        raise Refusal(errors.STUDY_UNKNOWN, str(study_id))
    if study.frozen_as_id is not None or study.discarded_at is not None:
        raise Refusal(errors.STUDY_CLOSED, str(study_id))
    return study
