"""Reports as they are read; their files are proved by their hash before the first byte goes out."""

import hashlib
from collections.abc import Iterator
from typing import Protocol

from django.core.files.storage import storages
from django.db.models import QuerySet

from lines.errors import Refusal
from quality.reports.errors import FILE_GONE, REPORT_UNKNOWN
from quality.reports.models import Report, ReportFile, ReportSchedule

_PIECE = 1 << 18


def report_by_id(report_id: int) -> Report:
    """Raises Refusal."""
    found = Report.objects.select_related("schedule").filter(pk=report_id).first()
    if found is None:
        raise Refusal(REPORT_UNKNOWN, str(report_id))
    return found


def newest_reports() -> QuerySet[Report]:
    return Report.objects.prefetch_related("files").select_related("schedule").order_by("-pk")


def same_content(report: Report, most: int = 10) -> list[Report]:
    """Other reports that say the same."""
    if not report.content_sha256:
        return []
    same = Report.objects.filter(content_sha256=report.content_sha256).exclude(pk=report.pk)
    return list(same.order_by("pk")[:most])


def schedules() -> list[ReportSchedule]:
    return list(ReportSchedule.objects.order_by("name"))


def find_schedule(schedule_id: int) -> ReportSchedule | None:
    return ReportSchedule.objects.filter(pk=schedule_id).first()


def file_of(report: Report, name: str) -> ReportFile:
    """The file of a format (pdf, xlsx, csv, json). Raises Refusal where the report has none."""
    found = report.files.filter(format=name.upper()).first()
    if found is None:
        raise Refusal(REPORT_UNKNOWN, f"report {report.pk} has no file {name!r}")
    return found


def file_name(report: Report, kind: str) -> str:
    return f"spc-report-{report.pk}.{kind.lower()}"


class Kept(Protocol):
    """A file in the storage of reports, with the hash it had when it was put there."""

    @property
    def name(self) -> str: ...
    @property
    def sha256(self) -> str: ...


def is_as_made(file: Kept) -> bool:
    try:
        with storages["reports"].open(file.name) as content:
            digest = hashlib.sha256()
            while piece := content.read(_PIECE):
                digest.update(piece)
    except OSError:
        return False
    return digest.hexdigest() == file.sha256


def content_of(file: ReportFile) -> Iterator[bytes]:
    """The bytes, a piece at a time. Raises Refusal, before the first of them, where they are not as they were made."""
    if not is_as_made(file):
        raise Refusal(FILE_GONE, f"report {file.report_id}, {file.format}")
    return pieces_of(file)


def pieces_of(file: Kept) -> Iterator[bytes]:
    """The bytes as they are, a piece at a time."""
    with storages["reports"].open(file.name) as content:
        while piece := content.read(_PIECE):
            yield piece
