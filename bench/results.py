"""Permits and results under load, with a million units in the database: `python -m bench.results`. Needs wrk.

One granian process (WSGI, as docker/ runs it) and a PostgreSQL of its own, with its ordinary durability; wrk on the
same two cores sends each prepared post once, first as fast as four connections take it, then 100 a second. CPU is what
the server's and PostgreSQL's processes used, from /proc. Peers of bench.results_peers run on the same server in turn.
"""

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import django
import httpx
from django.db import connection

from mes.embedded import EmbeddedPostgres, die_with_parent, free_port

if TYPE_CHECKING:
    from bench.results_rows import SingleCells, TrayCells

UNITS = int(os.environ.get("BENCH_UNITS", "1000000"))
WORKERS, THREADS = os.environ.get("BENCH_WORKERS", "1"), os.environ.get("BENCH_THREADS", "8")
ROUNDS = 3
BURST_S = 5
FASTEST_PER_S = 800  # more than any of them reaches
PACED_S = 30
PACED_PER_S = 100
PERMIT, RESULT = "Denchi, permit", "Denchi, result"
TRAYS = 12
TRAY_OF = 256
TICK_S = 1 / os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Load:
    """What one run of wrk saw, and what the server's processes used."""

    sent: int
    per_s: float
    p50_ms: float
    p99_ms: float
    web_cpu_ms: float  # per post
    database_cpu_ms: float

    @property
    def cpu_ms(self) -> float:
        return self.web_cpu_ms + self.database_cpu_ms


def cpu_s(root: int) -> float:
    """CPU seconds of a process and all it started, those that ended included."""
    stats = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                fields = (folder / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            stats[int(folder.name)] = (int(fields[1]), sum(map(int, fields[11:15])))
    family = {root}
    while grown := {pid for pid, (parent, _) in stats.items() if parent in family} - family:
        family |= grown
    return sum(stats[pid][1] for pid in family if pid in stats) * TICK_S


class Bench:
    def __init__(self, folder: Path, url: str, web: int, database: int) -> None:
        self._folder, self._url, self._web, self._database = folder, url, web, database

    def run(self, path: str, token: str, posts: Iterable[tuple[str, str]], *, seconds: int, per_s: int = 0) -> Load:
        """Post until the time is up; more posts than that takes must be given. Raises SystemExit if one is refused."""
        file = self._folder / "posts"
        lines = [f"{key}\t{body}" for key, body in posts]
        file.write_text("\n".join(lines) + "\n")
        connections = 8 if per_s else 4
        # The pause that gives the rate, less what an answer takes; the table says what rate it was.
        pause_ms = max(connections / per_s * 1000 - 6, 0) if per_s else 0
        before = cpu_s(self._web), cpu_s(self._database)
        words = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "-s", str(Path(__file__).with_name("post.lua"))]
        out = subprocess.run(  # noqa: S603 - our own words
            [*words, self._url + path, "--", str(file), token, str(pause_ms)],
            capture_output=True, text=True, errors="replace", check=True,
        )  # fmt: skip
        used = cpu_s(self._web) - before[0], cpu_s(self._database) - before[1]
        line = next(line for line in out.stdout.splitlines() if line.startswith("RESULT"))
        _, duration_us, answered, sent, good, bad, p50_us, p99_us, worst = line.split("\t")
        if int(bad) or int(sent) > len(lines) or good == "0":
            raise SystemExit(f"{path}: {good} posts taken as conforming, {bad} not, of {len(lines)}: {worst}")
        n = int(answered)
        return Load(
            int(sent),
            n / int(duration_us) * 1e6,
            int(p50_us) / 1000,
            int(p99_us) / 1000,
            used[0] / n * 1000,
            used[1] / n * 1000,
        )


def postmaster() -> int:
    """The process that all backends descend from."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_backend_pid()")
        backend = cursor.fetchone()[0]
    return int(Path(f"/proc/{backend}/stat").read_text().rpartition(")")[2].split()[1])


def wait_for(url: str) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        try:
            if httpx.get(f"{url}/healthz").status_code == 200:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.2)
    raise SystemExit("the web process does not answer")


def median(loads: list[Load], name: str) -> float:
    return float(statistics.median(getattr(load, name) for load in loads))


def measure_single(bench: Bench, cells: "SingleCells") -> None:
    station = f"stations/{cells.station}"
    kinds = {
        "floor: bare Django view, result": ("/floor/" + station + "/results", cells.results),
        "plain DRF view, permit": ("/peer/" + station + "/permits", cells.permits),
        "plain DRF view, result": ("/peer/" + station + "/results", cells.results),
        PERMIT: ("/api/v1/" + station + "/permits", cells.permits),
        RESULT: ("/api/v1/" + station + "/results", cells.results),
    }
    # Each peer has cells of its own; a result follows the permit of the same cell.
    fresh = {name: list(cells.share(place)) for place, name in enumerate(kinds) if name != RESULT}
    fresh[RESULT] = []

    def run(name: str, seconds: int, per_s: int = 0) -> Load:
        path, posts = kinds[name]
        offered = fresh[name][: seconds * (per_s * 2 or FASTEST_PER_S)]
        load = bench.run(path, cells.token, posts(offered), seconds=seconds, per_s=per_s)
        del fresh[name][: load.sent]
        if name == PERMIT:
            # Those on the way when the time was up may have no permit.
            fresh[RESULT] = offered[: load.sent - 10]
        return load

    bursts: dict[str, list[Load]] = {name: [] for name in kinds}
    for _ in range(ROUNDS):
        for name in kinds:
            # Permits for longer, so that the results after them do not run out.
            bursts[name].append(run(name, BURST_S * 2 if name == PERMIT else BURST_S))
    print(f"As fast as 4 connections go, median of {ROUNDS} runs of {BURST_S} s in turn:\n")
    print("| work | posts/s | CPU ms a post | web | PostgreSQL | times plain DRF |")
    print("|---|---|---|---|---|---|")
    for name, loads in bursts.items():
        peer = bursts[f"plain DRF view, {name.rpartition(' ')[2]}"]
        ratio = median(loads, "cpu_ms") / median(peer, "cpu_ms")
        figures = (median(loads, column) for column in ("per_s", "cpu_ms", "web_cpu_ms", "database_cpu_ms"))
        print("| {} | {:.0f} | {:.2f} | {:.2f} | {:.2f} | {:.2f} |".format(name, *figures, ratio))
    print(f"\n{PACED_PER_S} posts a second wanted, for {PACED_S} s over 8 connections:\n")
    print("| work | posts/s | p50 ms | p99 ms | goal p99 ms |")
    print("|---|---|---|---|---|")
    for name, goal, seconds in ((PERMIT, 15, PACED_S), (RESULT, 30, PACED_S - 3)):
        load = run(name, seconds, PACED_PER_S)
        print(f"| {name} | {load.per_s:.0f} | {load.p50_ms:.1f} | {load.p99_ms:.1f} | {goal} |", flush=True)


def measure_trays(bench_url: str, trays: "TrayCells") -> None:
    headers = {"Authorization": f"Token {trays.token}"}
    walls = []
    with httpx.Client(base_url=bench_url, headers=headers, timeout=60) as client:
        for number, serials in enumerate(trays.trays):
            address = f"/api/v1/stations/{trays.station}"
            asked = client.post(f"{address}/permits", json=trays.permits(serials)).json()
            denied = [item for item in asked["items"] if item["verdict"] != "ALLOW"]
            if denied:
                raise SystemExit(f"a tray's permits: {denied[0]}")
            started = time.perf_counter()
            body = json.dumps(trays.result(serials, number)).encode()
            answer = client.post(f"{address}/results", content=body, headers={
                "Idempotency-Key": f"tray-{number}", "Content-Type": "application/json",
            })  # fmt: skip
            walls.append((time.perf_counter() - started) * 1000)
            items = answer.json()["items"]
            if not all(item["is_conforming"] for item in items):
                raise SystemExit(f"a tray's result: {next(item for item in items if not item['is_conforming'])}")
    values = sum(len(item["measurements"]) for item in trays.result(trays.trays[0], 0)["items"]) // TRAY_OF
    print(f"\nA tray of {TRAY_OF} cells with {values} measurements each, {TRAYS} trays, ms from sending to answer:\n")
    print("| best | median | worst | goal |\n|---|---|---|---|")
    print(f"| {min(walls):.0f} | {statistics.median(walls):.0f} | {max(walls):.0f} | 200 |")


def main() -> None:
    if shutil.which("wrk") is None:
        raise SystemExit("wrk is not installed: apt-get install wrk")
    with tempfile.TemporaryDirectory(prefix="denchi-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        with EmbeddedPostgres(folder / "postgres") as postgres:
            os.environ |= {
                "DENCHI_DATABASE_URL": postgres.url,
                "DENCHI_VAR": str(folder),
                "DJANGO_SETTINGS_MODULE": "bench.results_settings",
                "DENCHI_LOG_LEVEL": "WARNING",
                "DENCHI_SECRET_KEY": "only-for-the-bench",
            }
            django.setup()
            # Django's own parts can be imported only after setup.
            from bench.results_rows import seed  # noqa: PLC0415 - see above

            started = time.perf_counter()
            wanted = ROUNDS * BURST_S * FASTEST_PER_S + PACED_S * PACED_PER_S * 2
            single, trays = seed(UNITS, wanted, TRAYS, TRAY_OF)
            print(
                f"{UNITS:,} units with a record of 2 measurements each, made in {time.perf_counter() - started:.0f} s\n"
            )
            database = postmaster()
            port = free_port()
            words = [
                "-m",
                "granian",
                "--interface",
                "wsgi",
                "--port",
                str(port),
                "--workers",
                WORKERS,
                "--blocking-threads",
                THREADS,
                "--log-level",
                "warning",
            ]
            web = subprocess.Popen(  # noqa: S603 - our own words
                [sys.executable, *words, "--port", str(port), "mes.wsgi:application"],
                preexec_fn=lambda: die_with_parent(9),  # noqa: PLW1509 - one prctl, no lock
            )
            try:
                url = f"http://127.0.0.1:{port}"
                wait_for(url)
                measure_single(Bench(folder, url, web.pid, database), single)
                measure_trays(url, trays)
            finally:
                web.terminate()
                web.wait(20)


if __name__ == "__main__":
    main()
