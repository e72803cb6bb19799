"""What is asked of the ledger in an address: a station, a span, a state."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

from lines.errors import WRONG_PARAMETER, Refusal
from lines.ledger.queries import GapState

LONGEST = timedelta(days=31)
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Asked:
    """A span of time and which stations; empty: all."""

    since: datetime
    until: datetime
    station: str = ""
    state: str = ""

    @property
    def as_query(self) -> str:
        words = {"since": self.since.isoformat(), "until": self.until.isoformat(), "station": self.station}
        return urlencode({name: word for name, word in words.items() if word})


def asked(words: Mapping[str, str], now: datetime) -> Asked:
    """Of an address; the last 24 hours unless told. Raises Refusal WRONG_PARAMETER."""
    until = _moment("until", words.get("until", "")) or now
    since = _moment("since", words.get("since", "")) or until - DAY
    if not timedelta() < until - since <= LONGEST:
        raise Refusal(WRONG_PARAMETER, f"since: before until, at most {LONGEST.days} days")
    state, station = words.get("state", ""), words.get("station", "")
    if state and state not in list(GapState):
        raise Refusal(WRONG_PARAMETER, f"state: one of {', '.join(GapState)}")
    if not station.isprintable():
        raise Refusal(WRONG_PARAMETER, "station: its code")
    return Asked(since, until, station, state)


def _moment(name: str, text: str) -> datetime | None:
    if not text:
        return None
    try:
        # A plus sign that was not escaped in an address comes as a blank.
        found = datetime.fromisoformat(text.replace(" ", "+"))
        if found.tzinfo is not None and 2000 <= found.year <= 2200:
            return found.astimezone(UTC)
    except ValueError:
        pass
    raise Refusal(WRONG_PARAMETER, f"{name}: a time like 2027-04-01T09:30:00Z")
