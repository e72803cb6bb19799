"""Formulas against what they mean, and derivation from named inputs."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quality.plans.formulas import (
    FORMULAS,
    dcir,
    derive,
    energy_efficiency,
    first_coulombic_efficiency,
    k_value,
)

volts = st.floats(2.0, 4.0)


def test_examples() -> None:
    assert k_value(3.2100, 3.2082, 72) == pytest.approx(0.025)  # domain notes 1.2: 0.025 mV/h over 72 h
    assert first_coulombic_efficiency(320.0, 190.0, 163.6) == pytest.approx(90.5, abs=0.05)
    assert dcir(3.30, 3.1273, 0.0, 314.0) == pytest.approx(0.55, abs=1e-4)
    assert energy_efficiency(965.0, 1000.0) == pytest.approx(96.5)


@given(volts, volts, st.floats(0.1, 1000))
def test_k_value_is_the_slope(first: float, second: float, hours: float) -> None:
    k = k_value(first, second, hours)
    assert first - k * hours / 1000 == pytest.approx(second)
    assert (k > 0) == (first > second)


@given(st.floats(1, 400), st.lists(st.floats(1, 400), min_size=1, max_size=4))
def test_efficiency_counts_all_charge(discharge: float, charges: list[float]) -> None:
    efficiency = first_coulombic_efficiency(discharge, *charges)
    assert efficiency * sum(charges) / 100 == pytest.approx(discharge)
    assert first_coulombic_efficiency(discharge, *charges, 1.0) < efficiency


@given(st.sampled_from([*FORMULAS, "no_such", ""]), st.lists(st.floats(allow_nan=True), max_size=5))
def test_deriving_never_raises_and_gives_numbers_only(formula: str, inputs: list[float]) -> None:
    value = derive(formula, inputs)
    assert value is None or (math.isfinite(value))


def test_what_has_no_value() -> None:
    assert derive("k_value", [3.2, 3.1, 0.0]) is None
    assert derive("dcir", [3.2, 3.1, 5.0, 5.0]) is None
    assert derive("k_value", [3.2]) is None
