"""A database that is away, and how long it takes until everything of that time is stored.

`python -m tests.faults.drain [SECONDS]`: 20 stations give ten values a second each while PostgreSQL is dead for so long
(600), then until it has all they gave by its return. Prints one line of JSON.
"""

import json
import sys
import tempfile
import time
from pathlib import Path

from tests.faults.kit.plant import FaultPlant, ServerPlan

PLANS = {"north": ServerPlan("asyncua", 10, False), "south": ServerPlan("asyncua", 10, False)}
BEFORE_S = 5.0
PATIENCE_S = 600.0


def measure(plant: FaultPlant, outage_s: float) -> dict[str, float]:
    """Seconds from PostgreSQL's return until it has everything given before, and what is missing or double then."""
    plant.wait_flowing()
    began_us = time.time_ns() // 1000
    time.sleep(BEFORE_S)
    plant.postgres.kill()
    time.sleep(outage_s)
    plant.postgres.start()
    back_at = time.monotonic()
    given = plant.given(began_us, time.time_ns() // 1000)
    # Counted by the database alone meanwhile: to compare each value takes as much of a core as a worker.
    times = given["source_time_us"]
    query = "select count(*) from lines_sample where signal_id = any(%s)"
    query += " and source_time between to_timestamp(%s / 1e6) and to_timestamp(%s / 1e6)"
    while time.monotonic() - back_at < PATIENCE_S:
        stored = plant.ask(query, plant.signal_ids, int(times.min()), int(times.max()))[0][0]
        print(f"{time.monotonic() - back_at:.0f} s: {stored} of {len(given)}", file=sys.stderr)
        if stored >= len(given):
            break
        time.sleep(1.0)
    drained_s = time.monotonic() - back_at
    last = plant.count(given)
    return {
        "outage_s": outage_s,
        "values": last.given,
        "drained_s": round(drained_s, 1),
        "missing": last.missing,
        "doubled": last.doubled,
    }


def main(outage_s: float) -> None:
    with tempfile.TemporaryDirectory(prefix="denchi-drain-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        plant = FaultPlant(folder, PLANS)
        try:
            plant.start()
            print(json.dumps(measure(plant, outage_s)), flush=True)
        finally:
            plant.stop()


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 600.0)
