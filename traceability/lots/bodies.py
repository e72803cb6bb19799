"""What a request about lots says: receipts with certificates, decisions, parts. Pure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from lines.errors import BAD_TEXT, BAD_TIME, MISSING_FIELD, WRONG_TYPE
from lines.stations.body import Fields, known_only, once, read_number, read_rows, read_text, read_time, refuse
from traceability.lots import errors

MOST_CERTIFIED = 100
MOST_PARTS = 200
LONGEST_REASON = 500
SHORTEST_REASON = 3
_FIRST_YEAR, _LAST_YEAR = 2000, 9000  # of an expiry
_LARGEST_ID = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Certified:
    """One line of a certificate of analysis; a limit the supplier does not give is None."""

    name: str  # of the property
    value: float
    unit: str
    lower: float | None
    upper: float | None

    @property
    def is_outside(self) -> bool:
        return (self.lower is not None and self.value < self.lower) or (
            self.upper is not None and self.value > self.upper
        )

    @property
    def in_words(self) -> str:
        ends = [f"{sign} {end:g}" for sign, end in (("≥", self.lower), ("≤", self.upper)) if end is not None]
        return f"{self.name} {self.value:g} {self.unit} ({', '.join(ends)})"


@dataclass(frozen=True, slots=True)
class Receipt:
    """A delivered lot. Quantity in the material's unit; None: not told."""

    supplier: str
    number: str
    material: str
    expires_at: datetime | None
    quantity: float | None
    certificate: tuple[Certified, ...]

    @property
    def outside(self) -> list[Certified]:
        return [line for line in self.certificate if line.is_outside]


@dataclass(frozen=True, slots=True)
class Expiry:
    expires_at: datetime | None  # None: it does not expire
    reason: str


@dataclass(frozen=True, slots=True)
class Part:
    number: str
    quantity: float


@dataclass(frozen=True, slots=True)
class Split:
    parts: tuple[Part, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class Taken:
    """How much of a lot goes into a merged one; None: all that is left."""

    lot_id: int
    quantity: float | None


@dataclass(frozen=True, slots=True)
class Merge:
    """`supplier` empty: the one that all the lots have."""

    lots: tuple[Taken, ...]
    supplier: str
    number: str
    reason: str


def read_certified(fields: Fields, path: str) -> Certified:
    known_only(fields, frozenset({"property", "value", "unit", "lower", "upper"}), path)
    value = read_number(fields, "value", path, required=True)
    lower, upper = read_number(fields, "lower", path), read_number(fields, "upper", path)
    if lower is not None and upper is not None and lower > upper:
        refuse(errors.LIMITS_CROSSED, path, f"{lower:g} > {upper:g}")
    return Certified(
        name=read_text(fields, "property", path, required=True),
        value=value if value is not None else math.nan,
        unit=read_text(fields, "unit", path, longest=16),
        lower=lower,
        upper=upper,
    )


def _expires_at(body: Fields) -> datetime | None:
    return sensible(read_time(body, "expires_at", "$", None))


def sensible(expires_at: datetime | None) -> datetime | None:
    """An expiry as it is. Raises Refusal BAD_TIME for a year that no lot lives to."""
    if expires_at is not None and not _FIRST_YEAR <= expires_at.year <= _LAST_YEAR:
        # A year at the end of the calendar has no time in the plant's zone, and no page could show it.
        what = (
            f"{expires_at.isoformat()}; years {_FIRST_YEAR} to {_LAST_YEAR}, leave it out where the lot does not expire"
        )
        refuse(BAD_TIME, "$.expires_at", what)
    return expires_at


def read_receipt(body: Fields) -> Receipt:
    known_only(body, frozenset({"supplier", "number", "material", "expires_at", "quantity", "certificate"}), "$")
    supplier = read_text(body, "supplier", "$", required=True)
    number = read_text(body, "number", "$", required=True)
    code = read_text(body, "material", "$", required=True, longest=32)
    certificate = read_rows(body, "certificate", "$", read_certified, most=MOST_CERTIFIED)
    once((line.name for line in certificate), "$.certificate", "property")
    quantity = read_number(body, "quantity", "$", above=0)
    return Receipt(supplier, number, code, _expires_at(body), quantity, certificate)


def _reason(body: Fields) -> str:
    value = body.get("reason")
    if value is not None and not isinstance(value, str):
        refuse(WRONG_TYPE, "$.reason", "expected text")
    text = " ".join((value or "").split())
    if len(text) < SHORTEST_REASON:
        refuse(errors.REASON_MISSING, "$.reason", f"at least {SHORTEST_REASON} characters")
    if len(text) > LONGEST_REASON or not text.isprintable():
        refuse(BAD_TEXT, "$.reason", f"at most {LONGEST_REASON} printable characters")
    return text


def read_decision(body: Fields) -> str:
    """The reason of a release or of a block."""
    known_only(body, frozenset({"reason"}), "$")
    return _reason(body)


def read_expiry(body: Fields) -> Expiry:
    known_only(body, frozenset({"reason", "expires_at"}), "$")
    if "expires_at" not in body:
        refuse(MISSING_FIELD, "$", "'expires_at'; null for a lot that does not expire")
    return Expiry(_expires_at(body), _reason(body))


def _part(fields: Fields, path: str) -> Part:
    known_only(fields, frozenset({"number", "quantity"}), path)
    number = read_text(fields, "number", path, required=True)
    return Part(number, read_number(fields, "quantity", path, required=True, above=0) or 0.0)


def read_split(body: Fields) -> Split:
    known_only(body, frozenset({"parts", "reason"}), "$")
    parts = read_rows(body, "parts", "$", _part, most=MOST_PARTS)
    if not parts:
        refuse(MISSING_FIELD, "$", "'parts'")
    once((part.number for part in parts), "$.parts", "number")
    return Split(parts, _reason(body))


def _taken(fields: Fields, path: str) -> Taken:
    known_only(fields, frozenset({"lot", "quantity"}), path)
    lot_id = fields.get("lot")
    if lot_id is None:
        refuse(MISSING_FIELD, path, "'lot'")
    if type(lot_id) is not int or not 0 < lot_id <= _LARGEST_ID:
        refuse(WRONG_TYPE, f"{path}.lot", "expected the id of a lot")
    return Taken(lot_id, read_number(fields, "quantity", path, above=0))


def read_merge(body: Fields) -> Merge:
    known_only(body, frozenset({"lots", "supplier", "number", "reason"}), "$")
    lots = read_rows(body, "lots", "$", _taken, most=MOST_PARTS)
    if len({taken.lot_id for taken in lots}) < max(len(lots), 2):
        refuse(errors.MERGE_OF_ONE, "$.lots", f"{len(lots)}")
    number = read_text(body, "number", "$", required=True)
    return Merge(lots, read_text(body, "supplier", "$"), number, _reason(body))


def earliest(times: Sequence[datetime | None]) -> datetime | None:
    """Of the expiries of lots that become one; None where none of them expires."""
    return min((time for time in times if time is not None), default=None)
