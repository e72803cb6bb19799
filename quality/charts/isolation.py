"""One chart's failure stops no other: what cannot be evaluated is set aside and told.

Decided here:
- Streams are evaluated together, for their statements are few then. Only when that fails is the same done again with a
  savepoint for each stream, and record by record in one that fails.
- The record at which a stream failed, and the open members of its subgroup, are not plotted: the log names them, and an
  alarm at the station waits for somebody to acknowledge it. One alarm a plan until then.
  The stream goes on with what comes next.
- Only what values can cause is set aside. A database that is away or ended a deadlock, a column that is missing: there
  the whole transaction is given up, and everything waits for the next try.
"""

import logging
from collections.abc import Sequence
from datetime import datetime

from django.db import DataError, IntegrityError, InternalError, transaction
from django.utils import timezone

from lines.alarms.models import AlarmPriority
from lines.alarms.services import clear, raise_alarm
from lines.models import Alarm
from quality import errors
from quality.charts.followed import Key
from quality.charts.models import ChartStream
from quality.charts.queries import CHART_SUBJECT
from quality.charts.subgroups import BETWEEN
from quality.plans.models import ControlPlan

logger = logging.getLogger(__name__)

OF_VALUES = (DataError, IntegrityError, InternalError, ArithmeticError, LookupError, TypeError, ValueError)
"""Errors that a stream's own values or plan can cause."""
ALARM_CODE = "SPC-NOT-EVALUATED"


def set_aside(key: Key, records: Sequence[int], error: Exception, watched_until: datetime | None) -> None:
    """Go on without what this stream was given. In the caller's transaction, after its savepoint was rolled back."""
    plan_pk, stream = key
    plan = ControlPlan.objects.select_related("station").get(pk=plan_pk)
    row = ChartStream.objects.filter(plan=plan, stream=stream).first()
    open_members = list(row.records) if row is not None and plan.chart not in BETWEEN else []
    logger.error(
        "%s: %s [%s]: records %s: %r",
        errors.STREAM_SET_ASIDE.code, plan.code, stream, sorted({*records, *open_members}), error,
    )  # fmt: skip
    with transaction.atomic():
        if row is not None and plan.chart not in BETWEEN:
            row.values, row.sizes, row.records, row.times = [], [], [], []
        if row is not None:
            row.watched_until = watched_until or row.watched_until
            row.save(update_fields=["values", "sizes", "records", "times", "watched_until"])
        _tell(plan, stream)


def _tell(plan: ControlPlan, stream: str) -> None:
    told = Alarm.objects.filter(code=ALARM_CODE, subject_kind=CHART_SUBJECT, subject_id=plan.code)
    if told.filter(acknowledged_at=None).exists():
        return
    of = f" [{stream}]" if stream else ""
    alarm = raise_alarm(
        plan.station,
        ALARM_CODE,
        priority=AlarmPriority.HIGH,
        message_en=f"{plan.name_en}{of}: values could not be evaluated and are not plotted; the log names them"
        f" ({errors.STREAM_SET_ASIDE.code})",
        message_ja=f"{plan.name_ja}{of}：評価できない値があり、打点されていません。ログを確認してください"
        f"（{errors.STREAM_SET_ASIDE.code}）",
        subject_kind=CHART_SUBJECT,
        subject_id=plan.code,
        source_time=timezone.now(),
    )
    clear(alarm.pk)  # the chart goes on; somebody shall see what it misses
