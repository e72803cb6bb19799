"""Asking for reports, making them, cancelling.

Decided here:
- A report is made by one worker, that says every few seconds that it lives. One that has not for two minutes is taken
  up by another from the beginning. Each attempt has files of its own, and whoever ends the report removes all others.
- Cancelling is a wish that the worker finds between two charts or some thousand rows; one that nobody makes yet is
  cancelled at once.
- Files go to their storage before the row says that they are there, with the hash by which they are proved when read.
"""

import hashlib
import logging
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial
from typing import IO

from django.core.files import File
from django.core.files.storage import Storage, storages
from django.db.models import Q
from django.utils import timezone

from lines.errors import Refusal
from lines.people.actors import acting
from lines.people.auth import may_make_reports, may_schedule_reports
from lines.people.models import Person
from quality.reports import errors, files
from quality.reports.asked import AskedReport, read_asked
from quality.reports.collecting import collect
from quality.reports.content import Content
from quality.reports.drawings import drawings
from quality.reports.models import Report, ReportFile, ReportFormat, ReportSchedule, ReportState
from quality.reports.selecting import selected

logger = logging.getLogger(__name__)

ACTOR = "task:reports"
LANGUAGES = ("en", "ja")
ALIVE_EACH_S = 2.0
FORSAKEN_AFTER = timedelta(minutes=2)
LONGEST_DETAIL = 500
# What each step takes of the whole, in percent, as measured on a report of 100,000 points.
_COLLECTED, _DRAWN, _PRINTED, _CSV = 30, 60, 75, 85


class _Cancelled(Exception):
    """The one who makes it found that it is not wanted any more."""


def storage() -> Storage:
    return storages["reports"]


def ask(asked: AskedReport, language: str, person: Person) -> Report:
    """A report that a worker will make. Raises Refusal: not allowed, nothing fits, too much."""
    if not may_make_reports(person):
        raise Refusal(errors.REPORT_NOT_YOURS, person.username)
    if language not in LANGUAGES:
        raise Refusal(errors.WRONG_REQUEST, f"language: one of {', '.join(LANGUAGES)}")
    selected(asked)
    with acting(f"person:{person.username}"):
        return queue(asked, language, person.username)


def queue(asked: AskedReport, language: str, by: str, schedule: ReportSchedule | None = None) -> Report:
    """To be called in a transaction of somebody who may."""
    return Report.objects.create(
        asked=asked.as_json(), language=language, requested_by=by, requested_at=timezone.now(), schedule=schedule
    )


def may_cancel(report: Report, person: Person) -> bool:
    """One's own, or any where one may schedule."""
    own = report.requested_by == person.username and report.schedule_id is None
    return may_schedule_reports(person) or (own and may_make_reports(person))


def cancel(report_id: int, person: Person) -> Report:
    """Raises Refusal: not allowed, unknown, finished already."""
    with acting(f"person:{person.username}"):
        report = Report.objects.select_for_update().filter(pk=report_id).first()
        if report is None:
            raise Refusal(errors.REPORT_UNKNOWN, str(report_id))
        if not may_cancel(report, person):
            raise Refusal(errors.REPORT_NOT_YOURS, person.username)
        if report.state not in (ReportState.QUEUED, ReportState.RUNNING):
            raise Refusal(errors.REPORT_FINISHED, f"report {report_id} is {report.state}")
        report.cancel_asked_by = person.username
        if report.state == ReportState.QUEUED or _is_forsaken(report):
            report.state, report.finished_at = ReportState.CANCELLED, timezone.now()
        report.save(update_fields=["cancel_asked_by", "state", "finished_at"])
    return report


def make_next(seconds: float = 60.0) -> int:
    """Make reports that wait, oldest first, until none is left or the time is up. Returns how many were taken."""
    stop_at, taken = time.monotonic() + seconds, 0
    while time.monotonic() < stop_at:
        report = _take()
        if report is None:
            break
        taken += 1
        _make(report)
    return taken


def _is_forsaken(report: Report) -> bool:
    return report.alive_at is None or report.alive_at < timezone.now() - FORSAKEN_AFTER


def _take() -> Report | None:
    now = timezone.now()
    with acting(ACTOR):
        waiting = Q(state=ReportState.QUEUED) | Q(state=ReportState.RUNNING, alive_at__lt=now - FORSAKEN_AFTER)
        report = Report.objects.select_for_update(skip_locked=True).filter(waiting).order_by("pk").first()
        if report is None:
            return None
        if report.cancel_asked_by:
            _finish(report, ReportState.CANCELLED)
            return report
        report.state, report.started_at, report.alive_at, report.progress = ReportState.RUNNING, now, now, 0
        report.save(update_fields=["state", "started_at", "alive_at", "progress"])
    return report


def _make(report: Report) -> None:
    if report.state != ReportState.RUNNING:
        return
    try:
        _write_all(report)
    except _Cancelled:
        _end(report, ReportState.CANCELLED)
    except Refusal as refusal:
        _end(report, ReportState.FAILED, refusal.code.code, refusal.detail)
    except Exception as error:
        logger.exception("Report %s", report.pk)
        _end(report, ReportState.FAILED, errors.REPORT_FAILED.code, type(error).__name__)


def _write_all(report: Report) -> None:
    zone = timezone.get_default_timezone()
    asked, language = read_asked(report.asked), report.language
    told = _Progress(report)
    content = collect(asked, lambda done, of: told(_COLLECTED * done // max(of, 1)))
    # The JSON file is the canonical content; its hash is the report's.
    kept = [_keep(report, ReportFormat.JSON, lambda into: files.write_json(content, into))]
    sha256 = kept[0].sha256
    drawn = {}
    for name, svg in drawings(content, asked, language):
        drawn[name] = svg
        told(_COLLECTED + (_DRAWN - _COLLECTED) * len(drawn) // (2 * len(content.sections)))
    pdf = partial(
        files.write_pdf, content, sha256, drawn, language=language, zone=zone, number=str(report.pk),
        by=report.requested_by, at=report.requested_at,
    )  # fmt: skip
    writers: Sequence[tuple[ReportFormat, int, Callable[[IO[bytes]], None]]] = (
        (ReportFormat.PDF, _DRAWN, lambda into: pdf(into=into)),
        (ReportFormat.CSV, _PRINTED, lambda into: files.write_csv(content, zone, into, lambda: told(_PRINTED))),
        (ReportFormat.XLSX, _CSV, lambda into: files.write_workbook(content, language, zone, into, lambda: told(_CSV))),
    )
    for each, reached, write in writers:
        told(reached)
        kept.append(_keep(report, each, write))
    told(99)
    _publish(report, content, sha256, kept)


class _Progress:
    """Says how far it is and that somebody is at it; raises _Cancelled where it is not wanted any more."""

    def __init__(self, report: Report) -> None:
        self._report, self._said_at = report, 0.0

    def __call__(self, percent: int) -> None:
        if time.monotonic() - self._said_at < ALIVE_EACH_S:
            return
        self._said_at = time.monotonic()
        going_on = Report.objects.filter(
            pk=self._report.pk, state=ReportState.RUNNING, cancel_asked_by="", started_at=self._report.started_at
        )
        if not going_on.update(progress=percent, alive_at=timezone.now()):
            raise _Cancelled


def _keep(report: Report, kind: ReportFormat, write: Callable[[IO[bytes]], None]) -> ReportFile:
    """Write one file and put it into the storage; the row is not stored yet."""
    with tempfile.TemporaryFile() as content:
        write(content)
        n_bytes = content.tell()
        content.seek(0)
        sha256 = hashlib.file_digest(content, "sha256").hexdigest()
        content.seek(0)
        name = f"{_folder(report)}/{report.started_at:%Y%m%dT%H%M%S%f}.{kind.value.lower()}"
        stored = storage().save(name, File(content))
    return ReportFile(report=report, format=kind, name=stored, n_bytes=n_bytes, sha256=sha256)


def _folder(report: Report) -> str:
    """Of this report alone, with the files of every attempt to make it."""
    return f"{report.requested_at:%Y/%m}/spc-{report.pk}"


def _remove_others(report: Report, kept: Sequence[ReportFile] = ()) -> None:
    """Files of attempts that came to nothing."""
    names = {file.name for file in kept}
    try:
        _folders, found = storage().listdir(_folder(report))
    except FileNotFoundError:
        return
    for name in found:
        if f"{_folder(report)}/{name}" not in names:
            storage().delete(f"{_folder(report)}/{name}")


def _mine(report: Report) -> Report | None:
    """The row, locked, if this attempt is still the one that makes it."""
    running = Report.objects.select_for_update().filter(state=ReportState.RUNNING, started_at=report.started_at)
    return running.filter(pk=report.pk).first()


def _publish(report: Report, content: Content, sha256: str, kept: Sequence[ReportFile]) -> None:
    with acting(ACTOR):
        mine = _mine(report)
        if mine is None or mine.cancel_asked_by:
            raise _Cancelled
        ReportFile.objects.bulk_create(kept)
        mine.content_sha256, mine.n_charts = sha256, len(content.sections)
        mine.n_points, mine.n_rows, mine.progress = content.n_points, content.n_rows, 100
        mine.save(update_fields=["content_sha256", "n_charts", "n_points", "n_rows", "progress"])
        _finish(mine, ReportState.DONE)
    _remove_others(report, kept)


def _end(report: Report, state: ReportState, code: str = "", detail: str = "") -> None:
    """Without files. An attempt that another one has taken over from says nothing."""
    with acting(ACTOR):
        mine = _mine(report)
        if mine is None:
            return
        mine.code, mine.detail = code, detail.replace("\x00", "")[:LONGEST_DETAIL]
        mine.save(update_fields=["code", "detail"])
        _finish(mine, state)
    _remove_others(report)


def _finish(report: Report, state: ReportState) -> None:
    report.state, report.finished_at = state, timezone.now()
    report.save(update_fields=["state", "finished_at"])
