"""The form of a report: what people ticked and typed as a request, and the plant's names to choose from."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.http import QueryDict
from django.utils import timezone

from lines.asked import site_time
from lines.errors import Refusal
from lines.models import Product, ProductionLine, Station
from quality.plans.models import Characteristic, ControlPlan
from quality.reports.asked import LISTS
from quality.reports.errors import WRONG_REQUEST
from quality.reports.schedules import shift_starts
from quality.reports.spans import PRESETS, SHIFT, span_at

CONFIDENCES = ("0.9", "0.95", "0.99")
SPANS = ("shift", *PRESETS, "own")
USUAL = {"span": "day", "naming": "AIAG2005", "confidence": "0.95"}
_SEPARATORS = re.compile(r"[\s,;、，；]+")


def choices() -> dict[str, Sequence[Any]]:
    """What is charted: names that no control plan is about would only be refused."""
    plans = list(ControlPlan.objects.order_by("station__sequence", "code"))
    return {
        "plans": plans,
        "characteristics": list(Characteristic.objects.filter(pk__in={plan.characteristic_id for plan in plans})),
        "products": list(Product.objects.filter(pk__in={plan.product_id for plan in plans}).order_by("code")),
        "stations": list(Station.objects.filter(pk__in={plan.station_id for plan in plans}).order_by("sequence")),
        "lines": list(ProductionLine.objects.order_by("code")),
    }


def selection(fields: QueryDict) -> dict[str, Any]:
    """What it is about, without its span. Raises Refusal."""
    found: dict[str, Any] = {name: [text for text in fields.getlist(name) if text] for name in LISTS}
    found["serials"] = [text for text in _SEPARATORS.split(fields.get("serials", "")) if text]
    confidence = fields.get("confidence", USUAL["confidence"])
    if confidence not in CONFIDENCES:
        raise Refusal(WRONG_REQUEST, f"confidence: one of {', '.join(CONFIDENCES)}")
    return found | {"naming": fields.get("naming", USUAL["naming"]), "confidence": float(confidence)}


def span(fields: Mapping[str, Any]) -> dict[str, str]:
    """since and until: of a preset up to now, or as typed, in the plant's time. Raises Refusal."""
    now = timezone.now().replace(microsecond=0)
    chosen = fields.get("span", USUAL["span"])
    if chosen == "shift":
        since, _ends = span_at(SHIFT, 0, now, timezone.get_default_timezone(), shift_starts())
        until = now if since < now else since + timedelta(seconds=1)
    elif chosen in PRESETS:
        since, until = now - PRESETS[chosen], now
    else:
        since, until = _typed(fields, "since"), _typed(fields, "until")
    return {"since": since.isoformat(), "until": until.isoformat()}


def _typed(fields: Mapping[str, Any], name: str) -> datetime:
    try:
        return site_time(str(fields.get(name, "")))
    except ValueError:
        raise Refusal(WRONG_REQUEST, f"{name}: a date and time") from None
