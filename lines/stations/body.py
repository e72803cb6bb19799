"""Reading a posted body in own, strict and fast code: types, finite numbers, known fields only, sizes, times. Pure.

Every refusal names the place in the body (`items[3].measurements[0].value`). `null`, "" and [] mean "not given".
"""

import json
import math
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NoReturn, TypeVar

from lines import errors
from lines.errors import Code, Refusal
from lines.orders.serials import canonical

MAX_BODY_BYTES = 1_000_000
MAX_TEXT = 64
LONGEST_KEY = 128
# No machine measures more, and sums and squares of such numbers still fit a double.
MAX_NUMBER = 1e100

Fields = dict[str, Any]
Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Tolerance:
    """Our time, and how far ahead of it or behind it a time that a station sends may lie."""

    now: datetime
    ahead: timedelta = timedelta(minutes=15)
    behind: timedelta = timedelta(days=30)

    def takes(self, time: datetime) -> bool:
        return self.now - self.behind <= time <= self.now + self.ahead


def refuse(code: Code, path: str, what: str) -> NoReturn:
    raise Refusal(code, f"{path}: {what}" if path else what)


def _no_constant(name: str) -> NoReturn:
    raise Refusal(errors.NOT_FINITE, name)


def _object(pairs: list[tuple[str, Any]]) -> Fields:
    found = dict(pairs)
    if len(found) != len(pairs):
        # Taking the last of two would drop a fact in silence.
        raise Refusal(errors.REPEATED, "a field stands twice in one object")
    return found


def read_json(raw: bytes) -> Fields:
    """The body as an object. Raises Refusal: too large, not JSON, NaN, a field twice, not an object."""
    if len(raw) > MAX_BODY_BYTES:
        raise Refusal(errors.BODY_TOO_LARGE, f"{len(raw)} bytes")
    try:
        body = json.loads(raw.decode(), parse_constant=_no_constant, object_pairs_hook=_object)
    except (ValueError, RecursionError) as error:  # UnicodeDecodeError and JSONDecodeError are ValueErrors
        raise Refusal(errors.NOT_JSON, str(error)) from error
    if not isinstance(body, dict):
        refuse(errors.WRONG_TYPE, "", "the body is not an object")
    return body


def known_only(fields: Fields, known: frozenset[str], path: str, other: frozenset[str] = frozenset()) -> None:
    """Refuse fields not in `known`; those in `other` with the reason that this kind of station has no such field."""
    for name in fields.keys() - known:
        if name not in other:
            refuse(errors.UNKNOWN_FIELD, path, repr(name[:MAX_TEXT]))
        if fields[name] not in (None, "", []):
            refuse(errors.NOT_OF_THIS_KIND, path, repr(name))


def check_key(key: str) -> None:
    """Refuse a text that is no idempotency key."""
    if not (1 <= len(key) <= LONGEST_KEY and key.isascii() and key.isprintable()):
        raise Refusal(errors.KEY_MISSING, "Idempotency-Key")


def read_text(fields: Fields, name: str, path: str, *, required: bool = False, longest: int = MAX_TEXT) -> str:
    value = fields.get(name)
    if value is None or value == "":
        if required:
            refuse(errors.MISSING_FIELD, path, repr(name))
        return ""
    return _printable(value, f"{path}.{name}", longest)


def _printable(value: Any, place: str, longest: int) -> str:
    if not isinstance(value, str):
        refuse(errors.WRONG_TYPE, place, "expected text")
    value = value.strip()
    # Half and full width are one spelling; ASCII, the usual case, needs no look-up.
    text = value if value.isascii() else unicodedata.normalize("NFKC", value).strip()
    if not text or len(text) > longest or not text.isprintable():
        refuse(errors.BAD_TEXT, place, f"1 to {longest} printable characters")
    return text


def read_serial(value: Any, path: str) -> str:
    """A serial in canonical form. Whether it fits a serial rule is the interlock's question, not this one's."""
    if value is None:
        refuse(errors.MISSING_FIELD, path, "a serial")
    if not isinstance(value, str):
        refuse(errors.WRONG_TYPE, path, "expected text")
    serial = canonical(value)
    if not serial or len(serial) > MAX_TEXT or not serial.isprintable():
        refuse(errors.BAD_TEXT, path, f"1 to {MAX_TEXT} printable characters")
    return serial


def read_number(
    fields: Fields, name: str, path: str, *, required: bool = False, above: float | None = None
) -> float | None:
    value = fields.get(name)
    if value is None:
        if required:
            refuse(errors.MISSING_FIELD, path, repr(name))
        return None
    if type(value) is not float and type(value) is not int:
        refuse(errors.WRONG_TYPE, f"{path}.{name}", "expected a number")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        refuse(errors.NOT_FINITE, f"{path}.{name}", "the number does not fit a double")
    if abs(number) > MAX_NUMBER:
        refuse(errors.OUT_OF_RANGE, f"{path}.{name}", f"must be within ±{MAX_NUMBER:g}")
    if above is not None and number <= above:
        refuse(errors.OUT_OF_RANGE, f"{path}.{name}", f"must be above {above:g}")
    return number


def read_flag(fields: Fields, name: str, path: str) -> bool:
    value = fields.get(name)
    if value is None:
        return False
    if type(value) is not bool:
        refuse(errors.WRONG_TYPE, f"{path}.{name}", "expected true or false")
    return value


def read_count(fields: Fields, name: str, path: str, *, least: int = 1, largest: int = 32_767) -> int | None:
    """A whole number: a position, lane or slot from 1 on, or how many there were."""
    value = fields.get(name)
    if value is None:
        return None
    if type(value) is not int:
        refuse(errors.WRONG_TYPE, f"{path}.{name}", "expected a whole number")
    if not least <= value <= largest:
        refuse(errors.OUT_OF_RANGE, f"{path}.{name}", f"must be {least} to {largest}")
    return value


def read_time(
    fields: Fields, name: str, path: str, tolerance: Tolerance | None, *, required: bool = False
) -> datetime | None:
    """A time in UTC, within the tolerance of the station's clock where one is given."""
    value = fields.get(name)
    if value is None or value == "":
        if required:
            refuse(errors.MISSING_FIELD, path, repr(name))
        return None
    if not isinstance(value, str):
        refuse(errors.WRONG_TYPE, f"{path}.{name}", "expected a time as text")
    try:
        time = datetime.fromisoformat(value)
    except ValueError:
        refuse(errors.BAD_TIME, f"{path}.{name}", repr(value[:MAX_TEXT]))
    if time.tzinfo is None:
        refuse(errors.BAD_TIME, f"{path}.{name}", f"{value[:MAX_TEXT]!r} has no offset")
    if tolerance is not None and not tolerance.takes(time):
        refuse(errors.TIME_OUTSIDE, f"{path}.{name}", f"{value[:MAX_TEXT]!r}, our clock: {tolerance.now.isoformat()}")
    try:
        return time.astimezone(UTC)
    except OverflowError:
        refuse(errors.BAD_TIME, f"{path}.{name}", repr(value[:MAX_TEXT]))


def read_rows(
    fields: Fields, name: str, path: str, read: Callable[[Fields, str], Row], *, most: int
) -> tuple[Row, ...]:
    """A list of objects, each read by `read`."""
    rows = fields.get(name)
    if not rows and rows in (None, []):
        return ()
    if not isinstance(rows, list):
        refuse(errors.WRONG_TYPE, f"{path}.{name}", "expected a list")
    if len(rows) > most:
        refuse(errors.TOO_MANY, f"{path}.{name}", f"at most {most}")
    found = []
    for index, row in enumerate(rows):
        here = f"{path}.{name}[{index}]"
        if not isinstance(row, dict):
            refuse(errors.WRONG_TYPE, here, "expected an object")
        found.append(read(row, here))
    return tuple(found)


def read_texts(fields: Fields, name: str, path: str, *, most: int, longest: int) -> tuple[str, ...]:
    values = fields.get(name)
    if values is None:
        return ()
    if not isinstance(values, list):
        refuse(errors.WRONG_TYPE, f"{path}.{name}", "expected a list")
    if len(values) > most:
        refuse(errors.TOO_MANY, f"{path}.{name}", f"at most {most}")
    return tuple(_printable(value, f"{path}.{name}[{index}]", longest) for index, value in enumerate(values))


def once(values: Iterable[Any], path: str, what: str) -> None:
    """Refuse the second of equal values; None stands for "not given" and may repeat."""
    seen = set()
    for index, value in enumerate(values):
        if value is not None and value in seen:
            refuse(errors.REPEATED, f"{path}[{index}]", f"{what} {value!r} a second time")
        seen.add(value)
