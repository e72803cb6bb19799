"""The demo plant's charts together are few enough in false alarms that each can be answered."""

import pytest

from lines.plant.files import read_plant
from quality.spc.run_lengths import false_signals_per_point
from tests.plants import OSAKA

CELLS_A_DAY, SHIFTS = 100, 3
# Units a day where it is not one per cell: the OCV tester sees each twice, a pack takes 104 cells, a roll many more.
OTHERWISE = {"OCV-1": 200, "PACK-1": 1, "EOL-1": 1, "COAT-1": 2}


def test_the_charts_of_the_plant_expect_few_false_alarms_a_shift() -> None:
    alarms, containments = 0.0, 0.0
    for plan in read_plant(OSAKA).control_plans:
        values = OTHERWISE.get(plan.station, CELLS_A_DAY)
        if plan.period_s:
            values = 86_400 // plan.period_s
        points = values / plan.subgroup_size / plan.every_nth / SHIFTS
        options = {**plan.options, "center": plan.center}
        expected = points * false_signals_per_point(
            plan.chart, plan.rules, plan.run_lengths, size=plan.subgroup_size, options=options
        )
        alarms += expected if plan.response != "LOG" else 0.0
        containments += expected if plan.response == "CONTAIN" else 0.0
    assert alarms == pytest.approx(5, abs=3)
    assert alarms <= 10
    assert containments <= 2
