"""What the interlock answered, and on which facts: for the API and the pages."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.dateparse import parse_datetime

from lines.errors import WRONG_PARAMETER, Code, Refusal, as_json
from lines.orders.serials import canonical
from traceability.codes import described
from traceability.interlock import errors
from traceability.interlock.checks import Finding
from traceability.interlock.evidence import from_json, replay
from traceability.interlock.facts import UnitFacts
from traceability.interlock.models import Permit, PermitVerdict
from traceability.units.queries import Window, page_of

# What JSON that another version of the product stored may raise when it is read.
_UNREADABLE = (KeyError, TypeError, ValueError, StopIteration, IndexError)


@dataclass(frozen=True, slots=True)
class Replayed:
    """A stored verdict, judged again."""

    facts: UnitFacts
    findings: list[Finding]

    @property
    def word(self) -> str:
        return str(PermitVerdict.DENY if self.findings else PermitVerdict.ALLOW)


def stored(*, station: str = "", verdict: str = "", serial: str = "") -> QuerySet[Permit]:
    """Verdicts with their stations, newest first, without their facts. A filter left empty takes all."""
    found = Permit.objects.select_related("station").defer("facts").order_by("-id")
    if station:
        found = found.filter(station__code=station)
    if verdict:
        found = found.filter(verdict=verdict)
    return found.filter(serial=canonical(serial)) if serial else found


def verdict_by_id(permit_id: int) -> Permit | None:
    return Permit.objects.select_related("station").filter(pk=permit_id).first()


def replayed(permit: Permit) -> Replayed | None:
    """Its facts, and today's rules on them. None: the facts were stored in a form that nobody reads any more."""
    try:
        return Replayed(from_json(permit.facts), replay(permit.facts))
    except _UNREADABLE:
        return None


def reasons(permit: Permit) -> list[Code]:
    return [described(code) for code in permit.reasons]


def details(permit: Permit, judged: Replayed | None) -> Sequence[tuple[Code, str]]:
    """Its reasons, each with what it rested on as far as today's rules find it too."""
    found = {finding.code.code: finding.detail for finding in judged.findings} if judged else {}
    return [(code, found.get(code.code, "")) for code in reasons(permit)]


def verdict_row(permit: Permit) -> dict[str, Any]:
    return {
        "permit": permit.pk,
        "station": permit.station.code,
        "operation": permit.operation,
        "serial": permit.serial,
        "verdict": permit.verdict,
        "reasons": [as_json(code) for code in reasons(permit)],
        "recipe": permit.recipe,
        "decided_at": permit.decided_at.isoformat(),
        "expires_at": permit.expires_at.isoformat() if permit.expires_at else None,
        "closed_at": permit.closed_at.isoformat() if permit.closed_at else None,
        "record": permit.used_by_id,
        "asked_count": permit.asked_count,
        "asked_last_at": permit.asked_last_at.isoformat() if permit.asked_last_at else None,
    }


def show_verdict(permit_id: int) -> dict[str, Any]:
    """A verdict with its facts, and what today's rules say to them. Raises Refusal PERMIT_UNKNOWN."""
    permit = verdict_by_id(permit_id)
    if permit is None:
        raise Refusal(errors.PERMIT_UNKNOWN, str(permit_id))
    judged = replayed(permit)
    return {
        **verdict_row(permit),
        "reasons": [as_json(code, detail) for code, detail in details(permit, judged)],
        "facts": permit.facts,
        "replayed": judged
        and {"verdict": judged.word, "reasons": [as_json(f.code, f.detail) for f in judged.findings]},
    }


def verdicts_on(serial: str, as_of: str, of: Window) -> dict[str, Any]:
    """What the interlock had answered about a unit until a time, newest first. Raises Refusal WRONG_PARAMETER."""
    wanted = canonical(serial)
    found = stored().filter(serial=wanted) if wanted.isprintable() else stored().none()
    if as_of:
        found = found.filter(Q(decided_at__lte=_read_time(as_of)))
    return page_of(found, of, verdict_row)


def _read_time(text: str) -> datetime:
    try:
        time = parse_datetime(text.replace(" ", "+"))  # a plus in an address stands for a space
    except ValueError:
        time = None
    if time is None or time.tzinfo is None:
        raise Refusal(WRONG_PARAMETER, "as_of: a time with its offset, 2027-04-01T09:30:00+09:00")
    return time
