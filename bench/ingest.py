"""From notifications to rows, each process real: `python -m bench.ingest`. Starts servers of its own.

bench.firehose (values encoded beforehand, over a real OPC UA session) -> `manage.py run_gateway` -> Valkey -> one
Celery worker -> PostgreSQL with its ordinary durability, all on the same cores. A run counts only if the database then
has each value once. CPU is what a process and its children used from the first value to the last commit, from /proc. In
the same run: asyncua's and python-opcua's plain clients, which count and keep nothing, and COPY alone.

`python -m bench.ingest quick` is a tenth of it; `bytes` only the size of a sample.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import django

from bench.results import cpu_s
from mes.embedded import EmbeddedPostgres, EmbeddedValkey, die_with_parent, free_port

ROOT = Path(__file__).resolve().parent.parent
FAST, PLAIN = "fast path", "asyncua's decoder"
# Values to a notification, and how many samples a run of it sends.
SIZES = {1: 20_000, 10: 100_000, 100: 600_000, 1_000: 1_500_000}
PACED = ((PLAIN, 30_000), (FAST, 100_000))
PACED_S = 20
PACED_VALUES = 1_000
PEER_SAMPLES = {1: 10_000, 10: 50_000, 100: 200_000, 1_000: 300_000}
OPCUA_SAMPLES = 100_000
COPY_ROWS, COPY_BATCH = 1_000_000, 5_000
TIMEOUT_S = 300
STAGES = ("gateway", "worker", "PostgreSQL", "Valkey", "server")


@dataclass(frozen=True)
class Run:
    samples: int
    elapsed_s: float  # from the first value sent to the last one committed
    behind_s: float  # from the last value sent to the last one committed
    cpu_us: Mapping[str, float]  # for each sample, by stage
    hot_bytes: float

    @property
    def per_s(self) -> float:
        return self.samples / self.elapsed_s


class Bench:
    def __init__(self, folder: Path, postgres: int, valkey: int) -> None:
        self._folder, self._postgres, self._valkey = folder, postgres, valkey
        self._runs = 0

    @contextmanager
    def _child(self, name: str, *words: str, **environment: str) -> Iterator["subprocess.Popen[bytes]"]:
        with (self._folder / f"{name}.log").open("ab") as log:
            child = subprocess.Popen(  # noqa: S603 - our own words
                [sys.executable, *words], cwd=ROOT, env={**os.environ, **environment},
                stdin=subprocess.PIPE, stdout=subprocess.PIPE if name == "server" else log, stderr=log,
                preexec_fn=lambda: die_with_parent(9),  # noqa: PLW1509 - one prctl, no lock
            )  # fmt: skip
        try:
            yield child
        finally:
            child.terminate()
            try:
                child.wait(20)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()

    @contextmanager
    def _server(self, hose: Mapping[str, Any]) -> Iterator["subprocess.Popen[bytes]"]:
        with self._child("server", "-m", "bench.firehose") as child:
            _tell(child, hose)
            _hear(child)
            yield child

    def run(self, paths: list[str], samples: int, values: int, decoder: str, per_s: int = 0) -> Run:
        """Send, wait for the last commit, compare. Raises SystemExit if a value is missing or there twice."""
        from bench import ingest_plant as plant  # noqa: PLC0415 - needs Django's setup

        self._runs += 1
        plant.forget()
        empty = plant.hot_bytes()
        var = self._folder / f"run{self._runs}"
        hose = {
            **{"port": free_port(), "paths": paths, "samples": samples, "values": values, "per_s": per_s},
            "decimals": [1 + number % 3 for number in range(len(paths))],
        }
        plant.serve_from(f"opc.tcp://127.0.0.1:{hose['port']}")
        worker = ["-m", "celery", "-A", "mes.celery", "worker", "-Q", "telemetry", "-c", "1", "-l", "WARNING"]
        gateway = ["manage.py", "run_gateway", "--line", plant.LINE]
        settings = {"DENCHI_VAR": str(var), "DENCHI_FAST_DECODING": str(decoder == FAST)}
        with (
            self._child("worker", *worker, "--without-gossip", "--without-mingle") as working,
            self._server(hose) as serving,
            self._child("gateway", *gateway, **settings) as going,
        ):
            pids = dict(zip(STAGES, (going.pid, working.pid, self._postgres, self._valkey, serving.pid), strict=True))
            started_at = _hear(serving)["started_at"]
            before = {stage: cpu_s(pid) for stage, pid in pids.items()}
            sent = _hear(serving)
            deadline = time.time() + TIMEOUT_S
            while plant.committed() < samples:
                if time.time() > deadline:
                    raise SystemExit(f"{plant.committed()} of {samples} samples committed; logs in {self._folder}")
                time.sleep(0.05)
            ended_at = time.time()
            used = {stage: (cpu_s(pid) - before[stage]) / samples * 1e6 for stage, pid in pids.items()}
        count, different, total = plant.stored()
        if (count, different) != (samples, samples) or abs(total - sent["sum"]) > 1e-9 * abs(sent["sum"]):
            raise SystemExit(f"{samples} sent, {count} stored, {different} different; {total} for {sent['sum']}")
        hot = (plant.hot_bytes() - empty) / samples
        return Run(samples, ended_at - started_at, ended_at - sent["ended_at"], used, hot)

    def peer(self, make: str, paths: list[str], samples: int, values: int) -> tuple[float, float]:
        """Samples a second, and CPU microseconds for each, of a client that only counts."""
        hose = {
            **{"port": free_port(), "paths": paths, "samples": samples, "values": values},
            "decimals": [1] * len(paths),
        }
        with self._server(hose):
            question = {"make": make, "url": f"opc.tcp://127.0.0.1:{hose['port']}", "paths": paths, "samples": samples}
            done = subprocess.run(
                [sys.executable, "-m", "bench.ingest_peers"], cwd=ROOT, input=json.dumps(question) + "\n",
                stdout=subprocess.PIPE, text=True, timeout=TIMEOUT_S, check=True,
            )  # fmt: skip
        said = json.loads(done.stdout.splitlines()[-1])
        return samples / said["elapsed_s"], said["cpu_s"] / samples * 1e6


def _tell(child: "subprocess.Popen[bytes]", what: Mapping[str, Any]) -> None:
    assert child.stdin is not None  # noqa: S101 - a pipe was asked for
    child.stdin.write(json.dumps(what).encode() + b"\n")
    child.stdin.flush()


def _hear(child: "subprocess.Popen[bytes]") -> dict[str, Any]:
    assert child.stdout is not None  # noqa: S101 - a pipe was asked for
    line = child.stdout.readline()
    if not line:
        raise SystemExit("the firehose ended; server.log says why")
    said: dict[str, Any] = json.loads(line)
    return said


def measure(bench: Bench, share: float) -> None:
    from bench import ingest_plant as plant  # noqa: PLC0415 - needs Django's setup

    paths = plant.seed()
    peers: dict[int, tuple[float, float]] = {}
    print("A client that counts and keeps nothing:\n")
    print("| client | values a notification | samples/s | CPU us a sample |")
    print("|---|---|---|---|")
    for values, samples in PEER_SAMPLES.items():
        peers[values] = bench.peer("asyncua", paths, int(samples * share), values)
        print(f"| asyncua | {values:,} | {peers[values][0]:,.0f} | {peers[values][1]:.1f} |", flush=True)
    per_s, cpu = bench.peer("opcua", paths, int(OPCUA_SAMPLES * share), 100)
    print(f"| python-opcua | 100 | {per_s:,.0f} | {cpu:.1f} |")
    rows = int(COPY_ROWS * share) // COPY_BATCH * COPY_BATCH
    print(f"\nCOPY alone, {COPY_BATCH:,} rows at a time: {rows / plant.copy_alone(rows, COPY_BATCH):,.0f} samples/s\n")

    print("From the server to the database, as fast as it goes; each value there once:\n")
    print(f"| decoder | values a notification | samples/s | CPU us a sample: {' | '.join(STAGES)} |", end="")
    print(" gateway / asyncua's client | bytes hot |")
    print("|---" * (len(STAGES) + 5) + "|")
    gateways: dict[tuple[str, int], float] = {}
    for values, samples in SIZES.items():
        for decoder in (PLAIN, FAST):
            run = bench.run(paths, int(samples * share), values, decoder)
            gateways[decoder, values] = run.cpu_us["gateway"]
            stages = " | ".join(f"{run.cpu_us[stage]:.2f}" for stage in STAGES)
            ratio = run.cpu_us["gateway"] / peers[values][1]
            print(
                f"| {decoder} | {values:,} | {run.per_s:,.0f} | {stages} | {ratio:.2f} | {run.hot_bytes:.0f} |",
                flush=True,
            )
    gains = ", ".join(f"{gateways[PLAIN, n] / gateways[FAST, n]:.1f} at {n:,}" for n in SIZES)
    print(f"\nThe gateway's CPU with asyncua's decoder, as a multiple of that with the fast path: {gains}.\n")

    print(f"At a pace, {PACED_VALUES:,} values to a notification; behind is the last commit after the last value:\n")
    print("| decoder | samples/s wanted | samples/s | behind, s |")
    print("|---|---|---|---|")
    for decoder, wanted in PACED:
        run = bench.run(paths, int(wanted * PACED_S * share), PACED_VALUES, decoder, wanted)
        print(f"| {decoder} | {wanted:,} | {run.per_s:,.0f} | {run.behind_s:.2f} |", flush=True)
    print()


def measure_bytes() -> None:
    from bench import ingest_plant as plant  # noqa: PLC0415 - needs Django's setup

    rows, hot, cold = plant.cold_bytes()
    print("The demo plant's sensors at their resolution, a value a second each, both times and status included:\n")
    print("| samples | bytes hot | bytes cold | goal cold |")
    print("|---|---|---|---|")
    print(f"| {rows:,} | {hot:.0f} | {cold:.1f} | 10 |")


def main(what: str) -> None:
    with tempfile.TemporaryDirectory(prefix="denchi-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        valkey = EmbeddedValkey(folder / "valkey")
        with EmbeddedPostgres(folder / "postgres") as postgres:
            valkey.start()
            try:
                os.environ |= {
                    "DENCHI_DATABASE_URL": postgres.url,
                    "DENCHI_REDIS_URL": valkey.url,
                    "DENCHI_VAR": str(folder / "var"),
                    "DJANGO_SETTINGS_MODULE": "mes.settings",
                    "DENCHI_LOG_LEVEL": "WARNING",
                    "DENCHI_SECRET_KEY": "only-for-the-bench",
                    "DENCHI_STATION_TOKENS": str(folder / "tokens.json"),
                    "OMP_NUM_THREADS": "1",
                    "OPENBLAS_NUM_THREADS": "1",
                }
                (folder / "tokens.json").write_text("{}")
                (folder / "tokens.json").chmod(0o600)
                django.setup()
                if what == "bytes":
                    from bench import ingest_plant as plant  # noqa: PLC0415 - needs Django's setup

                    plant.seed()
                else:
                    measure(Bench(folder, postgres.pid, valkey.pid), 0.1 if what == "quick" else 1.0)
                measure_bytes()
            finally:
                valkey.stop()


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "")
