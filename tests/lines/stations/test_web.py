"""What a station says of a roll's metres must not contradict itself: against single half metres."""

from itertools import combinations
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from lines.errors import Refusal
from lines.stations.errors import RANGES_OVERLAP
from lines.stations.results import CutOut, RollRange, UnitResult
from lines.stations.web import check_web

LANES = (1, 2, 3)
Place = tuple[str, int | None, int, int]  # roll, lane, half metres

places = st.tuples(st.sampled_from("AB"), st.sampled_from([None, *LANES]), st.integers(0, 20), st.integers(1, 6)).map(
    lambda drawn: (*drawn[:3], drawn[2] + drawn[3])
)


def halves(place: Place) -> set[tuple[Any, ...]]:
    roll, lane, start, end = place
    return {(roll, each, at) for each in (LANES if lane is None else (lane,)) for at in range(start, end)}


def is_refused(ranges: list[RollRange], cut_outs: list[CutOut]) -> bool:
    result = UnitResult("UNIT", "PASS", (), (), (), (), tuple(ranges), None, None, None, "", cut_outs=tuple(cut_outs))
    try:
        check_web(result, "units[0]")
    except Refusal as error:
        assert error.code is RANGES_OVERLAP
        return True
    return False


@given(st.lists(st.tuples(places, st.booleans()), max_size=6))
@settings(max_examples=150, deadline=None)
def test_metres_of_a_lane_are_used_once(drawn: list[tuple[Place, bool]]) -> None:
    ranges = [RollRange(roll, lane, a / 2, b / 2) for (roll, lane, a, b), is_cut in drawn if not is_cut]
    ranges += [RollRange(roll, None, 500.0, 501.0) for roll in "AB"]  # cut-outs need their roll
    cuts = [CutOut(roll, lane, a / 2, b / 2, "") for (roll, lane, a, b), is_cut in drawn if is_cut]
    twice = any(halves(one) & halves(other) for (one, _), (other, _) in combinations(drawn, 2))
    assert is_refused(ranges, cuts) == twice


@given(st.lists(places, max_size=5))
@settings(max_examples=100, deadline=None)
def test_a_roll_lies_once_on_the_units_own_metres(drawn: list[Place]) -> None:
    """Two rolls may lie on the same ones, as cathode and anode do in a winding."""
    ranges = [
        RollRange(roll, lane, 100.0 * n, 100.0 * n + 1, own_from_m=a / 2, own_to_m=b / 2)
        for n, (roll, lane, a, b) in enumerate(drawn)
    ]
    assert is_refused(ranges, []) == any(halves(one) & halves(other) for one, other in combinations(drawn, 2))
