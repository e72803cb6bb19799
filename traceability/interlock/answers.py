"""The answers of the station API, in the shapes that the API documentation shows."""

from typing import Any

from lines.errors import as_json
from lines.records.models import Judgement
from lines.stations.results import BadItem
from quality.plans.judging import Judged
from traceability.interlock.storing import Kept

_JUDGEMENT = {judgement.value: judgement.name for judgement in Judgement}


def bad_item_answer(item: BadItem) -> dict[str, Any]:
    return {"serial": item.serial, "error": as_json(item.code, item.detail)}


def unit_answer(operation: str, unit: Kept) -> dict[str, Any]:
    weighed = unit.weighed
    return {
        "record": unit.record_id,
        "serial": unit.result.serial,
        "operation": operation,
        "attempt": weighed.attempt,
        "verdict": weighed.verdict,
        "machine_outcome": unit.result.outcome,
        "is_conforming": not weighed.deviations,
        "deviations": [as_json(finding.code, finding.detail) for finding in weighed.deviations],
        "disposition": unit.disposition,
        "next_operation": weighed.outcome.next_step.operation if weighed.outcome.next_step else None,
        "mounted": [
            {
                "material": lot.material,
                "supplier": lot.supplier,
                "lot": lot.lot,
                "quantity": lot.quantity,
                "unit": lot.unit,
            }
            for lot in unit.fed.lots
        ],
        "measurements": [measurement_answer(judged) for judged in weighed.judged],
    }


def measurement_answer(judged: Judged) -> dict[str, Any]:
    return {
        "code": judged.code,
        "value": judged.value,
        "unit": judged.unit,
        "position": judged.position,
        "lsl": judged.limits.lsl,
        "target": judged.limits.target,
        "usl": judged.limits.usl,
        "judgement": _JUDGEMENT[judged.judgement],
        "is_derived": judged.is_derived,
    }
