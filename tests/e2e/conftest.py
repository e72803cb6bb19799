"""One plant for all e2e tests: real processes, small packs, a worker killed on the way, stopped when both products
have a pack that passed. The simulator's truth is then complete, and every test scores the MES against it.
"""

import dataclasses
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from psycopg.rows import dict_row

from mes.demo.options import Options
from mes.demo.plant import RunningPlant
from mes.embedded import free_port
from tests.e2e.truth import Truth, read_truth
from tests.plants import small_plant

SECONDS_TO_MAKE_BOTH_PRODUCTS = 300
SECONDS_WITHOUT_A_WORKER = 8
SECONDS_TO_FLUSH = 3  # a gateway that is behind writes every 2 s


@dataclasses.dataclass
class Plant:
    """The plant that ran; web, workers and database still answer, the machines are off."""

    running: RunningPlant
    truth: Truth
    open_keys: set[str]  # results that were sent and not answered when the machines were switched off
    on_their_way: set[str]  # units that were somewhere in the flow then
    connection: psycopg.Connection[dict[str, Any]]

    def rows(self, query: str, *values: Any) -> list[dict[str, Any]]:
        # The query is the test's own text; psycopg only takes literal strings without this.
        return self.connection.execute(query.encode(), values).fetchall()

    def get(self, path: str, token: str | None = None) -> Any:
        """An API answer, as the auditor unless another token is given."""
        if token is None:
            token = json.loads(self.running.demo_json.read_text())["auditor_token"]
        headers = {"Authorization": f"Token {token}"} if token else {}
        while True:
            answer = httpx.get(f"{self.running.options.url}{path}", headers=headers, timeout=30)
            if answer.status_code != httpx.codes.TOO_MANY_REQUESTS:
                return answer.raise_for_status().json()
            time.sleep(float(answer.headers["Retry-After"]))  # as a script should

    def browser(self, role: str, language: str = "en") -> Callable[[str], str]:
        """Opens pages as that person."""
        return signed_in(self.running.options.url, self.running.people()[role], language)


def signed_in(url: str, person: dict[str, str], language: str = "en") -> Callable[[str], str]:
    """Signs in by the form; the answer opens pages."""
    client = httpx.Client(base_url=url, timeout=30, follow_redirects=True, headers={"Accept-Language": language})

    def get(path: str) -> str:
        return client.get(path).raise_for_status().text

    get("/login/")
    form = {"username": person["user"], "password": person["password"]}
    client.post("/login/", data={**form, "csrfmiddlewaretoken": client.cookies["csrftoken"]}).raise_for_status()
    return get


class _Run:
    """Waits that fail with the ends of the logs."""

    def __init__(self, running: RunningPlant) -> None:
        self.running = running

    def until(self, what: str, holds: Callable[[], bool], timeout_s: float) -> None:
        began = time.monotonic()
        deadline = began + timeout_s
        while not holds():
            self.running.keep()
            if time.monotonic() > deadline:
                names = ("simulator", "gateway", "web", "worker")
                tails = "\n".join(f"== {name}\n{self.running.processes.tail_of(name, 15)}" for name in names)
                pytest.fail(f"not within {timeout_s:.0f} s: {what}\n{tails}", pytrace=False)
            time.sleep(0.2)
        print(f"{time.monotonic() - began:6.1f} s until {what}")


def _one(connection: psycopg.Connection[dict[str, Any]], query: str, *values: Any) -> Any:
    row = connection.execute(query.encode(), values or None).fetchone()
    assert row is not None
    return next(iter(row.values()))


def _all_denied(truth: Path, connection: psycopg.Connection[dict[str, Any]]) -> bool:
    """Whether every wrong question was told, and answered: some are told while the unit is still on its way to ask."""
    with truth.open() as lines:
        told = [json.loads(line) for line in lines if '"what":"denied"' in line]
    serials, operations = ([entry[name] for entry in told] for name in ("serial", "operation"))
    return {entry["why"] for entry in told} >= WRONGS and _one(connection, UNDENIED, serials, operations) == 0


def _is_worked(truth: Path) -> bool:
    with truth.open() as lines:
        return any('"what":"reaction"' in line for line in lines)


RECORDS = "select count(*) from lines_operationrecord"
PASSED_PACKS = "select count(distinct product) from lines_operationrecord where operation = 'AIL' and verdict = 'PASS'"
CONTAINERS = "select count(distinct product) from lines_operationrecord where operation = 'CONT'"
REPLACED_PARTS = "select count(*) from traceability_linkend"
RELEASED_HOLDS = (
    "select count(*) from traceability_hold where placed_by = 'person:supervisor' and released_at is not null"
)
UNDENIED = """
select count(*) from unnest(%s::text[], %s::text[]) as asked (serial, operation) where not exists (
    select 1 from traceability_permit p
    where p.serial = asked.serial and p.verdict = 'DENY' and p.operation like asked.operation || '%%')
"""
# How the simulator puts wrong questions, in the words of its truth.
WRONGS = {"early", "elsewhere", "expired", "grade", "late", "recipe", "uncertified", "unreleased"}
COMMITTED = "select count(*) from lines_telemetrybatch where sequence = any(%s)"
PENDING = "select count(*) from lines_pending"


@pytest.fixture(scope="session")
def plant(open_folder_for_session: Path) -> Iterator[Plant]:
    folder = open_folder_for_session
    options = Options(
        var=folder / "var",
        port=free_port(),
        speed=3600,
        seed=7,
        database_url="",
        redis_url="",
        plant=small_plant(folder),
        days_back=12,
        cells_per_day=1000,
    )
    options.var.mkdir()
    running = RunningPlant(options, print)
    run = _Run(running)
    try:
        running.start()
        with psycopg.connect(running.database_url, autocommit=True, row_factory=dict_row) as connection:
            run.until("the first 40 results", lambda: _one(connection, RECORDS) > 40, 90)
            # As when the machine's memory killer comes: no last words, tasks in the middle.
            running.processes.kill("worker")
            time.sleep(SECONDS_WITHOUT_A_WORKER)
            running.start_worker()
            run.until(
                "both products with a pack through its tests and in a container",
                lambda: _one(connection, PASSED_PACKS) == 2 and _one(connection, CONTAINERS) == 2,
                SECONDS_TO_MAKE_BOTH_PRODUCTS,
            )
            run.until("a part replaced at rework", lambda: _one(connection, REPLACED_PARTS) > 0, 300)
            run.until(
                "every question that is asked wrongly on purpose", lambda: _all_denied(running.truth, connection), 120
            )
            run.until("the release of the supervisor's hold", lambda: _one(connection, RELEASED_HOLDS) > 0, 60)
            run.until("the end of the reaction to the planted drift", lambda: _is_worked(running.truth), 120)
            running.processes.stop("simulator")
            spool = options.var / "spool"
            # The gateway goes on with signs of life; what came until now is what counts, once it is on the disk.
            time.sleep(SECONDS_TO_FLUSH)
            spooled = [int(path.stem) for path in spool.rglob("*.arrow")]
            run.until("all batches in the database", lambda: _one(connection, COMMITTED, spooled) == len(spooled), 60)
            run.until("no pending record", lambda: _one(connection, PENDING) == 0, 60)
            state = json.loads((options.var / "truth.jsonl.state.json").read_text())
            open_keys = {unit["key"] for unit in state["store"]["units"] if unit["key"]}
            on_their_way = {unit["serial"] for unit in state["store"]["units"] if unit["place"] == "FLOW"}
            yield Plant(running, read_truth(running.truth), open_keys, on_their_way, connection)
    finally:
        running.stop()
