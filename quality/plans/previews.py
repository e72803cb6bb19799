"""What a plan that is only asked for would have shown: its chart on past data, its signals, its false alarms."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from quality.charts.drawn import current_limits
from quality.charts.queries import specification
from quality.plans.asked import IDENTITY, AskedPlan, Wrong
from quality.plans.errors import PLAN_NAME_UNKNOWN
from quality.plans.expected import MOST_ALARMS, MOST_CONTAINMENTS, Whole, per_point, shift_length, whole_plan
from quality.plans.listing import all_plans, known_names
from quality.plans.models import Characteristic, ControlLimits, ControlPlan, Distribution, Response
from quality.spc.autocorrelation import autocorrelation
from quality.spc.panels import FrozenLimits
from quality.studies.drawn import Named
from quality.studies.past import past_points, watched_as
from quality.studies.phase_one import Group, Look, Proposed, Way, is_enough, look, on_limits

MOST_RECORDS = 2_000
MOST_SHOWN = 300  # the newest points: what a quality engineer wants to see of a plan
# Fields without which there is nothing to look at; the others may still be wrong.
NEEDED = frozenset({*IDENTITY, "rules", "run_lengths", "sigma_method", "options"})
_PLAIN = {"I-MR", "XBAR-R", "XBAR-S"}


@dataclass(frozen=True)
class RuleCount:
    rule: int
    panel: str
    signals: int


@dataclass(frozen=True)
class Preview:
    """`found` is None where the plan cannot be looked at yet, or there are no values."""

    missing: tuple[str, ...]  # fields that are still empty
    wrong: tuple[Wrong, ...] = ()  # what is wrong with others
    streams: tuple[tuple[str, int], ...] = ()
    stream: str = ""
    named: Named | None = None
    found: Look | None = None
    version: int | None = None  # of the frozen limits it is shown on; None: proposed from the points
    points_per_shift: float | None = None
    per_point: float = 0.0
    response: str = ""
    others: Whole | None = None
    is_autocorrelated: bool = False
    is_skewed: bool = False

    @property
    def is_enough(self) -> bool:
        found = self.found
        kept = found.verdict.n_kept if found and found.verdict else 0
        return found is not None and is_enough(found.way.chart, kept, found.proposed.n_values)

    @property
    def signals(self) -> float | None:
        return None if self.points_per_shift is None else self.points_per_shift * self.per_point

    @property
    def alarms(self) -> float | None:
        return 0.0 if self.response == Response.LOG else self.signals

    @property
    def containments(self) -> float | None:
        return self.signals if self.response == Response.CONTAIN else 0.0

    @property
    def all_alarms(self) -> float:
        return (self.others.alarms if self.others else 0.0) + (self.alarms or 0.0)

    @property
    def all_containments(self) -> float:
        return (self.others.containments if self.others else 0.0) + (self.containments or 0.0)

    @property
    def is_too_many(self) -> bool:
        return self.all_alarms > MOST_ALARMS or self.all_containments > MOST_CONTAINMENTS

    @property
    def counts(self) -> list[RuleCount]:
        """How often each rule would have been broken."""
        violations = self.found.verdict.violations if self.found and self.found.verdict else ()
        keys = sorted({(violation.rule, violation.panel) for violation in violations})
        return [
            RuleCount(rule, panel, sum((each.rule, each.panel) == (rule, panel) for each in violations))
            for rule, panel in keys
        ]


def preview(asked: AskedPlan, stream: str | None = None, *, with_others: bool = True) -> Preview:
    """Never refuses: what is missing or wrong so far is named. `stream` None: the one with the most points.

    A plan that has limits is shown on them; a new one, or one with another chart, on those its past points propose.
    """
    known = known_names({asked["station"]} if asked["signal_code"] else ())
    wrong = [each for each in asked.wrong if each.field in NEEDED]
    wrong += [Wrong(name, PLAN_NAME_UNKNOWN, asked[name]) for name in known.unknown(asked)]
    if wrong:
        missing = [each.field for each in wrong if not asked.values.get(each.field)]
        told = [each for each in wrong if each.field not in missing]
        return Preview(tuple(dict.fromkeys(missing)), tuple(told))
    characteristic = known.characteristics[asked["characteristic"]]
    past = past_points(watched_as(asked.values, known.stations[asked["station"]].pk), most_records=MOST_RECORDS)
    chosen = past.fullest if stream is None or stream not in past.streams else stream
    groups = past.streams.get(chosen, ())[-MOST_SHOWN:]
    way = Way(asked["chart"], tuple(asked["rules"]), asked["run_lengths"], asked["options"])
    frozen = _frozen(asked, known.plans.get(asked["code"]), chosen)
    found = _look(way, groups, asked["sigma_method"], frozen) if groups else None
    limits = found.proposed.limits if found else None
    sizes = [group.size for group in groups if group.size]
    return Preview(
        (),
        streams=tuple((name, len(points)) for name, points in past.streams.items()),
        stream=chosen,
        named=_named(asked, characteristic, chosen, known.products[asked["product"]].pk),
        found=found,
        version=frozen.version if frozen else None,
        points_per_shift=_per_shift(list(past.streams.values())),
        per_point=per_point(
            asked.values, sum(sizes) / len(sizes) if sizes else None, limits.center if limits else None
        ),
        response=asked["response"] if asked["is_active"] else Response.LOG,
        others=whole_plan([p for p in all_plans() if p.code != asked["code"]]) if with_others else None,
        is_autocorrelated=asked["chart"] in _PLAIN and bool(autocorrelation([g.location for g in groups]).warns),
        is_skewed=asked["chart"] == "I-MR"
        and characteristic.distribution in {Distribution.SKEWED, Distribution.LOGNORMAL, Distribution.POISSON},
    )


def _frozen(asked: AskedPlan, plan: ControlPlan | None, stream: str) -> ControlLimits | None:
    same = plan is not None and (plan.chart, plan.source) == (asked["chart"], asked["source"])
    return current_limits(plan, stream) if plan is not None and same else None


def _look(way: Way, groups: Sequence[Group], method: str, frozen: ControlLimits | None) -> Look:
    if frozen is None:
        return look(way, groups, method)
    limits = FrozenLimits(frozen.center, frozen.sigma_within)
    return on_limits(way, groups, Proposed(limits, frozen.n_values, frozen.sigma_method, frozen.parameters))


def _per_shift(streams: Sequence[Sequence[Group]]) -> float | None:
    """Points of all streams together in a shift, as they came; None where they are too few to tell."""
    times = [group.time_us for groups in streams for group in groups]
    if len(times) < 2 or max(times) == min(times):
        return None
    return (len(times) - 1) / (timedelta(microseconds=max(times) - min(times)) / shift_length())


def _named(asked: AskedPlan, characteristic: Characteristic, stream: str, product_id: int) -> Named:
    plan = ControlPlan(characteristic=characteristic, product_id=product_id)
    return Named(
        asked["code"],
        asked["name_en"],
        asked["name_ja"],
        characteristic.name_en,
        characteristic.name_ja,
        characteristic.unit,
        stream,
        specification(plan),
    )
