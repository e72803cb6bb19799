"""Audits as the API tells them, and its lists cut into pages."""

import base64
import binascii
import secrets
from collections.abc import Mapping
from typing import Any

from django.http import QueryDict
from django.urls import reverse

from lines.errors import WRONG_PARAMETER, Refusal, as_json
from lines.models import Person
from quality.reports.models import ReportState
from traceability.audits import errors
from traceability.audits.asked import LISTS, AskedUnits, read_seed, read_size, read_units
from traceability.audits.models import AuditQuery, Bundle, QueryKind
from traceability.audits.queries import in_time, may_audit, named, sample_of, units_by, units_of, warning_of
from traceability.audits.services import note
from traceability.units.models import Unit
from traceability.units.queries import MOST_ITEMS, number, unit_row

_NOT_OF_THE_FILTER = ("limit", "cursor", "size", "seed", "language", "page", "draw")


def filter_of(words: QueryDict) -> AskedUnits:
    """Of an address: lists by naming a field again. Raises Refusal."""
    found: dict[str, Any] = {}
    for name in words:
        if name not in _NOT_OF_THE_FILTER:
            found[name] = words.getlist(name) if name in LISTS else words.get(name)
    return read_units(found)


def reader(person: Person) -> Person:
    """Raises Refusal AUDIT_NOT_YOURS."""
    if not may_audit(person):
        raise Refusal(errors.AUDIT_NOT_YOURS, person.username)
    return person


def audited_units(words: QueryDict, person: Person) -> dict[str, Any]:
    """One page of units, by serial; the first says how many there are. Each page is logged."""
    asked, limit = filter_of(words), number("limit", words.get("limit") or "100", most=MOST_ITEMS)
    cursor = words.get("cursor") or ""
    after = _read_cursor(cursor) if cursor else ""
    n_units, warning = None, None
    with in_time():
        units = units_by(asked)
        if not cursor:
            n_units = units.count()
            warning = warning_of(asked, n_units)
        found = list(named(units.filter(serial__gt=after) if after else units)[: limit + 1])
    note(QueryKind.LIST, person, asked.as_json() | ({"after": after} if after else {}), n_units, by_api=True)
    more = len(found) > limit
    return {
        "filter": asked.as_json(),
        "n_units": n_units,
        "warning": as_json(warning) if warning else None,
        "items": [unit_row(unit) for unit in found[:limit]],
        "next_cursor": base64.urlsafe_b64encode(found[limit - 1].serial.encode()).decode() if more else None,
    }


def audited_sample(words: QueryDict, person: Person, *, by_api: bool) -> tuple[dict[str, Any], list[Unit]]:
    """A sample of a filter: what the API tells of it, and its units. Without a seed one is made, and shown."""
    asked = filter_of(words)
    size = read_size(words.get("size") or "10")
    seed = read_seed(words.get("seed") or "") or new_seed()
    with in_time():
        units = units_by(asked)
        n_units = units.count()
        found = units_of(sample_of(units, seed, size))
    warning = warning_of(asked, n_units)
    about = {"filter": asked.as_json(), "seed": seed, "size": size}
    note(QueryKind.SAMPLE, person, about, n_units, by_api=by_api)
    told = {
        **about,
        "n_units": n_units,
        "warning": as_json(warning) if warning else None,
        "items": [unit_row(unit) for unit in found],
    }
    return told, found


def new_seed() -> str:
    return f"{secrets.randbelow(10**8):08d}"


def archive_row(bundle: Bundle) -> dict[str, Any]:
    is_done = bundle.state == ReportState.DONE
    return {
        "archive": bundle.pk,
        "state": bundle.state,
        "progress": bundle.progress,
        "filter": bundle.asked["filter"],
        "n_units": bundle.asked["n_units"],
        "n_files": len(bundle.serials),
        "seed": bundle.seed or None,
        "language": bundle.language,
        "requested_by": bundle.requested_by,
        "requested_at": bundle.requested_at.isoformat(),
        "finished_at": bundle.finished_at.isoformat() if bundle.finished_at else None,
        "code": bundle.code or None,
        "detail": bundle.detail or None,
        "n_bytes": bundle.n_bytes,
        "sha256": bundle.sha256 or None,
        "address": reverse("api-audit-archive-file", args=[bundle.pk]) if is_done else None,
    }


def query_row(query: AuditQuery) -> dict[str, Any]:
    return {
        "query": query.pk,
        "kind": query.kind,
        "by": query.by,
        "role": query.role,
        "at": query.at.isoformat(),
        "by_api": query.by_api,
        "asked": query.asked,
        "n_units": query.n_units,
    }


def read_archive_request(body: Mapping[str, Any]) -> tuple[AskedUnits, str, int | None, str]:
    """(filter, seed, size, language) of a JSON body. Raises Refusal."""
    strange = sorted(set(body) - {"filter", "size", "seed", "language"})
    if strange:
        raise Refusal(errors.WRONG_FILTER, f"{strange[0][:40]!r} is no field")
    words, size, seed = body.get("filter") or {}, body.get("size"), body.get("seed") or ""
    language = body.get("language") or "en"
    if not isinstance(words, Mapping) or not isinstance(seed, str) or not isinstance(language, str):
        raise Refusal(errors.WRONG_FILTER, "filter: an object; seed, language: texts")
    if size is not None and (isinstance(size, bool) or not isinstance(size, int)):
        raise Refusal(errors.WRONG_FILTER, "size: a whole number")
    chosen = read_size(str(size)) if size is not None else None
    return read_units(words), (read_seed(seed) or new_seed()) if chosen else "", chosen, language


def _read_cursor(cursor: str) -> str:
    try:
        text = base64.urlsafe_b64decode(cursor.encode()).decode()
    except (ValueError, binascii.Error):
        text = ""
    if not text or not text.isprintable() or len(text) > 64:
        raise Refusal(WRONG_PARAMETER, "cursor: take it from next_cursor of the page before")
    return text
