"""What a recall's form offers to choose from, where that is master data."""

from lines.models import Recipe
from quality.models import Gauge


def choices(kind: str) -> list[tuple[str, str]]:
    """(code, name) of what can be chosen, where that is master data."""
    if kind == "GAUGE":
        return [(row.code, row.name) for row in Gauge.objects.order_by("code")]
    if kind == "RECIPE":
        rows = Recipe.objects.select_related("product", "operation").order_by("product", "operation", "-version")
        return [(f"{r.product.code}/{r.operation.code}/v{r.version}", r.operation.name) for r in rows]
    return []
