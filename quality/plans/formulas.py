"""Derived characteristics: named formulas of the field. Pure.

`Characteristic.formula` names one of FORMULAS and `formula_inputs` the characteristics of the same record that are
its arguments, in order. Which product uses which formula is data; only the arithmetic is code.
"""

import math
from collections.abc import Callable, Sequence


def k_value(ocv1_v: float, ocv2_v: float, elapsed_h: float) -> float:
    """Self-discharge as voltage drop per time, mV/h, positive when the voltage falls.

    (OCV1 - OCV2) / (t2 - t1) by the time between the two real measurements (domain notes 3.2; the sign differs by
    maker). Raises ValueError unless the second reading is later.
    """
    if elapsed_h <= 0:
        raise ValueError("the second voltage was not measured after the first")
    return (ocv1_v - ocv2_v) * 1000 / elapsed_h


def first_coulombic_efficiency(discharge_ah: float, *charges_ah: float) -> float:
    """First full discharge over all charge before it (formation and grading), %; domain notes 3.2.

    Raises ValueError when nothing was charged.
    """
    charged = math.fsum(charges_ah)
    if charged <= 0:
        raise ValueError("nothing was charged")
    return 100 * discharge_ah / charged


def dcir(before_v: float, pulse_v: float, before_a: float, pulse_a: float) -> float:
    """Direct-current resistance of a pulse, mOhm: (V_before - V_pulse) / (I_pulse - I_before), discharge positive, A.

    Raises ValueError when the current did not change.
    """
    if pulse_a == before_a:
        raise ValueError("the current did not change")
    return (before_v - pulse_v) * 1000 / (pulse_a - before_a)


def energy_efficiency(discharge_wh: float, charge_wh: float) -> float:
    """Energy out over energy in, %. Raises ValueError when nothing was charged."""
    if charge_wh <= 0:
        raise ValueError("nothing was charged")
    return 100 * discharge_wh / charge_wh


FORMULAS: dict[str, Callable[..., float]] = {
    formula.__name__: formula for formula in (k_value, first_coulombic_efficiency, dcir, energy_efficiency)
}


def derive(formula: str, inputs: Sequence[float]) -> float | None:
    """The formula's value; None where it has none for these inputs, or the plant data names it wrongly."""
    try:
        value = FORMULAS[formula](*inputs)
    except (KeyError, TypeError, ValueError, OverflowError):
        return None
    return value if math.isfinite(value) else None
