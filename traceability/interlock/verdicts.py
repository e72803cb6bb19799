"""What the interlock answered, and on which facts: for the API and the pages."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q
from django.db.models.enums import TextChoices
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext_lazy as _

from lines.errors import WRONG_PARAMETER, Code, Refusal, as_json
from lines.models import Station
from lines.orders.serials import canonical
from lines.records.visits import Visits
from traceability.codes import described
from traceability.interlock import errors
from traceability.interlock.checks import Finding
from traceability.interlock.evidence import from_json, replay
from traceability.interlock.facts import Step, UnitFacts
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
    stored = Permit.objects.select_related("station").defer("facts")
    found = stored.filter(serial=wanted) if wanted.isprintable() else stored.none()
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


class Show(TextChoices):
    """The tabs of the list."""

    ALL = "all", _("All")
    DENIED = "denied", _("Denied")
    ALLOWED = "allowed", _("Allowed")


_SHOWN = {Show.ALL: Q(), Show.DENIED: Q(verdict=PermitVerdict.DENY), Show.ALLOWED: Q(verdict=PermitVerdict.ALLOW)}
# Rows of one page of the list.
_MOST = 50


class Became(TextChoices):
    """What became of a permit that was given."""

    USED = "USED", _("Used")
    OPEN = "OPEN", _("Open")
    OVERDUE = "OVERDUE", _("Its time is over")
    CLOSED = "CLOSED", _("Cancelled or replaced")


@dataclass(frozen=True, slots=True)
class StepRow:
    """A step of the unit's route as it was known then."""

    step: Step
    visits: Visits | None
    is_asked: bool
    is_next: bool
    is_sampled_out: bool


@dataclass(frozen=True, slots=True)
class Row:
    """A verdict as the pages show it."""

    permit: Permit
    reasons: Sequence[tuple[Code, str]]
    judged: Replayed | None

    @property
    def became(self) -> Became | None:
        """None for a denial."""
        permit = self.permit
        if permit.verdict != PermitVerdict.ALLOW:
            return None
        if permit.used_by_id is not None:
            return Became.USED
        if permit.closed_at is not None:
            return Became.CLOSED
        is_over = permit.expires_at is not None and permit.expires_at < timezone.now()
        return Became.OVERDUE if is_over else Became.OPEN

    @property
    def agrees(self) -> bool:
        """Whether today's rules say on the same facts what was answered."""
        return self.judged is not None and [f.code.code for f in self.judged.findings] == self.permit.reasons

    @property
    def operations(self) -> list[str]:
        """Of the station."""
        return sorted(self.judged.facts.station_operations) if self.judged else []

    @property
    def route(self) -> list[StepRow]:
        if self.judged is None:
            return []
        facts = self.judged.facts
        own = {step.id for step in facts.own_steps}
        asked, following = (step.id if step else None for step in (facts.step, facts.next_step))
        return [
            StepRow(step, facts.visits_of(step), step.id == asked, step.id == following, step.id not in own)
            for step in facts.steps
        ]


@dataclass(frozen=True, slots=True)
class Page:
    """Some verdicts, newest first. `before`: the id below which the next page begins; empty: this was the last."""

    rows: list[Row]
    before: str


def listed(show: Show, station: str, serial: str, before: str) -> Page:
    """The list: of one station or all, of one unit or all, those below an id or the newest."""
    found = Permit.objects.filter(_SHOWN[show]).select_related("station").order_by("-id")
    if station:
        found = found.filter(station__code=station)
    if serial:
        found = found.filter(serial=canonical(serial))
    if before.isascii() and before.isdigit() and len(before) < 19:
        found = found.filter(pk__lt=int(before))
    permits = list(found[: _MOST + 1]) if (station + serial).isprintable() else []
    more = len(permits) > _MOST
    rows = [_row(permit, is_whole=False) for permit in permits[:_MOST]]
    return Page(rows, str(rows[-1].permit.pk) if more else "")


def shown_verdict(permit_id: int) -> Row | None:
    permit = verdict_by_id(permit_id)
    return _row(permit) if permit else None


def _row(permit: Permit, *, is_whole: bool = True) -> Row:
    """`is_whole`: with the facts of a permit too, not only of a denial, whose reasons are told by them."""
    judged = replayed(permit) if is_whole or permit.reasons else None
    return Row(permit, details(permit, judged), judged)


def station_codes() -> list[str]:
    return list(Station.objects.order_by("sequence").values_list("code", flat=True))
