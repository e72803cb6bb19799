"""Pack and container (assembly, end of line, AI load profile): cells or packs at positions, consumed lots."""

from lines import errors
from lines.stations.body import refuse
from lines.stations.parts import Contract, placed_once
from lines.stations.results import UnitResult


def check(result: UnitResult, path: str) -> None:
    """Every component of a pack has its position: series order and cell map rest on it."""
    for index, component in enumerate(result.components):
        if component.position is None:
            refuse(errors.MISSING_FIELD, f"{path}.components[{index}]", "'position'")
    placed_once(result, path)


CONTRACT = Contract(
    kind="PACK_TEST",
    parts=frozenset({"consumed", "components", "removed"}),
    takes_trays=False,
    check=check,
)
