"""Alarms of gaps: one while values do not come, for all stations of the event; one for each station that lost some."""

from datetime import datetime, timedelta

from django.db.models import Q

from lines.alarms.models import Alarm, AlarmPriority
from lines.alarms.services import clear, raise_alarm
from lines.ledger.errors import NO_TELEMETRY, VALUES_MISSING
from lines.ledger.models import Gap

# A cut shorter than this is on the ledger, but calls nobody.
CALLS_AFTER = timedelta(seconds=3)
CAUSES_JA = {
    "CUT": "接続断",
    "SERVER_RESTART": "OPC UA サーバーの再起動",
    "GATEWAY_RESTART": "ゲートウェイの再起動",
    "SEQUENCE": "通知の欠番",
    "OVERFLOW": "サーバーのキューあふれ",
    "SPOOL_FULL": "スプール満杯",
    "NODE_GONE": "ノード消失",
    "SILENT": "ゲートウェイ無応答",
    "UNEXPLAINED": "原因不明",
}


def raise_and_clear(now: datetime) -> None:
    """Bring the alarms to what the gaps say, in the caller's transaction."""
    _of_open_gaps(now)
    missing = Gap.objects.filter(Q(lost__gt=0) | Q(lost=None), decided_at__gte=now - timedelta(minutes=10))
    for gap in missing.exclude(alarm__code=VALUES_MISSING.code).select_related("station", "alarm"):
        _drop(gap)
        _raise(gap, VALUES_MISSING.code, AlarmPriority.HIGH, *_told_missing(gap))
    # What came after all is no alarm; nor is, once a person has seen it, what will not come any more.
    standing = Gap.objects.filter(alarm__code=VALUES_MISSING.code, alarm__cleared_at=None)
    for gap in standing.filter(Q(lost=0) | Q(alarm__acknowledged_at__isnull=False)).select_related("alarm"):
        _drop(gap)


def _of_open_gaps(now: datetime) -> None:
    events: dict[str, list[Gap]] = {}
    for gap in (
        Gap.objects.filter(closed_at=None, decided_at=None)
        .select_related("station", "alarm")
        .order_by("station__sequence")
    ):
        events.setdefault(gap.event, []).append(gap)
    for gaps in events.values():
        if gaps[0].opened_at <= now - CALLS_AFTER and not any(gap.alarm for gap in gaps):
            _raise(gaps[0], NO_TELEMETRY.code, AlarmPriority.HIGH, *_told_open(gaps))
    ended = Gap.objects.filter(alarm__code=NO_TELEMETRY.code, alarm__cleared_at=None, closed_at__isnull=False)
    for gap in ended.select_related("alarm"):
        _drop(gap)


def _raise(gap: Gap, code: str, priority: AlarmPriority, message_en: str, message_ja: str) -> None:
    gap.alarm = raise_alarm(
        gap.station,
        code,
        priority=priority,
        message_en=message_en,
        message_ja=message_ja,
        subject_kind="gap",
        subject_id=str(gap.pk),
        source_time=gap.since,
    )
    gap.save(update_fields=["alarm"])


def _drop(gap: Gap) -> None:
    alarm: Alarm | None = gap.alarm
    if alarm is not None and alarm.cleared_at is None:
        clear(alarm.pk)


def _told_open(gaps: list[Gap]) -> tuple[str, str]:
    first, others = gaps[0], len(gaps) - 1
    cause_en, cause_ja = first.get_cause_display(), CAUSES_JA[first.cause]
    en = f" and {others} other station{'s' if others > 1 else ''}" if others else ""
    ja = f"ほか{others}設備" if others else ""
    return (
        f"No values come from {first.station.code}{en}: {cause_en[0].lower()}{cause_en[1:]}.",
        f"{first.station.code}{ja}から値が届いていません（{cause_ja}）。",
    )


def _told_missing(gap: Gap) -> tuple[str, str]:
    least_en, least_ja = ("", "") if gap.is_exact else ("at least ", "少なくとも")
    cause_en, cause_ja = gap.get_cause_display(), CAUSES_JA[gap.cause]
    if gap.lost is None:
        en, ja = "Values may be missing, how many is not known", "値が欠けている可能性があります（件数不明）"
    else:
        en = f"{least_en}{gap.lost} value{' is' if gap.lost == 1 else 's are'} missing".capitalize()
        ja = f"値が{least_ja}{gap.lost}件欠けています"
    return (
        f"{en} at {gap.station.code}: {cause_en[0].lower()}{cause_en[1:]}.",
        f"{gap.station.code}：{ja}（{cause_ja}）。",
    )
