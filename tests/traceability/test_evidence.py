"""What a verdict rested on can be stored, read back and judged again, whatever it was."""

import json
from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lines.orders.serials import Serial, make_serial
from lines.records.visits import Visits
from tests.traceability.test_outcome import PACK
from tests.traceability.test_route_engine import routes
from traceability.feeding.facts import MountedFacts
from traceability.holds.facts import HoldFacts
from traceability.interlock.checks import check_entry
from traceability.interlock.evidence import from_json, replay, to_json
from traceability.interlock.facts import Asked, GaugeFacts, OperatorFacts, SampleFacts, Step, UnitFacts

TIMES = st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - zone given
OPERATIONS = st.sampled_from(["OP10", "OP20", "OP20-0", "OP30", "OTHER"])
WORDS = st.sampled_from(["", "A", "B", "日本"])
IDS = st.integers(1, 5)
SERIALS = st.sampled_from([make_serial(Serial("SK", "1", "PLF", datetime(2026, 11, 20).date(), n)) for n in (1, 6)])  # noqa: DTZ001 - a date


@st.composite
def facts(draw: st.DrawFn) -> UnitFacts:
    """Any facts, also such as no plant ever has."""
    steps = draw(routes())
    gates = st.builds(_gate, st.sampled_from(steps), st.booleans(), st.lists(IDS))
    steps = tuple(draw(gates) if draw(st.booleans()) else step for step in steps)
    visits = st.builds(Visits, IDS, IDS, st.sampled_from(["PASS", "FAIL"]), IDS, st.none() | IDS, st.none() | TIMES)
    mounted = st.builds(
        MountedFacts,
        WORDS,
        st.none() | IDS,
        WORDS,
        IDS,
        WORDS,
        WORDS,
        st.sampled_from(["RELEASED", "BLOCKED"]),
        st.none() | TIMES,
    )
    return UnitFacts(
        serial=draw(SERIALS),
        serial_fault=draw(st.sampled_from(["", "17 characters"])),
        is_known=draw(st.booleans()),
        definition=draw(st.sampled_from([PACK, None])),
        state=draw(st.sampled_from(["IN_PROCESS", "COMPLETED", "CONSUMED", "SCRAPPED", "RETURNED", "SHIPPED"])),
        next_step=draw(st.none() | st.sampled_from(steps) | gates),
        steps=steps,
        visits=draw(st.dictionaries(OPERATIONS, visits)),
        holds=draw(st.lists(st.builds(HoldFacts, IDS, WORDS, TIMES, OPERATIONS, st.none() | IDS))),
        operation=draw(OPERATIONS),
        station_operations=draw(st.frozensets(OPERATIONS)),
        asked=draw(st.builds(Asked, WORDS, WORDS, WORDS, TIMES)),
        work_order=draw(WORDS),
        recipe=draw(WORDS),
        grade=draw(WORDS),
        mode=draw(st.sampled_from(["PRODUCTION", "MAINTENANCE"])),
        gauges=draw(st.lists(st.builds(GaugeFacts, WORDS, WORDS, TIMES))),
        needs_certification=draw(st.booleans()),
        operator=draw(st.none() | st.builds(OperatorFacts, st.dictionaries(OPERATIONS, TIMES))),
        mounted=draw(st.lists(mounted)),
        feeds=draw(st.dictionaries(WORDS, st.frozensets(IDS))),
        samples=draw(st.lists(st.builds(SampleFacts, WORDS, OPERATIONS))),
        not_contained=draw(st.integers(0, 2)),
        open_elsewhere=draw(WORDS),
        extra_passes=draw(st.integers(0, 2)),
        accepted=draw(st.frozensets(OPERATIONS)),
    )


def _gate(step: Step, is_gate: bool, bill: list[int]) -> Step:
    return replace(step, is_gate=is_gate, bill=tuple(bill))


@given(facts())
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_facts_read_back_give_the_same_verdict(before: UnitFacts) -> None:
    (stored,) = json.loads(json.dumps(to_json([before])))
    assert replay(stored) == check_entry(before)
    assert to_json([from_json(stored)]) == to_json([before])
