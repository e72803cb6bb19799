"""What is compared: units that failed or did not, and what each of them passed through. Pure.

A level is a set of units that share one thing (a lot, a channel, a shift); an axis lays units along the metres of a
roll. Units are numbered from 0; strata are groups within which failed and good units are compared with each other.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Name:
    """What a set of units has in common. `factor` is what was asked (kind and where), `level` the answer."""

    kind: str  # lot, batch, range, lane, side, mark, rack, slot, channel, tray, station, recipe, shift, certification
    factor: str  # the material, roll definition or operation it is about
    level: str
    lane: int | None = None
    from_m: float | None = None
    to_m: float | None = None

    @property
    def question(self) -> tuple[str, str]:
        return self.kind, self.factor


@dataclass(frozen=True, slots=True)
class Level:
    """Units that share one thing: sorted indices, each once."""

    name: Name
    units: Ints


@dataclass(frozen=True, slots=True)
class Axis:
    """Pieces along one roll (or one lane of it), in metres, `units[i]` from `from_m[i]` to `to_m[i]`."""

    name: Name
    units: Ints
    from_m: Floats
    to_m: Floats


@dataclass(frozen=True, slots=True)
class Evidence:
    """`weights`: how many units each one stands for, where the good ones are a sample; failed ones weigh 1."""

    failed: Flags
    levels: Sequence[Level]
    axes: Sequence[Axis] = ()
    strata: Ints | None = None
    weight_good: float = 1.0
    notes: Sequence[str] = field(default_factory=tuple)

    @property
    def n_units(self) -> int:
        return len(self.failed)

    @property
    def n_failed(self) -> int:
        return int(self.failed.sum())

    @property
    def groups(self) -> Ints:
        """The stratum of each unit, numbered from 0 without gaps."""
        if self.strata is None:
            return np.zeros(self.n_units, dtype=np.int64)
        return np.unique(self.strata, return_inverse=True)[1].astype(np.int64)


def indices(of: Sequence[int]) -> Ints:
    return np.unique(np.asarray(of, dtype=np.int64))
