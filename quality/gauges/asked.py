"""What a person or a laboratory's software says of a calibration, checked. Pure but for the site's time zone."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from lines.asked import site_time
from lines.errors import Code, Refusal
from quality.gauges import errors
from quality.gauges.models import CalibrationKind
from quality.spc.tables import parse

_LONGEST = {"unit": 16, "performed_by": 120, "certificate": 120, "note": 500}
_FIRST_YEAR, _LAST_YEAR = 1990, 9000
LONGEST_INTERVAL = timedelta(days=3650)


@dataclass(frozen=True)
class AskedCalibration:
    """Errors against the reference, in `unit`. `next_due` None: the gauge's interval after it."""

    kind: str
    at: datetime
    as_found: float | None
    as_left: float | None
    allowed: float | None
    unit: str
    as_found_passed: bool
    as_left_passed: bool
    performed_by: str
    certificate: str
    next_due: datetime | None
    note: str


def asked_calibration(fields: Mapping[str, str], now: datetime) -> AskedCalibration:
    """From texts of a form or a body. Empty `at`: now; empty `as_left_passed`: as it was found.

    Raises Refusal that names the field.
    """
    words = {name: _text(fields, name, longest) for name, longest in _LONGEST.items()}
    kind = fields.get("kind", "")
    if kind not in CalibrationKind.values:
        raise Refusal(errors.CALIBRATION_FIELD, "kind")
    if not words["performed_by"]:
        raise Refusal(errors.CALIBRATION_FIELD, "performed_by")
    at = read_moment(fields.get("at", ""), errors.CALIBRATION_FIELD, "at") or now
    if at > now or not at.year >= _FIRST_YEAR:
        raise Refusal(errors.CALIBRATION_TIME, "at")
    as_found, as_left, allowed = (_number(fields, name) for name in ("as_found", "as_left", "allowed"))
    if allowed is not None and allowed <= 0:
        raise Refusal(errors.CALIBRATION_FIELD, "allowed")
    found_passed = _verdict(fields, "as_found_passed")
    is_check = kind == CalibrationKind.CHECK
    left_passed = found_passed if is_check or not fields.get("as_left_passed") else _verdict(fields, "as_left_passed")
    if is_check and fields.get("as_left_passed") and _verdict(fields, "as_left_passed") != found_passed:
        raise Refusal(errors.CALIBRATION_CONTRADICTS, "as_left_passed")
    for name, error, passed in (("as_found", as_found, found_passed), ("as_left", as_left, left_passed)):
        if allowed is not None and error is not None and passed != (abs(error) <= allowed):
            raise Refusal(errors.CALIBRATION_CONTRADICTS, f"{name}: {error:g}; allowed {allowed:g}")
    next_due = None
    if not is_check and left_passed:
        next_due = read_moment(fields.get("next_due", ""), errors.CALIBRATION_FIELD, "next_due", at_end=True)
        if next_due is not None and not at < next_due <= at + LONGEST_INTERVAL:
            raise Refusal(errors.CALIBRATION_TIME, "next_due")
    return AskedCalibration(
        kind, at, as_found, None if is_check else as_left, allowed, words["unit"], found_passed, left_passed,
        words["performed_by"], words["certificate"], next_due, words["note"],
    )  # fmt: skip


def read_moment(text: str, code: Code, name: str, *, at_end: bool = False) -> datetime | None:
    """A day, or date and time by the site's clock unless it says its zone; None for nothing.

    `at_end`: a day alone is meant to its end. Raises Refusal.
    """
    text = text.strip()
    if not text:
        return None
    try:
        is_day = len(text) == len("2026-01-01")
        value = site_time(f"{text}T23:59:59" if is_day and at_end else text)
        if not _FIRST_YEAR <= value.year <= _LAST_YEAR:
            raise ValueError
    except ValueError:
        raise Refusal(code, f"{name}: {text[:40]!r}") from None
    return value


def _text(fields: Mapping[str, str], name: str, longest: int) -> str:
    text = " ".join(fields.get(name, "").split())
    if len(text) > longest or not text.isprintable():
        raise Refusal(errors.CALIBRATION_FIELD, f"{name}: at most {longest} printable characters")
    return text


def _number(fields: Mapping[str, str], name: str) -> float | None:
    value, wrong = parse(fields.get(name, ""))
    if wrong:
        raise Refusal(errors.CALIBRATION_FIELD, f"{name}: {wrong.detail}")
    return value


def _verdict(fields: Mapping[str, str], name: str) -> bool:
    text = fields.get(name, "")
    if text not in ("pass", "fail"):
        raise Refusal(errors.CALIBRATION_FIELD, f"{name}: pass or fail")
    return text == "pass"
