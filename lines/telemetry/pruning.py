"""Rows of committed batches go after some days; their numbers stay, as ranges, so that a repeat is known for ever."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import connection
from django.utils import timezone

from lines.people.actors import acting
from lines.telemetry.models import CommittedRange
from lines.telemetry.sealing import alone

# As long as somebody may look into what a gateway sent; nothing else reads older ones.
KEPT = timedelta(days=3)
_AT_ONCE = 20_000

_Range = tuple[int, int]


def prune(now: datetime | None = None) -> int:
    """Remove the rows of old batches. Returns how many went; none while a pass is sealing, which counts them."""
    limit, gone = (now or timezone.now()) - KEPT, 0
    with alone() as is_ours:
        while is_ours and (some := _prune(limit)):
            gone += some
    return gone


def _prune(limit: datetime) -> int:
    with acting("task:telemetry"), connection.cursor() as cursor:
        # Not what a person may still have stored after all, nor what the ledger has not come to.
        cursor.execute(
            """
            delete from lines_telemetrybatch where id in (
                select id from lines_telemetrybatch as batch
                where received_at < %s
                    and not exists (
                        select from lines_quarantinedbatch as aside where aside.source = batch.source
                            and aside.sequence = batch.sequence and aside.settled_at is null
                    ) and not exists (
                        select from lines_ledgersource as ledger
                        where ledger.source = batch.source and ledger.contiguous_to < batch.sequence
                    )
                order by received_at limit %s
            ) returning source, sequence
            """,
            [limit, _AT_ONCE],
        )
        found: dict[str, list[int]] = defaultdict(list)
        for source, sequence in cursor.fetchall():
            found[source].append(sequence)
        for source, sequences in found.items():
            ranges = CommittedRange.objects.filter(source=source)
            before = set(ranges.values_list("first", "last"))
            after = set(joined([*before, *((sequence, sequence) for sequence in sequences)]))
            ranges.filter(first__in=[first for first, _ in before - after]).delete()
            CommittedRange.objects.bulk_create(
                CommittedRange(source=source, first=first, last=last) for first, last in sorted(after - before)
            )
    return sum(map(len, found.values()))


def joined(ranges: Iterable[_Range]) -> list[_Range]:
    """The same numbers in as few ranges as can be."""
    result: list[_Range] = []
    for first, last in sorted(ranges):
        if result and first <= result[-1][1] + 1:
            result[-1] = result[-1][0], max(last, result[-1][1])
        else:
            result.append((first, last))
    return result
