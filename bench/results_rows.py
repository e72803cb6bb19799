"""The rows and posts of bench.results: a million cells that wait for their can, and trays that wait for formation."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.core.management import call_command
from django.db import connection, transaction
from django.utils import timezone

from lines.models import OperationRecord, RouteStep, Station, StationPost, WorkOrder
from lines.orders.serials import Serial, make_serial
from lines.people.services import issue_station_token
from lines.records.copying import copy_rows
from quality.plans.queries import judging_plan
from traceability.models import Lot

CHUNK = 100_000
PRODUCT, DESIGN, DEFINITION = "LFP-314", "CLF", "LFP-CELL"


@dataclass(frozen=True)
class SingleCells:
    """Cells that wait for one operation, posted one by one."""

    station: str
    token: str
    operation: str
    serials: Sequence[str]
    measurements: list[dict[str, Any]]
    consumed: list[dict[str, Any]]
    times: dict[str, str]

    def share(self, number: int) -> Sequence[str]:
        """A fourth of the cells."""
        size = len(self.serials) // 4
        return self.serials[number * size : (number + 1) * size]

    def permits(self, serials: Iterable[str]) -> Iterator[tuple[str, str]]:
        for serial in serials:
            yield "none", json.dumps({"serial": serial, "operation": self.operation})

    def results(self, serials: Iterable[str]) -> Iterator[tuple[str, str]]:
        for serial in serials:
            body = {
                **{"serial": serial, "operation": self.operation, "outcome": "PASS", **self.times},
                **{"measurements": self.measurements, "consumed": self.consumed},
            }
            yield f"key-{serial}", json.dumps(body)


@dataclass(frozen=True)
class TrayCells:
    """Cells that wait for formation, a tray at a time."""

    station: str
    token: str
    operation: str
    trays: Sequence[Sequence[str]]
    measurements: list[dict[str, Any]]
    times: dict[str, str]

    def permits(self, serials: Sequence[str]) -> dict[str, Any]:
        return {"serials": list(serials), "operation": self.operation}

    def result(self, serials: Sequence[str], number: int) -> dict[str, Any]:
        items = [
            {"serial": serial, "slot": slot, "outcome": "PASS", "measurements": self.measurements}
            for slot, serial in enumerate(serials, 1)
        ]
        return {"tray": f"B-{number:04d}", "operation": self.operation, **self.times, "items": items}


def seed(units: int, posted: int, trays: int, tray_of: int) -> tuple[SingleCells, TrayCells]:
    """A plant with `units` cells before CAN, of which four times `posted` are handed out, and `trays` before FORM."""
    for command in (["migrate", "-v0"], ["load_plant"], ["ensure_partitions"]):
        call_command(*command)
    now = timezone.now()
    steps = list(
        RouteStep.objects.filter(definition__code=DEFINITION, route__product__code=PRODUCT)
        .select_related("operation", "definition")
        .order_by("-route__version", "sequence")
    )
    steps = [step for step in steps if step.route_id == steps[0].route_id]
    serials = list(_serials(units + trays * tray_of))
    in_trays, single = serials[: trays * tray_of], serials[trays * tray_of :]
    with transaction.atomic():
        _write(single, steps, "CAN", now)
        _write(in_trays, steps, "FORM", now)
    with connection.cursor() as cursor:
        cursor.execute("vacuum analyze")
    can, form = (next(s for s in steps if s.operation.code == code) for code in ("CAN", "FORM"))
    times = {"started_at": now.isoformat(), "finished_at": now.isoformat()}
    stations = [Station.objects.filter(operations=step.operation).order_by("sequence")[0] for step in (can, form)]
    return (
        SingleCells(
            station=stations[0].code,
            token=issue_station_token(stations[0]),
            operation="CAN",
            serials=single[: 4 * posted],
            measurements=_measurements("CAN", now, 5),
            consumed=_consumed(can, now),
            times=times,
        ),
        TrayCells(
            station=stations[1].code,
            token=issue_station_token(stations[1]),
            operation="FORM",
            trays=[in_trays[n * tray_of : (n + 1) * tray_of] for n in range(trays)],
            measurements=_measurements("FORM", now, 5),
            times=times,
        ),
    )


def _serials(n: int) -> Iterator[str]:
    first = date(2026, 1, 1)
    for number in range(n):
        made_on = first + timedelta(days=number // 900_000)
        yield make_serial(Serial("SK", "1", DESIGN, made_on, number % 900_000))


def _write(serials: Sequence[str], steps: Sequence[RouteStep], until: str, now: datetime) -> None:
    """Cells that passed every step before `until`, with 2 measurements of each, long enough ago for every wait."""
    ahead = next(step for step in steps if step.operation.code == until)
    done = [step for step in steps if step.sequence < ahead.sequence]
    ended = {step.sequence: now for step in done}
    at = now
    for step in reversed([*done, ahead]):
        ended[step.sequence] = at
        wait = timedelta(seconds=(step.min_wait_s or 0) * 1.02 + 60)
        at -= wait
    order = WorkOrder.objects.filter(product__code=PRODUCT).order_by("-released_at").first()
    station = Station.objects.filter(operations__code=done[0].operation.code).order_by("sequence")[0]
    post = StationPost.objects.create(
        **{"station": station, "key": f"seed-{until}", "body_sha256": "0" * 64, "received_at": now},
        **{"status_code": 201, "answer": {}},
    )
    unit_columns = (
        *("serial", "definition_id", "product_id", "state", "route_id", "next_step_id", "work_order_id", "grade"),
        *("created_at", "updated_at"),
    )
    record_columns = (
        *("post_id", "station_id", "operation", "serial", "product", "attempt", "started_at", "source_time"),
        *("received_at", "machine_outcome", "verdict", "is_conforming", "deviation_codes", "reason_codes", "recipe"),
        *("operator", "tray", "channel", "grade", "is_offline", "entered_by", "content_sha256"),
    )
    for first in range(0, len(serials), CHUNK):
        chunk = serials[first : first + CHUNK]
        copy_rows("traceability_unit", unit_columns, (
            (s, ahead.definition_id, ahead.definition.product_id, "IN_PROCESS", ahead.route_id, ahead.pk,
             order.pk if order else None, "", now, now)
            for s in chunk
        ))  # fmt: skip
        for step in done:
            time = ended[step.sequence]
            copy_rows("lines_operationrecord", record_columns, (
                (post.pk, station.pk, step.operation.code, s, PRODUCT, 1, time, time, now, "PASS", "PASS", True, [], [],
                 "", "", "", "", "", False, "", "0" * 64)
                for s in chunk
            ))  # fmt: skip
    _write_measurements(post, now)


def _write_measurements(post: StationPost, now: datetime) -> None:
    first = OperationRecord.objects.filter(post=post).order_by("pk").values_list("pk", flat=True)[0]
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into lines_measurement (received_at, record_id, sequence, characteristic, value, unit, position,"
            " source_time, judgement, is_derived)"
            " select %s, r.id, n, 'WEL-0' || (n + 1), 1.0, '-', '', r.source_time, 1, false"
            " from lines_operationrecord r, generate_series(0, 1) n where r.post_id = %s and r.id >= %s",
            [now, post.pk, first],
        )


def _measurements(operation: str, now: datetime, n: int) -> list[dict[str, Any]]:
    """`n` values at target: every measured characteristic of the operation, then again at other positions."""
    plan = judging_plan(PRODUCT, operation, set(), now)
    measured = [
        {"code": code, "value": plan.limits[code].target, "unit": plan.units[code]} for code in sorted(plan.required)
    ]
    return [{**measured[k % len(measured)], "position": f"P{k // len(measured)}"} for k in range(n)]


def _consumed(step: RouteStep, now: datetime) -> list[dict[str, Any]]:
    found = []
    for item in step.bill.select_related("material"):
        Lot.objects.create(
            **{"supplier": "Bench", "number": item.material.code, "material": item.material, "state": "RELEASED"},
            **{"material_code": item.material.code, "created_at": now, "expires_at": datetime(2099, 1, 1, tzinfo=UTC)},
        )
        found.append(
            {"material": item.material.code, "supplier": "Bench", "lot": item.material.code}
            | {"quantity": item.quantity, "unit": item.material.uom}
        )
    return found
