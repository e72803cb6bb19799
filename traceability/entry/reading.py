"""What people type or scan, read: numbers in any width, times by the site's clock, codes. Pure."""

import re
import unicodedata
from datetime import UTC, datetime, tzinfo

from lines.errors import Refusal
from lines.stations.body import MAX_NUMBER
from traceability.entry import errors

# What Japanese keyboards give for a minus: long vowel mark, hyphens, dashes, the mathematical sign.
_MINUS = str.maketrans(dict.fromkeys("ー‐‑‒–—―−ｰ", "-"))
_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?", re.ASCII)
LONGEST = 64


def plain(text: str) -> str:
    """Half-width, without white space at the ends."""
    return unicodedata.normalize("NFKC", text).strip()


def shown(text: str) -> str:
    """As much of it as a message bears, printable."""
    return "".join(c if c.isprintable() else "�" for c in text[:LONGEST])


def read_number(text: str) -> float:
    """A number as people write it: full or half width. Raises Refusal NOT_A_NUMBER, also for a comma in it."""
    cleaned = plain(text.translate(_MINUS)).translate(_MINUS)
    if not _NUMBER.fullmatch(cleaned) or abs(float(cleaned)) > MAX_NUMBER:
        raise Refusal(errors.NOT_A_NUMBER, repr(shown(text)))
    return float(cleaned)


def read_numbers(text: str) -> list[float]:
    """Several values of one characteristic, between blanks or semicolons."""
    return [read_number(part) for part in re.split(r"[\s;]+", plain(text)) if part]


def read_when(text: str, zone: tzinfo) -> datetime:
    """A time in UTC; without an offset it is the site's wall clock. Raises Refusal TIME_NOT_READ."""
    cleaned = plain(text.translate(_MINUS)).translate(_MINUS).replace("/", "-")
    try:
        time = datetime.fromisoformat(cleaned)
        return (time if time.tzinfo else time.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise Refusal(errors.TIME_NOT_READ, repr(shown(text))) from error


def read_outcome(text: str) -> str:
    """PASS or FAIL, however written. Raises Refusal OUTCOME_NOT_READ."""
    word = {"PASS": "PASS", "OK": "PASS", "合格": "PASS", "FAIL": "FAIL", "NG": "FAIL", "不合格": "FAIL"}.get(
        plain(text).upper()
    )
    if word is None:
        raise Refusal(errors.OUTCOME_NOT_READ, repr(shown(text)))
    return word


def read_codes(text: str) -> list[str]:
    """Codes between blanks, commas or semicolons, each once."""
    return list(dict.fromkeys(part.upper() for part in re.split(r"[\s,;]+", plain(text)) if part))
