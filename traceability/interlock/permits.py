"""Asking for a permit: the interlock's verdict on units in front of a station, stored with the facts behind it.

A unit has one open permit in the whole plant. It is open until it is used, cancelled or replaced; once its time is
over, another station may have one for the unit instead, and until then its result may still use it.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from lines import errors
from lines.errors import Refusal, as_json
from lines.events.models import EventKind
from lines.events.services import Happening, emit_all
from lines.models import Station
from lines.people.actors import acting
from lines.people.scope import refuse_outside
from lines.records.prepared import prepared_cursor
from lines.records.services import LOCK_TIMEOUT, quarantine, refusing_when_locked
from lines.stations.body import read_json
from lines.stations.contracts import read_permit_request
from lines.stations.queries import tolerance_of
from lines.stations.results import PermitRequest
from lines.stations.services import keep_clock
from traceability.holds.queries import open_holds
from traceability.interlock import errors as entry_errors
from traceability.interlock.checks import Finding, check_entry, codes, retry_after_s
from traceability.interlock.evidence import to_json
from traceability.interlock.facts import Asked, UnitFacts, design_code, serial_fault
from traceability.interlock.models import Permit, PermitVerdict
from traceability.interlock.plant import StationFacts, plant_facts, station_facts
from traceability.interlock.queries import OpenPermit, UnitRow, entry_facts, open_permits, unit_facts, unit_rows
from traceability.interlock.stories import as_they_happened

# Beside the planned time of the operation; later it is decided anew.
VALID_FOR = timedelta(minutes=30)
# The same denial again within this time is counted, and not stored once more.
SAME_DENIAL_FOR = timedelta(minutes=10)
# So often another station's question may come between; then the station is told to come again.
_TRIES = 3


@dataclass(frozen=True, slots=True)
class _Question:
    station: Station
    operation: str
    now: datetime


@dataclass(slots=True)
class _Verdict:
    facts: UnitFacts
    findings: list[Finding]
    given: OpenPermit | None  # before, and still good
    replaced: OpenPermit | None
    permit_id: int | None = field(default=None)

    @property
    def word(self) -> str:
        return PermitVerdict.DENY if self.findings else PermitVerdict.ALLOW


def ask_permits(station: Station, path: str, raw: bytes, *, dry_run: bool = False) -> dict[str, Any]:
    """Decide on one unit or up to 512, for one operation. `dry_run`: the same, with nothing stored.

    Raises Refusal: for a body that cannot be understood, after putting it into quarantine; BUSY keeps nothing.
    """
    now = timezone.now()
    try:
        request = read_permit_request(read_json(raw), tolerance_of(station, now))
        with refusing_when_locked(station.code), acting(f"station:{station.code}"):
            _take_turn(station)
            answers = _answers(station, request, now)
            if dry_run:
                transaction.set_rollback(True)
    except Refusal as refusal:
        if dry_run or refusal.code is errors.BUSY:
            raise
        quarantine(station, refusal, path=path, key="", body=raw, received_at=now)
        raise
    items = [answers[serial] for serial in request.serials]
    if dry_run:
        items = [item | {"permit": None} for item in items]
    answer = {"items": items} if request.is_list else items[0]
    return answer | {"dry_run": True} if dry_run else answer


def _take_turn(station: Station) -> None:
    """One request of a station at a time, so that two copies of one request get one permit."""
    with prepared_cursor() as cursor:
        cursor.execute(
            "select set_config('lock_timeout', %s, true) from lines_station where id = %s for no key update",
            [LOCK_TIMEOUT, station.pk],
        )


def _answers(station: Station, request: PermitRequest, now: datetime) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    serials: Sequence[str] = request.serials
    for _ in range(_TRIES):
        question, verdicts = _decide(station, request, serials, now)
        serials = _store(question, verdicts)
        found |= {v.facts.serial: _answer(v, question) for v in verdicts if v.facts.serial not in serials}
        if not serials:
            return found
        # Another station got its permit in this moment: what is open now decides.
    raise Refusal(errors.BUSY, station.code, retry_after_s=1)


def _decide(
    station: Station, request: PermitRequest, serials: Sequence[str], now: datetime
) -> tuple[_Question, list[_Verdict]]:
    # Before the units: of a result stored in this moment, what it made of its unit may not be missed with its permit.
    permits = open_permits(serials)
    rows = unit_rows(serials, lock=False)
    channels = {request.channel} if request.channel else {row.channel for row in rows.values()} - {""}
    here = station_facts(station, request.operation, operator=request.operator, channels=channels)
    if request.sent_at is not None:
        keep_clock(station.pk, here.clock, (request.sent_at - now).total_seconds(), now)
    question = _Question(station, _operation(request, here), now)
    refuse_outside(station.token_operations, question.operation)
    designs = {design_code(serial) for serial in serials if serial not in rows and not serial_fault(serial)}
    plant = plant_facts(
        here,
        question.operation,
        designs=designs,
        definition_ids=(row.definition_id for row in rows.values()),
        route_ids=(row.route_id for row in rows.values()),
        work_order_ids=(row.work_order_id for row in rows.values()),
        now=now,
    )
    holds = open_holds([row.id for row in rows.values()]) if rows else {}
    asked = {serial: _asked(request, here, rows.get(serial), now) for serial in serials}
    facts = as_they_happened(unit_facts(serials, question.operation, plant, rows, holds=holds, asked=asked))
    elsewhere = {s: p.station for s, p in permits.items() if p.station != station.code and p.expires_at > now}
    facts = entry_facts(facts, plant, elsewhere)
    return question, [_verdict(facts[serial], permits.get(serial), question) for serial in serials]


def _operation(request: PermitRequest, here: StationFacts) -> str:
    if request.operation:
        if not here.is_operation:
            raise Refusal(errors.UNKNOWN_OPERATION, f"$.operation: {request.operation}")
        return request.operation
    if len(here.operations) != 1:
        raise Refusal(errors.MISSING_FIELD, f"$: 'operation'; here: {', '.join(sorted(here.operations))}")
    return next(iter(here.operations))


def _asked(request: PermitRequest, here: StationFacts, row: UnitRow | None, now: datetime) -> Asked:
    """What the station said of a unit. Its time is corrected by how far its clock is ahead."""
    at = now
    if request.source_time is not None:
        ahead_s = here.clock.offset_s if here.clock else 0.0
        ahead = request.sent_at - now if request.sent_at is not None else timedelta(seconds=ahead_s)
        at = request.source_time - ahead
    channel = request.channel or (row.channel if row else "")
    return Asked(request.recipe, request.operator, channel, at)


def _verdict(facts: UnitFacts, permit: OpenPermit | None, question: _Question) -> _Verdict:
    findings = check_entry(facts)
    if permit is None:
        return _Verdict(facts, findings, None, None)
    is_here = permit.station == question.station.code
    is_good = is_here and not findings and permit.operation == question.operation and permit.expires_at > question.now
    # A denial takes back what this station got before; another station's stays until the unit may enter here.
    is_replaced = not is_good and (is_here or not findings)
    return _Verdict(facts, findings, permit if is_good else None, permit if is_replaced else None)


# Locked in one order for everybody, as in storing.py: no deadlock with a result that uses them.
_CLOSE = """
with open as (select id from traceability_permit where id = any(%s) and closed_at is null order by id for no key update)
update traceability_permit p set closed_at = %s from open where p.id = open.id
"""
_ASKED_AGAIN = "update traceability_permit set asked_count = asked_count + 1, asked_last_at = %s where id = any(%s)"
# The newest verdict on a unit, where it is the same denial.
_SAME_DENIAL = """
update traceability_permit p set asked_count = p.asked_count + 1, asked_last_at = %(now)s
from unnest(%(serials)s::text[], %(reasons)s::text[]) as new (serial, reasons)
join lateral (select id from traceability_permit where serial = new.serial order by id desc limit 1) newest on true
where p.id = newest.id and p.verdict = 'DENY' and p.station_id = %(station)s and p.operation = %(operation)s
      and p.reasons = string_to_array(new.reasons, ' ')::varchar[] and p.decided_at > %(since)s
returning p.serial, p.id
"""
# Sorted, so that two stations that ask for the same units wait for each other one way.
_INSERT = """
insert into traceability_permit
    (station_id, operation, serial, verdict, recipe, reasons, facts, decided_at, expires_at, asked_count)
select %s, %s, serial, verdict, recipe, string_to_array(reasons, ' '), facts, %s, expires_at, 1
from jsonb_to_recordset(%s::jsonb) as new (
    serial text, verdict text, recipe text, reasons text, facts jsonb, expires_at timestamptz) order by serial
on conflict (serial) where verdict = 'ALLOW' and closed_at is null do nothing
returning serial, id
"""


def _store(question: _Question, verdicts: Sequence[_Verdict]) -> list[str]:
    """Keep the verdicts. Returns the serials for which another station was quicker: they are decided anew."""
    replaced = [v.replaced.id for v in verdicts if v.replaced]
    given = [v.given.id for v in verdicts if v.given]
    denied = [v for v in verdicts if v.findings]
    with prepared_cursor() as cursor:
        if replaced:
            cursor.execute(_CLOSE, [replaced, question.now])
        if given:
            cursor.execute(_ASKED_AGAIN, [question.now, given])
        known: dict[str, int] = {}
        if denied:
            cursor.execute(
                _SAME_DENIAL,
                {
                    "now": question.now,
                    "since": question.now - SAME_DENIAL_FOR,
                    "station": question.station.pk,
                    "operation": question.operation,
                    "serials": [v.facts.serial for v in denied],
                    "reasons": [" ".join(codes(v.findings)) for v in denied],
                },
            )
            known = dict(cursor.fetchall())
        fresh = [v for v in verdicts if v.given is None and v.facts.serial not in known]
        made = _insert(question, fresh)
    for verdict in verdicts:
        serial = verdict.facts.serial
        verdict.permit_id = verdict.given.id if verdict.given else made.get(serial, known.get(serial))
    _tell(question, [v for v in fresh if v.permit_id is not None])
    return [v.facts.serial for v in verdicts if v.permit_id is None]


def _insert(question: _Question, verdicts: Sequence[_Verdict]) -> dict[str, int]:
    if not verdicts:
        return {}
    # As one document: of an array of documents the driver looks at each letter.
    rows = [
        {
            **{"serial": v.facts.serial, "verdict": v.word, "recipe": v.facts.recipe},
            **{"reasons": " ".join(codes(v.findings)), "facts": facts},
            "expires_at": None if v.findings else _expires_at(v, question).isoformat(),
        }
        for v, facts in zip(verdicts, to_json([v.facts for v in verdicts]), strict=True)
    ]
    with prepared_cursor() as cursor:
        cursor.execute(_INSERT, [question.station.pk, question.operation, question.now, json.dumps(rows)])
        return dict(cursor.fetchall())


def _expires_at(verdict: _Verdict, question: _Question) -> datetime:
    if verdict.given is not None:
        return verdict.given.expires_at
    step = verdict.facts.step
    return question.now + VALID_FOR + timedelta(seconds=step.duration_s if step else 0)


def _tell(question: _Question, verdicts: Sequence[_Verdict]) -> None:
    shared: Mapping[str, Any] = {"operation": question.operation}
    emit_all(
        [
            Happening(
                EventKind.PERMIT,
                question.station.code,
                {"permit": v.permit_id, "serial": v.facts.serial, **shared, "verdict": v.word},
            )
            for v in verdicts
        ]
    )


def _answer(verdict: _Verdict, question: _Question) -> dict[str, Any]:
    facts, findings = verdict.facts, verdict.findings
    return {
        "permit": None if findings else verdict.permit_id,
        "serial": facts.serial,
        "operation": question.operation,
        "verdict": str(verdict.word),
        "reasons": [as_json(finding.code, finding.detail) for finding in findings],
        "expires_at": None if findings else _expires_at(verdict, question).isoformat(),
        "recipe": facts.recipe,
        "work_order": facts.work_order or None,
        "retry_after_s": retry_after_s(findings),
    }


def cancel_permit(station: Station, permit_id: int) -> dict[str, Any]:
    """The station starts nothing with this permit. Cancelled again, it stays as it is.

    Raises Refusal PERMIT_UNKNOWN, PERMIT_NOT_YOURS, TOKEN_SCOPE or PERMIT_USED.
    """
    with acting(f"station:{station.code}"):
        permits = Permit.objects.filter(pk=permit_id, verdict=PermitVerdict.ALLOW)
        permit = permits.select_for_update(no_key=True).defer("facts").first()
        if permit is None:
            raise Refusal(entry_errors.PERMIT_UNKNOWN, str(permit_id))
        if permit.station_id != station.pk:
            raise Refusal(entry_errors.PERMIT_NOT_YOURS, str(permit_id))
        refuse_outside(station.token_operations, permit.operation)
        if permit.used_by_id is not None:
            raise Refusal(entry_errors.PERMIT_USED, f"record {permit.used_by_id}")
        if permit.closed_at is None:
            permit.closed_at = timezone.now()
            permit.save(update_fields=["closed_at"])
            told = {"permit": permit.pk, "serial": permit.serial, "operation": permit.operation, "verdict": "CANCEL"}
            emit_all([Happening(EventKind.PERMIT, station.code, told)])
        return {
            "permit": permit.pk,
            "serial": permit.serial,
            "operation": permit.operation,
            "closed_at": permit.closed_at.isoformat(),
        }
