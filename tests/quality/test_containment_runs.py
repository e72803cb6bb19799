"""What escapes and what is held, over seeded runs of stations that change; the table is in docs/decisions.md."""

import pytest

from bench.containment import DRIFTS, STEPS, Setting, curve


@pytest.mark.slow
@pytest.mark.parametrize("step", [size for size in STEPS if size >= 2])
def test_of_two_sigma_and_more_no_affected_unit_escapes(step: float) -> None:
    found = curve(400, step, 0.0, Setting())
    assert found.runs == 400
    assert found.escape_share <= 0.01
    assert found.bad_escaped == 0
    assert found.ratio <= 3


@pytest.mark.slow
@pytest.mark.parametrize(
    ("step", "drift"), [(size, 0.0) for size in STEPS if size < 2] + [(0.0, slope) for slope in DRIFTS]
)
def test_of_small_steps_and_drifts_no_unit_out_of_specification_escapes(step: float, drift: float) -> None:
    found = curve(200, step, drift, Setting())
    assert found.runs > 190
    assert found.bad_escaped == 0
    assert found.ratio <= 3
