"""What a report is about, read from a form, a request or a stored row. Pure."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from lines.errors import Refusal
from quality.reports.errors import WRONG_REQUEST, WRONG_SPAN
from quality.spc.capability import NAMINGS

LONGEST = timedelta(days=366)
MOST_NAMES, MOST_SERIALS, LONGEST_NAME = 100, 20_000, 64
LISTS = ("plans", "characteristics", "products", "stations", "lines", "serials")
_KNOWN = frozenset({*LISTS, "since", "until", "naming", "confidence"})


@dataclass(frozen=True)
class AskedReport:
    """A list that is empty takes all. The span is [since, until). Sorted, so that the same request is the same."""

    since: datetime
    until: datetime
    plans: tuple[str, ...] = ()
    characteristics: tuple[str, ...] = ()
    products: tuple[str, ...] = ()
    stations: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()
    serials: tuple[str, ...] = ()
    naming: str = NAMINGS[0]
    confidence: float = 0.95

    @property
    def chosen(self) -> list[tuple[str, tuple[str, ...]]]:
        """Lists that are not empty, by name."""
        return [(name, getattr(self, name)) for name in LISTS if getattr(self, name)]

    def as_json(self) -> dict[str, Any]:
        """What `read_asked` takes again."""
        found = asdict(self) | {name: list(getattr(self, name)) for name in LISTS}
        return found | {"since": self.since.isoformat(), "until": self.until.isoformat()}


def read_asked(words: Mapping[str, Any]) -> AskedReport:
    """`words` as a JSON object has them. Raises Refusal with the field in its detail."""
    unknown = sorted(set(words) - _KNOWN)
    if unknown:
        raise Refusal(WRONG_REQUEST, f"{unknown[0]!r} is not a field; there are {', '.join(sorted(_KNOWN))}")
    since, until = _time(words, "since"), _time(words, "until")
    if not timedelta(0) < until - since <= LONGEST:
        raise Refusal(WRONG_SPAN, f"since {since.isoformat()}, until {until.isoformat()}")
    naming = words.get("naming", NAMINGS[0])
    if naming not in NAMINGS:
        raise Refusal(WRONG_REQUEST, f"naming: one of {', '.join(NAMINGS)}")
    confidence = words.get("confidence", 0.95)
    if isinstance(confidence, bool) or not isinstance(confidence, int | float) or not 0.5 <= confidence < 1:
        raise Refusal(WRONG_REQUEST, "confidence: a number from 0.5 to below 1")
    return AskedReport(
        since, until, **{name: _names(words, name) for name in LISTS}, naming=naming, confidence=float(confidence)
    )


def _time(words: Mapping[str, Any], name: str) -> datetime:
    text = words.get(name)
    try:
        at = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        at = None
    if at is None or at.tzinfo is None or not 1971 <= at.year <= 2199:
        raise Refusal(WRONG_SPAN, f"{name}: ISO 8601 with the offset from UTC")
    return at.astimezone(UTC)


def _names(words: Mapping[str, Any], name: str) -> tuple[str, ...]:
    given = words.get(name, [])
    most = MOST_SERIALS if name == "serials" else MOST_NAMES
    if not isinstance(given, list | tuple) or len(given) > most:
        raise Refusal(WRONG_REQUEST, f"{name}: a list of at most {most} names")
    for each in given:
        if not isinstance(each, str) or not each or len(each) > LONGEST_NAME or not each.isprintable():
            raise Refusal(WRONG_REQUEST, f"{name}: names of 1 to {LONGEST_NAME} signs")
    return tuple(sorted(set(given)))
