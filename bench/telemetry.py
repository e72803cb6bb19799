"""Storing telemetry batches in PostgreSQL: `python -m bench.telemetry`. Starts a server of its own.

Floor: the same rows by COPY alone, encoded the same way, into a table without anything around it.
"""

import os
import tempfile
import time
from pathlib import Path

import django
import numpy as np

from mes.embedded import EmbeddedPostgres

VALUES = 200_000


def run(folder: Path) -> None:
    with EmbeddedPostgres(folder / "postgres") as postgres:
        os.environ |= {
            "DENCHI_DATABASE_URL": postgres.url,
            "DENCHI_VAR": str(folder),
            "DJANGO_SETTINGS_MODULE": "mes.settings",
            "DENCHI_LOG_LEVEL": "WARNING",
        }
        django.setup()
        measure()


def measure() -> None:
    # Django's own parts can be imported only after setup.
    from django.core.management import call_command  # noqa: PLC0415 - see above
    from django.db import connection  # noqa: PLC0415 - see above

    from lines.plant.models import Signal, SignalKind  # noqa: PLC0415 - see above
    from lines.telemetry import batches, services  # noqa: PLC0415 - see above

    for command in (["migrate", "-v0"], ["load_plant"], ["ensure_partitions"]):
        call_command(*command)
    signals = list(Signal.objects.filter(kind=SignalKind.MEASUREMENT).values_list("id", flat=True))
    now_us = int(time.time() * 1e6)

    def batch(first: int, size: int) -> batches.Batch:
        """Each size has its own hours: a value told again would be dropped as a repeat."""
        places = np.arange(first, first + size) + VALUES * size
        return batches.Batch(
            now_us,
            np.array(signals, np.int32)[places % len(signals)],
            now_us - 20 * 86_400_000_000 + places * 1_000,
            np.sin(places / 100),
            np.zeros(size, np.uint32),
        )

    def floor(size: int) -> float:
        with connection.cursor() as cursor:
            cursor.execute("create table floor (like lines_sample)")
            started = time.perf_counter()
            for first in range(0, VALUES, size):
                with cursor.copy("copy floor from stdin (format binary)") as copy:
                    copy.write(batches.copy_rows(batch(first, size)))
            elapsed = time.perf_counter() - started
            cursor.execute("drop table floor")
        return elapsed

    print("| values a batch | stored, values/s | COPY alone, values/s | share of the floor |")
    print("|---|---|---|---|")
    for size in (100, 1_000, 5_000):
        contents = [batches.encode(batch(first, size)) for first in range(0, VALUES, size)]
        started = time.perf_counter()
        for sequence, content in enumerate(contents):
            services.store(f"bench-{size}", sequence, content)
        elapsed = time.perf_counter() - started
        least = floor(size)
        print(f"| {size:,} | {VALUES / elapsed:,.0f} | {VALUES / least:,.0f} | {least / elapsed:.0%} |")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="denchi-bench-") as name:
        Path(name).chmod(0o755)
        run(Path(name))
