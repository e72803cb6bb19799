"""What a unit was made of, as a result tells it and as the truth knows it."""

from typing import Any

from lines.simulator.chance import dice
from lines.simulator.consuming import Inputs
from lines.simulator.floor import Floor
from lines.simulator.links import Body
from lines.simulator.units import Unit
from lines.simulator.web import BATCH_DELTA_M, TRANSITION_M, encoder_error, marks_of

_NOWHERE = {"quantity": None, "position": None, "lane": None, "from_m": None, "to_m": None}


def as_posted(floor: Floor, unit: Unit, inputs: Inputs, dose_kg: float | None) -> Body:
    """`components`, `ranges`, and where there are any `cut_outs` and `removed` of a result."""
    components: list[dict[str, Any]] = [{"serial": p.serial, "position": position} for p, position in inputs.pieces]
    lies = _batches(floor, unit, inputs) if unit.length_m is not None else [{} for _ in inputs.batches]
    for position, ((batch, quantity), own) in enumerate(zip(inputs.batches, lies, strict=True), 1):
        mass = quantity if dose_kg is None else round(dose_kg, 5)
        components.append({"serial": batch.serial, "position": position, "quantity": mass, **own})
    body: Body = {"components": components, "ranges": [piece.as_posted() for piece in inputs.ranges]}
    if inputs.cuts:
        body["cut_outs"] = [cut.as_posted() for cut in inputs.cuts]
    if inputs.removed:
        body["removed"] = inputs.removed
    return body


def _batches(floor: Floor, unit: Unit, inputs: Inputs) -> list[dict[str, float]]:
    """Which metres of a coated roll each batch lies on. While the next one fills the die, both do."""
    length = unit.length_m or 0.0
    if len(inputs.batches) < 2:
        return [{"own_from_m": 0.0, "own_to_m": length} for _ in inputs.batches]
    (_, first), (_, second) = inputs.batches
    middle = length * first / (first + second)
    half = dice(floor.seed, unit.serial, "transition").uniform(*TRANSITION_M) / 2
    half = min(half, middle, length - middle)
    told = {"delta_m": BATCH_DELTA_M}
    return [
        {"own_from_m": 0.0, "own_to_m": round(middle + half, 3), **told},
        {"own_from_m": round(middle - half, 3), "own_to_m": length, **told},
    ]


def tell_links(floor: Floor, output: str, consumed: list[Any], parts: Body, inputs: Inputs | None) -> None:
    """The truth's lines on what one unit was made of; with the true metres where the encoder was off."""
    for c in consumed:
        lot = {"supplier": c["supplier"], "number": c["lot"], "material": c["material"]}
        own = {name: c[name] for name in ("own_from_m", "own_to_m", "delta_m") if name in c}
        floor.truth.write("link", output=output, lot=lot, **(_NOWHERE | {"quantity": c["quantity"]} | own))
    if inputs is None:
        return
    for c in parts["components"]:
        facts = {name: value for name, value in c.items() if name != "serial"}
        floor.truth.write("link", output=output, input_serial=c["serial"], **(_NOWHERE | facts))
    for posted, piece in zip(parts["ranges"], inputs.ranges, strict=True):
        facts = {name: value for name, value in posted.items() if name != "serial"}
        length = piece.roll.length_m or 0.0
        true = {
            f"true_{name}": round(metre + encoder_error(floor.seed, piece.roll.serial, metre, length), 4)
            for name, metre in (("from_m", piece.from_m), ("to_m", piece.to_m))
        }
        floor.truth.write("link", output=output, input_serial=posted["serial"], **(_NOWHERE | facts | true))
    for cut in parts.get("cut_outs", []):
        floor.truth.write("cut", output=output, **cut)
    for part in parts.get("removed", []):
        floor.truth.write("removed", output=output, **part)


def web_of(unit: Unit, scans: list[Body], *, is_coated: bool, n_ranges: int) -> Body:
    """What a new roll's result says of its web: what the coater's camera and gauge saw, and joints of the slitter."""
    marks = [mark.as_posted() for mark in marks_of(unit) if is_coated or (n_ranges > 1 and mark.code == "COA-SPLICE")]
    told: Body = {"lanes": unit.lanes} if unit.lanes else {}
    return told | ({"marks": marks} if marks else {}) | ({"scans": scans} if scans else {})
