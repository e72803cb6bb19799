"""docker/: the compose file parses, and each of our services' commands runs here as a process.

No container engine is needed or used: what only an engine can show is not shown (README says so).
"""

import json
import os
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml

from mes.embedded import free_port

ROOT = Path(__file__).resolve().parent.parent
COMPOSE = ROOT / "docker" / "compose.yml"
OWN = {"setup", "web", "events", "worker", "reports", "beat", "gateway"}

pytestmark = pytest.mark.skipif(
    shutil.which("docker-compose") is None, reason="docker-compose (Debian's package) is missing"
)


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    """The services as docker-compose understands them, with env.example's values in place."""
    result = subprocess.run(
        [
            shutil.which("docker-compose") or "docker-compose",
            "-f",
            str(COMPOSE),
            "--env-file",
            str(ROOT / "docker" / "env.example"),
            "config",
        ],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": os.environ["PATH"], "HOME": str(ROOT)},
    )
    assert result.returncode == 0, result.stderr
    found: dict[str, Any] = yaml.safe_load(result.stdout)["services"]
    return found


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The test servers in place of the compose file's, with a database of this module's own."""
    server = os.environ["DENCHI_DATABASE_URL"].rpartition("/")[0]
    name = f"docker_{os.getpid()}"
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute(f"create database {name}")
        yield {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "mes.settings",
            "PYTHONPATH": str(ROOT),
            "DENCHI_DATABASE_URL": f"{server}/{name}",
            "DENCHI_REDIS_URL": f"{os.environ['DENCHI_REDIS_URL'].rpartition('/')[0]}/9",
            "DENCHI_SECRET_KEY": "only-for-this-test",
            "DENCHI_VAR": str(tmp_path_factory.mktemp("var")),
        }
        connection.execute(f"drop database {name} with (force)")


def words_of(service: dict[str, Any], var: str, port: int) -> list[str]:
    """The service's command with this machine's paths and a free port."""
    words = [word.replace("/var/lib/denchi/credentials", var) for word in service["command"]]
    if "--host" in words:
        words[words.index("--host") + 1] = "127.0.0.1"
        words[words.index("--port") + 1] = str(port)
    program = Path(sys.executable).parent / words[0]
    return [str(program), *words[1:]]


@contextmanager
def running(words: list[str], environment: dict[str, str]) -> Iterator[Path]:
    """The command as a process; gives its log. It must still run at the end of the block."""
    log = Path(environment["DENCHI_VAR"]) / f"{Path(words[0]).name}-{time.monotonic_ns()}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(words, cwd=ROOT, env=environment, stdout=output, stderr=output)
    try:
        yield log
        assert process.poll() is None, log.read_text()
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def status_of(url: str, log: Path, timeout_s: float = 40) -> int:
    """The first HTTP status the server gives, redirects not followed."""
    opener = urllib.request.build_opener(_NoRedirect)
    deadline = time.monotonic() + timeout_s
    while True:
        try:
            return int(opener.open(url, timeout=10).status)
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.1)


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_args: Any, **_kwargs: Any) -> None:
        return None


def wait_for(text: str, log: Path, timeout_s: float = 40) -> None:
    deadline = time.monotonic() + timeout_s
    while text not in log.read_text():
        assert time.monotonic() < deadline, f"no {text!r} in:\n{log.read_text()}"
        time.sleep(0.1)


@pytest.fixture(scope="module")
def prepared(services: dict[str, Any], environment: dict[str, str]) -> dict[str, str]:
    """The environment after `setup` has run, and the image's build step before it."""
    pages = subprocess.run(
        [sys.executable, "manage.py", "prepare_pages"], cwd=ROOT, env=environment, capture_output=True, check=False
    )
    assert pages.returncode == 0, pages.stderr
    setup = words_of(services["setup"], environment["DENCHI_VAR"], 0)
    done = subprocess.run(setup, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    tokens = Path(environment["DENCHI_VAR"]) / "stations.json"
    assert tokens.stat().st_mode & 0o777 == 0o600
    assert json.loads(tokens.read_text())
    return environment


def test_every_service_of_the_architecture_is_there(services: dict[str, Any]) -> None:
    assert set(services) == OWN | {"proxy", "postgres", "valkey"}
    assert all(services[name]["image"] == services["web"]["image"] for name in OWN)
    # Nothing but the proxy is reached from outside.
    assert [name for name, service in services.items() if service.get("ports")] == ["proxy"]


def test_the_proxy_knows_the_services_by_their_names_and_ports(services: dict[str, Any]) -> None:
    text = (ROOT / "docker" / "proxy" / "denchi.conf").read_text()
    for name in ("web", "events"):
        port = services[name]["command"][services[name]["command"].index("--port") + 1]
        assert f"proxy_pass http://{name}:{port};" in text


@pytest.mark.slow
def test_web_serves_pages_and_api(services: dict[str, Any], prepared: dict[str, str]) -> None:
    port = free_port()
    with running(words_of(services["web"], prepared["DENCHI_VAR"], port), prepared) as log:
        assert status_of(f"http://127.0.0.1:{port}/login/", log) == 200
        assert status_of(f"http://127.0.0.1:{port}/api/v1/units", log) == 401


@pytest.mark.slow
def test_events_serves_streams_to_people_who_signed_in(services: dict[str, Any], prepared: dict[str, str]) -> None:
    port = free_port()
    with running(words_of(services["events"], prepared["DENCHI_VAR"], port), prepared) as log:
        assert status_of(f"http://127.0.0.1:{port}/events/", log) in {302, 401, 403}


@pytest.mark.slow
def test_worker_and_beat_work_together(services: dict[str, Any], prepared: dict[str, str]) -> None:
    verbose = {**prepared, "PYTHONUNBUFFERED": "1"}
    worker, reports, beat = (
        [word if word != "WARNING" else "INFO" for word in words_of(services[name], prepared["DENCHI_VAR"], 0)]
        for name in ("worker", "reports", "beat")
    )
    logs = running(worker, verbose), running(reports, verbose), running(beat, verbose)
    with logs[0] as worker_log, logs[1] as reports_log, logs[2] as beat_log:
        wait_for("Sending due task", beat_log)
        wait_for("quality.charts.tasks.evaluate_pending", worker_log)
        wait_for("succeeded", worker_log)
        wait_for("quality.reports.tasks.work", reports_log)


@pytest.mark.slow
def test_gateway_runs_and_keeps_trying_where_no_machine_answers(
    services: dict[str, Any], prepared: dict[str, str]
) -> None:
    own = {
        **prepared,
        "DENCHI_STATION_TOKENS": f"{prepared['DENCHI_VAR']}/stations.json",
        "DENCHI_API_URL": f"http://127.0.0.1:{free_port()}",
    }
    with running(words_of(services["gateway"], prepared["DENCHI_VAR"], 0), own):
        time.sleep(3)
