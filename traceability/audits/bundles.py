"""Archives of history files: asked for, made by a worker, cancelled, read.

Made as reports are (quality.reports.services): by one worker that says every few seconds that it lives; one that has
not for two minutes is taken up by another from the beginning; cancelling is a wish that it finds between two units.
The archive holds each unit's content (JSON) and print (PDF), manifest.json and SHA256SUMS, by which
`sha256sum -c SHA256SUMS` proves every file on any machine.
"""

import hashlib
import json
import logging
import tempfile
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import IO, Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from django.core.files import File
from django.db.models import Q
from django.utils import timezone

from lines.errors import Refusal
from lines.models import Person
from lines.people.actors import acting
from quality.reports.models import ReportState
from quality.reports.reading import is_as_made, pieces_of
from quality.reports.services import storage
from traceability.audits import errors
from traceability.audits.asked import LARGEST_SAMPLE, AskedUnits
from traceability.audits.models import Bundle, QueryKind
from traceability.audits.queries import GOING_ON, bundle_by_id, in_time, may_audit, sample_of, units_by
from traceability.audits.services import ACTOR, LANGUAGES, issue, note, print_of

logger = logging.getLogger(__name__)

MOST_FILES = LARGEST_SAMPLE
ALIVE_EACH_S = 2.0
FORSAKEN_AFTER = timedelta(minutes=2)
LONGEST_DETAIL = 500


class _Cancelled(Exception):
    """The one who makes it found that it is not wanted any more."""


def ask(asked: AskedUnits, seed: str, size: int | None, language: str, person: Person, *, by_api: bool) -> Bundle:
    """Of a sample, or of all units of the filter. Raises Refusal: not allowed, nothing or too much fits."""
    if not may_audit(person):
        raise Refusal(errors.AUDIT_NOT_YOURS, person.username)
    if language not in LANGUAGES:
        raise Refusal(errors.WRONG_FILTER, f"language: one of {', '.join(LANGUAGES)}")
    with in_time():
        units = units_by(asked)
        n_units = units.count()
        if not n_units:
            raise Refusal(errors.NOTHING_FOUND)
        if size is None and n_units > MOST_FILES:
            raise Refusal(errors.TOO_MANY_FILES, f"{n_units} units; an archive holds {MOST_FILES}")
        serials = list(units.values_list("serial", flat=True)) if size is None else sample_of(units, seed, size)
    about = {"filter": asked.as_json(), "n_units": n_units, "size": size, "seed": seed if size else None}
    note(QueryKind.BUNDLE, person, about, len(serials), by_api=by_api)
    with acting(f"person:{person.username}"):
        return Bundle.objects.create(
            asked={"filter": asked.as_json(), "n_units": n_units}, serials=serials, seed=seed if size else "",
            language=language, requested_by=person.username, requested_at=timezone.now(),
        )  # fmt: skip


def may_cancel(bundle: Bundle, person: Person) -> bool:
    """One's own."""
    return may_audit(person) and bundle.requested_by == person.username


def cancel(bundle_id: int, person: Person) -> Bundle:
    """Raises Refusal: not allowed, unknown, finished already."""
    with acting(f"person:{person.username}"):
        bundle = Bundle.objects.select_for_update().filter(pk=bundle_id).first()
        if bundle is None:
            raise Refusal(errors.BUNDLE_UNKNOWN, str(bundle_id))
        if not may_cancel(bundle, person):
            raise Refusal(errors.AUDIT_NOT_YOURS, person.username)
        if bundle.state not in GOING_ON:
            raise Refusal(errors.BUNDLE_FINISHED, f"archive {bundle_id} is {bundle.state}")
        bundle.cancel_asked_by = person.username
        if bundle.state == ReportState.QUEUED or _is_forsaken(bundle):
            bundle.state, bundle.finished_at = ReportState.CANCELLED, timezone.now()
        bundle.save(update_fields=["cancel_asked_by", "state", "finished_at"])
    return bundle


def content_of(bundle_id: int) -> tuple[Bundle, Iterator[bytes]]:
    """The archive, a piece at a time. Raises Refusal, before the first byte, where it is not there or not as made."""
    bundle = bundle_by_id(bundle_id)
    if bundle.state != ReportState.DONE:
        raise Refusal(errors.BUNDLE_UNKNOWN, f"archive {bundle_id} is {bundle.state}")
    if not is_as_made(bundle):
        raise Refusal(errors.FILE_GONE, f"archive {bundle_id}")
    return bundle, pieces_of(bundle)


def file_name(bundle: Bundle) -> str:
    return f"unit-histories-{bundle.pk}.zip"


def make_next(seconds: float = 60.0) -> int:
    """Make archives that wait, oldest first, until none is left or the time is up. Returns how many were taken."""
    stop_at, taken = time.monotonic() + seconds, 0
    while time.monotonic() < stop_at:
        bundle = _take()
        if bundle is None:
            break
        taken += 1
        if bundle.state == ReportState.RUNNING:
            _make(bundle)
    return taken


def _is_forsaken(bundle: Bundle) -> bool:
    return bundle.alive_at is None or bundle.alive_at < timezone.now() - FORSAKEN_AFTER


def _take() -> Bundle | None:
    now = timezone.now()
    with acting(ACTOR):
        waiting = Q(state=ReportState.QUEUED) | Q(state=ReportState.RUNNING, alive_at__lt=now - FORSAKEN_AFTER)
        bundle = Bundle.objects.select_for_update(skip_locked=True).filter(waiting).order_by("pk").first()
        if bundle is None:
            return None
        if bundle.cancel_asked_by:
            bundle.state, bundle.finished_at = ReportState.CANCELLED, now
        else:
            bundle.state, bundle.started_at, bundle.alive_at, bundle.progress = ReportState.RUNNING, now, now, 0
        bundle.save(update_fields=["state", "started_at", "alive_at", "progress", "finished_at"])
        return bundle


def _make(bundle: Bundle) -> None:
    try:
        with tempfile.TemporaryFile() as archive:
            _write(bundle, archive)
            n_bytes = archive.tell()
            archive.seek(0)
            sha256 = hashlib.file_digest(archive, "sha256").hexdigest()
            archive.seek(0)
            name = storage().save(f"{_folder(bundle)}/{bundle.started_at:%Y%m%dT%H%M%S%f}.zip", File(archive))
        _end(bundle, ReportState.DONE, name=name, n_bytes=n_bytes, sha256=sha256)
    except _Cancelled:
        _end(bundle, ReportState.CANCELLED)
    except Refusal as refusal:
        _end(bundle, ReportState.FAILED, code=refusal.code.code, detail=refusal.detail)
    except Exception as error:
        logger.exception("Archive %s", bundle.pk)
        _end(bundle, ReportState.FAILED, code=errors.BUNDLE_FAILED.code, detail=type(error).__name__)


def _write(bundle: Bundle, into: IO[bytes]) -> None:
    told = _Progress(bundle)
    at = timezone.localtime(bundle.requested_at)
    files: list[dict[str, Any]] = []
    with ZipFile(into, "w", ZIP_DEFLATED, compresslevel=6) as archive:
        for n, serial in enumerate(bundle.serials):
            told(100 * n // len(bundle.serials))
            issued = issue(serial, bundle.requested_by)
            of = {"serial": serial, "content_sha256": issued.row.content_sha256, "code": issued.row.code}
            pdf = print_of(issued, bundle.requested_by, bundle.language)
            for kind, content in (("json", issued.as_json), ("pdf", pdf)):
                files.append(of | _put(archive, f"histories/{_safe(n, serial)}.{kind}", content, at))
        manifest = {
            "format": "denchi-history-archive/1",
            "archive": bundle.pk,
            "requested_by": bundle.requested_by,
            "requested_at": bundle.requested_at.isoformat(),
            **bundle.asked,
            "seed": bundle.seed or None,
            "drawn": "smallest SHA-256 of seed:serial" if bundle.seed else None,
            "serials": bundle.serials,
            "files": files,
        }
        text = json.dumps(manifest, ensure_ascii=False, indent=1).encode()
        files.append(_put(archive, "manifest.json", text, at))
        sums = "".join(f"{file['sha256']}  {file['name']}\n" for file in files)
        _put(archive, "SHA256SUMS", sums.encode(), at)


def _safe(n: int, serial: str) -> str:
    """A name for any file system; a serial that no rule knows may be anything."""
    is_plain = serial.isascii() and serial.replace("-", "").replace("_", "").isalnum()
    return serial if is_plain else f"unit-{n + 1}"


def _put(archive: ZipFile, name: str, content: bytes, at: datetime) -> dict[str, Any]:
    entry = ZipInfo(name, at.timetuple()[:6])
    entry.external_attr = 0o644 << 16
    archive.writestr(entry, content, ZIP_DEFLATED)
    return {"name": name, "n_bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}


class _Progress:
    """Says how far it is and that somebody is at it; raises _Cancelled where it is not wanted any more."""

    def __init__(self, bundle: Bundle) -> None:
        self._bundle, self._said_at = bundle, 0.0

    def __call__(self, percent: int) -> None:
        if time.monotonic() - self._said_at < ALIVE_EACH_S:
            return
        self._said_at = time.monotonic()
        going_on = Bundle.objects.filter(
            pk=self._bundle.pk, state=ReportState.RUNNING, cancel_asked_by="", started_at=self._bundle.started_at
        )
        if not going_on.update(progress=percent, alive_at=timezone.now()):
            raise _Cancelled


def _folder(bundle: Bundle) -> str:
    """Of this archive alone, with the files of every attempt to make it."""
    return f"{bundle.requested_at:%Y/%m}/audit-{bundle.pk}"


def _end(
    bundle: Bundle, state: ReportState, *, name: str = "", n_bytes: int | None = None, sha256: str = "", code: str = "",
    detail: str = "",
) -> None:  # fmt: skip
    """An attempt that another one has taken over from says nothing; files that came to nothing are removed."""
    with acting(ACTOR):
        running = Bundle.objects.select_for_update().filter(state=ReportState.RUNNING, started_at=bundle.started_at)
        mine = running.filter(pk=bundle.pk).first()
        if mine is not None:
            if state == ReportState.DONE and mine.cancel_asked_by:
                state, name, n_bytes, sha256 = ReportState.CANCELLED, "", None, ""
            mine.state, mine.finished_at, mine.progress = state, timezone.now(), 100 if name else mine.progress
            mine.name, mine.n_bytes, mine.sha256 = name, n_bytes, sha256
            mine.code, mine.detail = code, detail.replace("\x00", "")[:LONGEST_DETAIL]
            mine.save()
    if mine is None:
        return
    try:
        _folders, found = storage().listdir(_folder(bundle))
    except FileNotFoundError:
        return
    for each in found:
        if f"{_folder(bundle)}/{each}" != name:
            storage().delete(f"{_folder(bundle)}/{each}")
