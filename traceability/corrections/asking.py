"""What a person asks to have corrected, from the API's body or a page's form. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from lines.errors import MISSING_FIELD, OUT_OF_RANGE, WRONG_TYPE
from lines.stations.body import (
    Fields,
    known_only,
    read_count,
    read_number,
    read_serial,
    read_text,
    refuse,
)
from traceability.entry.reading import plain
from traceability.entry.reading import read_number as number_of

KINDS = ("SERIAL", "LOT", "VALUE", "LINK")
LONGEST_REASON = 500


@dataclass(frozen=True, slots=True)
class RightInput:
    """What a link should say. None where it stays as recorded."""

    serial: str = ""
    supplier: str = ""
    lot: str = ""
    position: int | None = None
    lane: int | None = None
    quantity: float | None = None
    from_m: float | None = None
    to_m: float | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """One correction of one record. `right` None with LOT or LINK: nothing should be there."""

    record: int
    kind: str
    reason: str
    sequence: int | None = None  # VALUE
    value: float | None = None
    serial: str = ""  # SERIAL
    link: int | None = None  # LOT and LINK; None with LINK: one is missing
    right: RightInput | None = None


_OF_KIND = {
    "VALUE": frozenset({"sequence", "value"}),
    "SERIAL": frozenset({"serial"}),
    "LOT": frozenset({"link", "right"}),
    "LINK": frozenset({"link", "right"}),
}
_RIGHT = frozenset({"serial", "supplier", "lot", "position", "lane", "quantity", "from_m", "to_m"})


def _id(fields: Fields, name: str, *, required: bool) -> int | None:
    value = fields.get(name)
    if value is None:
        if required:
            refuse(MISSING_FIELD, "$", repr(name))
        return None
    if type(value) is not int or not 0 <= value < 2**63:
        refuse(WRONG_TYPE, f"$.{name}", "expected a whole number")
    return int(value)


def from_json(body: Fields) -> Asked:
    """Raises Refusal (lines.errors)."""
    kind = read_text(body, "kind", "$", required=True, longest=8)
    if kind not in KINDS:
        refuse(OUT_OF_RANGE, "$.kind", ", ".join(KINDS))
    known_only(body, frozenset({"record", "kind", "reason"}) | _OF_KIND[kind], "$")
    record = _id(body, "record", required=True)
    assert record is not None  # noqa: S101 - required
    asked = Asked(record, kind, read_text(body, "reason", "$", longest=LONGEST_REASON))
    if kind == "VALUE":
        sequence, value = _id(body, "sequence", required=True), read_number(body, "value", "$", required=True)
        return Asked(record, kind, asked.reason, sequence=sequence, value=value)
    if kind == "SERIAL":
        return Asked(record, kind, asked.reason, serial=read_serial(body.get("serial"), "$.serial"))
    link = _id(body, "link", required=kind == "LOT")
    right = body.get("right")
    if right is None:
        if link is None:
            refuse(MISSING_FIELD, "$", "'right', where no link is named")
        return Asked(record, kind, asked.reason, link=link)
    if not isinstance(right, dict):
        refuse(WRONG_TYPE, "$.right", "expected an object")
    return Asked(record, kind, asked.reason, link=link, right=_right(right, kind, link))


def _right(fields: Fields, kind: str, link: int | None) -> RightInput:
    known_only(fields, _RIGHT, "$.right")
    found = RightInput(
        serial=read_serial(fields["serial"], "$.right.serial") if fields.get("serial") else "",
        supplier=read_text(fields, "supplier", "$.right"),
        lot=read_text(fields, "lot", "$.right"),
        position=read_count(fields, "position", "$.right"),
        lane=read_count(fields, "lane", "$.right"),
        quantity=read_number(fields, "quantity", "$.right", above=0),
        from_m=read_number(fields, "from_m", "$.right"),
        to_m=read_number(fields, "to_m", "$.right"),
    )
    if kind == "LOT" and not (found.supplier and found.lot):
        refuse(MISSING_FIELD, "$.right", "'supplier' and 'lot'")
    if kind == "LINK" and link is None and not found.serial and not (found.supplier and found.lot):
        refuse(MISSING_FIELD, "$.right", "'serial', or 'supplier' and 'lot'")
    return found


def from_form(words: Mapping[str, str], record: int) -> Asked:
    """The fields of the page, in any width; an empty one says nothing. Raises Refusal."""
    body: Fields = {
        "record": record,
        "kind": words.get("kind", ""),
        "reason": " ".join(words.get("reason", "").split()),
    }
    if body["kind"] == "VALUE":
        body |= {"sequence": _whole(words.get("sequence", "")), "value": number_of(words.get("value", ""))}
    elif body["kind"] == "SERIAL":
        body["serial"] = words.get("serial", "")
    else:
        body["link"] = _whole(words.get("link", ""))
        if "remove" not in words:
            texts = {name: plain(words.get(name, "")) for name in ("serial", "supplier", "lot")}
            whole = {name: _whole(words.get(name, "")) for name in ("position", "lane")}
            metres = ("quantity", "from_m", "to_m")
            numbers = {name: number_of(words[name]) for name in metres if plain(words.get(name, ""))}
            body["right"] = {**texts, **whole, **numbers}
    return from_json(body)


def _whole(text: str) -> int | None:
    text = plain(text)
    if not text:
        return None
    number = number_of(text)
    if number != int(number):
        refuse(WRONG_TYPE, "", f"{number} is no whole number")
    return int(number)
