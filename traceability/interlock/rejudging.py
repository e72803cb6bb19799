"""Judging records again whose order came to be known only now. The record stays as it was written; beside it stands
what counts, its nonconformance and hold go or come with it, and the unit's place follows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.db import connection

from lines.events.models import EventKind
from lines.events.services import Happening, emit_all
from traceability import errors
from traceability.holds.queries import open_holds
from traceability.holds.services import NewNonconformance, open_nonconformances
from traceability.holds.withdrawing import Changed, Standing, change, standing_nonconformances, withdraw
from traceability.interlock.facts import LONG_AGO, Asked, Step, UnitFacts
from traceability.interlock.folding import Folded, Place, Story, TakenIn, changes, fold, place_at
from traceability.interlock.late import LateVisits
from traceability.interlock.outcome import decide
from traceability.interlock.plant import StationFacts, plant_facts
from traceability.interlock.queries import UnitRow, unit_facts, unit_rows
from traceability.interlock.stories import stories, users_of
from traceability.interlock.storing import Kept

_RELEASED = "Judged again: what came before it is known now"
_LACKING = frozenset((errors.COMPONENT_UNKNOWN.code, errors.COMPONENT_NOT_READY.code))
_FOUND_BAD = frozenset((errors.COMPONENT_HELD.code, errors.COMPONENT_SCRAPPED.code))
_OF_TOLD = frozenset((*_FOUND_BAD, errors.COMPONENT_NOT_READY.code))


@dataclass(frozen=True, slots=True)
class _Retold:
    """One unit's visits as they were judged, and as they are judged with what has come."""

    unit_id: int
    before: list[Folded]
    after: list[Folded]
    place: Place
    because_of: int  # record
    new_record: int = 0  # among `after`, already judged so


def judge_again(late: LateVisits, units: Sequence[Kept], here: StationFacts, now: datetime) -> None:
    """After the records of a post are stored. Changes what the units' answers say where a unit is further on."""
    told: dict[str, Story] = {}
    retold: list[_Retold] = []
    for unit in units:
        serial = unit.result.serial
        story = late.stories.get(serial)
        if story is None:
            continue
        visit = late.visit(
            serial,
            record_id=unit.record_id,
            verdict=unit.weighed.verdict,
            grade=unit.result.grade,
            codes=unit.weighed.codes,
        )
        told[serial] = replace(story, visits=(*story.visits, visit))
        after, place = fold(told[serial])
        if after[-1].visit is visit and story.consumed_at is None:
            continue  # in time: it is where it belongs
        before, _ = fold(story)
        retold.append(_Retold(unit.unit_id, before, after, place, unit.record_id, unit.record_id))
        last = after[-1].outcome
        moved = replace(last, state=place.state, next_step=place.next_step)
        unit.weighed = replace(unit.weighed, outcome=moved)
    if late.posted.is_offline:
        retold += _of_users(units, told, here, now)
    _write(retold, now)
    if retold:
        holds = open_holds([unit.unit_id for unit in units])
        for unit in units:
            unit.holds = holds.get(unit.unit_id, ())


def _of_users(units: Sequence[Kept], told: Mapping[str, Story], here: StationFacts, now: datetime) -> list[_Retold]:
    """Visits of other units that took these in before these were told of."""
    using = users_of([unit.unit_id for unit in units], _LACKING)
    if not using:
        return []
    rows = unit_rows({serial for _, *pair, _ in using for serial in pair}, lock=True)
    known = stories(_facts(rows, here, now), rows)  # of those told of now, with the holds that came to them
    because_of = {unit.result.serial: unit.record_id for unit in units}
    inputs: dict[tuple[int, str], set[str]] = {}
    recorded = {}
    for record_id, output, serial, as_recorded in using:
        inputs.setdefault((record_id, output), set()).add(serial)
        recorded[record_id] = set(as_recorded)
    found = []
    for (record_id, output), serials in inputs.items():
        story = told.get(output) or known[output]
        visit = next((v for v in story.visits if v.record_id == record_id), None)
        if visit is None:
            continue
        step = story.facts.step_of(visit.operation)
        codes = set(visit.codes) - _LACKING - (_FOUND_BAD - recorded[record_id])
        for serial in serials:
            taken = place_at(known[serial], visit.ended_at)
            if taken.state == "SCRAPPED" and serial not in told:
                taken = replace(taken, state=known[serial].facts.state)  # a person may have decided otherwise since
            found_now = _of_input(taken, step)
            # By more than before it may deviate for what is told of now; of any other unit its own weighing said.
            codes |= found_now & {*visit.codes, *(_OF_TOLD if serial in because_of else ())}
        new = replace(story, visits=tuple(replace(v, codes=tuple(codes)) if v is visit else v for v in story.visits))
        before, _ = fold(story)
        after, place = fold(new)
        cause = next(because_of[serial] for serial in serials if serial in because_of)
        found.append(_Retold(rows[output].id, before, after, place, cause))
    return found


def _of_input(taken: TakenIn, step: Step | None) -> set[str]:
    """What a unit that was taken in at a step deviates by, as when it is weighed in time."""
    if not taken.is_known:
        return {errors.COMPONENT_UNKNOWN.code}
    found = set()
    if taken.state == "IN_PROCESS":
        found.add(errors.COMPONENT_NOT_READY.code)
    if taken.state == "SCRAPPED":
        found.add(errors.COMPONENT_SCRAPPED.code)
    if any(hold.is_in_force(step.sequence if step else None) for hold in taken.holds):
        found.add(errors.COMPONENT_HELD.code)
    return found


def _facts(rows: Mapping[str, UnitRow], here: StationFacts, now: datetime) -> dict[str, UnitFacts]:
    plant = plant_facts(
        here,
        "",
        designs=(),
        definition_ids=(row.definition_id for row in rows.values()),
        route_ids=(row.route_id for row in rows.values()),
        work_order_ids=(),
        now=now,
    )
    nothing = dict.fromkeys(rows, Asked("", "", "", LONG_AGO))
    return unit_facts(rows, "", plant, rows, holds={}, asked=nothing)


def _write(retold: Sequence[_Retold], now: datetime) -> None:
    changed: dict[int, tuple[_Retold, Sequence[str], Sequence[str]]] = {}
    looked_at: dict[int, tuple[_Retold, Folded, Sequence[str]]] = {}
    for each in retold:
        was = {folded.visit.record_id: folded for folded in each.before}
        anew = changes(each.before, each.after)
        for folded in each.after:
            record_id = folded.visit.record_id
            old = was.get(record_id)
            if old is None or record_id == each.new_record:
                continue
            codes = anew.get(record_id, old.visit.codes)
            if record_id in anew:
                changed[record_id] = (each, old.visit.codes, codes)
            if record_id in anew or _weight(folded, codes) != _weight(old, old.visit.codes):
                looked_at[record_id] = (each, folded, codes)
    if changed:
        with connection.cursor() as cursor:
            cursor.execute(
                "insert into traceability_rejudgement (record_id, because_of_id, codes_before, codes_after, at)"
                " select record, because, string_to_array(was, ' '), string_to_array(now, ' '), %s"
                " from unnest(%s::bigint[], %s::bigint[], %s::text[], %s::text[]) as new (record, because, was, now)",
                [
                    now,
                    list(changed),
                    [each.because_of for each, *_ in changed.values()],
                    [" ".join(before) for _, before, _ in changed.values()],
                    [" ".join(after) for *_, after in changed.values()],
                ],
            )
    if looked_at:
        _settle(looked_at, now)
    _move(retold, now)


def _weight(folded: Folded, codes: Sequence[str]) -> tuple[str, bool]:
    """What a nonconformance of this visit would rest on beside the codes: the reason to hold, and whether it scraps."""
    outcome = decide(folded.before, folded.visit.verdict, list(codes))
    return outcome.hold_reason, outcome.disposition == "SCRAP"


def _settle(looked_at: Mapping[int, tuple[_Retold, Folded, Sequence[str]]], now: datetime) -> None:
    """Nonconformances and holds of these records, as they would be had everything come in time. What a person has
    decided on stays."""
    units = {record_id: each.unit_id for record_id, (each, *_) in looked_at.items()}
    standing = standing_nonconformances(units)
    new: list[NewNonconformance] = []
    gone: list[Standing] = []
    other: list[Changed] = []
    for record_id, (each, folded, codes) in looked_at.items():
        found = standing.get(record_id)
        if found is not None and found.is_decided:
            continue
        reason, scraps = _weight(folded, codes)
        kept = tuple(code for code in found.codes if not code.startswith("MES-")) if found else ()
        if not (reason or scraps or codes):
            gone += [found] if found else []
        elif found is None:
            new.append(NewNonconformance(each.unit_id, record_id, (*codes, *kept), reason))
        else:
            other.append(Changed(found, (*codes, *kept), reason))
    withdraw(gone, _RELEASED, now)
    change(other, now)
    open_nonconformances(new, now)


def _move(retold: Sequence[_Retold], now: datetime) -> None:
    """Each unit's place after all its visits; of those that only used another one nothing moves."""
    moved = [each for each in retold if each.new_record]
    if not moved:
        return
    tests = {True: "t", False: "f", None: None}
    with connection.cursor() as cursor:
        cursor.execute(
            "update traceability_unit u set state = p.state, next_step_id = p.next_step_id,"
            " last_test_passed = p.test::boolean, grade = p.grade, updated_at = %s"
            " from unnest(%s::bigint[], %s::text[], %s::bigint[], %s::text[], %s::text[])"
            " as p (id, state, next_step_id, test, grade) where u.id = p.id",
            [
                now,
                [each.unit_id for each in moved],
                [each.place.state for each in moved],
                [each.place.next_step.id if each.place.next_step else None for each in moved],
                [tests[each.place.test_passed] for each in moved],
                [each.place.grade for each in moved],
            ],
        )
    emit_all(
        [
            Happening(EventKind.UNIT, "", {"serial": each.after[0].before.serial, "state": each.place.state})
            for each in moved
        ]
    )
