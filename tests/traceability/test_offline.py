"""Results made while the MES did not answer: what a station may do alone, and in which order its results count."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lines.models import OperationRecord, Person, RouteStep, Station
from lines.plant.models import OfflinePolicy
from tests.traceability.conftest import Hand
from tests.traceability.short_route import STEPS, is_held, make_short_route, new_serial, offline, standing
from traceability import errors
from traceability.corrections.errors import INPUT_CORRECTED, VALUE_FAILS
from traceability.holds.disposing import AskedDecision, decide
from traceability.holds.models import DispositionDecision, HoldUnit, Nonconformance
from traceability.holds.services import NewNonconformance, hold_unit, open_nonconformances
from traceability.interlock import errors as entry_errors
from traceability.interlock.models import Rejudgement
from traceability.units.models import Unit

START = timezone.now() - timedelta(hours=20)


@pytest.fixture(autouse=True)
def route(hand: Hand) -> None:  # noqa: ARG001 - the plant must be there
    make_short_route(START)


def _tell(hand: Hand, body: dict[str, Any]) -> Any:
    response = hand.tell(body)
    assert response.status_code == 201, response.content
    return response.json()


def _codes(answer: Any) -> set[str]:
    return {deviation["code"] for deviation in answer["deviations"]}


def test_a_station_runs_on_for_as_many_units_as_it_may(hand: Hand) -> None:
    Station.objects.filter(code="NOTCH-1").update(offline_units=2)
    serials = [new_serial() for _ in range(5)]
    told = [_tell(hand, offline(s, "NOTCH-C", START + timedelta(minutes=n))) for n, s in enumerate(serials[:3])]
    assert [_codes(answer) for answer in told] == [set(), set(), {entry_errors.OFFLINE_BEYOND.code}]
    assert [is_held(serial) for serial in serials[:3]] == [False, False, True]
    assert OperationRecord.objects.get(serial=serials[0]).is_offline
    # The network is back: what is made now does not make the outage begin anew.
    hand.clock = timezone.now() - timedelta(minutes=1)
    hand.run(serials[3], "NOTCH-C")
    late = _tell(hand, offline(serials[4], "NOTCH-C", START + timedelta(minutes=9)))
    assert _codes(late) == {entry_errors.OFFLINE_BEYOND.code}
    Station.objects.update(offline_policy=OfflinePolicy.STOP)
    other = new_serial()
    stopped = _tell(hand, offline(other, "NOTCH-C", timezone.now() - timedelta(seconds=9)))
    assert _codes(stopped) == {entry_errors.OFFLINE_NOT_ALLOWED.code} and is_held(other)


def test_a_permit_from_before_the_outage_lets_it_in(hand: Hand) -> None:
    Station.objects.update(offline_policy=OfflinePolicy.STOP)
    serial = new_serial()
    assert hand.ask(serial, "NOTCH-C")["verdict"] == "ALLOW"
    assert _codes(_tell(hand, offline(serial, "NOTCH-C", timezone.now() - timedelta(seconds=1)))) == set()


def test_holds_count_as_of_the_visit(hand: Hand) -> None:
    """One placed before it is a deviation, also when it was released since; one placed after it only holds."""
    before, after = new_serial(), new_serial()
    for serial in (before, after):
        _tell(hand, offline(serial, "NOTCH-C", START))
    ended = START + timedelta(minutes=30)
    for serial, placed in ((before, ended - timedelta(minutes=5)), (after, ended + timedelta(minutes=5))):
        hold_unit(Unit.objects.get(serial=serial).pk, reason="Look at it", by="person:x", now=placed)
    released = {"released_at": ended + timedelta(minutes=1), "released_by": "person:x"}
    HoldUnit.objects.filter(unit__serial=before).update(**released)
    found = [_tell(hand, offline(serial, "STACK", ended)) for serial in (before, after)]
    assert _codes(found[0]) == {errors.HELD.code}
    assert _codes(found[1]) == set() and found[1]["disposition"] == "HOLD"


def test_what_comes_late_releases_what_it_explains(hand: Hand) -> None:
    """The second station posts its buffer before the first one; nothing is wrong with the unit once both have."""
    serial = new_serial()
    later = _tell(hand, offline(serial, "STACK", START + timedelta(minutes=10)))
    assert errors.SERIAL_UNKNOWN.code in _codes(later) and is_held(serial)
    first = _tell(hand, offline(serial, "NOTCH-C", START))
    assert (_codes(first), first["next_operation"], first["disposition"]) == (set(), "CAN", "CONTINUE")
    assert not is_held(serial)
    rejudged = Rejudgement.objects.get()
    assert (rejudged.record.operation, rejudged.because_of.operation) == ("STACK", "NOTCH-C")
    hold = HoldUnit.objects.get()
    assert hold.released_by == "interlock" and hold.release_reason
    shown = {r["operation"]: r for r in hand.get(f"units/{serial}").json()["records"]}
    assert shown["STACK"]["is_offline"] and shown["STACK"]["deviations"]
    assert shown["STACK"]["rejudged"]["deviations"] == [] and shown["NOTCH-C"]["rejudged"] is None
    # A permit now sees the right place.
    assert hand.ask(serial, "CAN")["verdict"] == "ALLOW"


def test_a_delayed_result_that_was_permitted_comes_in_its_place(hand: Hand) -> None:
    """Made online, and told after what the next station made offline."""
    serial = new_serial()
    hand.ask(serial, "NOTCH-C", source_time=START.isoformat())
    _tell(hand, offline(serial, "STACK", START + timedelta(minutes=10)))
    told = _tell(hand, offline(serial, "NOTCH-C", START) | {"offline": False})
    assert (_codes(told), told["next_operation"]) == (set(), "CAN")
    assert not is_held(serial) and not Rejudgement.objects.get().codes_after


def test_a_tray_that_comes_late_takes_as_many_statements_as_a_smaller_one(hand: Hand) -> None:
    counts = []
    for size in (2, 12):
        serials = [new_serial() for _ in range(size)]
        for minutes, operation in ((10, "BAKE"), (0, "CAN")):
            head = offline("", operation, START + timedelta(minutes=minutes), tray="T-1")
            body = {name: head[name] for name in ("operation", "offline", "started_at", "finished_at", "tray")}
            items = [{"serial": s, "slot": n + 1, "outcome": "PASS"} for n, s in enumerate(serials)]
            with CaptureQueriesContext(connection) as asked:
                _tell(hand, body | {"items": items})
        assert Rejudgement.objects.filter(record__serial__in=serials).count() == size
        counts.append(len(asked))
    assert counts[0] == counts[1] < 80


def test_what_comes_late_may_accuse(hand: Hand) -> None:
    """A visit that was fine is none once a failure before it is told."""
    serial = new_serial()
    for minutes, operation in ((0, "NOTCH-C"), (10, "STACK"), (30, "CAN")):
        _tell(hand, offline(serial, operation, START + timedelta(minutes=minutes)))
    _tell(hand, offline(serial, "STACK", START + timedelta(minutes=20), "FAIL"))
    accused = Rejudgement.objects.get()
    assert accused.record.operation == "CAN" and errors.EARLIER_FAILED.code in accused.codes_after
    assert is_held(serial) and Nonconformance.objects.get(record=accused.record).closed_at is None


def _roll_of_untold_batch(hand: Hand) -> tuple[str, str, dict[str, Any]]:
    """A roll coated with a batch that nothing was told of yet, and what the batch's mixer is to tell."""
    batch, roll = hand.serial("SLA"), hand.serial(hand.design("ANODE-ROLL"))
    step = hand.step(roll, "COAT-A")
    assert step is not None
    inputs = hand.inputs(step)
    inputs["components"][0]["serial"] = batch
    body = {"measurements": hand.values(roll, "COAT-A"), "length_m": 900.0, **inputs}
    used = _tell(hand, offline(roll, "COAT-A", START + timedelta(hours=2), **body))
    assert _codes(used) == {errors.COMPONENT_UNKNOWN.code} and is_held(roll)
    mix = hand.step(batch, "MIX-A")
    assert mix is not None
    return batch, roll, {"measurements": hand.values(batch, "MIX-A"), **hand.inputs(mix)}


def test_a_batch_that_is_told_after_what_was_made_of_it(hand: Hand) -> None:
    batch, roll, mixed = _roll_of_untold_batch(hand)
    _tell(hand, offline(batch, "MIX-A", START, **mixed))
    assert not is_held(roll) and Rejudgement.objects.get().codes_after == []
    assert Unit.objects.get(serial=batch).state == "COMPLETED"


@pytest.mark.parametrize("is_scrapped", [False, True])
def test_what_was_made_of_a_bad_batch_stays_held(hand: Hand, is_scrapped: bool) -> None:
    """Told late, the batch turns out held or scrapped: its roll is released as little as if that had been known."""
    batch, roll, mixed = _roll_of_untold_batch(hand)
    if is_scrapped:
        RouteStep.objects.filter(operation__code="MIX-A").update(on_fail="SCRAP", max_passes=1)
        _tell(hand, offline(batch, "MIX-A", START, "FAIL", **mixed))
        state, code = "SCRAPPED", errors.COMPONENT_SCRAPPED.code
    else:
        told = _tell(hand, offline(batch, "MIX-A", START, **mixed | {"measurements": []}))
        assert _codes(told) == {errors.MEASUREMENT_MISSING.code}
        state, code = "COMPLETED", errors.COMPONENT_HELD.code
    assert Unit.objects.get(serial=batch).state == state
    assert Rejudgement.objects.get().codes_after == [code]
    assert is_held(roll) and Nonconformance.objects.get(unit__serial=roll, closed_at=None).codes == [code]


def test_a_batch_that_a_person_had_done_again(hand: Hand) -> None:
    """Scrapped by its station, sent to be mixed again and good: nothing is wrong with its roll, told of before."""
    RouteStep.objects.filter(operation__code="MIX-A").update(on_fail="SCRAP", max_passes=1)
    batch, roll, mixed = _roll_of_untold_batch(hand)
    _tell(hand, offline(batch, "MIX-A", START, "FAIL", **mixed))
    assert is_held(roll)
    failed = Nonconformance.objects.get(unit__serial=batch, closed_at=None)
    person = Person.objects.filter(role="QUALITY")[0]
    decide(failed.pk, AskedDecision("REWORK", "again", rework_to="MIX-A"), person)
    DispositionDecision.objects.update(decided_at=START + timedelta(minutes=30))
    HoldUnit.objects.filter(unit__serial=batch).update(released_at=START + timedelta(minutes=30))
    told = _tell(hand, offline(batch, "MIX-A", START + timedelta(hours=1), **mixed))
    assert _codes(told) == set() and Unit.objects.get(serial=batch).state == "COMPLETED"
    assert not is_held(roll)


def test_what_a_correction_opened_stays(hand: Hand) -> None:
    """A late result explains what the interlock said of a record, not what people said of it, or of another unit."""
    serial, other = new_serial(), new_serial()
    _tell(hand, offline(serial, "STACK", START + timedelta(minutes=10)))
    _tell(hand, offline(other, "NOTCH-C", START))
    ours = Nonconformance.objects.get(unit__serial=serial)
    assert ours.record_id is not None
    corrected = [
        NewNonconformance(Unit.objects.get(serial=each).pk, ours.record_id, (code,), "Corrected")
        for each, code in ((serial, VALUE_FAILS.code), (other, INPUT_CORRECTED.code))
    ]
    for each in corrected:
        open_nonconformances([each], timezone.now())
    _tell(hand, offline(serial, "NOTCH-C", START))
    assert list(Nonconformance.objects.exclude(closed_at=None)) == [ours]
    assert is_held(serial) and is_held(other)
    assert HoldUnit.objects.filter(released_at=None).count() == 2


def test_a_grade_that_a_person_gave_stands(hand: Hand) -> None:
    serial = new_serial()
    for minutes, operation in ((0, "NOTCH-C"), (10, "STACK")):
        _tell(hand, offline(serial, operation, START + timedelta(minutes=minutes), grade="A"))
    assert Unit.objects.get(serial=serial).grade == "A"
    Unit.objects.filter(serial=serial).update(grade="C")  # downgraded
    _tell(hand, offline(serial, "NOTCH-C", START + timedelta(minutes=5), "FAIL"))
    assert Unit.objects.get(serial=serial).grade == "C"


@dataclass(frozen=True)
class Made:
    operation: str
    verdict: str
    minutes: int


VISITS = st.lists(
    st.tuples(st.sampled_from(range(len(STEPS))), st.sampled_from(["PASS", "PASS", "PASS", "FAIL"]), st.booleans()),
    min_size=2,
    max_size=7,
)


def _history(drawn: Sequence[tuple[int, str, bool]]) -> list[Made]:
    """Mostly along the route, so that what is wrong stands out; in the order of its happening."""
    made: list[Made] = []
    place = 0
    for number, (step, verdict, goes_on) in enumerate(drawn):
        at = min(place, len(STEPS) - 1) if goes_on else step
        made.append(Made(STEPS[at], verdict, 20 * number))
        place = at + 1 if verdict == "PASS" else at
    return made


def _interleaved(made: Sequence[Made], picks: Iterator[int]) -> list[Made]:
    """The buffers of the stations, each in its order, taken from in any order."""
    buffers = {operation: [m for m in made if m.operation == operation] for operation in STEPS}
    found = []
    while waiting := [buffer for buffer in buffers.values() if buffer]:
        found.append(waiting[next(picks) % len(waiting)].pop(0))
    return found


@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    drawn=VISITS, picks=st.lists(st.integers(0, 59), min_size=7, max_size=7), held_at=st.none() | st.integers(0, 120)
)
def test_any_order_of_the_buffers_ends_like_the_right_one(
    hand: Hand, drawn: list[tuple[int, str, bool]], picks: list[int], held_at: int | None
) -> None:
    made = _history(drawn)
    found = []
    for order in (made, _interleaved(made, iter(picks))):
        serial = new_serial()
        if held_at is not None:
            # Somebody held it before the MES stopped answering.
            assert hand.ask(serial, STEPS[0])["verdict"] == "ALLOW"
            _tell(hand, offline(serial, STEPS[0], START - timedelta(hours=1)) | {"offline": False})
            when = START + timedelta(minutes=held_at, seconds=10)
            hold_unit(Unit.objects.get(serial=serial).pk, reason="Look", by="person:x", now=when)
        for each in order:
            _tell(hand, offline(serial, each.operation, START + timedelta(minutes=each.minutes), each.verdict))
        found.append(standing(serial))
        if any(codes for *_, codes, _ in found[-1]["visits"]):
            assert found[-1]["held"]
        assert all(is_open for *_, codes, is_open in found[-1]["visits"] if codes)
    assert found[0] == found[1], (made, order)
