"""The content of a unit's history file: everything that is known of it, as plain data.

Records, values, verdicts, links and corrections are told as the API tells them (units.queries.show_unit); here comes
what an auditor asks beside: names, the gauge behind each value and its calibration at that time, the version of the
limits, the recipe's setpoints, entries denied, holds with their reasons, decisions, trays, samples, shipments, and all
material lots behind the unit. The number of queries does not depend on how much the unit went through.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, cast

from django.db.models import Q

from lines.errors import Code
from lines.models import Operation, OperationRecord, ReasonCode, Recipe
from lines.names import Bilingual
from quality.models import Characteristic, CharacteristicLimits
from traceability.audits.content import FORMAT
from traceability.audits.gauging import Gauges
from traceability.audits.lots import lots_behind
from traceability.audits.webs import webs_of
from traceability.codes import CODES, described
from traceability.completeness.queries import missing_behind, missing_row
from traceability.corrections.queries import correction_json, corrections_and_origins
from traceability.genealogy.models import LinkEnd
from traceability.holds.models import HoldUnit, Nonconformance
from traceability.interlock.models import Permit, PermitVerdict
from traceability.samples.models import Sample
from traceability.shipping.models import ShippedUnit
from traceability.shipping.queries import site_of
from traceability.trays.models import TrayLoad
from traceability.units.models import Unit
from traceability.units.queries import show_unit
from traceability.units.rework import stretches

_ROW = ("serial", "kind", "state", "is_held", "last_test_passed", "next_operation", "work_order", "grade")


def history_content(serial: str) -> dict[str, Any]:
    """Raises Refusal UNIT_NOT_FOUND."""
    shown = show_unit(serial, "1")
    unit = Unit.objects.select_related("definition", "product", "route").get(serial=shown["serial"])
    records = list(OperationRecord.objects.filter(serial=unit.serial).select_related("station").order_by("pk"))
    ids = [record.pk for record in records]
    visits = _visits(records, shown["records"])
    corrections, origins = corrections_and_origins(ids)
    return {
        "format": FORMAT,
        "unit": {name: shown[name] for name in _ROW}
        | {
            "definition": _named(unit.definition),
            "product": _named(unit.product),
            "route_version": unit.route.version if unit.route else None,
            "length_m": unit.length_m,
            "mass_kg": unit.mass_kg,
            "lanes": unit.lanes,
            "first_seen_at": _utc(unit.created_at),
        },
        "records": visits,
        "rework": _rework(visits),
        "denied_entries": _denied(unit),
        "holds": _holds(unit),
        "nonconformances": _nonconformances(unit),
        "corrections": [
            correction_json(each) for found in (*corrections.values(), list(origins.values())) for each in found
        ],
        "samples": _samples(unit),
        "trays": _trays(unit),
        "shipments": _shipments(unit),
        "is_at": _is_at(unit),
        "made_of": shown["made_of"],
        "used_in": shown["used_in"],
        "taken_out": _taken_out(unit),
        "lots_behind": lots_behind(unit.pk),
        "missing_links": [missing_row(row) for row in missing_behind(unit.pk)],
        "webs": webs_of(unit),
        "codes": _codes(shown["records"]),
    }


def counts(content: Mapping[str, Any]) -> tuple[int, int]:
    """(records, values) of a content."""
    return len(content["records"]), sum(len(record["measurements"]) for record in content["records"])


def _visits(records: Sequence[OperationRecord], told: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    by_id = {record.pk: record for record in records}
    gauges = Gauges({record.station_id for record in records})
    measured = [value for each in told for value in each["measurements"]]
    names = _by_code(Characteristic, {value["code"] for value in measured})
    limits = CharacteristicLimits.objects.in_bulk({v["limits_version"] for v in measured if v["limits_version"]})
    operations = _by_code(Operation, {record.operation for record in records})
    recipes = _recipes({record.recipe for record in records if record.recipe})
    permits = {
        permit.used_by_id: permit
        for permit in Permit.objects.filter(used_by__in=by_id).defer("facts").order_by("pk")
        if permit.used_by_id
    }
    visits = []
    for each in told:
        record = by_id[each["record"]]
        values = []
        for value in each["measurements"]:
            version = limits.get(value["limits_version"] or 0)
            values.append(
                value
                | {
                    "name": _names(names.get(value["code"])),
                    "limits": _limits(version) if version else None,
                    "gauges": [] if value["is_derived"] else gauges.of(record, value["code"]),
                }
            )
        used = {code for value in values for code in value["gauges"]}
        permit = permits.get(record.pk)
        visits.append(
            each
            | {
                "station_name": _names(record.station),
                "operation_name": _names(operations.get(record.operation)),
                "recipe_parameters": recipes.get(record.recipe),
                "permit": {"permit": permit.pk, "decided_at": _utc(permit.decided_at)} if permit else None,
                "measurements": values,
                "gauges": gauges.standing(record, used),
            }
        )
    return visits


def _taken_out(unit: Unit) -> list[dict[str, Any]]:
    """Parts that were in this unit until rework took them out, and the units that this one was taken out of."""
    ends = LinkEnd.objects.filter(Q(link__output=unit) | Q(link__input_unit=unit), link__removed_by=None)
    named = ends.select_related("link__output", "link__input_unit", "link__input_lot", "record").order_by("pk")
    return [
        {
            "out_of": end.link.output.serial,
            "part": end.link.input_unit.serial if end.link.input_unit else str(end.link.input_lot),
            "position": end.link.position,
            "ended_at": _utc(end.at),
            "reason": end.reason,
            "operation": end.record.operation,
            "record": end.record_id,
        }
        for end in named
    ]


def _limits(version: CharacteristicLimits) -> dict[str, Any]:
    return {
        "version": version.version,
        "valid_from": _utc(version.valid_from),
        "author": version.author,
        "reason": version.reason,
    }


def _recipes(spelled: Collection[str]) -> dict[str, Any]:
    """Setpoints by a recipe as records spell it: product/operation/v2. One that the plant data do not know has none."""
    found = Recipe.objects.filter(product__code__in={text.split("/")[0] for text in spelled}).select_related(
        "product", "operation"
    )
    known = {f"{each.product.code}/{each.operation.code}/v{each.version}": each.parameters for each in found}
    return {text: known[text] for text in spelled if text in known}


class _Visited:
    """A visit as `stretches` takes it."""

    def __init__(self, visit: Mapping[str, Any]) -> None:
        is_visit = visit["attempt"] and visit["moved_to"] is None
        self.operation = visit["operation"] if is_visit else f"{visit['operation']} {visit['record']}"


def _rework(visits: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Loops: records from the first visit of an operation to its repetition, with everything between."""
    return [
        {
            "operations": list(found.operations),
            "records": [visit["record"] for visit in visits[found.first : found.last + 1]],
        }
        for found in stretches([_Visited(visit) for visit in visits])
        if found.is_rework
    ]


def _denied(unit: Unit) -> list[dict[str, Any]]:
    rows = Permit.objects.filter(serial=unit.serial, verdict=PermitVerdict.DENY).select_related("station")
    return [
        {
            "permit": row.pk,
            "station": row.station.code,
            "operation": row.operation,
            "decided_at": _utc(row.decided_at),
            "asked_count": row.asked_count,
            "reasons": [_code(described(code)) for code in row.reasons],
        }
        for row in rows.defer("facts").order_by("pk")
    ]


def _holds(unit: Unit) -> list[dict[str, Any]]:
    rows = HoldUnit.objects.filter(unit=unit).select_related("hold").order_by("pk")
    return [
        {
            "hold": row.hold_id,
            "scope": row.hold.scope,
            "reason": row.hold.reason,
            "nonconformance": row.hold.nonconformance_id,
            "at_operation": row.hold.at_operation or None,
            "placed_at": _utc(row.added_at),
            "placed_by": row.hold.placed_by,
            "released_at": _utc(row.released_at),
            "released_by": row.released_by or None,
            "release_reason": row.release_reason or (row.hold.release_reason if row.released_at else "") or None,
        }
        for row in rows
    ]


def _nonconformances(unit: Unit) -> list[dict[str, Any]]:
    rows = Nonconformance.objects.filter(unit=unit).prefetch_related("decisions").order_by("pk")
    found = list(rows)
    names = _words({code for row in found for code in row.codes})
    return [
        {
            "nonconformance": row.pk,
            "record": row.record_id,
            "codes": [{"code": code, "what": names.get(code)} for code in row.codes],
            "opened_at": _utc(row.opened_at),
            "closed_at": _utc(row.closed_at),
            "needs_two_people": row.needs_two_people,
            "decisions": [
                {
                    "disposition": each.disposition,
                    "rework_to": each.rework_to or None,
                    "grade": each.grade or None,
                    "reason": each.reason,
                    "decided_by": each.decided_by,
                    "decided_at": _utc(each.decided_at),
                    "is_confirmation": each.confirms_id is not None,
                }
                for each in sorted(row.decisions.all(), key=lambda each: each.pk)
            ],
        }
        for row in found
    ]


def _samples(unit: Unit) -> list[dict[str, Any]]:
    rows = Sample.objects.filter(unit=unit).select_related("station").order_by("pk")
    return [
        {
            "sample": row.code,
            "operation": row.operation,
            "station": row.station.code if row.station else None,
            "state": row.state,
            "is_destructive": row.is_destructive,
            "taken_at": _utc(row.taken_at),
            "taken_by": row.taken_by,
            "record": row.record_id,
            "note": row.note or None,
        }
        for row in rows
    ]


def _trays(unit: Unit) -> list[dict[str, Any]]:
    return [
        {
            "tray": row.tray,
            "slot": row.slot,
            "channel": row.channel or None,
            "loaded_at": _utc(row.loaded_at),
            "loaded_by": row.loaded_by,
            "unloaded_at": _utc(row.unloaded_at),
            "unloaded_by": row.unloaded_by or None,
        }
        for row in TrayLoad.objects.filter(unit=unit).order_by("pk")
    ]


def _shipments(unit: Unit) -> list[dict[str, Any]]:
    rows = ShippedUnit.objects.filter(unit=unit).select_related("shipment__site").order_by("pk")
    return [
        {
            "shipment": row.shipment.number,
            "site": row.shipment.site.code,
            "site_name": _names(row.shipment.site),
            "shipped_at": _utc(row.shipment.shipped_at),
            "by": row.shipment.by,
            "returned_at": _utc(row.returned_at),
            "reason": row.reason or None,
        }
        for row in rows
    ]


def _is_at(unit: Unit) -> dict[str, Any] | None:
    """The data centre where it is now, by itself or built into another unit; None: here."""
    away = site_of([unit.pk]).get(unit.pk)
    if away is None:
        return None
    names = {"en": away.name_en, "ja": away.name_ja}
    shipped_at = _utc(away.shipped_at)
    return {"site": away.site, "site_name": names, "with": away.serial, "shipment": away.shipment, "since": shipped_at}


def _codes(told: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Reason codes of records, in words."""
    return _words({code for record in told for code in record["reason_codes"]})


def _words(codes: Collection[str]) -> dict[str, dict[str, str]]:
    rows: list[Any] = [*ReasonCode.objects.filter(code__in=codes), *Characteristic.objects.filter(code__in=codes)]
    found = {row.code: {"en": row.name_en, "ja": row.name_ja} for row in rows}
    return found | {code: {"en": CODES[code].what_en, "ja": CODES[code].what_ja} for code in codes if code in CODES}


def _code(code: Code) -> dict[str, Any]:
    return {"code": code.code, "what": {"en": code.what_en, "ja": code.what_ja}}


def _by_code(model: type[Any], codes: Collection[str]) -> dict[str, Any]:
    return {row.code: row for row in model.objects.filter(code__in=codes)}


def _names(row: Bilingual | None) -> dict[str, str] | None:
    return {"en": row.name_en, "ja": row.name_ja} if row else None


def _named(row: Any) -> dict[str, Any] | None:
    return {"code": row.code, "name": _names(cast(Bilingual, row))} if row else None


def _utc(at: datetime | None) -> str | None:
    return at.astimezone(UTC).isoformat() if at else None
