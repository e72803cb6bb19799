"""A plant that runs: databases, web, simulator, gateway, workers as child processes (the e2e tests use it too)."""

import contextlib
import json
import secrets
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from lines.plant.files import read_plant
from mes.demo.keys import make_keys
from mes.demo.options import ROOT, DemoError, Options
from mes.embedded import EmbeddedPostgres, EmbeddedValkey
from mes.private_files import write_private
from mes.processes import Command, ProcessError, Supervisor

WEB_TIMEOUT_S = 120.0
SIMULATOR_TIMEOUT_S = 120.0


class RunningPlant:
    """Start and stop from the main thread only (mes.processes says why)."""

    # A demo makes up for weeks in minutes: its charts are to come with them.
    worker_niceness = 0

    def __init__(self, options: Options, say: Callable[[str], None]) -> None:
        self.options = options
        self._say = say
        self._began = time.monotonic()
        self.processes = Supervisor(options.var / "log", options.var / "pids.json", say)
        self.credentials = options.var / "credentials.json"
        self.endpoints = options.var / "endpoints.json"
        self.truth = options.var / "truth.jsonl"
        self.demo_json = options.var / "demo.json"
        self._tokens = options.var / "station_tokens.json"
        self.database_url = options.database_url
        self.redis_url = options.redis_url
        self._postgres: EmbeddedPostgres | None = None
        self._valkey: EmbeddedValkey | None = None
        self._endpoints_set_at = 0.0

    # Starting, in the order in which things need each other; the page comes first.

    def start(self) -> None:
        """Raises DemoError, ProcessError or EmbeddedServerError; the caller then stops what was started."""
        self._began = time.monotonic()
        self.demo_json.unlink(missing_ok=True)
        self.endpoints.unlink(missing_ok=True)
        self.processes.end_left_over()
        # Needs no database, so both cores are busy from the first second.
        self.processes.start(self._manage("pages", "prepare_pages"))
        self._start_databases()
        words = ["--credentials", str(self.credentials), "--station-tokens", str(self._tokens)]
        self.processes.start(self._manage("database", "prepare_database", str(self.options.plant), *words))
        self._finish("database", "tables and the plant's data")
        self._finish("pages", "styles, charts and translations")
        self._start_web()
        self._start_simulator()
        self.start_worker()
        self.processes.start(self._celery("beat", "beat", "--pidfile="))
        self._wait_for_simulator()
        self.set_endpoints()
        self.start_gateway()
        self._write_demo_json()
        self._tell("gateway, worker and clock of the tasks")

    def _tell(self, what: str) -> None:
        self._say(f"{time.monotonic() - self._began:6.1f} s  {what}")

    def _finish(self, name: str, what: str) -> None:
        code = self.processes.wait(name, 300)
        if code != 0:
            raise ProcessError(
                f"{self.processes.tail_of(name, 1)} (preparing the {name} failed; see {self.processes.log_of(name)})"
            )
        self._tell(what)

    def _start_databases(self) -> None:
        if not self.database_url:
            self._postgres = EmbeddedPostgres(self.options.var / "postgres")
            self.database_url = self._postgres.start()
            inside = self._postgres.folder.is_relative_to(self.options.var)
            self._tell("PostgreSQL" if inside else f"PostgreSQL (its data: {self._postgres.folder})")
        if not self.redis_url:
            self._valkey = EmbeddedValkey(self.options.var / "valkey")
            self.redis_url = self._valkey.start()
            self._tell("Valkey")

    def _start_web(self) -> None:
        words = ["uvicorn", "mes.asgi:application", "--host", "127.0.0.1", "--port", str(self.options.port)]
        self.processes.start(self._python("web", "-m", *words, "--no-access-log", "--timeout-graceful-shutdown", "3"))
        deadline = time.monotonic() + WEB_TIMEOUT_S
        while not self.answers():
            if not self.processes.is_running("web") or time.monotonic() > deadline:
                raise ProcessError(f"The web server did not start; {self.processes.log_of('web')} says why.")
            time.sleep(0.1)
        self._tell(f"web pages at {self.options.url}")

    def answers(self) -> bool:
        """Whether the web server gives its sign-in page."""
        try:
            with urllib.request.urlopen(f"{self.options.url}/healthz", timeout=10) as answer:  # noqa: S310 - our own URL
                return bool(answer.status == 200)
        except urllib.error.HTTPError as error:
            raise ProcessError(
                f"The web server answers {error.code}; {self.processes.log_of('web')} says why."
            ) from error
        except OSError:
            return False

    def _start_simulator(self) -> None:
        options = self.options
        machines = make_keys(options.var, read_plant(options.plant).opcua_servers)
        words = ["--plant", str(options.plant), "--api", f"{options.url}/api/v1", "--tokens", str(self._tokens)]
        words += ["--people", str(self.credentials), "--truth", str(self.truth), "--endpoints", str(self.endpoints)]
        words += ["--seed", str(options.seed), "--speed", str(options.speed), "--days-back", str(options.days_back)]
        words += ["--cells-per-day", str(options.cells_per_day), "--wait-for-client", "180", "--pki", str(machines)]
        self.processes.start(self._manage("simulator", "simulate_plant", *words))

    def _wait_for_simulator(self) -> None:
        deadline = time.monotonic() + SIMULATOR_TIMEOUT_S
        while not self._has_endpoints():
            if not self.processes.is_running("simulator") or time.monotonic() > deadline:
                raise ProcessError(f"The simulator did not start; {self.processes.log_of('simulator')} says why.")
            time.sleep(0.1)
        self._tell("the simulated machines")

    def _has_endpoints(self) -> bool:
        try:
            return bool(json.loads(self.endpoints.read_text()))
        except (OSError, ValueError):
            return False

    def set_endpoints(self) -> None:
        """Tell the database where the machines listen now."""
        self._endpoints_set_at = self.endpoints.stat().st_mtime
        self.processes.run(self._manage("endpoints", "set_endpoints", str(self.endpoints)), 60)

    def start_gateway(self) -> None:
        line = read_plant(self.options.plant).line_code
        self.processes.start(self._manage("gateway", "run_gateway", "--line", line))

    def start_worker(self) -> None:
        self.processes.start(
            self._celery(
                "worker", "worker", "-Q", "telemetry,records", "-c", str(self.options.workers),
                "--without-gossip", "--without-mingle",
            )
        )  # fmt: skip
        # Reports take seconds to minutes: neither records nor live values wait behind them.
        self.processes.start(
            self._celery("reports", "worker", "-Q", "reports", "-P", "solo", "--without-gossip", "--without-mingle",
                         "-n", "reports@%h")
        )  # fmt: skip

    # While it runs.

    def keep(self) -> None:
        """Start again what crashed; raises ProcessError where that is of no use."""
        if self._postgres is not None and not self._postgres.is_running():
            self._say("PostgreSQL ended by itself; starting it again")
            self._postgres.start()
        if self._valkey is not None and not self._valkey.is_running():
            self._say("Valkey ended by itself; starting it again")
            self._valkey.start()
        self.processes.restart_crashed()
        # A simulator that was started again listens elsewhere.
        with contextlib.suppress(FileNotFoundError):
            if self._endpoints_set_at != self.endpoints.stat().st_mtime and self._has_endpoints():
                self.set_endpoints()
                self._write_demo_json()

    def stop(self) -> None:
        """First the machines, while somebody still takes what they say; the databases last."""
        self.processes.stop("simulator")
        self.processes.stop_all()
        for server in (self._valkey, self._postgres):
            if server is not None:
                server.stop()

    # What children and scripts are told.

    @property
    def environment(self) -> dict[str, str]:
        """What every process of the plant gets beside the caller's own environment."""
        databases = {"DENCHI_DATABASE_URL": self.database_url, "DENCHI_REDIS_URL": self.redis_url}
        return {
            **{name: url for name, url in databases.items() if url},  # none yet while the first child starts
            "DJANGO_SETTINGS_MODULE": "mes.settings",
            "DENCHI_VAR": str(self.options.var),
            "DENCHI_SECRET_KEY": self._secret_key(),
            "DENCHI_STATION_TOKENS": str(self._tokens),
            "DENCHI_API_URL": self.options.url,
            # At 3600 times its pace a plant posts more than a PLC may.
            "DENCHI_STATION_RATE": "0",
            "PYTHONUNBUFFERED": "1",
            # Small arrays on two cores: pools of threads only get in each other's way.
            "OMP_NUM_THREADS": "1",
            "OPENBLAS_NUM_THREADS": "1",
        }

    def _secret_key(self) -> str:
        path = self.options.var / "secret_key"
        if not path.exists():
            write_private(path, secrets.token_urlsafe(48))
        return path.read_text()

    def _python(self, name: str, *words: str) -> Command:
        return Command(name, [sys.executable, *words], {**self.environment, "PYTHONPATH": str(ROOT)})

    def _manage(self, name: str, *words: str) -> Command:
        return self._python(name, str(ROOT / "manage.py"), *words)

    def _celery(self, name: str, *words: str) -> Command:
        command = self._python(name, "-m", "celery", "-A", "mes.celery", *words, "-l", "WARNING")
        return replace(command, niceness=self.worker_niceness)

    def _credentials(self) -> dict[str, Any]:
        try:
            found: dict[str, Any] = json.loads(self.credentials.read_text())
        except (OSError, ValueError):
            raise DemoError(
                f"{self.credentials} is missing or broken, so nobody could sign in: start with an empty DENCHI_VAR."
            ) from None
        return found

    def people(self) -> dict[str, dict[str, str]]:
        """User and password by role."""
        people: dict[str, dict[str, str]] = self._credentials()["people"]
        return people

    def _write_demo_json(self) -> None:
        credentials = self._credentials()
        servers: dict[str, str] = json.loads(self.endpoints.read_text())
        stations = read_plant(self.options.plant).stations
        found = {
            "url": self.options.url,
            "people": credentials["people"],
            "station_tokens": credentials["station_tokens"],
            "auditor_token": credentials["auditor_token"],
            "database_url": self.database_url,
            "opcua_endpoints": {s.code: servers[s.opcua_server] for s in stations if s.opcua_server in servers},
            "truth": str(self.truth),
        }
        write_private(self.demo_json, json.dumps(found, indent=2) + "\n")
