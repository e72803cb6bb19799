"""The fold of a unit's visits: whatever order they come in, they count as they happened."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from lines.orders.serials import Serial, make_serial
from traceability import errors
from traceability.holds.facts import HoldFacts
from traceability.interlock.checks import check_entry
from traceability.interlock.facts import Asked, Definition, Step, UnitFacts
from traceability.interlock.folding import (
    OF_ORDER,
    PastHold,
    Place,
    Story,
    Visit,
    changes,
    facts_before,
    fold,
    in_order,
)

START = datetime(2026, 11, 20, 8, tzinfo=UTC)
OPERATIONS = ["A", "B", "C", "D"]


def _step(place: int) -> Step:
    return Step(
        id=place + 1,
        route_id=1,
        definition_id=1,
        sequence=10 * (place + 1),
        operation=OPERATIONS[place],
        max_passes=[1, 3, 2, 1][place],
        rework_from=20 if place == 2 else None,
        on_fail="SCRAP" if place == 1 else "HOLD",
        is_test=place == 2,
        bill=(),
        units_in=(),
        repeat_in_rework=place != 1,
        grades=("A",) if place == 3 else (),
        max_wait_s=3600 if place == 3 else None,
    )


FACTS = UnitFacts(
    serial=make_serial(Serial("SK", "1", "XZ7", date(2026, 11, 20), 1)),
    serial_fault="",
    is_known=False,
    definition=Definition(1, "X", "CELL", 1, "X", "XZ7", "pcs"),
    state="IN_PROCESS",
    next_step=None,
    steps=tuple(_step(place) for place in range(4)),
    visits={},
    holds=(),
    operation="",
    station_operations=frozenset(OPERATIONS),
    asked=Asked("", "", "", START),
)


def _come(story: Story, order: Sequence[Visit]) -> tuple[dict[int, set[str]], Place]:
    """As the interlock takes them: each judged by what is known, and those after it judged again."""
    for visit in order:
        found = {finding.code.code for finding in check_entry(facts_before(story, visit))} & OF_ORDER
        judged = replace(visit, codes=tuple(sorted(found)))
        told = replace(story, visits=(*story.visits, judged))
        anew = changes(fold(story)[0], fold(told)[0])
        story = replace(told, visits=tuple(replace(v, codes=anew.get(v.record_id, v.codes)) for v in told.visits))
    return {visit.record_id: set(visit.codes) for visit in story.visits}, fold(story)[1]


DRAWN = st.lists(
    st.tuples(
        st.integers(0, 3), st.sampled_from(["PASS", "PASS", "FAIL"]), st.booleans(), st.sampled_from(["", "A", "B"])
    ),
    min_size=1,
    max_size=9,
)


HELD = st.none() | st.tuples(st.integers(0, 9), st.integers(1, 9))


@settings(max_examples=300, deadline=None)
@given(DRAWN, st.randoms(use_true_random=False), HELD, st.none() | st.integers(1, 9))
def test_any_order_ends_like_the_right_one(
    drawn: list[tuple[int, str, bool, str]], order: Random, held: tuple[int, int] | None, gone: int | None
) -> None:
    visits: list[Visit] = []
    place = 0
    for number, (step, verdict, goes_on, grade) in enumerate(drawn):
        at = min(place, 3) if goes_on else step
        place = at + 1 if verdict == "PASS" else at
        ended = START + timedelta(minutes=20 * (number + 1))
        visits.append(
            Visit(number + 1, OPERATIONS[at], verdict, ended - timedelta(minutes=1), ended, True, grade, (), True)
        )
    holds: tuple[PastHold, ...] = ()
    if held is not None:
        since = START + timedelta(minutes=20 * held[0])
        holds = (PastHold(HoldFacts(7, "Look", since), since + timedelta(minutes=20 * held[1])),)
    consumed_at = START + timedelta(minutes=20 * gone + 5) if gone is not None else None
    story = Story(FACTS, (), holds, consumed_at)
    mixed = list(visits)
    order.shuffle(mixed)
    assert _come(story, mixed) == _come(story, visits)


def test_what_the_mes_let_in_keeps_its_order() -> None:
    """A clock that runs wrong moves no visit that was permitted; one made offline stands by its own time."""

    def visit(number: int, minutes: int, is_offline: bool) -> Visit:
        at = START + timedelta(minutes=minutes)
        return Visit(number, "A", "PASS", at, at, is_offline, "", (), is_offline)

    come = [visit(1, 10, False), visit(2, 5, False), visit(3, 30, False), visit(4, 20, True), visit(5, 7, True)]
    assert [v.record_id for v in in_order(come)] == [5, 1, 2, 4, 3]


def test_a_person_who_released_a_hold_is_not_overruled() -> None:
    """What the interlock would have held offline counts no more from when a person released it."""
    first = Visit(1, "B", "PASS", START, START + timedelta(minutes=1), True, "", (errors.SERIAL_UNKNOWN.code,), True)
    then = START + timedelta(minutes=30)
    second = Visit(2, "A", "PASS", then, then + timedelta(minutes=1), True, "", (), True)
    assert errors.HELD.code in fold(Story(FACTS, (first, second)))[0][1].codes
    released = PastHold(HoldFacts(3, "x", first.ended_at), START + timedelta(minutes=10), record_id=1)
    assert errors.HELD.code not in fold(Story(FACTS, (first, second), (released,)))[0][1].codes
