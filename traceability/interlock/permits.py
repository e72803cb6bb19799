"""Asking for a permit: the interlock's verdict on units in front of a station, stored with the facts behind it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import OperationalError, connection
from django.utils import timezone

from lines import errors
from lines.errors import Refusal, as_json
from lines.events.models import EventKind
from lines.events.services import Happening, emit_all
from lines.models import Station
from lines.people.actors import acting
from lines.records.services import LOCK_TIMEOUT, LOCKED, quarantine
from lines.stations.body import read_json
from lines.stations.contracts import read_permit_request
from lines.stations.queries import tolerance_of
from traceability.holds.queries import open_holds
from traceability.interlock.checks import Finding, check_entry, codes
from traceability.interlock.facts import UnitFacts, design_code, serial_fault
from traceability.interlock.queries import (
    OpenPermit,
    facts_json,
    open_permits,
    plant_facts,
    unit_facts,
    unit_rows,
)

# Asked again within this time, the same permit is given; later it is decided anew.
VALID_FOR = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class _Verdict:
    facts: UnitFacts
    findings: list[Finding]
    given: OpenPermit | None  # still good


def ask_permits(station: Station, path: str, raw: bytes) -> dict[str, Any]:
    """Decide on one unit or up to 512, for one operation.

    Raises Refusal for a body that cannot be understood, after putting it into quarantine.
    """
    now = timezone.now()
    try:
        request = read_permit_request(read_json(raw), tolerance_of(station, now))
        operation, serials, is_list = request.operation, request.serials, request.is_list
        with acting(f"station:{station.code}"):
            with connection.cursor() as cursor:
                cursor.execute("select set_config('lock_timeout', %s, true)", [LOCK_TIMEOUT])
                # One request of a station at a time, so that two copies of one request get one permit.
                cursor.execute("select 1 from lines_station where id = %s for no key update", [station.pk])
            verdicts = _decide(station, operation, serials, now)
            answers = _store(station, operation, verdicts, now)
    except Refusal as refusal:
        quarantine(station, refusal, path=path, key="", body=raw, received_at=now)
        raise
    except OperationalError as error:
        if isinstance(error.__cause__, LOCKED):
            raise Refusal(errors.BUSY, station.code, retry_after_s=1) from error
        raise
    return {"items": answers} if is_list else answers[0]


def _decide(station: Station, operation: str, serials: Sequence[str], now: datetime) -> list[_Verdict]:
    rows = unit_rows(serials, lock=False)
    designs = {design_code(serial) for serial in serials if serial not in rows and not serial_fault(serial)}
    plant = plant_facts(station, operation, designs=designs, units=rows.values(), now=now)
    if not plant.is_operation:
        raise Refusal(errors.UNKNOWN_OPERATION, f"$.operation: {operation}")
    holds = open_holds([row.id for row in rows.values()])
    facts = unit_facts(serials, operation, plant, rows, holds=holds)
    permits = open_permits(station, serials)
    verdicts = []
    for serial in serials:
        findings = check_entry(facts[serial])
        given = permits.get(serial)
        is_good = given is not None and not findings and given.operation == operation and given.expires_at > now
        verdicts.append(_Verdict(facts[serial], findings, given if is_good else None))
    return verdicts


# What was open for these units at this station is void now: one open permit for each.
# Locked in one order for everybody, as in storing.py: no deadlock with a result that uses them.
_VOID = """
with open as (select id from traceability_permit
              where station_id = %s and serial = any(%s) and verdict = 'ALLOW' and closed_at is null
              order by id for no key update)
update traceability_permit p set closed_at = %s from open where p.id = open.id
"""
_INSERT = """
insert into traceability_permit (station_id, operation, serial, verdict, reasons, facts, decided_at, expires_at)
select %s, %s, serial, verdict, string_to_array(reasons, ' '), facts, %s, expires_at
from unnest(%s::text[], %s::text[], %s::text[], %s::jsonb[], %s::timestamptz[])
     as new (serial, verdict, reasons, facts, expires_at)
returning serial, id
"""


def _store(station: Station, operation: str, verdicts: Sequence[_Verdict], now: datetime) -> list[dict[str, Any]]:
    fresh = [verdict for verdict in verdicts if verdict.given is None]
    made: dict[str, int] = {}
    if fresh:
        serials = [verdict.facts.serial for verdict in fresh]
        words = [_word(verdict) for verdict in fresh]
        columns: list[list[Any]] = [
            serials,
            words,
            [" ".join(codes(verdict.findings)) for verdict in fresh],
            [json.dumps(facts_json(verdict.facts)) for verdict in fresh],
            [None if verdict.findings else now + VALID_FOR for verdict in fresh],
        ]
        with connection.cursor() as cursor:
            cursor.execute(_VOID, [station.pk, serials, now])
            cursor.execute(_INSERT, [station.pk, operation, now, *columns])
            made = dict(cursor.fetchall())
        payloads = [
            {"permit": made[serial], "serial": serial, "operation": operation, "verdict": word}
            for serial, word in zip(serials, words, strict=True)
        ]
        emit_all([Happening(EventKind.PERMIT, station.code, payload) for payload in payloads])
    return [_answer(verdict, operation, made, now) for verdict in verdicts]


def _word(verdict: _Verdict) -> str:
    return "DENY" if verdict.findings else "ALLOW"


def _answer(verdict: _Verdict, operation: str, made: Mapping[str, int], now: datetime) -> dict[str, Any]:
    serial = verdict.facts.serial
    answer: dict[str, Any] = {
        "permit": None,
        "serial": serial,
        "operation": operation,
        "verdict": _word(verdict),
        "reasons": [as_json(finding.code, finding.detail) for finding in verdict.findings],
        "expires_at": None,
    }
    if not verdict.findings:
        answer["permit"] = verdict.given.id if verdict.given else made[serial]
        answer["expires_at"] = (verdict.given.expires_at if verdict.given else now + VALID_FOR).isoformat()
    return answer
