"""What a unit consumed that its result does not name: what was mounted at the station's feed points. Pure."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from lines.stations.results import ConsumedLot, UnitResult
from traceability.feeding.facts import FedMaterial
from traceability.interlock.facts import LotFacts, Material, Step


@dataclass(frozen=True, slots=True)
class Fed:
    """Of one unit: lots taken as mounted, and codes of materials that were neither named nor mounted."""

    lots: tuple[ConsumedLot, ...] = ()
    absent: tuple[str, ...] = ()


NOTHING_FED = Fed()


def unnamed(
    result: UnitResult, step: Step | None, feeds: Collection[int], materials: Mapping[str, Material]
) -> set[int]:
    """Ids of the materials in the step's bill that the station has a feed point for and the result does not name."""
    if step is None or not feeds:
        return set()
    named = {materials[lot.material].id for lot in result.consumed if lot.material in materials}
    return {material_id for material_id in step.bill if material_id in feeds} - named


def as_mounted(fed: Iterable[FedMaterial], built_in: Collection[str]) -> Fed:
    """The bill's quantity of each material, in equal parts where several lots were mounted. `built_in`: codes of the
    materials that earlier visits put in: a repeat takes in nothing again."""
    lots: list[ConsumedLot] = []
    absent: list[str] = []
    for material in fed:
        if material.code in built_in:
            continue
        if not material.lots:
            absent.append(material.code)
        part = material.quantity / max(len(material.lots), 1)
        lots += [ConsumedLot(lot.told, lot.supplier, lot.number, part, material.uom) for lot in material.lots]
    return Fed(tuple(lots), tuple(absent))


def facts_of(
    fed: Sequence[FedMaterial],
) -> tuple[dict[tuple[str, str], LotFacts], dict[str, Material]]:
    """The facts about the lots that were mounted, and about the materials they were scanned as."""
    lots = [lot for material in fed for lot in material.lots]
    return (
        {
            (lot.supplier, lot.number): LotFacts(
                lot.lot_id, lot.supplier, lot.number, True, lot.material_id, lot.state, lot.expires_at
            )
            for lot in lots
        },
        {lot.told: Material(lot.told_id, lot.uom) for lot in lots if lot.told_id is not None},
    )
