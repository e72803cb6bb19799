"""What a recall's form offers to choose from."""

from django.utils.timezone import localtime

from lines.models import Recipe
from quality.models import Gauge, Signal

MOST_SIGNALS = 200


def choices(kind: str) -> list[tuple[str, str]]:
    """(code, name) of what can be chosen; of signals the newest."""
    if kind == "SIGNAL":
        signals = Signal.objects.filter(superseded_at=None).select_related("plan").order_by("-id")[:MOST_SIGNALS]
        return [(str(row.pk), f"{row.plan.name}, {localtime(row.raised_at):%Y-%m-%d %H:%M}") for row in signals]
    if kind == "GAUGE":
        return [(row.code, row.name) for row in Gauge.objects.order_by("code")]
    if kind == "RECIPE":
        rows = Recipe.objects.select_related("product", "operation").order_by("product", "operation", "-version")
        return [(f"{r.product.code}/{r.operation.code}/v{r.version}", r.operation.name) for r in rows]
    return []
