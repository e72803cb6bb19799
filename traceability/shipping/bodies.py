"""What a request about shipments says. Pure."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from lines.errors import MISSING_FIELD, WRONG_TYPE
from lines.stations.body import Fields, known_only, once, read_serial, read_text, read_time, refuse
from traceability.shipping import errors

MOST_UNITS = 500
LONGEST_NUMBER = 40
LONGEST_REASON = 200
SHORTEST_REASON = 3
AHEAD = timedelta(minutes=15)  # clocks of two offices
_NUMBER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")


@dataclass(frozen=True, slots=True)
class AskedShipment:
    """`shipped_at` None: now."""

    number: str
    site: str
    serials: tuple[str, ...]
    shipped_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class AskedReturn:
    """`returned_at` None: now."""

    serials: tuple[str, ...]
    reason: str
    returned_at: datetime | None = None


def _serials(body: Fields) -> tuple[str, ...]:
    serials = body.get("serials")
    if serials is None:
        refuse(MISSING_FIELD, "$", "'serials'")
    if not isinstance(serials, list):
        refuse(WRONG_TYPE, "$.serials", "expected a list")
    if not 1 <= len(serials) <= MOST_UNITS:
        refuse(errors.NOTHING_SHIPPED, "$.serials", f"1 to {MOST_UNITS}")
    found = tuple(read_serial(serial, f"$.serials[{index}]") for index, serial in enumerate(serials))
    once(found, "$.serials", "serial")
    return found


def _time(body: Fields, name: str, now: datetime) -> datetime | None:
    time = read_time(body, name, "$", None)
    if time is not None and time > now + AHEAD:
        refuse(errors.TOO_EARLY_TO_SHIP, f"$.{name}", time.isoformat())
    return time


def read_number_of(text: str) -> str:
    """A shipment's number. Raises Refusal NUMBER_MALFORMED."""
    if not _NUMBER.fullmatch(text):
        refuse(errors.NUMBER_MALFORMED, "$.number", repr(text[:LONGEST_NUMBER]))
    return text


def read_shipment(body: Fields, now: datetime) -> AskedShipment:
    known_only(body, frozenset({"number", "site", "serials", "shipped_at"}), "$")
    number = read_number_of(read_text(body, "number", "$", required=True))
    site = read_text(body, "site", "$", required=True, longest=32)
    return AskedShipment(number, site, _serials(body), _time(body, "shipped_at", now))


def read_return(body: Fields, now: datetime) -> AskedReturn:
    known_only(body, frozenset({"serials", "reason", "returned_at"}), "$")
    reason = body.get("reason")
    if reason is not None and not isinstance(reason, str):
        refuse(WRONG_TYPE, "$.reason", "expected text")
    words = " ".join((reason or "").split())
    if not (SHORTEST_REASON <= len(words) <= LONGEST_REASON and words.isprintable()):
        refuse(errors.RETURN_REASON, "$.reason", f"{SHORTEST_REASON} to {LONGEST_REASON} characters")
    return AskedReturn(_serials(body), words, _time(body, "returned_at", now))
