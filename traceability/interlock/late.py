"""Results that come later than they were made: judged as of their visit, and what came before them judged again."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

from lines.models import Station
from lines.stations.results import StationResult
from traceability.interlock.checks import Finding
from traceability.interlock.facts import UnitFacts
from traceability.interlock.folding import Story, Visit, facts_before, fold
from traceability.interlock.offline import without_permit
from traceability.interlock.queries import OpenPermit, UnitRow
from traceability.interlock.stories import made_offline, stories


@dataclass(slots=True)
class LateVisits:
    """The visits of one post that the order of things matters for."""

    station: Station
    posted: StationResult
    offset: timedelta
    made_before: int  # units of the same outage that the station told of before
    permits: Collection[str]  # serials with one of this station
    facts: dict[str, UnitFacts] = field(default_factory=dict)  # as of each visit
    stories: dict[str, Story] = field(default_factory=dict)  # where the fold tells the unit's place

    def unpermitted(self, serial: str, number: int) -> Finding | None:
        """What a visit without a permit deviates by; `number`: its place in the post, from 1."""
        if serial in self.permits:
            return None
        return without_permit(
            self.posted.operation,
            is_offline=self.posted.is_offline,
            policy=self.station.offline_policy,
            most=self.station.offline_units,
            number=self.made_before + number,
        )

    def visit(
        self, serial: str, *, record_id: int = 0, verdict: str = "", grade: str = "", codes: Sequence[str] = ()
    ) -> Visit:
        """The unit's visit as the fold takes it."""
        posted = self.posted
        began, ended = posted.started_at - self.offset, posted.finished_at - self.offset
        is_unasked = posted.is_offline and serial not in self.permits
        return Visit(
            record_id, posted.operation, verdict, began, ended, posted.is_offline, grade, tuple(codes), is_unasked
        )


def late_visits(
    station: Station,
    posted: StationResult,
    offset_s: float | None,
    *,
    facts: Mapping[str, UnitFacts],
    rows: Mapping[str, UnitRow],
    permits: Mapping[str, OpenPermit],
) -> LateVisits:
    """Of a post made offline all visits, else those to units that have visits made offline; nothing is asked for any
    other post."""
    late = LateVisits(station, posted, timedelta(seconds=offset_s or 0), 0, permits.keys())
    chosen = {
        serial: of
        for serial, of in facts.items()
        if posted.is_offline or any(visits.has_offline for visits in of.visits.values())
    }
    if not chosen:
        return late
    if posted.is_offline:
        late.made_before = made_offline(station, posted.finished_at)
    for serial, story in stories(chosen, rows).items():
        late.facts[serial] = _as_of(story, late.visit(serial), late)
        if _tells_place(story):
            late.stories[serial] = story
    return late


def _as_of(story: Story, visit: Visit, late: LateVisits) -> UnitFacts:
    """What was known when the visit began. Where a person or something else moved the unit beside its visits, what is
    known now."""
    now = story.facts
    if not late.posted.is_offline:
        # The MES let it in, or not, by what it knew then of holds and the station.
        found = facts_before(story, visit) if _tells_place(story) else now
        return replace(found, holds=now.holds)
    then = facts_before(story, visit)
    if not _tells_place(story):
        then = replace(now, holds=then.holds)
    if visit.is_unasked:
        return replace(then, mode="PRODUCTION")  # whatever the station is in now
    return replace(then, holds=now.holds, mode=now.mode)


def _tells_place(story: Story) -> bool:
    _, place = fold(story)
    step = story.facts.next_step
    is_there = (place.next_step.id if place.next_step else None) == (step.id if step else None)
    return is_there and (place.state, place.grade) == (story.facts.state, story.facts.grade)
