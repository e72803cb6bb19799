"""A plant of its own for faults: databases, stations behind proxies, gateway, worker and beat, each killable by name.

Start and stop it from the main thread (mes.processes says why). Everything listens on the loopback interface, and
only processes that were started here are ever ended.
"""

import json
import resource
import shutil
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import psycopg

from mes.embedded import EmbeddedPostgres, EmbeddedValkey, free_port
from mes.processes import Command, Supervisor
from tests.faults.kit import truth
from tests.faults.kit.proxy import Proxy
from tests.faults.kit.stations import Config

MOST_ENDS = 20

ROOT = Path(__file__).resolve().parents[3]


@dataclass(frozen=True)
class ServerPlan:
    """One OPC UA server with this many stations."""

    make: str
    stations: int
    historises: bool


class FaultPlant:
    """`folder` must be open to every user (PostgreSQL runs as another one under root)."""

    def __init__(self, folder: Path, plans: Mapping[str, ServerPlan], rate_hz: float = 10.0) -> None:
        self.folder = folder
        self.plans = plans
        self._rate_hz = rate_hz
        self.postgres = EmbeddedPostgres(folder / "postgres", {"shared_buffers": "64MB"})
        self.valkey = EmbeddedValkey(folder / "valkey")
        self.var = folder / "var"
        self.var.mkdir(exist_ok=True)
        self.supervisor = Supervisor(folder / "logs", folder / "pids.json", print)
        self.proxies: dict[str, Proxy] = {}
        self._commands: dict[str, Command] = {}
        self.stations_clock, self.gateway_clock = folder / "stations.clock", folder / "gateway.clock"
        self.signal_ids: list[int] = []
        self.ended: list[str] = []

    # Starting and ending.

    def start(self) -> None:
        environment = {
            "DJANGO_SETTINGS_MODULE": "mes.settings",
            "DENCHI_DATABASE_URL": self.postgres.start(),
            "DENCHI_REDIS_URL": self.valkey.start(),
            "DENCHI_VAR": str(self.var),
            "DENCHI_SECRET_KEY": "only-for-tests",
            "CELERY_SKIP_CHECKS": "1",
            "PYTHONPATH": str(ROOT),
            "PYTHONUNBUFFERED": "1",
            "OMP_NUM_THREADS": "1",
            "OPENBLAS_NUM_THREADS": "1",
        }
        ports = {name: free_port() for name in self.plans}
        self.proxies = {name: Proxy(port) for name, port in ports.items()}
        stations = self._make_rows(environment)
        for name, plan in self.plans.items():
            config = Config(
                plan.make,
                ports[name],
                stations[name],
                self._rate_hz,
                plan.historises,
                str(self._truth_file(name)),
                str(self.stations_clock),
            )
            config.write(self.folder / f"{name}.json")
            self.signal_ids += stations[name].values()
            self._know(name, environment, "-m", "tests.faults.kit.stations", str(self.folder / f"{name}.json"))
        celery = ("-m", "celery", "-A", "mes")
        words = ("-Q", "telemetry,records", "-c", "2", "-l", "INFO", "--without-gossip", "--without-mingle")
        self._know("worker", environment, *celery, "worker", *words)
        self._know("beat", environment, *celery, "beat", "--pidfile=", "-s", str(self.folder / "beat"))
        shifted = ("-m", "tests.faults.kit.shifted", str(self.gateway_clock), str(ROOT / "manage.py"))
        self._know("gateway", environment, *shifted, "run_gateway", "--line", "L1")
        for name in self._commands:
            self.begin(name)

    def _make_rows(self, environment: dict[str, str]) -> dict[str, dict[str, int]]:
        path = self.folder / "plan.json"
        number = 0
        plan: dict[str, Any] = {}
        for name, each in self.plans.items():
            codes = [f"K-{number + n:02d}" for n in range(each.stations)]
            number += each.stations
            url = f"opc.tcp://127.0.0.1:{self.proxies[name].port}"
            plan[name] = {"url": url, "historises": each.historises, "stations": dict.fromkeys(codes, 0)}
        path.write_text(json.dumps(plan))
        self.supervisor.run(self._command("rows", environment, "-m", "tests.faults.kit.rows", str(path)))
        made = json.loads(path.read_text())
        return {name: made[name]["stations"] for name in made}

    def _command(self, name: str, environment: dict[str, str], *words: str) -> Command:
        return Command(name, [sys.executable, *words], environment)

    def _know(self, name: str, environment: dict[str, str], *words: str) -> None:
        self._commands[name] = self._command(name, environment, *words)

    def begin(self, name: str) -> None:
        """Start the process (again)."""
        self.supervisor.start(self._commands[name])

    def kill(self, name: str) -> None:
        """SIGKILL to the process and all it started."""
        self.supervisor.kill(name)

    def keep(self) -> None:
        """Start again what ended by itself, as every plant's supervisor does, and note it in `ended`.

        Celery's worker does so at times when its broker dies while messages are under way (kombu loses its address).
        """
        for name in [name for name in self._commands if not self.supervisor.is_running(name)]:
            if len(self.ended) >= MOST_ENDS:
                raise AssertionError(f"{name} ends again and again: {self.supervisor.tail_of(name, 20)}")
            self.ended.append(name)
            self.kill(name)  # what it started may still run
            self.begin(name)

    def wipe_broker(self) -> None:
        """The broker's messages are gone; to be called while it is down."""
        for path in self.valkey.folder.iterdir():
            if path.suffix != ".log":
                shutil.rmtree(path) if path.is_dir() else path.unlink()

    def fill_disk(self, is_full: bool) -> None:
        """While it is full, no file of the gateway can grow: not in the spool, not in its memory, not in its log."""
        pid = self.supervisor.pid_of("gateway")
        _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (0 if is_full else hard, hard))

    def stop(self) -> None:
        """First the gateway, while its stations still answer; the databases last."""
        for proxy in self.proxies.values():
            proxy.heal()
        self.supervisor.stop("gateway", "beat")
        for name in ("worker", *self.plans):
            self.supervisor.kill(name)
        self.supervisor.stop_all()
        for proxy in self.proxies.values():
            proxy.close()
        self.valkey.stop()
        self.postgres.stop()

    # What became of the values.

    def _truth_file(self, name: str) -> Path:
        return self.folder / f"{name}.truth"

    def given(self, since_us: int = 0, until_us: int = 2**62, servers: tuple[str, ...] = ()) -> truth.Records:
        """What the stations gave in this time of the kit's own clock, at all servers or those named."""
        records = truth.read([self._truth_file(name) for name in servers or self.plans])
        return records[(records["given_us"] >= since_us) & (records["given_us"] < until_us)]

    def count(self, given: truth.Records) -> truth.Count:
        """What the database has of it."""
        if not len(given):
            return truth.Count(0, 0, 0, 0, 0)
        times = given["source_time_us"]
        signals = np.unique(given["signal_id"]).tolist()
        rows = self.ask(
            "select signal_id, (extract(epoch from source_time) * 1000000)::bigint, value from lines_sample"
            " where signal_id = any(%s) and source_time between to_timestamp(%s / 1e6) and to_timestamp(%s / 1e6)",
            signals,
            int(times.min()),
            int(times.max()),
        )
        return truth.count(given, self.given(), rows)

    def on_ledger(self) -> int:
        """Values that the gap ledger calls lost, and those that came and could not be stored."""
        query = "select (select coalesce(sum(lost), 0) from lines_loss)"
        query += " + (select coalesce(sum(rejected), 0) from lines_ledgerhour)"
        return int(self.ask(query)[0][0])

    def settle_ledger(self, expected: int, patience_s: float = 15.0) -> int:
        """What the ledger has when it is as expected, or after so long."""
        deadline = time.monotonic() + patience_s
        while (found := self.on_ledger()) != expected and time.monotonic() < deadline:
            time.sleep(0.5)
        return found

    def ask(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.postgres.url, connect_timeout=5) as connection:
            return connection.execute(query, values).fetchall()

    def settle(self, given: truth.Records, patience_s: float = 40.0) -> truth.Count:
        """Wait until all of it is stored, or until nothing more has come for so long."""
        last, changed_at = truth.Count(0, -1, 0, 0, 0), time.monotonic()
        while True:
            try:
                now = self.count(given)
            except psycopg.OperationalError:
                now = last  # it is starting
            if now.given and now.missing == 0:
                return now
            if now.stored != last.stored:
                last, changed_at = now, time.monotonic()
            if time.monotonic() - changed_at > patience_s:
                return now
            self.keep()
            time.sleep(1)

    def wait_flowing(self, timeout_s: float = 300.0) -> None:
        """Until every station has a value stored that it gave after this was asked."""
        asked_us, deadline = time.time_ns() // 1000, time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            try:
                if self._signals_stored(self.given(asked_us)) == set(self.signal_ids):
                    return
            except psycopg.OperationalError:
                pass  # it is starting
            self.keep()
            time.sleep(0.2)
        raise AssertionError(f"values do not flow: {self.supervisor.tail_of('gateway', 20)}")

    def _signals_stored(self, given: truth.Records) -> set[int]:
        """Of which signals any of these is stored. The newest value by source time tells nothing: it stays what it is
        for as long as a clock was ahead."""
        rows = self.ask(
            "select distinct signal_id from lines_sample join unnest(%s::bigint[], %s::bigint[]) as told (signal, us)"
            " on signal_id = signal and source_time = to_timestamp(us / 1e6)",
            given["signal_id"].tolist(),
            given["source_time_us"].tolist(),
        )
        return {row[0] for row in rows}
