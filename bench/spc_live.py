"""Charts fed live: `python -m bench.spc_live [--seconds 20] [--charts 2000] [--rate 1000]`. Starts servers of its own.

Records with ten values each are committed at a steady rate; one worker (Celery, one process, with the beat) judges
them on individuals charts with rules 1 and 2. The lag of a point is from the commit of its record to the commit of the
point, as PostgreSQL stamped both; that of a signal from the commit of its record to its arrival on a screen's stream.
"""

import argparse
import asyncio
import json
import os
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import django
import httpx
import numpy as np

from bench.live import _answers, _cpu_s, _valkey
from mes.embedded import EmbeddedPostgres, free_port
from mes.processes import Command, Supervisor

ROOT = Path(__file__).resolve().parent.parent
SETTLE_S = 5.0
START_S = 120.0
GOAL_MS = 1000


async def screen(url: str, cookie: dict[str, str], seen: dict[int, float], is_over: Callable[[], bool]) -> None:
    """When each signal came, by its id."""
    async with httpx.AsyncClient(base_url=url, cookies=cookie, timeout=START_S) as client:
        await asyncio.wait_for(_answers(client), START_S)
        async with client.stream("GET", "/events/", params={"kinds": "SIGNAL"}) as response:
            async for line in response.aiter_lines():
                if line.startswith("data: "):
                    seen[json.loads(line[6:])["signal"]] = time.time()
                if is_over():
                    return


def run(folder: Path, charts: int, rate: float, seconds: float) -> None:
    settings = {"DENCHI_VAR": str(folder), "DJANGO_SETTINGS_MODULE": "mes.settings", "DENCHI_LOG_LEVEL": "WARNING"}
    settings |= {"DENCHI_SECRET_KEY": "only-for-this-run", "PYTHONPATH": str(ROOT), "CELERY_SKIP_CHECKS": "1"}
    with (
        EmbeddedPostgres(folder / "postgres", {"track_commit_timestamp": "on"}) as postgres,
        _valkey(folder / "valkey") as redis_url,
    ):
        settings |= {"DENCHI_DATABASE_URL": postgres.url, "DENCHI_REDIS_URL": redis_url}
        os.environ |= settings
        django.setup()
        from bench import spc_live_plant as plant  # noqa: PLC0415 - needs Django's setup

        cookie = plant.seed(charts)
        web = free_port()
        supervisor = Supervisor(folder / "logs", folder / "pids.json", print)
        celery = ["-m", "celery", "-A", "mes.celery", "worker", "-B", "-Q", "telemetry,records", "-c", "1"]
        quiet = ["-l", "WARNING", "--without-gossip", "--without-mingle"]
        words = {
            "worker": [*celery, "-s", str(folder / "beat"), *quiet],
            "web": ["-m", "uvicorn", "mes.asgi:application", "--port", str(web), "--log-level", "warning"],
        }
        feed, seen = plant.Feed(charts, rate), dict[int, float]()
        try:
            for name, each in words.items():
                supervisor.start(Command(name, [sys.executable, *each], settings))
            sessions = {supervisor.pid_of(name): name for name in words}
            url = f"http://127.0.0.1:{web}"
            watcher = threading.Thread(
                target=lambda: asyncio.run(screen(url, cookie, seen, feed.is_over.is_set)), daemon=True
            )
            watcher.start()
            feed.start()
            plant.wait_for_the_worker(START_S)
            time.sleep(SETTLE_S)
            begin, spent, fed = datetime.now(UTC), _cpu_s(sessions), feed.fed
            started = time.monotonic()
            time.sleep(seconds)
            elapsed, cpu, fed = time.monotonic() - started, _cpu_s(sessions), feed.fed - fed
            until = datetime.now(UTC)
            feed.is_over.set()
            time.sleep(3)
            lags = plant.lags_ms(begin, until)
            on_screen = np.array([1000 * (seen[pk] - at) for pk, at in plant.signals(begin).items() if pk in seen])
            if not lags.size:
                raise SystemExit("\n".join(supervisor.tail_of(name, 20) for name in words))
        finally:
            feed.is_over.set()
            supervisor.stop_all()
    share = (cpu["worker"] - spent["worker"]) / elapsed
    print(f"{charts:,} charts, {fed / elapsed:,.0f} points/s for {elapsed:.0f} s; one worker.\n")
    tell(fed, share, elapsed, lags, on_screen)


def tell(fed: int, share: float, elapsed: float, lags: np.ndarray[Any, Any], on_screen: np.ndarray[Any, Any]) -> None:
    print("| lag | n | p50 ms | p95 ms | p99 ms | most ms | goal p95 ms |")
    print("|---|---|---|---|---|---|---|")
    for name, some in (("result stored -> point stored", lags), ("result stored -> signal on screen", on_screen)):
        if some.size:
            figures = " | ".join(f"{each:.0f}" for each in [*np.percentile(some, (50, 95, 99)), some.max()])
            print(f"| {name} | {some.size:,} | {figures} | {GOAL_MS} |")
    print(
        f"\nThe worker with its beat and all its tasks took {share:.0%} of one core,"
        f" {1e6 * share * elapsed / fed:.0f} us of CPU a point;"
        f" {lags.size:,} of {fed:,} points were judged 3 s after the last one."
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--charts", type=int, default=2000)
    parser.add_argument("--rate", type=float, default=1000.0, help="points a second")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="denchi-bench-") as name:
        Path(name).chmod(0o755)
        run(Path(name), asked.charts, asked.rate, asked.seconds)


if __name__ == "__main__":
    main()
