"""From a machine to the screen: `python -m bench.live`. Starts servers of its own; every part is the product's.

An asyncua server gives each of 160 sensors a value once a second, each at a time of its own. Gateway, spool, broker,
worker, database, event stream: the ages of the values when a screen has them, by their source time.
"""

import asyncio
import json
import os
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import django
import httpx
import numpy as np

from mes.embedded import EmbeddedPostgres, EmbeddedValkey, free_port
from mes.processes import Command, Supervisor

ROOT = Path(__file__).resolve().parent.parent
SENSORS = 8
STREAMS = (1, 50)
START_S = 90.0
SETTLE_S = 10.0
MEASURED_S = 20.0
GOAL_MS = 500


def serve(port: int, paths: list[str]) -> None:
    """The machines, in a process of their own."""
    from lines.simulator.asyncua_server import AsyncuaServer  # noqa: PLC0415 - not in the measuring process
    from lines.simulator.nodes import NodeSpec  # noqa: PLC0415 - see above

    async def run() -> None:
        server = AsyncuaServer("BENCH", port, [NodeSpec(path, "Double") for path in paths])
        await server.start()
        start = time.time()
        due = sorted((start + random.random(), path) for path in paths)
        for beat in range(10**9):
            for at, path in due:
                await asyncio.sleep(max(0.0, at + beat - time.time()))
                await server.write(path, round(60 + random.gauss(0, 1), 3), time.time())

    asyncio.run(run())


@contextmanager
def _valkey(folder: Path) -> Iterator[str]:
    """Its address while it runs."""
    valkey = EmbeddedValkey(folder)
    try:
        yield valkey.start()
    finally:
        valkey.stop()


def run(folder: Path) -> None:
    settings = {"DENCHI_VAR": str(folder), "DJANGO_SETTINGS_MODULE": "mes.settings", "DENCHI_LOG_LEVEL": "WARNING"}
    settings |= {"DENCHI_SECRET_KEY": "only-for-this-run", "PYTHONPATH": str(ROOT), "CELERY_SKIP_CHECKS": "1"}
    with EmbeddedPostgres(folder / "postgres") as postgres, _valkey(folder / "valkey") as redis_url:
        settings |= {"DENCHI_DATABASE_URL": postgres.url, "DENCHI_REDIS_URL": redis_url}
        os.environ |= settings
        django.setup()
        machines, web = free_port(), free_port()
        cookie = _prepare(folder, f"opc.tcp://127.0.0.1:{machines}")
        supervisor = Supervisor(folder / "logs", folder / "pids.json", print)
        celery = ["-m", "celery", "-A", "mes.celery", "worker", "-Q", "telemetry,records", "-c", "2", "-l", "WARNING"]
        words = {
            "machines": ["-m", "bench.live", str(machines), str(folder / "paths.json")],
            "worker": [*celery, "--without-gossip", "--without-mingle"],
            "web": ["-m", "uvicorn", "mes.asgi:application", "--port", str(web), "--log-level", "warning"],
            "gateway": ["manage.py", "run_gateway", "--line", "BENCH"],
        }
        try:
            for name, each in words.items():
                supervisor.start(Command(name, [sys.executable, *each], settings))
            sessions = {supervisor.pid_of(name): name for name in words}
            print("| screens | values | p50 ms | p95 ms | p99 ms | most ms | goal p95 ms |")
            print("|---|---|---|---|---|---|---|")
            shares: list[dict[str, float]] = []
            for streams in STREAMS:
                spent, started = _cpu_s(sessions), time.monotonic()
                ages = asyncio.run(_follow(f"http://127.0.0.1:{web}", cookie, streams))
                elapsed = time.monotonic() - started
                shares.append({name: (s - spent[name]) / elapsed for name, s in _cpu_s(sessions).items()})
                if not len(ages):
                    raise SystemExit("\n".join(supervisor.tail_of(name, 20) for name in words))
                figures = " | ".join(f"{each:.0f}" for each in [*np.percentile(ages, (50, 95, 99)), ages.max()])
                print(f"| {streams} | {len(ages):,} | {figures} | {GOAL_MS} |")
            print("\nShare of one core, from start to end of each row:\n")
            print(f"| screens | {' | '.join(shares[0])} |\n|---{'|---' * len(shares[0])}|")
            for streams, share in zip(STREAMS, shares, strict=True):
                print(f"| {streams} | {' | '.join(f'{each:.0%}' for each in share.values())} |")
        finally:
            supervisor.stop_all()


def _prepare(folder: Path, url: str) -> dict[str, str]:
    """The plant's rows and a person's session; returns its cookie."""
    # Django's own parts can be imported only after setup.
    from bench import ingest_plant  # noqa: PLC0415 - see above
    from bench.sessions import signed_in  # noqa: PLC0415 - see above
    from lines.models import Person  # noqa: PLC0415 - see above

    ingest_plant.SENSORS = SENSORS
    (folder / "paths.json").write_text(json.dumps(ingest_plant.seed()))
    ingest_plant.serve_from(url)
    return signed_in(Person.objects.get(username="auditor"))


async def _follow(url: str, cookie: dict[str, str], streams: int) -> np.ndarray:
    """Milliseconds from source time to receipt of every value on every stream: one of all stations, the others of one
    station each, as an overview and station pages are."""
    ages: list[float] = []
    begin = float("inf")
    began = asyncio.Event()
    limits = httpx.Limits(max_connections=streams + 1)
    async with httpx.AsyncClient(base_url=url, cookies=cookie, limits=limits, timeout=START_S) as client:

        async def screen(number: int) -> None:
            station = {"station": f"BENCH-{number % 20:02}"} if number else {}
            async with client.stream("GET", "/events/", params={"kinds": "VALUES", **station}) as response:
                async for line in response.aiter_lines():
                    now = time.time()
                    if not line.startswith("data: "):
                        continue
                    began.set()
                    if time.monotonic() > begin:
                        for at, _, _ in json.loads(line[6:])["values"].values():
                            ages.append(1000 * (now - datetime.fromisoformat(at).timestamp()))

        await asyncio.wait_for(_answers(client), START_S)
        screens = [asyncio.create_task(screen(number)) for number in range(streams)]
        await asyncio.wait_for(began.wait(), START_S)
        begin = time.monotonic() + SETTLE_S
        await asyncio.sleep(SETTLE_S + MEASURED_S)
        for task in screens:
            task.cancel()
        for outcome in await asyncio.gather(*screens, return_exceptions=True):
            if isinstance(outcome, Exception):
                raise outcome
    return np.array(ages)


def _cpu_s(sessions: dict[int, str]) -> dict[str, float]:
    """CPU seconds so far of each child, by the session it leads, with all it started; and of this process."""
    spent = {**dict.fromkeys(sessions.values(), 0.0), "screens": time.process_time()}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it ended meanwhile
        if (name := sessions.get(int(fields[3]))) is not None:
            spent[name] += (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return spent


async def _answers(client: httpx.AsyncClient) -> None:
    while True:
        try:
            await client.get("/healthz")
            return
        except httpx.TransportError:
            await asyncio.sleep(0.2)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        serve(int(sys.argv[1]), json.loads(Path(sys.argv[2]).read_text()))
        raise SystemExit
    with tempfile.TemporaryDirectory(prefix="denchi-bench-") as name:
        Path(name).chmod(0o755)
        run(Path(name))
