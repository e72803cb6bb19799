"""Lots for the pages: the list with its filters, and everything about one lot."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode

from django.core.paginator import Page, Paginator
from django.db.models import Q, QuerySet

from lines.errors import Code
from lines.models import MaterialDefinition
from lines.orders.models import Tracking
from traceability.codes import CODES
from traceability.lots.queries import rests
from traceability.units.models import CertificateValue, Lot, LotEvent, LotPart, LotState

LOTS_PER_PAGE = 50
MOST_EXPORTED = 20_000
SOON = timedelta(days=30)
STATES = list(LotState.values)
EXPIRIES = ("soon", "expired")


@dataclass(frozen=True)
class Filter:
    """What the list shows; an empty word takes all."""

    state: str
    material: str
    expiry: str  # soon, expired
    text: str  # in the number or the supplier's name

    @property
    def as_query(self) -> str:
        """For the addresses of the other pages and of the table."""
        words = {"state": self.state, "material": self.material, "expiry": self.expiry, "text": self.text}
        return urlencode({name: word for name, word in words.items() if word})


@dataclass(frozen=True)
class Listed:
    lot: Lot
    rest: float | None
    is_expired: bool
    is_soon: bool


def read_filter(state: str, material: str, expiry: str, text: str) -> Filter:
    """Words that name nothing count as empty."""
    printable = "".join(c for c in text if c.isprintable()).strip()[:64]
    return Filter(
        state if state in STATES else "",
        material if material.isprintable() else "",
        expiry if expiry in EXPIRIES else "",
        printable,
    )


def _found(by: Filter, now: datetime) -> QuerySet[Lot]:
    lots = Lot.objects.select_related("material")
    if by.state:
        lots = lots.filter(state=by.state)
    if by.material:
        lots = lots.filter(material_code=by.material)
    if by.expiry == "expired":
        lots = lots.filter(expires_at__lt=now)
    elif by.expiry == "soon":
        lots = lots.filter(expires_at__gte=now, expires_at__lt=now + SOON)
    if by.text:
        lots = lots.filter(Q(number__icontains=by.text) | Q(supplier__icontains=by.text))
    return lots.order_by("expires_at", "-pk") if by.expiry else lots.order_by("-pk")


def _listed(lots: list[Lot], now: datetime) -> list[Listed]:
    rest = rests([lot.pk for lot in lots])
    return [Listed(lot, rest.get(lot.pk), *_expiry(lot, now)) for lot in lots]


def _expiry(lot: Lot, now: datetime) -> tuple[bool, bool]:
    if lot.expires_at is None:
        return False, False
    return lot.expires_at < now, now <= lot.expires_at < now + SOON


def page_of_lots(by: Filter, number: str, now: datetime) -> tuple[Page[Lot], list[Listed]]:
    page: Page[Lot] = Paginator(_found(by, now), LOTS_PER_PAGE).get_page(number)
    return page, _listed(list(page), now)


def all_lots(by: Filter, now: datetime) -> list[Listed]:
    """For a table; at most MOST_EXPORTED."""
    return _listed(list(_found(by, now)[:MOST_EXPORTED]), now)


def materials() -> list[MaterialDefinition]:
    """What can be bought."""
    return list(MaterialDefinition.objects.filter(tracking=Tracking.LOT).order_by("code"))


def suppliers() -> list[str]:
    """Names that were used before, to be picked."""
    return list(Lot.objects.order_by("supplier").values_list("supplier", flat=True).distinct()[:200])


def lots_by_id(ids: list[str], now: datetime) -> list[Listed]:
    """Those of the ids that are lots, in their order."""
    numbers = list(dict.fromkeys(int(text) for text in ids if text.isascii() and text.isdigit() and len(text) < 19))
    found = Lot.objects.select_related("material").in_bulk(numbers)
    return _listed([found[number] for number in numbers if number in found], now)


@dataclass(frozen=True)
class Told:
    """An event with its reason; `code`: what the reason begins with, to be said in the reader's language."""

    event: LotEvent
    code: Code | None
    reason: str


@dataclass(frozen=True)
class Checked:
    value: CertificateValue
    is_outside: bool


@dataclass(frozen=True)
class LotFile:
    """A lot's papers: what came with it, what was decided, what became of it."""

    lot: Lot
    rest: float | None
    is_expired: bool
    is_soon: bool
    certificate: list[Checked]
    events: list[Told]  # newest first
    parents: list[LotPart]
    parts: list[LotPart]

    @property
    def n_outside(self) -> int:
        return sum(line.is_outside for line in self.certificate)


def lot_file(lot: Lot, now: datetime) -> LotFile:
    is_expired, is_soon = _expiry(lot, now)
    return LotFile(
        lot=lot,
        rest=rests([lot.pk]).get(lot.pk),
        is_expired=is_expired,
        is_soon=is_soon,
        certificate=[Checked(value, _is_outside(value)) for value in lot.certificate_values.all()],
        events=[_told(event) for event in lot.events.order_by("-pk")],
        parents=list(lot.parents.select_related("parent").order_by("pk")),
        parts=list(lot.children.select_related("child").order_by("pk")),
    )


def _is_outside(value: CertificateValue) -> bool:
    below = value.lower is not None and value.value < value.lower
    return below or (value.upper is not None and value.value > value.upper)


def _told(event: LotEvent) -> Told:
    head, _, rest = event.reason.partition(" ")
    code = CODES.get(head)
    return Told(event, code, rest if code else event.reason)
