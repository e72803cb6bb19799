"""What a verdict does to a unit, over every way it can be asked."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from lines.records.visits import Visits
from traceability.interlock.checks import check_entry
from traceability.interlock.facts import Definition, Step, UnitFacts
from traceability.interlock.outcome import decide
from traceability.interlock.outcome import said_by_test as says

PACK = Definition(1, "PACK", "PACK", 1, "P", "PLF", "pcs")
ASSEMBLE = Step(1, 1, 1, 10, "ASSEMBLE", 2, None, "HOLD", False, (), ())
TEST = Step(2, 1, 1, 20, "TEST", 2, 10, "SCRAP", True, (), ())
LOAD = Step(3, 1, 1, 30, "LOAD", 1, None, "HOLD", True, (), ())
STEPS = (ASSEMBLE, TEST, LOAD)
FACTS = UnitFacts(
    serial="SK1PLF6BL000001",
    serial_fault="",
    is_known=True,
    definition=PACK,
    state="IN_PROCESS",
    next_step=ASSEMBLE,
    steps=STEPS,
    visits={},
    holds=(),
    operation="ASSEMBLE",
    station_operations=frozenset({"ASSEMBLE", "TEST", "LOAD"}),
)


def visit(facts: UnitFacts, verdict: str) -> UnitFacts:
    """The unit after a visit to the operation it asks for."""
    before = facts.visits.get(facts.operation, Visits(0, 0, ""))
    outcome = decide(facts, verdict, [finding.code.code for finding in check_entry(facts)])
    after = Visits(before.count + 1, before.failed + (verdict == "FAIL"), verdict)
    return replace(
        facts,
        state=outcome.state,
        next_step=outcome.next_step,
        visits={**facts.visits, facts.operation: after},
    )


def test_a_failed_test_sends_the_unit_back_and_it_may_pass_the_same_steps_again() -> None:
    unit = visit(FACTS, "PASS")
    unit = visit(replace(unit, operation="TEST"), "FAIL")
    assert unit.next_step is ASSEMBLE
    assert [f.code.code for f in check_entry(replace(unit, operation="TEST"))] == ["MES-T-0006"]
    again = replace(unit, operation="ASSEMBLE")
    assert check_entry(again) == []
    unit = visit(again, "PASS")
    assert unit.next_step is TEST
    assert check_entry(replace(unit, operation="TEST")) == []
    assert visit(replace(unit, operation="TEST"), "FAIL").state == "SCRAPPED"
    unit = visit(replace(unit, operation="TEST"), "PASS")
    assert visit(replace(unit, operation="LOAD"), "PASS").state == "COMPLETED"


@given(st.lists(st.tuples(st.sampled_from([step.operation for step in STEPS]), st.sampled_from(["PASS", "FAIL"]))))
def test_no_sequence_of_facts_skips_a_step(visits: list[tuple[str, str]]) -> None:
    """Whatever stations report, in whatever order: only its next step moves a unit, and it completes by passing all."""
    unit = FACTS
    passed = set()
    for operation, verdict in visits:
        asked = replace(unit, operation=operation)
        is_next = asked.step == asked.next_step
        after = visit(asked, verdict)
        if not is_next:
            assert (after.state, after.next_step) == (unit.state, unit.next_step)
            assert check_entry(asked)
        elif verdict == "PASS":
            passed.add(operation)
        unit = after
    if unit.state == "COMPLETED":
        assert passed == {step.operation for step in STEPS}


def test_passed_visits_use_up_no_try() -> None:
    """Sent back from a later step, a unit that fails here for the first time is reworked, not held."""
    again = replace(FACTS, visits={"ASSEMBLE": Visits(1, 0, "PASS")})
    assert decide(again, "FAIL", []).disposition == "REWORK"
    twice = replace(FACTS, visits={"ASSEMBLE": Visits(2, 1, "PASS")})
    assert decide(twice, "FAIL", []).hold_reason == "Failed ASSEMBLE, 2 of 2 passes"


def test_what_a_visit_says_about_the_last_test() -> None:
    def said(facts: UnitFacts, verdict: str) -> str:
        return says(facts, verdict, decide(facts, verdict, []))

    assert said(FACTS, "PASS") == said(FACTS, "FAIL") == ""
    at_test = replace(FACTS, operation="TEST", next_step=TEST)
    assert (said(at_test, "PASS"), said(at_test, "FAIL")) == ("PASS", "FAIL")
    # A step after the test that sends the unit back to before it, and one that is only repeated.
    for back, word in ((10, "VOID"), (None, "")):
        seal = Step(4, 1, 1, 25, "SEAL", 2, back, "HOLD", False, (), ())
        after = replace(FACTS, operation="SEAL", steps=(*STEPS[:2], seal, LOAD), next_step=seal)
        assert said(after, "FAIL") == word
