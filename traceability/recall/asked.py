"""What a recall starts from, read from a form, an address or a body. Pure but for the site's time zone."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from lines.errors import BAD_TIME, OUT_OF_RANGE, WRONG_TYPE
from lines.orders.serials import canonical
from lines.stations.body import MAX_TEXT, Fields, known_only, read_count, read_serial, read_text, read_time, refuse
from traceability.holds import asking
from traceability.holds.asking import WrongField
from traceability.recall import errors

KINDS = ("LOT", "ROLL_RANGE", "UNITS", "TRAY", "STATION", "CHANNEL", "GAUGE", "RECIPE", "SIGNAL")
# These are suspects that a hold may have as its scope; how they are read and checked is the hold's (holds/asking.py).
AS_HOLDS = ("LOT", "ROLL_RANGE", "TRAY", "STATION", "CHANNEL")
MOST_SERIALS = 10_000
LONGEST_GAUGE, LONGEST_RECIPE = 48, 64
_LARGEST_ID = 2**62
_OWN = frozenset({"kind", "serials", "gauge", "recipe", "signal"})
_OF_HOLDS = frozenset(
    {"serial", "supplier", "lot", "tray", "station", "channel", "lane", "from_m", "to_m", "window_from", "window_to"}
)
FIELDS = _OWN | _OF_HOLDS


@dataclass(frozen=True, slots=True)
class AskedSuspect:
    """As asked; nothing is looked up yet. Empty: not given."""

    kind: str
    supplier: str = ""  # LOT
    lot: str = ""
    serial: str = ""  # ROLL_RANGE: the roll
    lane: int | None = None
    from_m: float | None = None
    to_m: float | None = None
    serials: tuple[str, ...] = ()  # UNITS
    tray: str = ""
    station: str = ""
    channel: str = ""
    gauge: str = ""
    recipe: str = ""  # as records name it: product/operation/version
    signal: int | None = None
    window_from: datetime | None = None  # STATION, CHANNEL; GAUGE and RECIPE may have one
    window_to: datetime | None = None

    @property
    def as_hold(self) -> asking.AskedHold:
        """Of a kind in AS_HOLDS."""
        return asking.AskedHold(
            self.kind, serial=self.serial, supplier=self.supplier, lot=self.lot, tray=self.tray, station=self.station,
            channel=self.channel, lane=self.lane, from_m=self.from_m, to_m=self.to_m, window_from=self.window_from,
            window_to=self.window_to,
        )  # fmt: skip

    def as_json(self) -> dict[str, Any]:
        """What was given alone; times as texts."""
        found: dict[str, Any] = {}
        for each in fields(self):
            value = getattr(self, each.name)
            if value in (None, "", ()):
                continue
            found[each.name] = value.isoformat() if isinstance(value, datetime) else value
        if self.serials:
            found["serials"] = list(self.serials)
        return found


def from_json(body: Fields) -> AskedSuspect:
    """Raises Refusal for what is no suspect."""
    known_only(body, FIELDS, "$")
    kind = _kind(read_text(body, "kind", "$", required=True))
    if kind in AS_HOLDS:
        of_hold = {name: body[name] for name in _OF_HOLDS if name in body}
        return _of_hold(kind, asking.from_json({**of_hold, "scope": kind}, needs_reason=False))
    serials = body.get("serials")
    if serials is not None and not isinstance(serials, list):
        refuse(WRONG_TYPE, "$.serials", "expected a list of serials")
    one = [body["serial"]] if kind == "UNITS" and body.get("serial") else []
    named = [*one, *(serials or [])]
    if len(named) > MOST_SERIALS:
        raise WrongField("serials", errors.TOO_MANY_SERIALS, f"{len(named)}")
    return _checked(
        AskedSuspect(
            kind,
            serials=tuple(dict.fromkeys(read_serial(each, f"$.serials[{n}]") for n, each in enumerate(named))),
            gauge=read_text(body, "gauge", "$", longest=LONGEST_GAUGE),
            recipe=read_text(body, "recipe", "$", longest=LONGEST_RECIPE),
            signal=read_count(body, "signal", "$", largest=_LARGEST_ID),
            window_from=read_time(body, "window_from", "$", None),
            window_to=read_time(body, "window_to", "$", None),
        )
    )


def from_form(words: Mapping[str, str]) -> AskedSuspect:
    """Texts as a person typed or scanned them, or as an address has them; times by the site's clock."""
    kind = _kind(words.get("kind", ""))
    if kind in AS_HOLDS:
        of_hold = {name: words.get(name, "") for name in _OF_HOLDS}
        return _of_hold(kind, asking.from_form({**of_hold, "scope": kind}, needs_reason=False))
    named = [canonical(each) for each in f"{words.get('serials', '')} {words.get('serial', '')}".split()]
    if kind == "UNITS" and any(not 1 <= len(each) <= MAX_TEXT or not each.isprintable() for each in named):
        raise WrongField("serials", errors.SUSPECT_UNKNOWN)
    signal = words.get("signal", "").strip()
    if signal and not (signal.isascii() and signal.isdigit() and len(signal) < 19):
        raise WrongField("signal", OUT_OF_RANGE, signal[:MAX_TEXT])
    # Only the window is read by the hold's form: a station window that names a station always.
    dates = {name: words.get(name, "") for name in ("window_from", "window_to")}
    window = asking.from_form({**dates, "scope": "UNIT"}, needs_reason=False)
    return _checked(
        AskedSuspect(
            kind,
            serials=tuple(dict.fromkeys(named)) if kind == "UNITS" else (),
            gauge=_short(words, "gauge", LONGEST_GAUGE) if kind == "GAUGE" else "",
            recipe=_short(words, "recipe", LONGEST_RECIPE) if kind == "RECIPE" else "",
            signal=int(signal) if signal and kind == "SIGNAL" else None,
            window_from=window.window_from if kind in ("GAUGE", "RECIPE") else None,
            window_to=window.window_to if kind in ("GAUGE", "RECIPE") else None,
        )
    )


def _kind(text: str) -> str:
    if text not in KINDS:
        raise WrongField("kind", errors.SUSPECT_KIND, text[:MAX_TEXT] if text.isprintable() else "")
    return text


def _short(words: Mapping[str, str], name: str, longest: int) -> str:
    text = " ".join(words.get(name, "").split())
    if len(text) > longest or not text.isprintable():
        raise WrongField(name, errors.SUSPECT_UNKNOWN)
    return text


def _of_hold(kind: str, asked: asking.AskedHold) -> AskedSuspect:
    """What the kind does not use is no part of the suspect."""
    is_range, has_window = kind == "ROLL_RANGE", kind in ("STATION", "CHANNEL")
    return AskedSuspect(
        kind,
        supplier=asked.supplier if kind == "LOT" else "",
        lot=asked.lot if kind == "LOT" else "",
        serial=asked.serial if is_range else "",
        lane=asked.lane if is_range else None,
        from_m=asked.from_m if is_range else None,
        to_m=asked.to_m if is_range else None,
        tray=asked.tray if kind == "TRAY" else "",
        station=asked.station if kind == "STATION" else "",
        channel=asked.channel if kind == "CHANNEL" else "",
        window_from=asked.window_from if has_window else None,
        window_to=asked.window_to if has_window else None,
    )


def _checked(asked: AskedSuspect) -> AskedSuspect:
    if asked.kind == "UNITS" and not 1 <= len(asked.serials) <= MOST_SERIALS:
        raise WrongField("serials", errors.TOO_MANY_SERIALS, str(len(asked.serials)))
    for kind, name in (("GAUGE", "gauge"), ("RECIPE", "recipe"), ("SIGNAL", "signal")):
        if asked.kind == kind and not getattr(asked, name):
            raise WrongField(name, errors.SUSPECT_UNKNOWN)
    for name, at in (("window_from", asked.window_from), ("window_to", asked.window_to)):
        if at is not None and not asking.FIRST_YEAR <= at.year <= asking.LAST_YEAR:
            years = f"years {asking.FIRST_YEAR} to {asking.LAST_YEAR}"
            raise WrongField(name, BAD_TIME, f"{at.isoformat()}; {years}")
    if asked.window_to is not None and (asked.window_from is None or asked.window_to <= asked.window_from):
        raise WrongField("window_from", errors.SUSPECT_WINDOW)
    return asked
