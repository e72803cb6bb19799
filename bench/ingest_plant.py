"""What bench.ingest needs of the database: a line of its own, counts, COPY alone, and the bytes of a sample."""

import time
from datetime import timedelta

import numpy as np
from django.core.management import call_command
from django.db import connection
from django.test.utils import override_settings
from django.utils import timezone

from lines.plant.models import Area, OpcUaServer, ProductionLine, Signal, SignalKind, Site, Station
from lines.telemetry import batches, sealing, services
from lines.telemetry.models import TelemetryBatch

LINE = "BENCH"
STATIONS, SENSORS = 20, 50
COLD_HOURS = 1
# A sensor's value a second later, as lines.simulator.telemetry has it.
_PHI = 0.995


def seed() -> list[str]:
    """The Osaka plant, and beside it a line whose paths are returned, in order of their signals' ids."""
    for command in (["migrate", "-v0"], ["load_plant"], ["ensure_partitions"]):
        call_command(*command)
    names = {"name_en": "Bench", "name_ja": "ベンチ"}
    site = Site.objects.create(code=LINE, **names)
    area = Area.objects.create(site=site, code=LINE, sequence=1, **names)
    line = ProductionLine.objects.create(site=site, code=LINE, **names)
    server = OpcUaServer.objects.create(
        code=LINE, production_line=line, endpoint_url="opc.tcp://127.0.0.1:1", is_demo=True
    )
    paths = []
    for number in range(STATIONS):
        station = Station.objects.create(
            **{"code": f"BENCH-{number:02}", "kind": "PACK_TEST", "area": area, "production_line": line, **names},
            **{"sequence": 1000 + number, "interface": "HTTP", "opcua_server": server},
        )
        for sensor in range(SENSORS):
            signal = Signal.objects.create(
                station=station,
                code=f"Sensor{sensor:02}",
                kind=SignalKind.MEASUREMENT,
                decimals=1 + sensor % 3,
                **names,
            )
            paths.append(f"{station.code}/Telemetry/{signal.code}")
    return paths


def serve_from(url: str) -> None:
    OpcUaServer.objects.filter(code=LINE).update(endpoint_url=url)


def forget() -> None:
    """All samples and what was said of them."""
    with connection.cursor() as cursor:
        cursor.execute("truncate lines_sample, lines_telemetrybatch, lines_signallatest")
        cursor.execute("vacuum (analyze) lines_sample")
        cursor.execute("checkpoint")


def committed() -> int:
    with connection.cursor() as cursor:
        cursor.execute("select coalesce(sum(rows), 0) from lines_telemetrybatch")
        return int(cursor.fetchone()[0])


def stored() -> tuple[int, int, float]:
    """Samples, different ones of them by signal and source time, and the sum of their values."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select count(*), count(distinct (signal_id, source_time)), coalesce(sum(value), 0) from lines_sample"
        )
        count, different, total = cursor.fetchone()
    return int(count), int(different), float(total)


def hot_bytes() -> int:
    """Tables and indexes of the samples."""
    with connection.cursor() as cursor:
        cursor.execute("select sum(pg_total_relation_size(relid)) from pg_partition_tree('lines_sample')")
        return int(cursor.fetchone()[0])


def copy_alone(rows: int, size: int) -> float:
    """Seconds for as many rows by COPY into a table like that of the samples, `size` at a time, without an index."""
    now_us = time.time_ns() // 1000

    def batch(first: int) -> bytes:
        places = np.arange(first, first + size)
        values = np.sin(places / 100)
        return batches.copy_rows(
            batches.Batch(now_us, (places % 1000).astype(np.int32), now_us - places, values, np.zeros(size, np.uint32))
        )

    contents = [batch(first) for first in range(0, rows, size)]
    with connection.cursor() as cursor:
        cursor.execute("create table floor (like lines_sample)")
        started = time.perf_counter()
        for content in contents:
            with cursor.copy("copy floor from stdin (format binary)") as copy:
                copy.write(content)
        elapsed = time.perf_counter() - started
        cursor.execute("drop table floor")
    return elapsed


def cold_bytes() -> tuple[int, float, float]:
    """Samples, and bytes of each hot and cold: the demo plant's sensors at their resolution, one value a second each.

    Stored by the worker's own code as the gateway would send them, then sealed.
    """
    forget()
    signals = list(
        Signal.objects.filter(kind=SignalKind.MEASUREMENT)
        .exclude(station__production_line__code=LINE)
        .order_by("id")
        .values_list("id", "low", "high", "decimals")
    )
    ids = np.array([row[0] for row in signals], np.int32)
    low = np.array([row[1] or 0.0 for row in signals])
    high = np.array([row[2] if row[2] is not None else (row[1] or 0.0) + 1.0 for row in signals])
    day = timezone.now().replace(hour=3, minute=0, second=0, microsecond=0) - timedelta(days=10)
    with connection.cursor() as cursor:
        cursor.execute("select denchi_ensure_partitions('lines_sample', %s, 1)", [day.date()])
    begin_us = int(day.timestamp() * 1e6)
    rng = np.random.default_rng(2)
    wander = rng.normal(0, 1, len(ids))
    phase_us = rng.integers(0, 1_000_000, len(ids))
    at_once_s = 4  # the gateway sends four batches a second; fewer and larger ones are stored the same
    for sequence, second in enumerate(range(0, COLD_HOURS * 3600, at_once_s)):
        values, times = [], []
        for late in range(at_once_s):
            wander = _PHI * wander + rng.normal(0, (1 - _PHI * _PHI) ** 0.5, len(ids))
            value = (low + high) / 2 + wander * (high - low) / 8
            values.append([round(float(each), row[3]) for each, row in zip(value, signals, strict=True)])
            # A machine's loop comes a little late, never early.
            jitter_us = rng.integers(0, 20_000, len(ids))
            times.append(begin_us + (second + late) * 1_000_000 + phase_us + jitter_us)
        batch = batches.Batch(
            begin_us + (second + at_once_s + 1) * 1_000_000,
            np.tile(ids, at_once_s),
            np.concatenate(times),
            np.concatenate([np.array(each) for each in values]),
            np.zeros(len(ids) * at_once_s, np.uint32),
        )
        services.store("bench-cold", sequence, batches.encode(batch))
    with connection.cursor() as cursor:
        cursor.execute("vacuum (analyze) lines_sample")
    rows = stored()[0]
    hot = hot_bytes() / rows
    with override_settings(DENCHI_HOT_DAYS=7):
        parts = sealing.seal()
    if sum(part.rows for part in parts) != rows or TelemetryBatch.objects.count() == 0:
        raise SystemExit(f"{rows} samples were stored and {sum(part.rows for part in parts)} sealed")
    return rows, hot, sum(part.size_bytes for part in parts) / rows
