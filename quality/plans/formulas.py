"""Derived characteristics: named formulas of the field, and how a characteristic names its inputs. Pure.

`Characteristic.formula` reads `function(input, ...)`. An input is a characteristic of the same record (`CAL-01`), of
the unit's last record of another operation (`OCV-01@OCV1`), of the units built into this one
(`GRA-01@inputs`), or a number. Which product uses which formula is data; only the arithmetic is code.
"""

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime


def k_value_mv_per_h(ocv1_v: float, ocv2_v: float, elapsed_h: float) -> float:
    """Self-discharge as voltage drop per time, mV/h, positive when the voltage falls.

    (OCV1 - OCV2) / (t2 - t1) by the times of the two real measurements (domain notes 3.2; the sign differs by maker).
    Raises ValueError unless the second reading is later.
    """
    if elapsed_h <= 0:
        raise ValueError("the second voltage was not measured after the first")
    return (ocv1_v - ocv2_v) * 1000 / elapsed_h


def compaction_density_g_per_cm3(loading_mg_per_cm2: float, thickness_um: float, foil_um: float) -> float:
    """Density of the pressed coating, g/cm3, from the loading of one side and the thickness with foil.

    2 sides x loading / (thickness - foil); domain notes 5. Raises ValueError when the coating has no thickness.
    """
    if thickness_um <= foil_um:
        raise ValueError("the electrode is not thicker than its foil")
    return 2 * loading_mg_per_cm2 * 10 / (thickness_um - foil_um)


def first_coulombic_efficiency_pct(discharge_ah: float, charges_ah: Sequence[float]) -> float:
    """First full discharge over all charge before it (formation and grading), %; domain notes 3.2."""
    charged = math.fsum(charges_ah)
    if charged <= 0:
        raise ValueError("nothing was charged")
    return 100 * discharge_ah / charged


def dcir_mohm(before_v: float, pulse_v: float, before_a: float, pulse_a: float) -> float:
    """Direct-current resistance of a pulse, mOhm: (V_before - V_pulse) / (I_pulse - I_before), currents in A."""
    if pulse_a == before_a:
        raise ValueError("the current did not change")
    return (before_v - pulse_v) * 1000 / (pulse_a - before_a)


def energy_efficiency_pct(discharge_wh: float, charge_wh: float) -> float:
    """Energy out over energy in, %."""
    if charge_wh <= 0:
        raise ValueError("nothing was charged")
    return 100 * discharge_wh / charge_wh


def spread(values: Sequence[float]) -> float:
    """Largest less smallest, in the unit of the values. Raises ValueError for fewer than two."""
    if len(values) < 2:
        raise ValueError("a spread needs two values")
    return max(values) - min(values)


@dataclass(frozen=True, slots=True)
class Reading:
    """One measured value as a formula's input."""

    value: float
    source_time: datetime


@dataclass(frozen=True, slots=True)
class Input:
    """What a formula takes: a characteristic and where it was measured, or a constant."""

    characteristic: str = ""
    operation: str = ""  # empty: this record
    of_inputs: bool = False  # the units built in, not this one
    constant: float | None = None


@dataclass(frozen=True, slots=True)
class Formula:
    function: str
    inputs: tuple[Input, ...]


def _mean(readings: Sequence[Reading]) -> float:
    return math.fsum(r.value for r in readings) / len(readings)


def _k_value(first: Sequence[Reading], second: Sequence[Reading]) -> float:
    elapsed = max(r.source_time for r in second) - max(r.source_time for r in first)
    return k_value_mv_per_h(_mean(first), _mean(second), elapsed.total_seconds() / 3600)


_FUNCTIONS: dict[str, tuple[int, Callable[..., float]]] = {
    "k_value": (2, _k_value),
    "compaction_density": (3, lambda *r: compaction_density_g_per_cm3(_mean(r[0]), _mean(r[1]), _mean(r[2]))),
    "first_ce": (3, lambda *r: first_coulombic_efficiency_pct(_mean(r[0]), [_mean(r[1]), _mean(r[2])])),
    "dcir": (4, lambda *r: dcir_mohm(_mean(r[0]), _mean(r[1]), _mean(r[2]), _mean(r[3]))),
    "energy_efficiency": (2, lambda *r: energy_efficiency_pct(_mean(r[0]), _mean(r[1]))),
    "spread": (1, lambda values: spread([r.value for r in values])),
    "spread_mv": (1, lambda values: 1000 * spread([r.value for r in values])),  # of volts
}
_CALL = re.compile(r"\s*([a-z][a-z0-9_]*)\s*\(([^()]*)\)\s*")
_EPOCH = datetime.min


def parse_formula(text: str) -> Formula:
    """Read `function(input, ...)`. Raises ValueError for an unknown function or the wrong number of inputs."""
    call = _CALL.fullmatch(text)
    if call is None or call[1] not in _FUNCTIONS:
        raise ValueError(f"{text!r} is not one of {', '.join(_FUNCTIONS)} with its inputs in brackets")
    inputs = tuple(_parse_input(part.strip()) for part in call[2].split(","))
    count = _FUNCTIONS[call[1]][0]
    if len(inputs) != count:
        raise ValueError(f"{call[1]} takes {count} inputs, not {len(inputs)}")
    return Formula(call[1], inputs)


def _parse_input(text: str) -> Input:
    if re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", text):
        return Input(constant=float(text))
    code, _, place = text.partition("@")
    if not code:
        raise ValueError(f"{text!r} is not an input")
    return Input(code, "" if place == "inputs" else place, place == "inputs")


def derive(formula: Formula, readings: Sequence[Sequence[Reading]]) -> float | None:
    """The formula's value from the readings of its inputs, in their order; None where it has none (inputs missing)."""
    filled = [
        [Reading(wanted.constant, _EPOCH)] if wanted.constant is not None else found
        for wanted, found in zip(formula.inputs, readings, strict=True)
    ]
    if not all(filled):
        return None
    try:
        value = _FUNCTIONS[formula.function][1](*filled)
    except (ValueError, OverflowError):
        return None
    return value if math.isfinite(value) else None
