"""Which units failed, and which good ones they are compared with: of the same kind, at the same operation, in the same
span of time.

Decided here:
- A unit failed that has a failed visit of the operation in the span, its verdict as corrections left it. A good one has
  visits there and none that failed.
- Without an operation it is the one that most of the named units failed; where none failed anything, the last one that
  they all passed. Without a span it goes from their first visit there to their last, and on both sides as far as
  nothing else failed, at most once more its length or a day: so that a burst of failures has good units around it.
- Failures that were not asked about (another reason, not named) are on neither side, and counted.
- What happened to a unit after that visit can't be its cause and does not count.
- Of more than MOST_GOOD good units a sample stands for all, chosen by a hash of their serials: the same each time.
"""

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection
from django.utils.timezone import localtime

from lines.errors import Refusal
from lines.models import MaterialDefinition, Operation
from traceability.causes.asked import LONGEST, MOST_FAILED, MOST_GOOD, AskedAnalysis
from traceability.causes.errors import MIXED_KINDS, NONE_GOOD, TOO_FEW_FAILED, TOO_MANY_FAILED, UNKNOWN_NAME, WRONG_SPAN
from traceability.models import Unit

FEWEST_FAILED = 3
# A record comes after the visit: at most this much before it by our clock, and so late.
_CLOCKS, _LATEST = timedelta(hours=1), timedelta(days=31)
_LEAST = timedelta(microseconds=1)

_VERDICT = """coalesce((select c.verdict from traceability_correction c
    where c.record_id = r.id and c.verdict <> '' order by c.id desc limit 1), r.verdict)"""
_VISITS = f"""
select u.id, u.serial, u.definition_id,
    min(r.source_time) filter (where {_VERDICT} = 'FAIL') as failed_at,
    min(r.source_time) filter (where {_VERDICT} = 'FAIL' and (%(reason)s = '' or %(reason)s = any(r.reason_codes)))
        as asked_at,
    min(r.source_time) as first_at
from lines_operationrecord r join traceability_unit u on u.serial = r.serial
where r.operation = %(operation)s and r.attempt > 0
    and r.received_at >= %(received_from)s and r.received_at < %(received_to)s
    and r.source_time >= %(since)s and r.source_time < %(until)s
    and not exists (select 1 from lines_withdrawnrecord w where w.record_id = r.id)
group by u.id order by u.id
"""  # noqa: S608 - of the constant above
_OPERATIONS = f"""
select r.operation, count(distinct r.serial) filter (where {_VERDICT} = 'FAIL'), count(distinct r.serial),
    max(r.source_time), min(r.source_time)
from lines_operationrecord r
where r.serial = any(%s) and r.attempt > 0
    and not exists (select 1 from lines_withdrawnrecord w where w.record_id = r.id)
group by r.operation
"""  # noqa: S608 - of the constant above


# The failures next to those that were named.
_NEIGHBOURS = f"""
select max(r.source_time) filter (where r.source_time < %(first)s),
    min(r.source_time) filter (where r.source_time > %(last)s)
from lines_operationrecord r
where r.operation = %(operation)s and r.attempt > 0 and not r.serial = any(%(serials)s)
    and r.received_at >= %(received_from)s and r.received_at < %(received_to)s
    and r.source_time >= %(since)s and r.source_time < %(until)s
    and not exists (select 1 from lines_withdrawnrecord w where w.record_id = r.id)
    and {_VERDICT} = 'FAIL'
"""  # noqa: S608 - of the constant above


@dataclass(frozen=True, slots=True)
class Compared:
    """One unit, and the visit that decided on which side it is."""

    unit_id: int
    serial: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Selected:
    """The two sides. `n_good`: all good units of the span, of which `good` may be a sample."""

    definition: MaterialDefinition
    operation: str
    since: datetime
    until: datetime
    failed: list[Compared]
    good: list[Compared]
    n_good: int
    n_left_out: int
    n_absent: int  # named as failed, and without a visit there
    chosen: tuple[str, ...]  # what the system chose: operation, span, good

    @property
    def weight_good(self) -> float:
        return self.n_good / len(self.good)


def select(asked: AskedAnalysis) -> Selected:
    """Raises Refusal: a name that is unknown, kinds mixed, too few failed, too many, no good one."""
    definition = _definition(asked)
    chosen = []
    operation = asked.operation
    if operation and not Operation.objects.filter(code=operation).exists():
        raise Refusal(UNKNOWN_NAME, f"operation: {operation}")
    since, until = asked.since, asked.until
    if asked.serials and (not operation or since is None or until is None):
        found, first, last = _where_they_failed(asked.serials, operation)
        if not operation:
            chosen.append("operation")
        operation = found
        if since is None or until is None:
            chosen.append("span")
            since, until = _around(asked.serials, operation, first, last)
    assert since is not None and until is not None  # noqa: S101 - read_asked saw to it
    if not asked.good:
        chosen.append("good")
    return _sides(asked, definition, _Where(operation, since, until), tuple(chosen))


@dataclass(frozen=True, slots=True)
class _Where:
    operation: str
    since: datetime
    until: datetime


def _around(serials: Sequence[str], operation: str, first: datetime, last: datetime) -> tuple[datetime, datetime]:
    """The span of named failures, on both sides up to the next failure."""
    if last - first > LONGEST:
        raise Refusal(WRONG_SPAN, _said(first, last))
    margin = max(last - first, timedelta(days=1))
    since, until = first - margin, last + margin
    with connection.cursor() as cursor:
        cursor.execute(
            _NEIGHBOURS,
            {
                "operation": operation, "serials": list(serials), "first": first, "last": last, "since": since,
                "until": until, "received_from": since - _CLOCKS, "received_to": until + _LATEST,
            },
        )  # fmt: skip
        before, after = cursor.fetchone()
    return (before + _LEAST if before else since), after or until


def _sides(
    asked: AskedAnalysis, definition: MaterialDefinition | None, where: _Where, chosen: tuple[str, ...]
) -> Selected:
    operation, since, until = where.operation, where.since, where.until
    with connection.cursor() as cursor:
        cursor.execute(
            _VISITS,
            {
                "operation": operation, "reason": asked.reason, "since": since, "until": until,
                "received_from": since - _CLOCKS, "received_to": until + _LATEST,
            },
        )  # fmt: skip
        rows = cursor.fetchall()
    named, named_good = set(asked.serials), set(asked.good)
    failed, good, left_out, kinds = [], [], 0, Counter[int | None]()
    for unit_id, serial, kind, failed_at, asked_at, first_at in rows:
        if definition is not None and kind != definition.pk:
            continue
        if serial in named if named else asked_at is not None:
            failed.append(Compared(unit_id, serial, failed_at or first_at if named else asked_at))
            kinds[kind] += 1
        elif failed_at is None and (not named_good or serial in named_good):
            good.append(Compared(unit_id, serial, first_at))
            kinds[kind] += 1
        elif failed_at is not None:
            left_out += 1
    absent = max(len(named) - len(failed), 0) if named else 0
    if len(kinds) > 1 or (kinds and None in kinds):
        raise Refusal(MIXED_KINDS, operation)
    if len(failed) < FEWEST_FAILED:
        raise Refusal(TOO_FEW_FAILED, f"{len(failed)} at {operation}, {_said(since, until)}")
    if len(failed) > MOST_FAILED:
        raise Refusal(TOO_MANY_FAILED, f"{len(failed)}, at most {MOST_FAILED}")
    if not good:
        raise Refusal(NONE_GOOD, f"{operation}, {_said(since, until)}")
    kind = MaterialDefinition.objects.get(pk=next(each for each in kinds if each is not None))
    sample = sorted(good, key=lambda each: hashlib.sha256(each.serial.encode()).digest())[:MOST_GOOD]
    sample.sort(key=lambda each: each.unit_id)
    return Selected(kind, operation, since, until, failed, sample, len(good), left_out, absent, chosen)


def _said(since: datetime, until: datetime) -> str:
    """By the site's clock, as pages tell times."""
    return " to ".join(localtime(at).isoformat(timespec="seconds") for at in (since, until))


def _definition(asked: AskedAnalysis) -> MaterialDefinition | None:
    """Of the named units, or as asked; None: as the operation has it."""
    wanted = None
    if asked.definition:
        wanted = MaterialDefinition.objects.filter(code=asked.definition).first()
        if wanted is None:
            raise Refusal(UNKNOWN_NAME, f"definition: {asked.definition}")
    serials = [*asked.serials, *asked.good]
    if not serials:
        return wanted
    known = dict(Unit.objects.filter(serial__in=serials).values_list("serial", "definition_id"))
    missing = next((serial for serial in serials if serial not in known), None)
    if missing is not None:
        raise Refusal(UNKNOWN_NAME, f"serials: {missing}")
    kinds = set(known.values()) | ({wanted.pk} if wanted else set())
    if len(kinds) > 1 or None in kinds:
        raise Refusal(MIXED_KINDS, f"{len(kinds)} kinds among the serials")
    return MaterialDefinition.objects.get(pk=kinds.pop())


def _where_they_failed(serials: Sequence[str], operation: str) -> tuple[str, datetime, datetime]:
    """(operation, first and last visit there). Raises Refusal where they have been nowhere."""
    with connection.cursor() as cursor:
        cursor.execute(_OPERATIONS, [list(serials)])
        rows = [row for row in cursor.fetchall() if not operation or row[0] == operation]
    if not rows:
        raise Refusal(TOO_FEW_FAILED, f"no visits {operation or 'at all'}")
    code, _failed, _n, last, first = max(rows, key=lambda row: (row[1], row[2], row[3]))
    return code, first, last
