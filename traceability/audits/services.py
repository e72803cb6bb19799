"""Writing the log of audits, and handing out history files.

The log is written for the one who asks, also for roles that write nothing themselves. A history that is handed out is
noted by the hash of its content, so that a code or file can be verified later.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from documents.labels import Symbol, as_svg
from documents.pdf import as_pdf
from lines.models import Person
from lines.people.actors import acting
from traceability.audits.content import canonical_json, code_of, sha256_of
from traceability.audits.history import counts, history_content
from traceability.audits.models import AuditQuery, HistoryFile, IssuedPrint, QueryKind
from traceability.audits.printed import TEMPLATE, Issue, printed
from traceability.units.models import Unit

ACTOR = "task:audits"
LANGUAGES = ("en", "ja")


def note(
    kind: QueryKind, person: Person, asked: Mapping[str, Any], n_units: int | None = None, *, by_api: bool = False
) -> None:
    """Who asked what, and how many units it found."""
    with acting(f"person:{person.username}"):
        AuditQuery.objects.create(
            kind=kind, by=person.username, role=person.role, at=timezone.now(), by_api=by_api, asked=dict(asked),
            n_units=n_units,
        )  # fmt: skip


@dataclass(frozen=True)
class Issued:
    """A history as it was handed out: the row that says so, its content, and that as bytes (the JSON file)."""

    row: HistoryFile
    content: Mapping[str, Any]
    as_json: bytes


def issue(serial: str, by: str) -> Issued:
    """Collect what is known of a unit now, and note that it was handed out. Raises Refusal UNIT_NOT_FOUND."""
    content = history_content(serial)
    as_json = canonical_json(content)
    sha256 = sha256_of(as_json)
    n_records, n_values = counts(content)
    with acting(ACTOR):
        row, _ = HistoryFile.objects.get_or_create(
            content_sha256=sha256,
            defaults={
                "code": code_of(sha256),
                "unit": Unit.objects.get(serial=content["unit"]["serial"]),
                "n_records": n_records,
                "n_values": n_values,
                "first_issued_at": timezone.now(),
                "first_issued_by": by,
            },
        )
    return Issued(row, content, as_json)


def print_of(issued: Issued, by: str, language: str) -> bytes:
    """Its PDF, noted by its own hash: it says who asked and when."""
    now = timezone.now()
    address = f"{settings.DENCHI_PUBLIC_URL}{reverse('verify')}?code={issued.row.code}"
    said = Issue(issued.row.content_sha256, issued.row.code, by, now, address)
    data = printed(issued.content, said, language=language, zone=timezone.get_default_timezone())
    pdf = as_pdf(TEMPLATE, data, made_at=now, drawings={"verify": as_svg(address, Symbol.QR)})
    with acting(ACTOR):
        IssuedPrint.objects.get_or_create(
            sha256=hashlib.sha256(pdf).hexdigest(),
            defaults={"history": issued.row, "language": language, "issued_at": now, "issued_by": by},
        )
    return pdf


def is_current(row: HistoryFile) -> bool:
    """Whether the unit's history is still what was handed out; False: more came to be known since."""
    return sha256_of(canonical_json(history_content(row.unit.serial))) == row.content_sha256
