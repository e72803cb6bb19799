"""What the permit and result structures of a station say as the API's JSON, and the API's answers back. Pure.

The fields and their types are the contract with the PLCs (docs/plc.md; address space: urn:denchi:station).
"""

import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

Fields = Mapping[str, Any]

NAMESPACE_URI = "urn:denchi:station"
HEAD = ("BootId", "Sequence", "Ready", "Accepted", "AnsweredSequence")
PERMIT = ("Serial", "Operation")
RESULT = ("Serial", "Outcome", "StartedAt", "FinishedAt")
# A station provides those of the following that it has; a variable that is not there says nothing.
PERMIT_MORE = ("Recipe", "Operator", "Channel", "SourceTime")
RESULT_MORE = (
    *("Operation", "ReasonCodes", "Recipe", "Operator", "LengthM", "MassKg", "Grade", "Offline"),
    *("MeasurementCode", "MeasurementValue", "MeasurementUnit", "MeasurementPosition"),
    *("ConsumedMaterial", "ConsumedSupplier", "ConsumedLot", "ConsumedQuantity", "ConsumedUnit"),
    *("ComponentSerial", "ComponentPosition", "ComponentQuantity"),
    *("RangeSerial", "RangeLane", "RangeFromM", "RangeToM"),
    *("CountCode", "CountValue", "CountInspected"),
    *("Lanes", "MarkCode", "MarkFromM", "MarkToM", "MarkLane", "MarkSide", "MarkYMm", "MarkSizeMm"),
    *("ScanCharacteristic", "ScanSide", "ScanAtM", "ScanGauge", "ScanValue"),
    *("CutSerial", "CutLane", "CutFromM", "CutToM", "CutCode"),
    *("RangeOwnFromM", "RangeOwnToM", "RangeDeltaM", "RangeReversed", "RangeFlipped", "RangeMirrored"),
    *("ComponentOwnFromM", "ComponentOwnToM", "ComponentDeltaM"),
    *("ConsumedOwnFromM", "ConsumedOwnToM", "ConsumedDeltaM"),
    *("RemovedSerial", "RemovedPosition", "RemovedReason"),
)
_OWN = {"OwnFromM": "own_from_m", "OwnToM": "own_to_m", "DeltaM": "delta_m"}
_TURNS = {"Reversed": "reversed", "Flipped": "flipped", "Mirrored": "mirrored"}
PERMIT_ANSWER_MORE = ("AnsweredBootId", "ExpectedRecipe", "RetryAfterS")
RESULT_ANSWER_MORE = ("AnsweredBootId",)


class UnreadableError(Exception):
    """The structure does not say a permit request or a result."""


def permit_request(fields: Fields) -> dict[str, Any]:
    """The body of POST permits; a field that is not given is left out."""
    more = {
        "recipe": _text(fields, "Recipe"),
        "operator": _text(fields, "Operator"),
        "channel": _text(fields, "Channel"),
        "source_time": _time(fields, "SourceTime"),
    }
    request = {"serial": _text(fields, "Serial"), "operation": _text(fields, "Operation")}
    return request | {name: value for name, value in more.items() if value}


def result_request(fields: Fields) -> dict[str, Any]:
    """The body of POST results. Raises UnreadableError for arrays of unequal length and values JSON cannot say."""
    return {
        "serial": _text(fields, "Serial"),
        "operation": _text(fields, "Operation"),
        "outcome": _text(fields, "Outcome"),
        "reason_codes": [code for code in _array(fields, "ReasonCodes") if code],
        "started_at": _time(fields, "StartedAt"),
        "finished_at": _time(fields, "FinishedAt"),
        "recipe": _text(fields, "Recipe"),
        "operator": _text(fields, "Operator"),
        "length_m": _amount(fields, "LengthM"),
        "mass_kg": _amount(fields, "MassKg"),
        "measurements": [
            {
                "code": code,
                "value": _number(value, f"MeasurementValue of {code}"),
                "unit": unit or "",
                "position": position or "",
            }
            for code, value, unit, position in _rows(fields, "Measurement", "Code", "Value", "Unit", more=("Position",))
        ],
        "consumed": [
            {
                "material": material,
                "supplier": supplier,
                "lot": lot,
                "quantity": _number(quantity, f"ConsumedQuantity of {material}"),
                "unit": unit or "",
            }
            | _own(own)
            for material, supplier, lot, quantity, unit, *own in _rows(
                fields, "Consumed", "Material", "Supplier", "Lot", "Quantity", "Unit", more=tuple(_OWN)
            )
        ],
        "components": [
            {"serial": serial}
            | ({"position": position} if position else {})
            | ({} if _is_absent(quantity) else {"quantity": _number(quantity, f"ComponentQuantity of {serial}")})
            | _own(own)
            for serial, position, quantity, *own in _rows(
                fields, "Component", "Serial", more=("Position", "Quantity", *_OWN)
            )
        ],
        "ranges": [
            {"serial": serial}
            | ({"lane": lane} if lane else {})
            | {"from_m": _number(from_m, "RangeFromM"), "to_m": _number(to_m, "RangeToM")}
            | _own(rest[:3])
            | {name: True for name, is_so in zip(_TURNS.values(), rest[3:], strict=True) if is_so}
            for serial, from_m, to_m, lane, *rest in _rows(
                fields, "Range", "Serial", "FromM", "ToM", more=("Lane", *_OWN, *_TURNS)
            )
        ],
    } | _later_fields(fields)


def _later_fields(fields: Fields) -> dict[str, Any]:
    """What was added to the structure later is left out where it is not given: the body of a controller without it,
    and so the sum that tells a repeat from another result, stays what it was."""
    found: dict[str, Any] = {}
    if grade := _text(fields, "Grade"):
        found["grade"] = grade
    if fields.get("Offline"):
        found["offline"] = True
    counts = [
        {"code": code, "count": _number(count, f"CountValue of {code}")}
        | ({} if _is_absent(inspected) else {"inspected": _number(inspected, f"CountInspected of {code}")})
        for code, count, inspected in _rows(fields, "Count", "Code", "Value", more=("Inspected",))
    ]
    web = {"counts": counts, "lanes": fields.get("Lanes") or None, **_web(fields)}
    return found | {name: value for name, value in web.items() if value}


def _own(columns: Sequence[Any]) -> dict[str, float]:
    """Where a part lies on the unit's own metres; NaN: not told."""
    return {
        name: _number(value, column)
        for (column, name), value in zip(_OWN.items(), columns, strict=True)
        if not _is_absent(value)
    }


def _web(fields: Fields) -> dict[str, list[dict[str, Any]]]:
    """Marks, scans and cut-outs of a roll; parts taken out."""
    marks = [
        {"code": code, "from_m": _number(from_m, "MarkFromM"), "to_m": _number(to_m, "MarkToM")}
        | ({"lane": lane} if lane else {})
        | ({"side": side} if side else {})
        | ({} if _is_absent(y_mm) else {"y_mm": _number(y_mm, "MarkYMm")})
        | ({} if _is_absent(size_mm) else {"size_mm": _number(size_mm, "MarkSizeMm")})
        for code, from_m, to_m, lane, side, y_mm, size_mm in _rows(
            fields, "Mark", "Code", "FromM", "ToM", more=("Lane", "Side", "YMm", "SizeMm")
        )
    ]
    cut_outs = [
        {"serial": serial, "from_m": _number(from_m, "CutFromM"), "to_m": _number(to_m, "CutToM")}
        | ({"lane": lane} if lane else {})
        | ({"code": code} if code else {})
        for serial, from_m, to_m, lane, code in _rows(fields, "Cut", "Serial", "FromM", "ToM", more=("Lane", "Code"))
    ]
    removed = [
        {"serial": serial} | ({"position": position} if position else {}) | ({"reason": reason} if reason else {})
        for serial, position, reason in _rows(fields, "Removed", "Serial", more=("Position", "Reason"))
    ]
    return {"marks": marks, "scans": _scans(fields), "cut_outs": cut_outs, "removed": removed}


def _scans(fields: Fields) -> list[dict[str, Any]]:
    """The values of all passes stand behind each other, equally many of each."""
    passes = _rows(fields, "Scan", "Characteristic", "AtM", more=("Side", "Gauge"))
    values = _array(fields, "ScanValue")
    if not passes:
        return []
    each, rest = divmod(len(values), len(passes))
    if not each or rest:
        raise UnreadableError(f"ScanValue has {len(values)} values for {len(passes)} passes")
    return [
        {"characteristic": code, "at_m": _number(at_m, "ScanAtM"), "values": values[index * each : (index + 1) * each]}
        | ({"side": side} if side else {})
        | ({"gauge": gauge} if gauge else {})
        for index, (code, at_m, side, gauge) in enumerate(passes)
    ]


def permit_answer(body: Mapping[str, Any]) -> dict[str, Any]:
    """Field values for the answer to a permit request."""
    return {
        "Verdict": body["verdict"],
        "ReasonCodes": [reason["code"] for reason in body["reasons"]],
        "ExpectedRecipe": body.get("recipe") or "",
        "RetryAfterS": body.get("retry_after_s") or 0,
    }


def result_answer(body: Mapping[str, Any]) -> dict[str, Any]:
    """Field values for the answer to a result."""
    return {
        "Verdict": body["verdict"],
        "Disposition": body["disposition"],
        "NextOperation": body["next_operation"] or "",
        "DeviationCodes": [deviation["code"] for deviation in body["deviations"]],
    }


def permit_error(code: str) -> dict[str, Any]:
    return {"Verdict": "ERROR", "ReasonCodes": [code], "ExpectedRecipe": "", "RetryAfterS": 0}


def result_error(code: str) -> dict[str, Any]:
    return {"Verdict": "ERROR", "Disposition": "", "NextOperation": "", "DeviationCodes": [code]}


def _text(fields: Fields, name: str) -> str:
    value = fields.get(name)
    if not isinstance(value, str | None):
        raise UnreadableError(f"{name} is no text: {value!r}")
    return value or ""


def _array(fields: Fields, name: str) -> list[Any]:
    value = fields.get(name)
    if not isinstance(value, list | None) or not all(
        isinstance(each, str | int | float | None) for each in value or []
    ):
        raise UnreadableError(f"{name} is no array of text or numbers: {value!r}")
    return value or []


def _rows(fields: Fields, head: str, *columns: str, more: tuple[str, ...] = ()) -> list[tuple[Any, ...]]:
    """The entries of the arrays that belong together, as far as their first column is filled: a controller's arrays
    may be longer than what it has to say. A column of `more` may be empty as a whole."""
    arrays = [_array(fields, head + column) for column in columns]
    length = len(arrays[0])
    arrays += [_array(fields, head + column) or [None] * length for column in more]
    if any(len(array) != length for array in arrays):
        lengths = ", ".join(f"{head}{column} {len(a)}" for column, a in zip((*columns, *more), arrays, strict=True))
        raise UnreadableError(f"arrays of unequal length: {lengths}")
    return [row for row in zip(*arrays, strict=True) if row[0]]


def _is_absent(value: Any) -> bool:
    return value is None or (isinstance(value, float) and math.isnan(value))


def _number(value: Any, name: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise UnreadableError(f"{name} is no finite number: {value!r}")
    return value


def _amount(fields: Fields, name: str) -> float | None:
    """0 says: not measured."""
    value = fields.get(name)
    return None if value is None else _number(value, name) or None


def _time(fields: Fields, name: str) -> str | None:
    value = fields.get(name)
    if value is None:
        return None
    if not isinstance(value, datetime):
        raise UnreadableError(f"{name} is no time: {value!r}")
    # OPC UA's zero is 1601: the machine has not set it.
    return value.isoformat() if value.year > 1970 else None
