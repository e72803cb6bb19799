"""What counts of records that were judged again."""

from collections.abc import Collection
from datetime import datetime

from lines.records.prepared import prepared_cursor
from traceability.interlock.models import Rejudgement


def rejudgements_of(record_ids: Collection[int], as_of: datetime | None = None) -> dict[int, Rejudgement]:
    """The newest one of each record that has any; `as_of`: known at that time."""
    with prepared_cursor() as cursor:
        cursor.execute("select id from traceability_rejudgement where record_id = any(%s)", [list(record_ids)])
        ids = [pk for (pk,) in cursor.fetchall()]
    if not ids:
        return {}
    found = Rejudgement.objects.filter(pk__in=ids).select_related("because_of__station").order_by("pk")
    if as_of is not None:
        found = found.filter(at__lte=as_of)
    return {rejudged.record_id: rejudged for rejudged in found}
