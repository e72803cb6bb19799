"""Names behind the codes of a recall, in the reader's language, and what a form offers to choose from."""

from lines.models import DataCentreSite, MaterialDefinition, Operation, Recipe
from quality.models import Gauge


def names() -> dict[str, str]:
    """By code: materials and kinds of unit, operations, sites."""
    found: dict[str, str] = {}
    for model in (Operation, DataCentreSite, MaterialDefinition):
        found |= {row.code: row.name for row in model.objects.all()}
    return found


def choices(kind: str) -> list[tuple[str, str]]:
    """(code, name) of what can be chosen, where that is master data."""
    if kind == "GAUGE":
        return [(row.code, row.name) for row in Gauge.objects.order_by("code")]
    if kind == "RECIPE":
        rows = Recipe.objects.select_related("product", "operation").order_by("product", "operation", "-version")
        return [(f"{r.product.code}/{r.operation.code}/v{r.version}", r.operation.name) for r in rows]
    return []
