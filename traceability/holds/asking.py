"""What a person asks to hold, read from a form or a body. Pure but for the site's time zone."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from lines.errors import BAD_TEXT, BAD_TIME, OUT_OF_RANGE, Code, Refusal
from lines.orders.serials import canonical
from lines.stations.body import (
    MAX_TEXT,
    Fields,
    known_only,
    read_count,
    read_number,
    read_serial,
    read_text,
    read_time,
)
from traceability.holds import errors

LONGEST_REASON = 200
BY_ITSELF = ("UNITS", "SIGNAL")  # scopes that signals place, and nobody asks for
SCOPES = ("UNIT", "LOT", "TRAY", "ROLL_RANGE", "STATION", "CHANNEL")
_LARGEST_LANE = 32_767
FIRST_YEAR, LAST_YEAR = 2000, 9000  # of a window; at the end of the calendar no page could show it
_LONGEST = {"supplier": MAX_TEXT, "lot": MAX_TEXT, "tray": 32, "station": 32, "channel": 48, "at_operation": 24}
_FIELDS = frozenset(
    {
        "scope", "serial", "supplier", "lot", "tray", "station", "channel", "lane", "from_m", "to_m", "window_from",
        "window_to", "at_operation", "reason",
    }
)  # fmt: skip


class WrongField(Refusal):
    """A refusal that belongs beside one field of a form."""

    def __init__(self, field: str, code: Code, detail: str = "") -> None:
        super().__init__(code, f"{field}: {detail}" if detail else field)
        self.field = field


@dataclass(frozen=True, slots=True)
class AskedHold:
    """As asked; nothing is looked up yet. Empty: not given."""

    scope: str
    reason: str = ""
    serial: str = ""  # UNIT, ROLL_RANGE
    supplier: str = ""  # LOT
    lot: str = ""
    tray: str = ""
    station: str = ""
    channel: str = ""
    lane: int | None = None
    from_m: float | None = None
    to_m: float | None = None
    window_from: datetime | None = None
    window_to: datetime | None = None
    at_operation: str = ""


def checked(asked: AskedHold, *, needs_reason: bool) -> AskedHold:
    """Raises WrongField for what contradicts itself."""
    if asked.scope not in SCOPES:
        raise WrongField("scope", errors.HOLD_SCOPE, asked.scope[:MAX_TEXT])
    for name, longest in _LONGEST.items():
        if len(getattr(asked, name)) > longest:
            raise WrongField(name, BAD_TEXT, f"at most {longest} characters")
    for name in ("window_from", "window_to"):
        time: datetime | None = getattr(asked, name)
        if time is not None and not FIRST_YEAR <= time.year <= LAST_YEAR:
            raise WrongField(name, BAD_TIME, f"{time.isoformat()}; years {FIRST_YEAR} to {LAST_YEAR}")
    if asked.scope == "ROLL_RANGE":
        start, end = asked.from_m, asked.to_m
        if (start is not None and start < 0) or (end is not None and end <= (start or 0.0)):
            raise WrongField("to_m", errors.HOLD_RANGE, f"{start} to {end}")
    if asked.scope in ("STATION", "CHANNEL"):
        if asked.window_from is None:
            raise WrongField("window_from", errors.HOLD_WINDOW)
        if asked.window_to is not None and asked.window_to <= asked.window_from:
            raise WrongField("window_to", errors.HOLD_WINDOW, f"{asked.window_from} to {asked.window_to}")
    if (needs_reason and not asked.reason) or len(asked.reason) > LONGEST_REASON:
        raise WrongField("reason", errors.HOLD_REASON)
    return asked


def from_json(body: Fields, *, needs_reason: bool = True) -> AskedHold:
    known_only(body, _FIELDS, "$")
    serial = read_serial(body["serial"], "$.serial") if body.get("serial") else ""
    asked = AskedHold(
        scope=read_text(body, "scope", "$", required=True),
        reason=read_text(body, "reason", "$", longest=LONGEST_REASON),
        serial=serial,
        supplier=read_text(body, "supplier", "$"),
        lot=read_text(body, "lot", "$"),
        tray=read_text(body, "tray", "$", longest=_LONGEST["tray"]),
        station=read_text(body, "station", "$", longest=_LONGEST["station"]),
        channel=read_text(body, "channel", "$", longest=_LONGEST["channel"]),
        lane=read_count(body, "lane", "$", largest=_LARGEST_LANE),
        from_m=read_number(body, "from_m", "$"),
        to_m=read_number(body, "to_m", "$"),
        window_from=read_time(body, "window_from", "$", None),
        window_to=read_time(body, "window_to", "$", None),
        at_operation=read_text(body, "at_operation", "$", longest=_LONGEST["at_operation"]),
    )
    return checked(asked, needs_reason=needs_reason)


def from_form(fields: Mapping[str, str], *, needs_reason: bool) -> AskedHold:
    """Texts as a person typed or scanned them; times by the site's clock."""
    text = {name: _text(fields, name) for name in _FIELDS}
    asked = AskedHold(
        scope=text["scope"],
        reason=text["reason"],
        serial=canonical(text["serial"]),
        supplier=text["supplier"],
        lot=text["lot"],
        tray=text["tray"],
        station=text["station"],
        channel=text["channel"],
        lane=_lane(text["lane"]),
        from_m=_metres("from_m", text["from_m"]),
        to_m=_metres("to_m", text["to_m"]),
        window_from=_site_time("window_from", text["window_from"]),
        window_to=_site_time("window_to", text["window_to"]),
        at_operation=text["at_operation"],
    )
    return checked(asked, needs_reason=needs_reason)


def _text(fields: Mapping[str, str], name: str) -> str:
    value = " ".join(fields.get(name, "").split())
    if not value.isprintable():
        raise WrongField(name, errors.HOLD_REASON if name == "reason" else errors.NOTHING_TO_HOLD)
    return value


def _lane(text: str) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 6 and 1 <= int(text) <= _LARGEST_LANE):
        raise WrongField("lane", OUT_OF_RANGE, text)
    return int(text)


def _metres(name: str, text: str) -> float | None:
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise WrongField(name, errors.HOLD_RANGE, text)
    return value


def _site_time(name: str, text: str) -> datetime | None:
    if not text:
        return None
    try:
        value = datetime.fromisoformat(text)
        return value if value.tzinfo is not None else timezone.make_aware(value)
    except (ValueError, OverflowError):
        raise WrongField(name, BAD_TIME, text) from None
