"""The product's own processes against the test's own database and broker, for tests that are about processes."""

import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote, urlsplit

import pytest
import redis
from django.db import connection

from mes.processes import Command, Supervisor

T = TypeVar("T")


def wait_for(what: str, ask: Callable[[], T], timeout_s: float = 30.0) -> T:
    """The first true answer of `ask`; fails the test, saying `what` was awaited, when none comes in time."""
    deadline = time.monotonic() + timeout_s
    while True:
        answer = ask()
        if answer:
            return answer
        if time.monotonic() > deadline:
            pytest.fail(f"waited {timeout_s:.0f} s for {what}; last answer: {answer!r}", pytrace=False)
        time.sleep(0.05)


def database_url() -> str:
    """The database of this test, as DENCHI_DATABASE_URL says it."""
    row = connection.settings_dict
    login = f"{quote(row['USER'])}:{quote(row['PASSWORD'])}"
    return f"postgres://{login}@{row['HOST']}:{row['PORT']}/{quote(row['NAME'])}"


def redis_url() -> str:
    """A broker of this pytest-xdist worker alone: another one's worker must not take our messages."""
    number = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) + 1
    return urlsplit(os.environ["DENCHI_REDIS_URL"])._replace(path=f"/{number}").geturl()


class Processes:
    """Starts, kills and stops them; logs are in the test's folder."""

    def __init__(self, folder: Path) -> None:
        self.var = folder / "var"
        self.var.mkdir()
        self.supervisor = Supervisor(folder / "logs", folder / "pids.json", print)
        self.environment = {
            "DJANGO_SETTINGS_MODULE": "tests.settings",
            "DENCHI_DATABASE_URL": database_url(),
            "DENCHI_REDIS_URL": redis_url(),
            "DENCHI_VAR": str(self.var),
            "CELERY_SKIP_CHECKS": "1",
        }
        with redis.Redis.from_url(redis_url()) as broker:
            broker.flushdb()

    def start(self, name: str, *words: str, **environment: str) -> None:
        self.supervisor.start(Command(name, [sys.executable, *words], {**self.environment, **environment}))

    def manage(self, name: str, *words: str, **environment: str) -> None:
        self.start(name, "manage.py", *words, **environment)

    def start_worker(self, name: str = "worker", concurrency: int = 2) -> None:
        words = ("-m", "celery", "-A", "mes", "worker", "-Q", "telemetry,records", "-c", str(concurrency))
        self.start(name, *words, "--loglevel", "INFO", "--without-gossip", "--without-mingle", "-n", f"{name}@test")

    def start_gateway(self, name: str = "gateway", line: str = "L1", **environment: str) -> None:
        self.manage(name, "run_gateway", "--line", line, **environment)

    def kill(self, name: str) -> None:
        """SIGKILL to the process and all it started."""
        self.supervisor.kill(name)

    def stop(self, name: str) -> None:
        """SIGTERM, and wait for the end."""
        self.supervisor.stop(name)

    def log(self, name: str) -> str:
        return self.supervisor.tail_of(name, 10_000)


@pytest.fixture
def processes(transactional_db: None, tmp_path: Path) -> Iterator[Processes]:  # noqa: ARG001 - makes the database one that other processes see
    running = Processes(tmp_path)
    try:
        yield running
    finally:
        running.supervisor.stop_all()
