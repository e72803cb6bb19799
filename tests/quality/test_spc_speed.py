"""What the engine may cost, in CPU seconds of the best of some rounds: other work shares the machine."""

import numpy as np
import pytest

from bench.spc_engine import ALL_RULES, CENTER, SIGMA, best_cpu_s, individuals_chart, picked_up, subgroup_chart
from quality.spc.series import Plotted

pytestmark = pytest.mark.slow


def test_a_million_individuals_with_eight_rules_and_a_hundred_thousand_subgroups() -> None:
    random = np.random.default_rng(1)
    individuals, groups = random.normal(CENTER, SIGMA, 1_000_000), random.normal(CENTER, SIGMA, (100_000, 5))
    assert best_cpu_s(lambda: individuals_chart(individuals)) <= 0.3
    assert best_cpu_s(lambda: subgroup_chart(groups)) <= 0.1


def test_a_new_point_costs_a_look_at_the_last_ones() -> None:
    values = np.random.default_rng(2).normal(CENTER, SIGMA, 5_000).tolist()
    rows = [Plotted(at, at, value, spread=abs(value - 9), n=5) for at, value in enumerate(values)]
    assert best_cpu_s(lambda: picked_up("XBAR-R", ALL_RULES, rows)) / len(rows) <= 50e-6
