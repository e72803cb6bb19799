"""What the permit and result structures of a station say as the API's JSON, and the API's answers back. Pure.

The fields and their types are the contract with the stations' PLCs (address space: urn:denchi:station).
"""

import math
from collections.abc import Mapping
from datetime import datetime
from typing import Any

Fields = Mapping[str, Any]

NAMESPACE_URI = "urn:denchi:station"
HEAD = ("BootId", "Sequence", "Ready", "Accepted", "AnsweredSequence")
PERMIT = ("Serial", "Operation")
RESULT_SCALARS = (
    *("Serial", "Operation", "Outcome", "StartedAt", "FinishedAt", "Recipe", "Operator", "LengthM", "MassKg"),
)
RESULT_ARRAYS = (
    "ReasonCodes",
    *("MeasurementCode", "MeasurementValue", "MeasurementUnit", "MeasurementPosition"),
    *("ConsumedMaterial", "ConsumedSupplier", "ConsumedLot", "ConsumedQuantity", "ConsumedUnit"),
    *("ComponentSerial", "ComponentPosition", "ComponentQuantity"),
    *("RangeSerial", "RangeLane", "RangeFromM", "RangeToM"),
)
RESULT = (*RESULT_SCALARS, *RESULT_ARRAYS)


class UnreadableError(Exception):
    """The structure does not say a permit request or a result."""


def permit_request(fields: Fields) -> dict[str, Any]:
    return {"serial": _text(fields, "Serial"), "operation": _text(fields, "Operation")}


def result_request(fields: Fields) -> dict[str, Any]:
    """The body of POST results. Raises UnreadableError for arrays of unequal length and values JSON cannot say."""
    return {
        "serial": _text(fields, "Serial"),
        "operation": _text(fields, "Operation"),
        "outcome": _text(fields, "Outcome"),
        "reason_codes": _array(fields, "ReasonCodes"),
        "started_at": _time(fields, "StartedAt"),
        "finished_at": _time(fields, "FinishedAt"),
        "recipe": _text(fields, "Recipe"),
        "operator": _text(fields, "Operator"),
        "length_m": _number(fields["LengthM"], "LengthM") or None,
        "mass_kg": _number(fields["MassKg"], "MassKg") or None,
        "measurements": [
            {
                "code": code,
                "value": _number(value, f"MeasurementValue of {code}"),
                "unit": unit or "",
                "position": position or "",
            }
            for code, value, unit, position in _rows(fields, "Measurement", "Code", "Value", "Unit", "Position")
        ],
        "consumed": [
            {
                "material": material,
                "supplier": supplier,
                "lot": lot,
                "quantity": _number(quantity, f"ConsumedQuantity of {material}"),
                "unit": unit or "",
            }
            for material, supplier, lot, quantity, unit in _rows(
                fields, "Consumed", "Material", "Supplier", "Lot", "Quantity", "Unit"
            )
        ],
        "components": [
            {"serial": serial, "position": position}
            | ({} if _is_nan(quantity) else {"quantity": _number(quantity, f"ComponentQuantity of {serial}")})
            for serial, position, quantity in _rows(fields, "Component", "Serial", "Position", "Quantity")
        ],
        "ranges": [
            {"serial": serial}
            | ({"lane": lane} if lane else {})
            | {"from_m": _number(from_m, "RangeFromM"), "to_m": _number(to_m, "RangeToM")}
            for serial, lane, from_m, to_m in _rows(fields, "Range", "Serial", "Lane", "FromM", "ToM")
        ],
    }


def permit_answer(body: Mapping[str, Any]) -> dict[str, Any]:
    """Field values for the answer to a permit request."""
    return {"Verdict": body["verdict"], "ReasonCodes": [reason["code"] for reason in body["reasons"]]}


def result_answer(body: Mapping[str, Any]) -> dict[str, Any]:
    """Field values for the answer to a result."""
    return {
        "Verdict": body["verdict"],
        "Disposition": body["disposition"],
        "NextOperation": body["next_operation"] or "",
        "DeviationCodes": [deviation["code"] for deviation in body["deviations"]],
    }


def permit_error(code: str) -> dict[str, Any]:
    return {"Verdict": "ERROR", "ReasonCodes": [code]}


def result_error(code: str) -> dict[str, Any]:
    return {"Verdict": "ERROR", "Disposition": "", "NextOperation": "", "DeviationCodes": [code]}


def _text(fields: Fields, name: str) -> str:
    value = fields[name]
    if not isinstance(value, str | None):
        raise UnreadableError(f"{name} is no text: {value!r}")
    return value or ""


def _array(fields: Fields, name: str) -> list[Any]:
    value = fields[name]
    if not isinstance(value, list | None) or not all(
        isinstance(each, str | int | float | None) for each in value or []
    ):
        raise UnreadableError(f"{name} is no array of text or numbers: {value!r}")
    return value or []


def _rows(fields: Fields, head: str, *columns: str) -> list[tuple[Any, ...]]:
    arrays = [_array(fields, head + column) for column in columns]
    if len({len(array) for array in arrays}) != 1:
        lengths = ", ".join(f"{head}{column} {len(array)}" for column, array in zip(columns, arrays, strict=True))
        raise UnreadableError(f"arrays of unequal length: {lengths}")
    return list(zip(*arrays, strict=True))


def _is_nan(value: Any) -> bool:
    return isinstance(value, float) and math.isnan(value)


def _number(value: Any, name: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise UnreadableError(f"{name} is no finite number: {value!r}")
    return value


def _time(fields: Fields, name: str) -> str | None:
    value = fields[name]
    if value is None:
        return None
    if not isinstance(value, datetime):
        raise UnreadableError(f"{name} is no time: {value!r}")
    # OPC UA's zero is 1601: the machine has not set it.
    return value.isoformat() if value.year > 1970 else None
