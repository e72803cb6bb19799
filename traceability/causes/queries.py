"""Analyses as they are read."""

from django.db.models import QuerySet

from lines.errors import Refusal
from lines.models import MaterialDefinition, Operation, ReasonCode
from lines.orders.models import Tracking
from traceability.causes.errors import ANALYSIS_UNKNOWN
from traceability.causes.models import CauseAnalysis


def analysis_by_id(analysis_id: int) -> CauseAnalysis:
    """Raises Refusal."""
    found = CauseAnalysis.objects.filter(pk=analysis_id).first()
    if found is None:
        raise Refusal(ANALYSIS_UNKNOWN, str(analysis_id))
    return found


def newest_analyses() -> QuerySet[CauseAnalysis]:
    return CauseAnalysis.objects.order_by("-pk")


def choices() -> dict[str, list[object]]:
    """What a form offers."""
    return {
        "operations": list(Operation.objects.order_by("code")),
        "definitions": list(MaterialDefinition.objects.exclude(tracking=Tracking.LOT).order_by("code")),
        "reasons": list(ReasonCode.objects.order_by("group", "code")),
    }
