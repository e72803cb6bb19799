"""Schedules of reports: made, changed and stopped by people; what is due is queued, what is made is sent.

Decided here: a report covers the time since the one before it, also where the plant's servers stood still meanwhile;
times that were missed are in one report. It is sent at least once: a mail server that takes a message and does not say
so gets it again.
"""

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime, time, timedelta
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from lines.errors import Refusal
from lines.models import Shift
from lines.people.actors import acting
from lines.people.auth import may_schedule_reports
from lines.people.models import Person
from quality.reports import errors
from quality.reports.asked import LONGEST, read_asked
from quality.reports.files import CONTENT_TYPES
from quality.reports.models import Every, Report, ReportFile, ReportFormat, ReportSchedule, ReportState
from quality.reports.reading import content_of, file_name
from quality.reports.selecting import plans_of
from quality.reports.services import ACTOR, LANGUAGES, queue
from quality.reports.spans import span_at
from quality.reports.words import mail_words, words

logger = logging.getLogger(__name__)

MOST_RECIPIENTS, LONGEST_NAME = 50, 120
MOST_ATTACHED = 10_000_000  # bytes in one e-mail; what is beyond it is linked
TRY_AGAIN_AFTER = timedelta(minutes=1)
GIVE_UP_AFTER = timedelta(days=7)


def shift_starts() -> list[time]:
    return sorted(set(Shift.objects.values_list("starts_at", flat=True)))


def make_schedule(words_of: Mapping[str, Any], person: Person) -> ReportSchedule:
    """`words_of`: name, asked (without its span), language, every, hour, recipients, formats. Raises Refusal."""
    _allowed(person)
    with acting(f"person:{person.username}"):
        return _store(ReportSchedule(made_by=person.username, made_at=timezone.now()), words_of)


def change_schedule(schedule_id: int, words_of: Mapping[str, Any], person: Person) -> ReportSchedule:
    """As make_schedule; what it covers goes on from where the last report ended."""
    _allowed(person)
    with acting(f"person:{person.username}"):
        return _store(_locked(schedule_id), words_of)


def stop_schedule(schedule_id: int, person: Person, *, is_active: bool = False) -> ReportSchedule:
    """Or let it go on, from now. Raises Refusal."""
    _allowed(person)
    with acting(f"person:{person.username}"):
        schedule = _locked(schedule_id)
        schedule.is_active = is_active
        if is_active:
            schedule.last_at, schedule.next_at = _span(schedule, timezone.now())
        schedule.save(update_fields=["is_active", "last_at", "next_at"])
    return schedule


def _locked(schedule_id: int) -> ReportSchedule:
    """To the end of the transaction: what is due is not queued meanwhile, nor its span written over."""
    found = ReportSchedule.objects.select_for_update(no_key=True).filter(pk=schedule_id).first()
    if found is None:
        raise Refusal(errors.WRONG_SCHEDULE, f"there is no schedule {schedule_id}")
    return found


def queue_due() -> int:
    """Queue the report of every schedule whose span is over. Returns how many."""
    now, queued = timezone.now(), 0
    with acting(ACTOR):
        due = ReportSchedule.objects.select_for_update(skip_locked=True).filter(is_active=True, next_at__lte=now)
        for schedule in due.order_by("pk"):
            until, next_at = _span(schedule, now)
            since = max(schedule.last_at, until - LONGEST)
            try:
                asked = read_asked({**schedule.asked, "since": since.isoformat(), "until": until.isoformat()})
                queue(asked, schedule.language, f"schedule:{schedule.name}", schedule)
                queued += 1
            except Refusal as refusal:  # a clock that was set back; the others go on
                logger.warning("%s: schedule %s: %s", refusal.code.code, schedule.pk, refusal.detail)
            schedule.last_at, schedule.next_at = until, next_at
            schedule.save(update_fields=["last_at", "next_at"])
    return queued


def send_made() -> int:
    """Send what schedules have made and nobody was sent yet; tried again where the mail server is away."""
    sent = 0
    while _send_one():
        sent += 1
    return sent


def _send_one() -> bool:
    now = timezone.now()
    with acting(ACTOR):
        waiting = Report.objects.select_for_update(skip_locked=True, of=("self",)).filter(
            schedule__isnull=False, state=ReportState.DONE, sent_at=None, finished_at__gt=now - GIVE_UP_AFTER
        )
        report = (
            waiting.exclude(mail_tried_at__gt=now - TRY_AGAIN_AFTER).select_related("schedule").order_by("pk").first()
        )
        if report is None or report.schedule is None:
            return False
        report.mail_tried_at = now
        try:
            _message(report, report.schedule).send()
        except (OSError, Refusal) as error:  # smtplib's errors are OSErrors
            logger.warning("%s: report %s: %s", errors.MAIL_NOT_SENT.code, report.pk, error)
            report.code, report.detail = errors.MAIL_NOT_SENT.code, f"{type(error).__name__}: {error}"[:500]
        else:
            report.sent_at, report.code, report.detail = timezone.now(), "", ""
        report.save(update_fields=["mail_tried_at", "sent_at", "code", "detail"])
        return report.sent_at is not None


def _message(report: Report, schedule: ReportSchedule) -> EmailMessage:
    w = words(report.language)
    asked = read_asked(report.asked)
    zone = timezone.get_default_timezone()
    span = " – ".join(f"{at.astimezone(zone):%Y-%m-%d %H:%M}" for at in (asked.since, asked.until))
    attached, linked = _attached(report, schedule)
    body = mail_words(report.language).format(
        name=schedule.name, span=span, charts=report.n_charts, points=report.n_points, sha256=report.content_sha256
    )
    links = [f"{file.format}: {settings.DENCHI_PUBLIC_URL}{_address(report, file)}" for file in linked]
    message = EmailMessage(
        f"{schedule.name} · {w['title']} {span}",
        "\n".join([body, *links]),
        settings.DEFAULT_FROM_EMAIL,
        list(schedule.recipients),
    )
    for file in attached:
        content = b"".join(content_of(file))
        message.attach(file_name(report, file.format), content, CONTENT_TYPES[file.format])
    return message


def _attached(report: Report, schedule: ReportSchedule) -> tuple[list[ReportFile], list[ReportFile]]:
    """Files that fit into the e-mail, and the others that were asked for."""
    attached: list[ReportFile] = []
    linked: list[ReportFile] = []
    room = MOST_ATTACHED
    for file in report.files.filter(format__in=schedule.formats).order_by("n_bytes"):
        fits = file.n_bytes <= room
        (attached if fits else linked).append(file)
        room -= file.n_bytes if fits else 0
    return attached, linked


def _address(report: Report, file: ReportFile) -> str:
    return reverse("report-file", args=[report.pk, file.format.lower()])


def _allowed(person: Person) -> None:
    if not may_schedule_reports(person):
        raise Refusal(errors.REPORT_NOT_YOURS, person.username)


def _span(schedule: ReportSchedule, at: datetime) -> tuple[datetime, datetime]:
    return span_at(schedule.every, schedule.hour, at, timezone.get_default_timezone(), shift_starts())


def _store(schedule: ReportSchedule, given: Mapping[str, Any]) -> ReportSchedule:
    """In the caller's transaction."""
    now = timezone.now()
    span = {"since": (now - timedelta(days=1)).isoformat(), "until": now.isoformat()}
    asked = read_asked({**given["asked"], **span})
    plans_of(asked)
    schedule.name = str(given["name"]).strip()
    if not 1 <= len(schedule.name) <= LONGEST_NAME or not schedule.name.isprintable():
        raise Refusal(errors.WRONG_SCHEDULE, f"name: 1 to {LONGEST_NAME} characters")
    schedule.asked = {name: value for name, value in asked.as_json().items() if name not in span}
    schedule.language = _one(given, "language", LANGUAGES)
    schedule.every = _one(given, "every", Every.values)
    schedule.hour = int(_one(given, "hour", [str(hour) for hour in range(24)]))
    schedule.recipients = _recipients(given["recipients"])
    schedule.formats = [name for name in ReportFormat.values if name in given["formats"]]
    if not schedule.formats:
        raise Refusal(errors.WRONG_SCHEDULE, "formats: at least one")
    begins, ends = _span(schedule, now)
    schedule.last_at, schedule.next_at = (schedule.last_at if schedule.pk else begins), ends
    try:
        with transaction.atomic():
            schedule.save()
    except IntegrityError as error:
        raise Refusal(errors.WRONG_SCHEDULE, "name: another schedule has it") from error
    return schedule


def _one(given: Mapping[str, Any], name: str, choices: Sequence[str]) -> str:
    if given[name] not in choices:
        raise Refusal(errors.WRONG_SCHEDULE, f"{name}: one of {', '.join(choices)}")
    return str(given[name])


def _recipients(addresses: Sequence[str]) -> list[str]:
    if not 1 <= len(addresses) <= MOST_RECIPIENTS:
        raise Refusal(errors.WRONG_SCHEDULE, f"recipients: 1 to {MOST_RECIPIENTS}")
    for address in addresses:
        try:
            validate_email(address)
        except ValidationError as error:
            raise Refusal(errors.WRONG_SCHEDULE, f"recipients: {address[:80]!r} is no e-mail address") from error
    return list(dict.fromkeys(addresses))
