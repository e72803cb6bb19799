"""After ten minutes without a database: everything of that time is stored within a minute of its return."""

import time
from pathlib import Path

import pytest

from lines.models import Sample, TelemetryBatch
from lines.opcua.spool import Spool
from lines.telemetry import batches
from tests.lines.rows import make_line, make_server, make_station
from tests.processes import Processes, processes, wait_for

__all__ = ["processes"]

OUTAGE_S = 600
STATIONS, SIGNALS = 20, 10  # each signal once a second


def batch_lengths() -> list[float]:
    """Seconds that the collector puts into each batch of such a time (collector.BEHIND_FLUSH_S)."""
    lengths = [0.25] * 32 + [1.0] * 96
    return lengths + [2.0] * round((OUTAGE_S - sum(lengths)) / 2)


def fill(folder: Path, signal_ids: list[int]) -> int:
    """What a gateway has in its spool then. Returns how many values."""
    spool = Spool(folder, "L1")
    began_us = time.time_ns() // 1000 - OUTAGE_S * 1_000_000
    at_us, count = began_us, 0
    for sequence, seconds in enumerate(batch_lengths(), 1):
        rows = range(count, count + round(seconds * len(signal_ids)))
        ids = [signal_ids[row % len(signal_ids)] for row in rows]
        times = [began_us + row * 1_000_000 // len(signal_ids) for row in rows]
        at_us += round(seconds * 1e6)
        notes = ({"kind": "heartbeat", "backlog": sequence, "spool_bytes": 0, "spool_share": 0.0, "servers": {}},)
        values = [float(row % 97) for row in rows]
        spool.write(sequence, batches.encode(batches.make(at_us, ids, times, values, [0] * len(rows), notes=notes)))
        count += len(rows)
    spool.flush()
    return count


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_ten_minutes_at_200_values_a_second_are_stored_within_one(processes: Processes) -> None:
    server = make_server(make_line(), "PACK")  # nobody is there: the machines are another test's business
    rows = [make_station(server, f"EOL-{n}", SIGNALS) for n in range(STATIONS)]
    ids = [row.signals[f"Value{n}"].id for row in rows for n in range(SIGNALS)]
    count = fill(processes.var / "spool" / "L1", ids)
    assert count == OUTAGE_S * len(ids)
    processes.start_worker()
    wait_for("the worker", lambda: "ready." in processes.log("worker"), 60)
    processes.start_gateway()
    wait_for("the first batch", TelemetryBatch.objects.exists, 60)
    began = time.monotonic()
    wait_for("all values", lambda: Sample.objects.count() == count, 60)
    print(f"{count} values in {time.monotonic() - began:.1f} s")
