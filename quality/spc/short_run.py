"""Short runs (DNOM): several part numbers on one chart, each value as its deviation from the part's nominal. Pure.

It holds for parts of about the same sigma; `sigma_by_part` shows whether they are. The deviations are then charted by
I-MR, Xbar-R or Xbar-S as any other values.
"""

import math
from collections.abc import Mapping, Sequence

from quality.spc.panels import Subgroups
from quality.spc.variables import UWAVE_R, study_individuals, study_subgroups


def deviations(subgroups: Subgroups, nominal: Sequence[float | None]) -> list[list[float | None]]:
    """Each value minus its subgroup's nominal; a subgroup without a nominal becomes empty, a gap.

    Raises ValueError where there are not as many nominals as subgroups.
    """
    if len(nominal) != len(subgroups):
        raise ValueError(f"{len(subgroups)} subgroups have {len(nominal)} nominals.")
    return [
        []
        if target is None or math.isnan(target)
        else [None if value is None else float(value) - target for value in group]
        for group, target in zip(subgroups, nominal, strict=True)
    ]


def deviations_of_individuals(values: Sequence[float | None], nominal: Sequence[float | None]) -> list[float | None]:
    """Each value minus its own nominal; None where either is missing. Raises ValueError as `deviations`."""
    groups = deviations([[value] for value in values], nominal)
    return [group[0] if group else None for group in groups]


def nominals(part: Sequence[str], by_part: Mapping[str, float]) -> list[float | None]:
    """The nominal of each subgroup by its part number; None for a part that has none."""
    return [by_part.get(each) for each in part]


def sigma_by_part(
    subgroups: Subgroups, part: Sequence[str], *, method: str = UWAVE_R, individuals: bool = False
) -> dict[str, float | None]:
    """Sigma within of each part number alone, None where it has too few values; in the order they first appear."""
    found: dict[str, float | None] = {}
    for each in dict.fromkeys(part):
        if individuals:
            values = [
                group[0] if name == each and len(group) else None for name, group in zip(part, subgroups, strict=True)
            ]
            found[each] = study_individuals(values, method=method).sigma
        else:
            own = [list(group) for name, group in zip(part, subgroups, strict=True) if name == each]
            found[each] = study_subgroups(own, method=method).sigma
    return found
