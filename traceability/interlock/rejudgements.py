"""What counts of records that were judged again."""

from collections.abc import Collection
from datetime import datetime

from traceability.interlock.models import Rejudgement


def rejudgements_of(record_ids: Collection[int], as_of: datetime | None = None) -> dict[int, Rejudgement]:
    """The newest one of each record that has any; `as_of`: known at that time."""
    found = Rejudgement.objects.filter(record__in=record_ids).prefetch_related("because_of__station").order_by("pk")
    if as_of is not None:
        found = found.filter(at__lte=as_of)
    return {rejudged.record_id: rejudged for rejudged in found}
