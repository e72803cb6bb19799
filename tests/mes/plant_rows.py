"""The Osaka plant with a little of everything on its screens."""

from datetime import timedelta

from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from lines.models import (
    Measurement,
    OperationRecord,
    Person,
    Signal,
    SignalLatest,
    Station,
    StationPost,
    StationStatus,
)
from lines.plant.models import SignalKind
from lines.records.models import Judgement
from lines.states.packml import PackMLState
from tests.plant_copies import load_once
from traceability.models import Permit


def load_osaka() -> None:
    load_once("osaka", lambda: call_command("load_plant", verbosity=0))
    for table in ("lines_sample", "lines_measurement"):
        _partition(table)


def _partition(table: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("select denchi_ensure_partitions(%s, current_date - 1, 3)", [table])


def hear(code: str, state: PackMLState = PackMLState.EXECUTE, ago_s: float = 0, value: float | None = None) -> Station:
    """The station spoke `ago_s` seconds ago: its state, and every measured signal at `value` or mid-band."""
    station = Station.objects.get(code=code)
    at = timezone.now() - timedelta(seconds=ago_s)
    StationStatus.objects.update_or_create(
        station=station,
        defaults={
            "state": state,
            "state_since": at - timedelta(minutes=5),
            "last_source_time": at,
            "last_received_at": at,
        },
    )
    for signal in Signal.objects.filter(station=station, kind=SignalKind.MEASUREMENT):
        middle = ((signal.low or 0) + (signal.high or 0)) / 2
        SignalLatest.objects.update_or_create(
            signal=signal,
            defaults={
                "source_time": at,
                "received_at": at,
                "value": middle if value is None else value,
                "status": 0,
            },
        )
    return station


def post(
    code: str,
    serials: list[str],
    *,
    verdict: str = "PASS",
    deviations: list[str] | None = None,
    tray: str = "",
    characteristic: str = "GRA-01",
) -> list[OperationRecord]:
    """One post of the station with one record and one measurement a serial."""
    station = Station.objects.get(code=code)
    operation = station.operations.order_by("code").values_list("code", flat=True)[0]
    now = timezone.now()
    stored = StationPost.objects.create(
        station=station, key=f"{code}:{now.timestamp()}", body_sha256="0" * 64, received_at=now, status_code=201
    )
    records = []
    for slot, serial in enumerate(serials, start=1):
        record = OperationRecord.objects.create(
            post=stored,
            station=station,
            operation=operation,
            serial=serial,
            product="LFP-314",
            attempt=1,
            started_at=now - timedelta(minutes=2),
            source_time=now,
            received_at=now,
            machine_outcome=verdict,
            verdict=verdict,
            is_conforming=not deviations,
            deviation_codes=deviations or [],
            recipe=f"{operation} v1",
            tray=tray,
            slot=slot if tray else None,
            content_sha256="0" * 64,
        )
        Measurement.objects.create(
            received_at=now,
            record=record,
            sequence=0,
            characteristic=characteristic,
            value=321.5,
            unit="Ah",
            source_time=now,
            judgement=Judgement.PASS if verdict == "PASS" else Judgement.FAIL_LOW,
        )
        records.append(record)
    return records


def deny(code: str, serial: str, reason: str) -> Permit:
    station = Station.objects.get(code=code)
    return Permit.objects.create(
        station=station, operation="X", serial=serial, verdict="DENY", reasons=[reason], decided_at=timezone.now()
    )


def person(username: str) -> Person:
    return Person.objects.get(username=username)
