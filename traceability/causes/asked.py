"""What an analysis is about, read from a form, a request or a stored row. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from lines.errors import Refusal
from lines.orders.serials import canonical
from traceability.causes.errors import WRONG_REQUEST, WRONG_SPAN

LONGEST = timedelta(days=92)
MOST_FAILED, MOST_GOOD, LONGEST_NAME = 5_000, 20_000, 64
WITHIN = ("SPAN", "DAY")
_TEXTS = ("operation", "definition", "reason")
_KNOWN = frozenset({"serials", "good", *_TEXTS, "since", "until", "within"})


@dataclass(frozen=True)
class AskedAnalysis:
    """Failed units by serial, or by the operation that they failed in [since, until). Empty: chosen by the system.

    `within`: compared with good units of the whole span, or of the same day only.
    """

    serials: tuple[str, ...] = ()
    good: tuple[str, ...] = ()
    operation: str = ""
    definition: str = ""  # of the units, where an operation has several
    reason: str = ""  # only failures with this reason code
    since: datetime | None = None
    until: datetime | None = None
    within: str = WITHIN[0]

    def as_json(self) -> dict[str, Any]:
        """What `read_asked` takes again."""
        return {
            "serials": list(self.serials),
            "good": list(self.good),
            **{name: getattr(self, name) for name in _TEXTS},
            "since": self.since.isoformat() if self.since else None,
            "until": self.until.isoformat() if self.until else None,
            "within": self.within,
        }


def read_asked(words: Mapping[str, Any]) -> AskedAnalysis:
    """`words` as a JSON object has them. Raises Refusal with the field in its detail."""
    unknown = sorted(set(words) - _KNOWN)
    if unknown:
        raise Refusal(WRONG_REQUEST, f"{unknown[0]!r} is not a field; there are {', '.join(sorted(_KNOWN))}")
    serials, good = _serials(words, "serials", MOST_FAILED), _serials(words, "good", MOST_GOOD)
    texts = {name: _text(words, name) for name in _TEXTS}
    since, until = _time(words, "since"), _time(words, "until")
    if (since is None) != (until is None):
        raise Refusal(WRONG_SPAN, "since and until belong together")
    if since and until and not timedelta(0) < until - since <= LONGEST:
        raise Refusal(WRONG_SPAN, f"since {words['since']}, until {words['until']}")
    if not serials and not (texts["operation"] and since):
        raise Refusal(WRONG_REQUEST, "serials, or operation with since and until")
    if good and not serials:
        raise Refusal(WRONG_REQUEST, "good: only beside serials")
    if set(good) & set(serials):
        raise Refusal(WRONG_REQUEST, f"good: {sorted(set(good) & set(serials))[0]} stands in serials too")
    within = words.get("within") or WITHIN[0]
    if within not in WITHIN:
        raise Refusal(WRONG_REQUEST, f"within: one of {', '.join(WITHIN)}")
    return AskedAnalysis(serials, good, **texts, since=since, until=until, within=within)


def _text(words: Mapping[str, Any], name: str) -> str:
    text = words.get(name) or ""
    if not isinstance(text, str) or len(text) > LONGEST_NAME or not text.isprintable():
        raise Refusal(WRONG_REQUEST, f"{name}: a name of at most {LONGEST_NAME} signs")
    return text.strip()


def _time(words: Mapping[str, Any], name: str) -> datetime | None:
    text = words.get(name)
    if text in (None, ""):
        return None
    try:
        at = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        at = None
    if at is None or at.tzinfo is None or not 1971 <= at.year <= 2199:
        raise Refusal(WRONG_SPAN, f"{name}: ISO 8601 with the offset from UTC")
    return at.astimezone(UTC)


def _serials(words: Mapping[str, Any], name: str, most: int) -> tuple[str, ...]:
    given = words.get(name) or []
    if not isinstance(given, list | tuple) or len(given) > most:
        raise Refusal(WRONG_REQUEST, f"{name}: a list of at most {most} serials")
    for each in given:
        if not isinstance(each, str) or not each or len(each) > LONGEST_NAME or not each.isprintable():
            raise Refusal(WRONG_REQUEST, f"{name}: serials of 1 to {LONGEST_NAME} signs")
    return tuple(sorted({canonical(each) for each in given}))
