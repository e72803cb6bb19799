"""A receipt as people write it, in a form or in a file's lines: every wrong word named by its field. Pure."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, tzinfo

from lines.errors import OUT_OF_RANGE, REPEATED, Refusal
from lines.stations.body import Fields, read_text
from traceability.entry.reading import plain, read_number, read_when, shown
from traceability.lots.bodies import Certified, Receipt, read_certified, sensible

Words = Mapping[str, str]
CERTIFICATE_COLUMNS = ("property", "value", "unit", "lower", "upper")
_LONGEST = {"supplier": 64, "number": 64, "material": 32}


def read_expiry_words(text: str, zone: tzinfo) -> datetime | None:
    """A day (the lot may be used until its end), or a time; empty for what does not expire."""
    cleaned = plain(text).replace("/", "-")
    if not cleaned:
        return None
    try:
        day = date.fromisoformat(cleaned)
    except ValueError:
        return sensible(read_when(cleaned, zone))
    return sensible(datetime.combine(day, time(23, 59, 59), zone).astimezone(UTC))


def read_quantity_words(text: str) -> float | None:
    cleaned = plain(text)
    if not cleaned:
        return None
    quantity = read_number(cleaned)
    if quantity <= 0:
        raise Refusal(OUT_OF_RANGE, f"{quantity:g}: must be above 0")
    return quantity


def _certified(words: Words) -> Certified:
    fields: Fields = {"property": plain(words.get("property", "")), "unit": plain(words.get("unit", ""))}
    for name in ("value", "lower", "upper"):
        text = plain(words.get(name, ""))
        fields[name] = read_number(text) if text else None
    return read_certified(fields, "certificate")


def read_words(words: Words, rows: Sequence[Words], zone: tzinfo) -> tuple[Receipt | None, dict[str, Refusal]]:
    """The receipt, or what is wrong by field: a column, or `certificate-<index>` of a row. Empty rows say nothing."""
    wrong: dict[str, Refusal] = {}
    texts = {}
    for name, longest in _LONGEST.items():
        try:
            texts[name] = read_text({name: plain(words.get(name, ""))}, name, "", required=True, longest=longest)
        except Refusal as refusal:
            wrong[name] = refusal
    quantity = expires_at = None
    try:
        quantity = read_quantity_words(words.get("quantity", ""))
    except Refusal as refusal:
        wrong["quantity"] = refusal
    try:
        expires_at = read_expiry_words(words.get("expires_at", ""), zone)
    except Refusal as refusal:
        wrong["expires_at"] = refusal
    certificate: list[Certified] = []
    for index, row in enumerate(rows):
        if not any(plain(row.get(name, "")) for name in CERTIFICATE_COLUMNS):
            continue
        try:
            line = _certified(row)
            if line.name in {other.name for other in certificate}:
                raise Refusal(REPEATED, shown(line.name))
            certificate.append(line)
        except Refusal as refusal:
            wrong[f"certificate-{index}"] = refusal
    if wrong:
        return None, wrong
    return Receipt(**texts, expires_at=expires_at, quantity=quantity, certificate=tuple(certificate)), wrong
