"""The columns of a wide table: every characteristic of a unit and of what it is made of, in the order of the route."""

from dataclasses import dataclass

from lines.errors import Refusal
from lines.models import BillItem, MaterialDefinition, RouteStep
from lines.orders.models import Tracking
from quality.plans.models import CharacteristicUse
from traceability.wide.asked import AskedTable
from traceability.wide.errors import WRONG_REQUEST


@dataclass(frozen=True, slots=True)
class Column:
    """One characteristic at one operation. Its name is the characteristic's code, with the operation where several
    operations on the way measure it."""

    name: str
    characteristic: str
    operation: str
    definition: str  # of what is measured there
    unit: str
    name_en: str
    name_ja: str

    @property
    def key(self) -> tuple[str, str]:
        return self.operation, self.characteristic


def kinds() -> list[MaterialDefinition]:
    """What may have a row."""
    return list(MaterialDefinition.objects.exclude(tracking=Tracking.LOT).order_by("product__code", "code"))


def definition_of(asked: AskedTable) -> MaterialDefinition:
    """Raises Refusal where there is none."""
    found = MaterialDefinition.objects.exclude(tracking=Tracking.LOT).filter(code=asked.definition).first()
    if found is None or found.product_id is None:
        raise Refusal(WRONG_REQUEST, f"definition: {asked.definition}")
    return found


def columns_of(definition: MaterialDefinition) -> list[Column]:
    """All that there are."""
    behind = _behind(definition)
    steps = RouteStep.objects.filter(definition__in=behind).select_related("operation", "definition")
    at: dict[str, tuple[int, str]] = {}  # by operation
    for step in steps.order_by("-route__version", "sequence"):
        at.setdefault(step.operation.code, (step.sequence, step.definition.code))
    uses = CharacteristicUse.objects.filter(product=definition.product, operation__code__in=at)
    rows = [(at[use.operation.code], use) for use in uses.select_related("operation", "characteristic")]
    rows.sort(key=lambda row: (row[0][0], row[1].characteristic.code))
    times: dict[str, int] = {}
    for _where, use in rows:
        times[use.characteristic.code] = times.get(use.characteristic.code, 0) + 1
    return [
        Column(
            use.characteristic.code
            if times[use.characteristic.code] == 1
            else f"{use.characteristic.code}@{use.operation.code}",
            use.characteristic.code,
            use.operation.code,
            where[1],
            use.characteristic.unit,
            use.characteristic.name_en,
            use.characteristic.name_ja,
        )
        for where, use in rows
    ]


def chosen(asked: AskedTable, definition: MaterialDefinition) -> list[Column]:
    """Those that were asked for, by name or by characteristic. Raises Refusal for one that is none."""
    every = columns_of(definition)
    if not asked.columns:
        return every
    unknown = set(asked.columns) - {each.name for each in every} - {each.characteristic for each in every}
    if unknown:
        raise Refusal(WRONG_REQUEST, f"columns: {sorted(unknown)[0]}")
    return [each for each in every if each.name in asked.columns or each.characteristic in asked.columns]


def _behind(definition: MaterialDefinition) -> set[int]:
    """The definition and all that the bills of materials say is in it."""
    found, todo = {definition.pk}, [definition.pk]
    while todo:
        parts = BillItem.objects.filter(step__definition__in=todo).values_list("material_id", flat=True)
        todo = [part for part in set(parts) if part not in found]
        found |= set(todo)
    return found
