"""Which units a lot went into, and by which way: directly, or through what."""

from collections import defaultdict
from dataclasses import dataclass

from django.core.paginator import Page, Paginator
from django.db.models import Count, Min, Q, Sum

from lines.models import MaterialDefinition
from traceability.genealogy.closures import lots_ahead_of, units_ahead_of_lot
from traceability.models import GenealogyLink, HoldUnit, Lot, Unit

UNITS_PER_PAGE = 50
# A unit may have a hundred inputs with the lot in them; a few show the way.
MOST_WAYS = 4


@dataclass(frozen=True)
class KindCount:
    """How many units of one definition have something of the lot in them."""

    definition: MaterialDefinition | None  # None: serials that no rule knows
    n_units: int

    @property
    def code(self) -> str:
        return self.definition.code if self.definition else "-"


@dataclass(frozen=True)
class UnitWay:
    unit: Unit
    direct: list[GenealogyLink]
    through: list[Unit]  # its own inputs that carry the lot
    n_through: int
    is_held: bool


@dataclass(frozen=True)
class LotUse:
    lot: Lot
    kinds: list[KindCount]  # in order of first use
    chosen: KindCount | None
    page: Page[Unit] | None
    ways: list[UnitWay]
    totals: list[tuple[float, str]]  # quantity consumed, by unit of measure

    @property
    def n_units(self) -> int:
        return sum(kind.n_units for kind in self.kinds)


def lot_by_id(lot_id: int) -> Lot | None:
    return Lot.objects.select_related("material").filter(pk=lot_id).first()


def lot_use(lot: Lot, kind: str, page_number: str) -> LotUse:
    """One page of the units of one definition code (the first where `kind` names none)."""
    reached = Unit.objects.filter(pk__in=units_ahead_of_lot(lot))
    counted = list(reached.values("definition").annotate(n=Count("id"), first=Min("id")).order_by("first"))
    definitions = MaterialDefinition.objects.in_bulk([row["definition"] for row in counted if row["definition"]])
    kinds = [KindCount(definitions.get(row["definition"]), row["n"]) for row in counted]
    chosen = next((k for k in kinds if k.code == kind), kinds[0] if kinds else None)
    totals = (
        GenealogyLink.objects.filter(input_lot=lot, quantity__isnull=False, removed_by=None).order_by().values("uom")
    )
    amounts = [(row["total"], row["uom"]) for row in totals.annotate(total=Sum("quantity"))]
    if chosen is None:
        return LotUse(lot, kinds, None, None, [], amounts)
    of_kind = reached.filter(definition=chosen.definition).order_by("-id")
    page: Page[Unit] = Paginator(of_kind, UNITS_PER_PAGE).get_page(page_number)
    return LotUse(lot, kinds, chosen, page, _ways(lot, list(page)), amounts)


def _ways(lot: Lot, units: list[Unit]) -> list[UnitWay]:
    links = (
        GenealogyLink.objects.filter(output__in=units, removed_by=None)
        .filter(Q(input_lot__in=lots_ahead_of(lot)) | Q(input_unit__in=units_ahead_of_lot(lot)))
        .select_related("input_unit", "input_lot", "record__station")
        .order_by("id")
    )
    direct: defaultdict[int, list[GenealogyLink]] = defaultdict(list)
    through: defaultdict[int, dict[int, Unit]] = defaultdict(dict)
    for link in links:
        if link.input_unit is None:
            direct[link.output_id].append(link)
        else:
            through[link.output_id][link.input_unit.pk] = link.input_unit
    held = set(HoldUnit.objects.filter(unit__in=units, released_at=None).values_list("unit_id", flat=True))
    return [
        UnitWay(
            unit=unit,
            direct=direct[unit.pk],
            through=list(through[unit.pk].values())[:MOST_WAYS],
            n_through=len(through[unit.pk]),
            is_held=unit.pk in held,
        )
        for unit in units
    ]
