"""What the plans together set off by chance in one shift, and what came beside it.

Expected: points per shift, as they came in the last week of machine time (since the plan's first in it), times
the runs of signals that a point of a process in control starts (quality.spc.run_lengths). A plan that only logs raises
no alarm. Measured: the alarms of the same time, apart by what people found: a cause, none (a false alarm), or nothing
yet.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Avg, Count, Max, Min, Q

from lines.plant.models import Shift
from quality.charts.attention import limits_in_force
from quality.charts.models import ChartPoint, Signal
from quality.plans.fitting import with_defaults
from quality.plans.models import ControlLimits, ControlPlan, Response
from quality.spc.run_lengths import false_signals_per_point

WEEK = timedelta(days=7)
MOST_ALARMS, MOST_CONTAINMENTS = 10.0, 2.0  # per shift, of all plans together
_COUNTED = {"P", "NP", "C", "U", "G"}  # their false alarms depend on the centre
_USUAL_SHIFTS = 3  # a day, where the plant's files name none


@dataclass(frozen=True)
class Came:
    """Alarms of one week by what was found."""

    alarms: int = 0
    false: int = 0
    explained: int = 0
    contained: int = 0  # signals' alarms of plans that hold units

    def __add__(self, other: "Came") -> "Came":
        return Came(
            self.alarms + other.alarms,
            self.false + other.false,
            self.explained + other.explained,
            self.contained + other.contained,
        )


@dataclass(frozen=True)
class PlanLoad:
    """One plan per shift; None: no point came yet, so nobody knows."""

    plan: ControlPlan
    limits: ControlLimits | None
    points: float | None
    per_point: float  # over its streams as often as their points come
    came: Came
    shifts: float = 1.0  # over which it was counted

    @property
    def signals(self) -> float | None:
        return None if self.points is None else self.points * self.per_point

    @property
    def alarms(self) -> float | None:
        return 0.0 if self.plan.response == Response.LOG else self.signals

    @property
    def containments(self) -> float | None:
        return self.signals if self.plan.response == Response.CONTAIN else 0.0


@dataclass(frozen=True)
class Whole:
    """All active plans. Sums leave out the plans of which nobody knows: `unknown` says how many."""

    rows: tuple[PlanLoad, ...]
    shifts: float  # that the measured week holds
    since: datetime | None
    until: datetime | None

    @property
    def alarms(self) -> float:
        return sum(row.alarms or 0.0 for row in self.active)

    @property
    def containments(self) -> float:
        return sum(row.containments or 0.0 for row in self.active)

    @property
    def active(self) -> list[PlanLoad]:
        return [row for row in self.rows if row.plan.is_active]

    @property
    def unknown(self) -> int:
        return sum(row.points is None for row in self.active)

    @property
    def came(self) -> Came:
        return sum((row.came for row in self.rows), Came())

    @property
    def alarms_per_shift(self) -> float | None:
        """All that came, whatever was found."""
        return self._rate("alarms")

    @property
    def false_per_shift(self) -> float | None:
        """Those that people found to be false; all while nobody has answered one."""
        came = self.came
        known = came.false + came.explained
        return self._rate("false" if known else "alarms")

    @property
    def contained_per_shift(self) -> float | None:
        return self._rate("contained")

    def _rate(self, what: str) -> float | None:
        """Each plan over its own time, as what it expects is."""
        return sum(getattr(row.came, what) / row.shifts for row in self.rows) if self.shifts else None

    @property
    def is_too_many(self) -> bool:
        return self.alarms > MOST_ALARMS

    @property
    def contains_too_often(self) -> bool:
        return self.containments > MOST_CONTAINMENTS


def per_point(values: Mapping[str, Any], size: float | None = None, center: float | None = None) -> float:
    """Alarms by chance per point of a plan with these columns; `size` of a sample or area, `center` as frozen."""
    options = {**with_defaults(values["chart"], values["options"]), **({} if center is None else {"center": center})}
    return false_signals_per_point(
        values["chart"],
        values["rules"],
        values["run_lengths"],
        size=size or values["subgroup_size"],
        options=options,
    )


def shift_length() -> timedelta:
    """Of the plant's usual shift."""
    shifts = Shift.objects.values("production_line").annotate(n=Count("id")).aggregate(most=Max("n"))["most"]
    return timedelta(days=1) / (shifts or _USUAL_SHIFTS)


def whole_plan(plans: Iterable[ControlPlan]) -> Whole:
    """`plans` come with what a list shows of them. Five queries, however many there are."""
    listed = list(plans)
    limits: dict[int, dict[str, ControlLimits]] = {}
    for (plan_id, stream), version in limits_in_force(plan.pk for plan in listed).items():
        limits.setdefault(plan_id, {})[stream] = version
    until = ChartPoint.objects.aggregate(newest=Max("source_time"))["newest"]
    if until is None:
        return Whole(tuple(_load(plan, limits.get(plan.pk, {}), {}, Came()) for plan in listed), 0.0, None, None)
    since = until - WEEK
    counted: dict[int, dict[str, Mapping[str, Any]]] = {}
    of_week = ChartPoint.objects.filter(source_time__gte=since).values("plan", "stream")
    for row in of_week.annotate(n=Count("id"), first=Min("source_time"), size=Avg("size")):
        counted.setdefault(row["plan"], {})[row["stream"]] = row
    # A young plan is measured over what there is of it, one shift at least; so is one that stood still.
    firsts = {plan: min(row["first"] for row in rows.values()) for plan, rows in counted.items()}
    length = shift_length()
    came = _came(since)
    rows = tuple(
        _load(
            plan,
            limits.get(plan.pk, {}),
            counted.get(plan.pk, {}),
            came.get(plan.pk, Came()),
            max((until - firsts.get(plan.pk, since)) / length, 1.0),
        )
        for plan in listed
    )
    since = max(since, min(firsts.values()))
    return Whole(rows, max((until - since) / length, 1.0), since, until)


def _load(
    plan: ControlPlan,
    limits: Mapping[str, ControlLimits],
    counted: Mapping[str, Mapping[str, Any]],
    came: Came,
    shifts: float = 1.0,
) -> PlanLoad:
    """`limits` and `counted` by stream: each is held to its own centre, or to that of all."""
    values = {name: getattr(plan, name) for name in ("chart", "rules", "run_lengths", "options", "subgroup_size")}
    of_all = limits.get("") or next(iter(limits.values()), None)
    n = signals = 0.0
    for stream, row in counted.items():
        own = limits.get(stream, of_all)
        signals += row["n"] * per_point(values, row["size"], _center(plan, own))
        n += row["n"]
    chance = signals / n if n else per_point(values, None, _center(plan, of_all))
    return PlanLoad(plan, of_all, n / shifts if n else None, chance, came, shifts)


def _center(plan: ControlPlan, limits: ControlLimits | None) -> float | None:
    """Elsewhere chance does not depend on it, and hundreds of streams are told of by one figure."""
    return limits.center if limits and plan.chart in _COUNTED else None


def _came(since: datetime) -> dict[int, Came]:
    """By plan. Signals of one alarm are one; a signal without an alarm was only logged."""
    of_alarm = Count("alarm", distinct=True)
    answered = "answered_by__reaction__cause"
    rows = (
        Signal.objects.filter(point__source_time__gte=since, alarm__isnull=False, superseded_at=None)
        .order_by()
        .values("plan", "plan__response")
        .annotate(
            alarms=of_alarm,
            false=Count("alarm", distinct=True, filter=Q(**{f"{answered}__is_false_alarm": True})),
            explained=Count("alarm", distinct=True, filter=Q(**{f"{answered}__is_false_alarm": False})),
        )
    )
    return {
        row["plan"]: Came(
            row["alarms"],
            row["false"],
            row["explained"],
            row["alarms"] if row["plan__response"] == Response.CONTAIN else 0,
        )
        for row in rows
    }
