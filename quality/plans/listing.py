"""Reading control plans for pages, checks and exports."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, Max, OuterRef

from lines.models import Product, Signal, Station
from quality.charts.models import ChartPoint
from quality.plans.asked import COLUMNS, AskedPlan
from quality.plans.models import Characteristic, ControlLimits, ControlPlan, PlanChange

_CODES = {"characteristic", "product", "station"}
_HAS_POINTS = Exists(ChartPoint.objects.filter(plan=OuterRef("pk")))


def all_plans() -> list[ControlPlan]:
    """In the order of the flow, inactive ones too."""
    return list(ControlPlan.objects.select_related("characteristic", "product", "station"))


def one_plan(code: str) -> ControlPlan | None:
    if not code.isprintable():
        return None  # nothing the database takes
    return ControlPlan.objects.select_related("characteristic", "product", "station").filter(code=code).first()


def values_of_plan(plan: ControlPlan) -> dict[str, Any]:
    """By column, with codes instead of rows; `plan` comes with characteristic, product and station."""
    return {name: getattr(plan, name).code if name in _CODES else getattr(plan, name) for name in COLUMNS}


@dataclass(frozen=True)
class Known:
    """The rows that a plan's codes name."""

    characteristics: dict[str, Characteristic]
    products: dict[str, Product]
    stations: dict[str, Station]
    signals: set[tuple[str, str]]  # station, signal; of an array its name without [n]
    plans: dict[str, ControlPlan]
    charted: set[str]  # codes of those plans asked for that have points

    def rows(self) -> dict[str, Mapping[str, Any]]:
        """By code, for each column of a plan that names a row."""
        return {"characteristic": self.characteristics, "product": self.products, "station": self.stations}

    def unknown(self, asked: AskedPlan) -> list[str]:
        """Columns that name nothing of the plant."""
        return [name for name, rows in self.rows().items() if asked[name] not in rows]


def known_names(stations_with_signals: Collection[str] = (), plans: Collection[str] = ()) -> Known:
    """What plans can name. Signals only of the stations asked for: there are hundreds of each."""
    signals = Signal.objects.filter(station__code__in=stations_with_signals).values_list("station__code", "code")
    there = {plan.code: plan for plan in all_plans()}
    asked = [there[code].pk for code in plans if code in there]
    return Known(
        {row.code: row for row in Characteristic.objects.all()},
        {row.code: row for row in Product.objects.all()},
        {row.code: row for row in Station.objects.all()},
        {(station, code.partition("[")[0]) for station, code in signals},
        there,
        set(ControlPlan.objects.filter(_HAS_POINTS, pk__in=asked).values_list("code", flat=True)),
    )


@dataclass(frozen=True)
class Choices:
    """What the form offers for the fields that name rows."""

    characteristics: list[Characteristic]
    products: list[Product]
    stations: list[Station]
    signals: list[str]


def choices(station: str = "") -> Choices:
    """`signals` of the chosen station; of an array its name without [n]."""
    codes = Signal.objects.filter(station__code=station).order_by("code").values_list("code", flat=True)
    return Choices(
        list(Characteristic.objects.all()),
        list(Product.objects.order_by("code")),
        list(Station.objects.order_by("sequence")),
        list(dict.fromkeys(code.partition("[")[0] for code in codes)),
    )


def last_change(plan: ControlPlan) -> int:
    """What an editor has seen: the number of the newest change; 0 where none is known."""
    return plan.changes.values_list("id", flat=True).first() or 0


def last_changes() -> dict[str, int]:
    """The same of all plans, by code; a plan without a known change is left out."""
    return dict(PlanChange.objects.order_by().values_list("plan__code").annotate(newest=Max("id")))


def changes_of(plan: ControlPlan, most: int = 100) -> list[PlanChange]:
    """Newest first."""
    return list(plan.changes.all()[:most])


def versions_of(plan: ControlPlan) -> list[ControlLimits]:
    """All limits of a plan with the studies they come from, newest first."""
    return list(plan.limits.select_related("study").order_by("-version"))
