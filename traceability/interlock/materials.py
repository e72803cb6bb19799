"""What deviated in what a unit was made of. Deviations only: the link is stored in any case. Pure."""

from collections.abc import Collection, Mapping
from datetime import datetime

from lines.stations.results import UnitResult
from traceability import errors
from traceability.interlock.checks import Finding
from traceability.interlock.facts import InputFacts, LotFacts, Material, Step


def check_input(unit: InputFacts, output_id: int, step: Step | None) -> list[Finding]:
    """A component or roll against the step's bill (None: the route has no such step) and its own state."""
    found = []
    if not unit.is_known:
        found.append(Finding(errors.COMPONENT_UNKNOWN, unit.serial))
    if step is not None and (unit.definition is None or unit.definition.id not in step.bill):
        kind = unit.definition.code if unit.definition else "no definition"
        found.append(Finding(errors.COMPONENT_NOT_IN_BILL, f"{unit.serial}: {kind}"))
    if any(hold.is_in_force(step.sequence if step else None) for hold in unit.holds):
        found.append(Finding(errors.COMPONENT_HELD, unit.serial))
    if unit.state == "SCRAPPED":
        found.append(Finding(errors.COMPONENT_SCRAPPED, unit.serial))
    if unit.is_discrete and unit.outputs - {output_id}:
        found.append(Finding(errors.COMPONENT_TAKEN, unit.serial))
    if unit.is_known and unit.state == "IN_PROCESS":
        found.append(Finding(errors.COMPONENT_NOT_READY, unit.serial))
    return found


def absent_units(
    result: UnitResult, step: Step | None, inputs: Mapping[str, InputFacts], built_in: Collection[str]
) -> list[str]:
    """Codes of the units in the step's bill of which a passed unit has none at all: neither named in this result nor
    among `built_in`, codes of what earlier visits put in. How much of each is not looked at."""
    if step is None or result.outcome != "PASS":
        return []
    serials = [*(c.serial for c in result.components), *(r.serial for r in result.ranges)]
    named = {part.definition.code for serial in serials if (part := inputs[serial]).definition is not None}
    named.update(lot.material for lot in result.consumed)
    return [code for code in step.units_in if code not in named and code not in built_in]


def check_lot(lot: LotFacts, code: str, material: Material | None, step: Step | None, at: datetime) -> list[Finding]:
    """A lot, told to be of the material `code`, against the step's bill (None: there is none) and its own state, as of
    `at` by the machine's clock."""
    name = f"{code}: {lot.supplier} {lot.number}"
    found = []
    if material is None:
        found.append(Finding(errors.MATERIAL_UNKNOWN, name))
    elif step is not None and material.id not in step.bill:
        found.append(Finding(errors.MATERIAL_NOT_IN_BILL, name))
    if not lot.is_known or lot.state == "UNKNOWN":
        found.append(Finding(errors.LOT_UNKNOWN, name))
    elif lot.material_id != (material.id if material else None):
        found.append(Finding(errors.LOT_OTHER_MATERIAL, name))
    if lot.expires_at is not None and lot.expires_at < at:
        found.append(Finding(errors.LOT_EXPIRED, f"{name}, {lot.expires_at.isoformat()}"))
    if lot.state in ("QUARANTINE", "BLOCKED"):
        found.append(Finding(errors.LOT_NOT_RELEASED, f"{name}, {lot.state}"))
    return found
