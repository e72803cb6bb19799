"""Which units a wide table has a row for, and which columns, read from an address. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from lines.errors import Refusal
from lines.orders.serials import canonical
from traceability.wide.errors import WRONG_REQUEST

FILES = ("parquet", "csv", "xlsx")
LONGEST, MOST_COLUMNS = 64, 200


@dataclass(frozen=True, slots=True)
class AskedTable:
    """Units of one definition that were first seen here in [since, until), their serials from one to another, both
    included. Empty: any; no columns: all."""

    definition: str
    since: datetime | None = None
    until: datetime | None = None
    serial_from: str = ""
    serial_to: str = ""
    columns: tuple[str, ...] = ()


def read_table(words: Mapping[str, str], columns: Sequence[str] = ()) -> AskedTable:
    """Raises Refusal with the parameter in its detail."""
    texts = {name: _text(name, words.get(name, "")) for name in ("definition", "serial_from", "serial_to")}
    if not texts["definition"]:
        raise Refusal(WRONG_REQUEST, "definition: the code of what has a row")
    since, until = _time("since", words.get("since", "")), _time("until", words.get("until", ""))
    if since and until and since >= until:
        raise Refusal(WRONG_REQUEST, f"since {since.isoformat()} is not before until {until.isoformat()}")
    serial_from, serial_to = canonical(texts["serial_from"]), canonical(texts["serial_to"])
    if serial_from and serial_to and serial_from > serial_to:
        raise Refusal(WRONG_REQUEST, f"serial_from {serial_from} comes after serial_to {serial_to}")
    if len(columns) > MOST_COLUMNS:
        raise Refusal(WRONG_REQUEST, f"columns: at most {MOST_COLUMNS}")
    return AskedTable(
        texts["definition"],
        since,
        until,
        serial_from,
        serial_to,
        tuple(dict.fromkeys(_text("columns", each) for each in columns if each)),
    )


def _text(name: str, text: str) -> str:
    if len(text) > LONGEST or not text.isprintable():
        raise Refusal(WRONG_REQUEST, f"{name}: at most {LONGEST} signs")
    return text.strip()


def _time(name: str, text: str) -> datetime | None:
    if not text:
        return None
    try:
        # A plus sign that was not escaped in an address comes as a blank.
        at = datetime.fromisoformat(text.replace(" ", "+"))
    except ValueError:
        at = None
    if at is None or at.tzinfo is None or not 1971 <= at.year <= 2199:
        raise Refusal(WRONG_REQUEST, f"{name}: a time like 2027-04-01T09:30:00Z")
    return at.astimezone(UTC)
