"""A unit's visits in the order in which they happened, and what each of them deserves in that order. Pure.

Stations that could not reach the MES post their buffers later, in any order among each other. What the interlock says
of a visit then depends on which visits are known: so they are folded again, from the unit's first one on, by the same
checks and the same decision that a visit gets when it comes in time.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from lines.records.visits import Visits
from traceability import errors
from traceability.holds.facts import HoldFacts
from traceability.interlock import errors as entry_errors
from traceability.interlock.checks import check_entry
from traceability.interlock.facts import Step, UnitFacts, first_step
from traceability.interlock.outcome import Outcome, decide, said_by_test

# What depends on the visits before; everything else that a record deviates by stays with it.
OF_ORDER = frozenset(
    code.code
    for code in (
        errors.SERIAL_UNKNOWN,
        errors.ALREADY_DONE,
        errors.WRONG_STEP,
        errors.EARLIER_MISSING,
        errors.EARLIER_FAILED,
        errors.HELD,
        errors.SCRAPPED,
        errors.CONSUMED,
        errors.MAX_PASSES,
        entry_errors.NOT_IN_SAMPLE,
        entry_errors.GRADE_NOT_ALLOWED,
        entry_errors.TOO_EARLY,
        entry_errors.TOO_LATE,
    )
)


@dataclass(frozen=True, slots=True)
class Visit:
    """One record of a unit. Times are by the machine's clock less its offset."""

    record_id: int
    operation: str
    verdict: str
    began_at: datetime
    ended_at: datetime
    is_offline: bool
    grade: str
    codes: Sequence[str]  # of its deviations, as they count now
    is_unasked: bool  # made offline, and without a permit from before


@dataclass(frozen=True, slots=True)
class PastHold:
    """A hold of the unit, open or not. `record_id`: the visit whose deviation placed it, 0 for any other."""

    facts: HoldFacts
    released_at: datetime | None
    record_id: int = 0


@dataclass(frozen=True, slots=True)
class Place:
    """Where a unit is after its visits."""

    state: str
    next_step: Step | None
    grade: str
    test_passed: bool | None


@dataclass(frozen=True, slots=True)
class Folded:
    """One visit in its place: what was known before it, and what follows."""

    visit: Visit
    before: UnitFacts
    codes: tuple[str, ...]
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Story:
    """Everything that the fold of one unit rests on."""

    facts: UnitFacts  # of its kind and route; its visits, place and holds are not looked at
    visits: tuple[Visit, ...]  # in order of acceptance
    holds: tuple[PastHold, ...] = ()
    consumed_at: datetime | None = None  # when a visit of another unit took it in
    known_at: datetime | None = None  # when it was known without a visit of its own


def in_order(visits: Sequence[Visit]) -> list[Visit]:
    """As they happened. Those that the MES let in keep the order of acceptance among each other, whatever the clocks
    say; those made offline stand where their own time puts them."""
    keyed = []
    latest: datetime | None = None
    for place, visit in enumerate(visits):
        if visit.is_offline:
            keyed.append((visit.ended_at, place, visit))
        else:
            latest = visit.ended_at if latest is None else max(latest, visit.ended_at)
            keyed.append((latest, place, visit))
    return [visit for _, _, visit in sorted(keyed, key=lambda each: each[:2])]


def fold(story: Story) -> tuple[list[Folded], Place]:
    """Every visit judged after those before it, and the unit's place after all."""
    walk = _Walk(story)
    folded = [walk.through(visit) for visit in in_order(story.visits)]
    if story.consumed_at is not None:
        walk.consume(story.consumed_at)
    return folded, walk.place


def facts_before(story: Story, coming: Visit) -> UnitFacts:
    """What was known when this visit, which is not among the story's, began."""
    everything = in_order((*story.visits, coming))
    walk = _Walk(story)
    for visit in everything[: everything.index(coming)]:
        walk.through(visit)
    return walk.facts(coming)


@dataclass(frozen=True, slots=True)
class TakenIn:
    """A unit at the time when another one took it in."""

    is_known: bool
    state: str
    holds: tuple[HoldFacts, ...]


def place_at(story: Story, at: datetime) -> TakenIn:
    """What would have been known of the unit at a time, were it not for what took it in. Of holds, also those that
    were placed since and stand."""
    earlier = tuple(visit for visit in story.visits if visit.ended_at <= at)
    walk = _Walk(replace(story, visits=earlier, consumed_at=None))
    for visit in in_order(earlier):
        walk.through(visit)
    known_otherwise = story.known_at is not None and story.known_at <= at
    since = (hold.facts for hold in story.holds if hold.released_at is None and not hold.record_id)
    return TakenIn(bool(earlier) or known_otherwise, walk.place.state, (*walk.holds(at), *since))


def visits_of(visits: Sequence[Visit]) -> dict[str, Visits]:
    """By operation, counted as they happened."""
    found: dict[str, Visits] = {}
    for visit in in_order(visits):
        _count(found, visit)
    return found


def _count(visits: dict[str, Visits], visit: Visit) -> None:
    """One visit more. The ids are places in the order, as only their order is asked for."""
    number = 1 + sum(seen.count for seen in visits.values())
    seen = visits.get(visit.operation)
    passed = number if visit.verdict == "PASS" else None
    visits[visit.operation] = Visits(
        count=1 + (seen.count if seen else 0),
        failed=(seen.failed if seen else 0) + (visit.verdict == "FAIL"),
        last_verdict=visit.verdict,
        last_id=number,
        first_passed_id=seen.first_passed_id if seen and seen.first_passed_id is not None else passed,
        ended_at=visit.ended_at,
        has_offline=visit.is_offline or (seen is not None and seen.has_offline),
    )


class _Walk:
    """A unit on its way through its visits."""

    def __init__(self, story: Story) -> None:
        facts = story.facts
        self._story = story
        self._visits: dict[str, Visits] = {}
        self._placed: list[HoldFacts] = []  # by visits of this walk, from their end on
        self.place = Place("IN_PROCESS", first_step(facts.serial, facts.serial_fault, facts.steps), "", None)

    def facts(self, visit: Visit) -> UnitFacts:
        at, story = visit.began_at, self._story
        if story.consumed_at is not None and story.consumed_at < visit.ended_at:
            self.consume(story.consumed_at)
        return replace(
            story.facts,
            is_known=bool(self._visits) or (story.known_at is not None and story.known_at <= at),
            state=self.place.state,
            next_step=self.place.next_step,
            visits=dict(self._visits),
            holds=self.holds(at),
            operation=visit.operation,
            asked=replace(story.facts.asked, at=at),
            grade=self.place.grade,
        )

    def holds(self, at: datetime) -> list[HoldFacts]:
        return [*in_force(self._story.holds, at), *(hold for hold in self._placed if hold.placed_at <= at)]

    def through(self, visit: Visit) -> Folded:
        facts = self.facts(visit)
        found = {finding.code.code for finding in check_entry(facts)} & OF_ORDER
        if not visit.is_unasked:
            # The MES was asked, and knew of every hold; which of them counted its record says.
            found = (found - {errors.HELD.code}) | ({errors.HELD.code} & set(visit.codes))
        codes = tuple(sorted(found | (set(visit.codes) - OF_ORDER)))
        outcome = decide(facts, visit.verdict, list(codes))
        test = said_by_test(facts, visit.verdict, outcome)
        _count(self._visits, visit)
        was = self.place.test_passed
        tested = {"PASS": True, "FAIL": False, "VOID": None if was else was}.get(test, was)
        self.place = Place(outcome.state, outcome.next_step, visit.grade or self.place.grade, tested)
        if visit.is_offline and outcome.hold_reason:
            self._hold(visit, outcome.hold_reason)
        return Folded(visit, facts, codes, outcome)

    def consume(self, at: datetime) -> None:  # noqa: ARG002 - the caller saw that its time has come
        if self.place.state not in ("SCRAPPED", "CONSUMED"):
            self.place = replace(self.place, state="CONSUMED", next_step=None)

    def _hold(self, visit: Visit, reason: str) -> None:
        """The hold of an offline visit counts from the visit on, for the MES would have placed it then; one that a
        person released counts as it is stored."""
        known = [hold for hold in self._story.holds if hold.record_id == visit.record_id and visit.record_id]
        if not any(hold.released_at for hold in known):
            self._placed.append(HoldFacts(0, reason, visit.ended_at))


def in_force(holds: Iterable[PastHold], at: datetime) -> list[HoldFacts]:
    """Those of its holds that would have kept it out at a time. Holds of its own offline visits are the walk's."""
    return [
        hold.facts
        for hold in holds
        if hold.facts.placed_at <= at
        and (hold.released_at is None or hold.released_at > at)
        and (not hold.record_id or hold.released_at is not None)
    ]


def changes(before: Iterable[Folded], after: Iterable[Folded]) -> dict[int, tuple[str, ...]]:
    """Records whose codes count otherwise now: what the one fold says of them and the other does not.

    Only the difference is taken over, so that a record keeps what people or older rules made of it.
    """
    was = {folded.visit.record_id: folded for folded in before}
    found = {}
    for folded in after:
        old = was.get(folded.visit.record_id)
        if old is None:
            continue
        gone, come = set(old.codes) - set(folded.codes), set(folded.codes) - set(old.codes)
        now = (set(old.visit.codes) - gone) | come
        if now != set(old.visit.codes):
            found[folded.visit.record_id] = tuple(sorted(now))
    return found
