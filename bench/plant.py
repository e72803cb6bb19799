"""How much plant one machine sustains: `python -m bench.plant [--rates 2.5 5 10 20 40]`. Starts servers of its own.

The simulated plant runs at 600 times its own pace, so that its sensors, which then give a value in ten simulated
minutes, give one a second as live ones do. Cells are started so often that they would be so many GWh in a year: 350
days, 95 % good, 1.0048 kWh each. Routes take a twentieth of their time, trays and packs hold 8 cells, so there are more
posts for a cell than in a real plant. Machines, gateway, worker, beat, web, PostgreSQL, Valkey and ten screens share
the machine. The web server's log tells how long the answer to each post of a station took, from the thread that took it
to its last byte. The plant is raised until a goal breaks; what broke is named.
"""

import argparse
import asyncio
import re
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import psycopg
from numpy.typing import NDArray

from bench.live import _cpu_s
from mes.demo.options import Options
from mes.demo.plant import RunningPlant
from mes.embedded import EmbeddedPostgres, free_port
from tests.plants import small_plant

SPEED = 600.0
DAYS_BACK = 14.0
RATES_GWH = (2.5, 5.0, 10.0, 20.0, 40.0)
KWH_A_CELL, GOOD, DAYS_A_YEAR = 1.0048, 0.95, 350
PROCESSES = ("simulator", "gateway", "worker", "beat", "web", "events", "reports")
SCREENS = 10
# Posts come every half second: less would be so few that the slowest hundredth is one of them.
WARM_UP_S, SETTLE_S, MEASURED_S = 600.0, 30.0, 300.0
# What the product promises. The first that a rate breaks is what broke.
GOALS = {
    "cells made of those asked for, %": 95.0,
    "telemetry received -> stored, p95 ms": 500.0,
    "event stored -> on screen, p95 ms": 500.0,
    "result stored -> point stored, p95 ms": 1000.0,
    "permit, p99 ms": 15.0,
    "result, p99 ms": 30.0,
    "records that wait for their chart at the end": 500.0,
}
_AT_LEAST = "cells made of those asked for, %"

_CELLS = """
select count(*) from traceability_unit u join lines_materialdefinition d on d.id = u.definition_id
where d.tracking = 'CELL'
"""
_BATCH_LAGS = """
select extract(epoch from pg_xact_commit_timestamp(xmin) - received_at) * 1000 from lines_telemetrybatch
where received_at > now() - make_interval(secs => %s)
"""
# From the last result of a subgroup: before it there is no point.
_POINT_LAGS = """
select extract(epoch from pg_xact_commit_timestamp(p.xmin) - pg_xact_commit_timestamp(last.xid)) * 1000
from quality_chartpoint p cross join lateral (
    select r.xmin as xid, r.received_at from lines_operationrecord r where r.id = any(p.records)
    order by r.received_at desc limit 1) last
where last.received_at > now() - make_interval(secs => %s)
"""
_VALUES = """
select coalesce(sum(rows), 0) from lines_telemetrybatch where received_at > now() - make_interval(secs => %s)
"""
_RECORDS = "select count(*) from lines_operationrecord where received_at > now() - make_interval(secs => %s)"
_WAITING = "select count(*) from lines_pending"
_PACKS = "select count(*) from lines_operationrecord where operation = 'EOL' and verdict = 'PASS'"
SLOWEST_TOLD = 6
_ANSWERED = re.compile(rb"^POST /api/v1/stations/([^/]+)/(permits|results) in ([0-9.]+) ms$", re.MULTILINE)
_EVENTS = """
select xid::text || '-' || id, extract(epoch from pg_xact_commit_timestamp(xmin)) from lines_event
where created_at > now() - make_interval(secs => %s)
"""


def cells_a_day(gwh_a_year: float) -> float:
    """Cells started in a day of a plant of that size."""
    return gwh_a_year * 1e6 / KWH_A_CELL / GOOD / DAYS_A_YEAR


class BenchPlant(RunningPlant):
    """Pages and API under WSGI, event streams alone under ASGI, workers behind both, as docker/ runs them."""

    worker_niceness = 6  # a quarter of the share, as `cpu_shares: 256`

    def _start_web(self) -> None:
        self.events_port = free_port()
        web = ["granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(self.options.port)]
        # Posts are few and short: a second thread's connection is cold whenever its turn comes, a third of the time.
        web += ["--workers", "1", "--blocking-threads", "1", "--log-level", "warning"]
        web += ["--access-log", "--access-log-fmt", "%(method)s %(path)s in %(dt_ms).2f ms", "mes.wsgi:application"]
        self.processes.start(self._python("web", "-m", *web))
        events = ["uvicorn", "mes.asgi:application", "--port", str(self.events_port), "--log-level", "warning"]
        self.processes.start(self._python("events", "-m", *events))
        deadline = time.monotonic() + 120
        while not self.answers():
            if time.monotonic() > deadline:
                raise SystemExit(self.processes.tail_of("web", 20))
            time.sleep(0.2)

    def go_on_with(self, cells_per_day: float) -> None:
        """The machines at another pace, on the same units."""
        self.processes.stop("simulator")
        self.endpoints.unlink(missing_ok=True)
        self.options = replace(self.options, cells_per_day=max(1, round(cells_per_day)))
        self._start_simulator()
        self._wait_for_simulator()
        self.set_endpoints()


@dataclass
class Seen:
    """What the screens saw while they were asked to look."""

    is_over: threading.Event = field(default_factory=threading.Event)
    events: list[tuple[str, float]] = field(default_factory=list)


async def _screen(url: str, cookies: httpx.Cookies, number: int, seen: Seen) -> None:
    """The first follows the whole line, as a wall does; the others a kind each."""
    kinds = {} if number == 0 else {"kinds": ("VALUES", "STATE", "RECORD", "CHART_POINT")[number % 4]}
    async with (
        httpx.AsyncClient(cookies=cookies, timeout=60) as client,
        client.stream("GET", f"{url}/events/", params=kinds) as response,
    ):
        response.raise_for_status()
        position = ""
        async for line in response.aiter_lines():
            if line.startswith("id: "):
                position = line[4:]
            elif line.startswith("data: "):
                seen.events.append((position, time.time()))
            if seen.is_over.is_set():
                return


def _cookies(plant: BenchPlant) -> httpx.Cookies:
    """Of the auditor, signed in by the page."""
    who = plant.people()["auditor"]
    with httpx.Client(base_url=plant.options.url, follow_redirects=True, timeout=60) as client:
        client.get("/login/")
        form = {"username": who["user"], "password": who["password"]}
        client.post("/login/", data=form | {"csrfmiddlewaretoken": client.cookies["csrftoken"]})
        return client.cookies


async def _look(plant: BenchPlant, seen: Seen) -> None:
    """Ten screens, until it is over."""
    events, cookies = f"http://127.0.0.1:{plant.events_port}", _cookies(plant)
    tasks = [asyncio.create_task(_screen(events, cookies, number, seen)) for number in range(SCREENS)]
    while not seen.is_over.is_set():
        await asyncio.sleep(0.2)
    for task in tasks:
        task.cancel()
    for outcome in await asyncio.gather(*tasks, return_exceptions=True):
        if isinstance(outcome, Exception):
            raise outcome


def _measure(plant: BenchPlant, connection: psycopg.Connection[Any], gwh: float) -> dict[str, float]:
    seen, told = Seen(), plant.processes.log_of("web")
    processes = {plant.processes.pid_of(name): name for name in PROCESSES}
    watcher = threading.Thread(target=lambda: asyncio.run(_look(plant, seen)), daemon=True)
    watcher.start()
    time.sleep(2)
    cells, spent, began, before = _count(connection, _CELLS), _cpu_s(processes), time.monotonic(), told.stat().st_size
    time.sleep(MEASURED_S)
    took = time.monotonic() - began
    cpu = {name: (s - spent[name]) / took for name, s in _cpu_s(processes).items()}
    made, waiting = _count(connection, _CELLS) - cells, _count(connection, _WAITING)
    answers_ms = _answers_ms(told, before)
    seen.is_over.set()
    watcher.join(10)
    stored = {str(at): float(time_s) for at, time_s in connection.execute(_EVENTS, [took]).fetchall()}
    on_screen = np.array([1000 * (at - stored[position]) for position, at in seen.events if position in stored])
    shown = ", ".join(f"{len(ms)} {kind} (median {_at(ms, 50):.1f} ms)" for kind, ms in answers_ms.items())
    _tell(
        f"{gwh:g} GWh: {_count(connection, _VALUES, took) / took:.0f} values/s,"
        f" {_count(connection, _RECORDS, took) / took:.1f} results/s, {len(seen.events) / took:.0f} events/s on"
        f" {SCREENS} screens, {shown}; of one core: "
        + ", ".join(f"{name} {share:.0%}" for name, share in cpu.items() if share > 0.005)
    )
    return {
        "cells made of those asked for, %": 100.0 * made / (cells_a_day(gwh) / 86_400 * took),
        "telemetry received -> stored, p95 ms": _at(_lags(connection, _BATCH_LAGS, took), 95),
        "event stored -> on screen, p95 ms": _at(on_screen, 95),
        "result stored -> point stored, p95 ms": _at(_lags(connection, _POINT_LAGS, took), 95),
        "permit, p99 ms": _at(answers_ms["permits"], 99),
        "result, p99 ms": _at(answers_ms["results"], 99),
        "records that wait for their chart at the end": float(waiting),
    }


def _answers_ms(log: Path, begin: int) -> dict[str, NDArray[np.float64]]:
    """How long the answer to each station took, from byte `begin` of the web server's log on; tells the slowest."""
    with log.open("rb") as lines:
        lines.seek(begin)
        found = [(float(ms), kind.decode(), of.decode()) for of, kind, ms in _ANSWERED.findall(lines.read())]
    answers_ms = {kind: np.array([ms for ms, of, _ in found if of == kind]) for kind in ("permits", "results")}
    for kind in answers_ms:
        slowest = sorted((each for each in found if each[1] == kind), reverse=True)[:SLOWEST_TOLD]
        _tell(f"slowest {kind}: " + ", ".join(f"{station} {ms:.1f} ms" for ms, _, station in slowest))
    return answers_ms


def _tell(text: str) -> None:
    print(text, file=sys.stderr)


def _count(connection: psycopg.Connection[Any], sql: str, *parameters: float) -> int:
    (count,) = connection.execute(sql, parameters or None).fetchone() or (0,)
    return int(count)


def _lags(connection: psycopg.Connection[Any], sql: str, seconds: float) -> NDArray[np.float64]:
    return np.array([float(row[0]) for row in connection.execute(sql, [seconds]).fetchall() if row[0] is not None])


def _at(values: NDArray[np.float64], percent: float) -> float:
    return float(np.percentile(values, percent)) if values.size else float("nan")


def broken(figures: dict[str, float]) -> list[str]:
    """The goals that the figures break; what could not be measured is broken."""
    kept: Callable[[str, float], bool] = lambda name, value: (  # noqa: E731 - one line for both directions
        value >= GOALS[name] if name == _AT_LEAST else value <= GOALS[name]
    )
    return [name for name, value in figures.items() if not kept(name, value)]


def run(folder: Path, rates: list[float]) -> Iterator[tuple[float, dict[str, float]]]:
    with EmbeddedPostgres(folder / "postgres", {"track_commit_timestamp": "on"}) as postgres:
        options = Options(
            folder / "var",
            free_port(),
            speed=SPEED,
            seed=5,
            database_url=postgres.url,
            redis_url="",
            plant=small_plant(folder),
            days_back=DAYS_BACK,
            cells_per_day=max(1, round(cells_a_day(rates[0]) / SPEED)),
        )
        options.var.mkdir()
        plant = BenchPlant(options, _tell)
        try:
            plant.start()
            with psycopg.connect(postgres.url, autocommit=True) as connection:
                _wait_for_a_pack(connection)
                for number, gwh in enumerate(rates):
                    if number:
                        plant.go_on_with(cells_a_day(gwh) / SPEED)
                    time.sleep(SETTLE_S)
                    yield gwh, _measure(plant, connection, gwh)
        finally:
            plant.stop()


def _wait_for_a_pack(connection: psycopg.Connection[Any]) -> None:
    """Until cells are at every step."""
    deadline = time.monotonic() + WARM_UP_S
    while time.monotonic() < deadline:
        if _count(connection, _PACKS):
            return
        time.sleep(1)
    _tell(f"No pack within {WARM_UP_S:.0f} s: the first steps alone are measured.")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rates", type=float, nargs="+", default=list(RATES_GWH), help="GWh a year, one after another")
    parser.add_argument("--all", action="store_true", help="go on when a goal breaks")
    asked = parser.parse_args()
    sustained = 0.0
    print(f"| GWh a year | {' | '.join(GOALS)} | broke |\n|---{'|---' * (len(GOALS) + 1)}|")
    print(f"| goal | {' | '.join(f'{goal:g}' for goal in GOALS.values())} | |")
    with tempfile.TemporaryDirectory(prefix="denchi-bench-") as name:
        Path(name).chmod(0o755)
        for gwh, figures in run(Path(name), asked.rates):
            failed = broken(figures)
            shown = " | ".join(f"{value:.0f}" for value in figures.values())
            print(f"| {gwh:g} | {shown} | {', '.join(failed) or 'nothing'} |", flush=True)
            if failed and not asked.all:
                break
            sustained = sustained if failed else gwh
    print(f"\nSustained with every goal kept: {sustained:g} GWh a year (goal 10).")


if __name__ == "__main__":
    main()
