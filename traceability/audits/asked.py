"""Which units an auditor asks for, read from an address, a request or a stored row. Pure."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from typing import Any

from lines.errors import Refusal
from lines.orders.serials import canonical
from traceability.audits.errors import WRONG_FILTER

MOST_NAMES, LONGEST_NAME = 50, 130
ANY = "ANY"
LISTS = ("kinds", "products", "states", "lots", "sites", "stations", "operations", "characteristics", "deviations")
VERDICTS = ("PASS", "FAIL")
# What must be true of one and the same visit.
OF_A_VISIT = ("stations", "operations", "characteristics", "outside", "verdict", "deviations", "since", "until")
LONGEST_SEED, LARGEST_SAMPLE = 32, 2_000


@dataclass(frozen=True)
class AskedUnits:
    """A field that is empty narrows nothing. Several names of a list: one of them. All fields together: each of them.

    What is said of visits (OF_A_VISIT) must be true of one and the same visit. Times are the machines', [since, until).
    """

    kinds: tuple[str, ...] = ()
    products: tuple[str, ...] = ()
    states: tuple[str, ...] = ()
    held: bool = False
    serial_from: str = ""
    serial_to: str = ""  # included
    lots: tuple[str, ...] = ()  # numbers, or "supplier number": anything of it is in the unit
    sites: tuple[str, ...] = ()  # it is there now, by itself or built into another unit
    stations: tuple[str, ...] = ()
    operations: tuple[str, ...] = ()
    characteristics: tuple[str, ...] = ()
    outside: bool = False  # a value of the characteristics, or any value, is outside its limits
    verdict: str = ""
    deviations: tuple[str, ...] = ()  # codes; ANY: any at all
    since: datetime | None = None
    until: datetime | None = None

    @property
    def is_everything(self) -> bool:
        return self == AskedUnits()

    @property
    def asks_visits(self) -> bool:
        return any(getattr(self, name) for name in OF_A_VISIT)

    @property
    def told(self) -> list[tuple[str, str]]:
        """Fields that narrow, with what they say."""
        return [(name, _words(value)) for name in (f.name for f in fields(self)) if (value := getattr(self, name))]

    def as_json(self) -> dict[str, Any]:
        """What `read_units` takes again; empty fields are left out."""
        found = {name: value for name, value in asdict(self).items() if value}
        return {
            name: value.isoformat()
            if isinstance(value, datetime)
            else list(value)
            if isinstance(value, tuple)
            else value
            for name, value in found.items()
        }


def _words(value: Any) -> str:
    if isinstance(value, tuple):
        return ", ".join(value)
    return value.isoformat() if isinstance(value, datetime) else str(value)


def read_units(words: Mapping[str, Any]) -> AskedUnits:
    """Raises Refusal WRONG_FILTER with the field in its detail; a field that there is not is refused, too."""
    known = {field.name for field in fields(AskedUnits)}
    strange = sorted(set(words) - known)
    if strange:
        raise Refusal(WRONG_FILTER, f"{_shown(strange[0])} is no field; there are {', '.join(sorted(known))}")
    verdict = _text(words, "verdict").upper()
    if verdict not in ("", *VERDICTS):
        raise Refusal(WRONG_FILTER, f"verdict: one of {', '.join(VERDICTS)}")
    since, until = _time(words, "since"), _time(words, "until")
    if since and until and since >= until:
        raise Refusal(WRONG_FILTER, "until: after since")
    first, last = (canonical(_text(words, name)) for name in ("serial_from", "serial_to"))
    if first and last and first > last:
        raise Refusal(WRONG_FILTER, "serial_to: not before serial_from")
    return AskedUnits(
        **{name: _names(words, name) for name in LISTS},
        held=_yes(words, "held"),
        outside=_yes(words, "outside"),
        serial_from=first,
        serial_to=last,
        verdict=verdict,
        since=since,
        until=until,
    )


def read_seed(text: str) -> str:
    """Raises Refusal WRONG_FILTER."""
    if not (text.isprintable() and len(text) <= LONGEST_SEED):
        raise Refusal(WRONG_FILTER, f"seed: at most {LONGEST_SEED} printable characters")
    return text


def read_size(text: str) -> int:
    """Raises Refusal WRONG_FILTER."""
    if not (text.isascii() and text.isdigit() and len(text) < 6 and 1 <= int(text) <= LARGEST_SAMPLE):
        raise Refusal(WRONG_FILTER, f"size: 1 to {LARGEST_SAMPLE}")
    return int(text)


def _shown(text: Any) -> str:
    return repr(str(text)[:40])


def _text(words: Mapping[str, Any], name: str) -> str:
    text = words.get(name) or ""
    if not isinstance(text, str) or len(text) > LONGEST_NAME or not text.isprintable():
        raise Refusal(WRONG_FILTER, f"{name}: at most {LONGEST_NAME} printable characters")
    return text.strip()


def _names(words: Mapping[str, Any], name: str) -> tuple[str, ...]:
    given = words.get(name) or []
    if not isinstance(given, list | tuple) or len(given) > MOST_NAMES:
        raise Refusal(WRONG_FILTER, f"{name}: a list of at most {MOST_NAMES} names")
    return tuple(sorted({text for each in given if (text := _text({name: each}, name))}))


def _yes(words: Mapping[str, Any], name: str) -> bool:
    said = words.get(name)
    if said in (None, "", False, "false", "0"):
        return False
    if said in (True, "true", "1", "on"):
        return True
    raise Refusal(WRONG_FILTER, f"{name}: true or false")


def _time(words: Mapping[str, Any], name: str) -> datetime | None:
    text = words.get(name) or ""
    if not text:
        return None
    try:
        # A plus sign that was not escaped in an address comes as a blank.
        at = datetime.fromisoformat(text.strip().replace(" ", "+")) if isinstance(text, str) else None
    except ValueError:
        at = None
    if at is None or at.tzinfo is None or not 1971 <= at.year <= 2199:
        raise Refusal(WRONG_FILTER, f"{name}: a time with its offset, like 2027-04-01T09:30:00Z")
    return at.astimezone(UTC)
