"""Asking for a permit: the interlock's verdict on units in front of a station, stored with the facts behind it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import psycopg.errors
from django.db import OperationalError, connection
from django.utils import timezone

from lines import errors
from lines.errors import Refusal, as_json
from lines.events.models import EventKind
from lines.events.services import Happening, emit_all
from lines.models import Station
from lines.people.actors import acting
from lines.records.services import LOCK_TIMEOUT, quarantine
from lines.stations.body import read_json
from lines.stations.contracts import read_permit_request
from traceability.interlock.checks import Finding, check_entry
from traceability.interlock.facts import UnitFacts, design_code, serial_fault
from traceability.interlock.models import Permit, PermitVerdict
from traceability.interlock.queries import (
    OpenPermit,
    facts_json,
    open_holds,
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
        operation, serials, is_list = read_permit_request(read_json(raw))
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
        if isinstance(error.__cause__, psycopg.errors.LockNotAvailable):
            raise Refusal(errors.BUSY, station.code, retry_after_s=1) from error
        raise
    return {"items": answers} if is_list else answers[0]


def _decide(station: Station, operation: str, serials: Sequence[str], now: datetime) -> list[_Verdict]:
    rows = unit_rows(serials, lock=False)
    designs = {design_code(serial) for serial in serials if serial not in rows and not serial_fault(serial)}
    plant = plant_facts(station, operation, designs, rows.values(), now)
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


def _store(station: Station, operation: str, verdicts: Sequence[_Verdict], now: datetime) -> list[dict[str, Any]]:
    fresh = [verdict for verdict in verdicts if verdict.given is None]
    made: Mapping[str, Permit] = {}
    if fresh:
        # What was open for these units at this station is void now: one open permit for each.
        Permit.objects.filter(
            station=station, serial__in=[v.facts.serial for v in fresh], used_by=None, expires_at__gt=now
        ).update(expires_at=now)
        permits = [
            Permit(
                station=station,
                operation=operation,
                serial=verdict.facts.serial,
                verdict=PermitVerdict.DENY if verdict.findings else PermitVerdict.ALLOW,
                reasons=[finding.code.code for finding in verdict.findings],
                facts=facts_json(verdict.facts),
                decided_at=now,
                expires_at=None if verdict.findings else now + VALID_FOR,
            )
            for verdict in fresh
        ]
        made = {permit.serial: permit for permit in Permit.objects.bulk_create(permits)}
        emit_all(
            [
                Happening(
                    EventKind.PERMIT,
                    station.code,
                    {"permit": p.pk, "serial": p.serial, "operation": operation, "verdict": p.verdict},
                )
                for p in made.values()
            ]
        )
    return [_answer(verdict, operation, made) for verdict in verdicts]


def _answer(verdict: _Verdict, operation: str, made: Mapping[str, Permit]) -> dict[str, Any]:
    serial = verdict.facts.serial
    permit_id = verdict.given.id if verdict.given else made[serial].pk
    expires_at = verdict.given.expires_at if verdict.given else made[serial].expires_at
    return {
        "permit": permit_id if not verdict.findings else None,
        "serial": serial,
        "operation": operation,
        "verdict": "DENY" if verdict.findings else "ALLOW",
        "reasons": [as_json(finding.code, finding.detail) for finding in verdict.findings],
        "expires_at": expires_at.isoformat() if expires_at else None,
    }
