"""What the simulator remembers between runs: a JSON snapshot beside the truth."""

import json
from pathlib import Path
from typing import Any

from lines.orders.serials import parse_serial
from lines.simulator.floor import Floor
from lines.simulator.truth import serials_after
from lines.simulator.units import ASIDE, FLOW, Unit

VERSION = 1
SKIPPED = 1000  # numbers left out after an end that was not clean
MAX_BEHIND_S = 29 * 86_400.0  # the MES takes source times up to 30 days old


def state_path(truth: Path) -> Path:
    return truth.with_name(truth.name + ".state.json")


def read_state(truth: Path) -> dict[str, Any] | None:
    """The last snapshot; None without one, or when it is not of this truth file or version."""
    try:
        saved: dict[str, Any] = json.loads(state_path(truth).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return None
    size = truth.stat().st_size if truth.exists() else 0
    return saved if saved.get("version") == VERSION and saved["truth_size"] <= size else None


def save(floor: Floor, is_clean: bool) -> None:
    """Write the snapshot in one step. `is_clean`: nothing will happen after it."""
    open_keys = {unit.key for unit in floor.store.units.values() if unit.key}
    saved = {
        "version": VERSION,
        "is_clean": is_clean,
        "seed": floor.seed,
        "now": floor.clock.now(),
        "truth_size": floor.truth.size,
        "next_cell_at": floor.next_cell_at,
        "campaigns": floor.campaigns.as_json(),
        "told": sorted(floor.plantings.seen),
        "store": floor.store.as_json(),
        "machines": {code: machine.as_json(open_keys) for code, machine in floor.machines.items()},
    }
    path = state_path(floor.truth.path)
    draft = path.with_name(path.name + ".new")
    draft.write_text(json.dumps(saved, separators=(",", ":")), encoding="utf-8")
    draft.replace(path)


def restore(floor: Floor, saved: dict[str, Any]) -> None:
    """Put the floor back to where a snapshot left it.

    After an end that was not clean the snapshot is some seconds old: units the truth speaks of since then stay where
    they are, and numbers are skipped, so that nothing is told twice with other words.
    """
    is_clean = saved["is_clean"]
    lost = set() if is_clean else serials_after(floor.truth.path, saved["truth_size"])
    skip = 0 if is_clean else SKIPPED
    floor.store.restore(saved["store"], lost, skip)
    for unit in list(floor.store.units.values()):
        if _is_unborn(floor, unit):
            floor.store.drop(unit, ASIDE)
    floor.campaigns.turn, floor.campaigns.started = saved["campaigns"]["turn"], saved["campaigns"]["started"]
    floor.plantings.seen.update(saved["told"])
    floor.next_cell_at = saved["next_cell_at"]
    for code, machine in floor.machines.items():
        if code in saved["machines"]:
            machine.restore(saved["machines"][code], skip)
            if not is_clean:
                machine.drop_unknown({unit.key for unit in floor.store.units.values()})


def _is_unborn(floor: Floor, unit: Unit) -> bool:
    """Its first result was never sent: what it was to be made of is back in stock, so it never came into being."""
    first = floor.route(unit).first(unit.definition)
    return unit.place == FLOW and unit.step == first.sequence and not unit.key and not unit.attempts


def numbers_used(truth: Path) -> tuple[dict[str, int], int]:
    """The highest sequence of each design, and a number above those of all lots, from a truth without a snapshot."""
    sequences: dict[str, int] = {}
    serials = serials_after(truth, 0)
    for serial in serials:
        read = parse_serial(serial)
        sequences[read.design] = max(sequences.get(read.design, 0), read.sequence)
    return sequences, 10 * len(serials)
