"""`make demo` as a stranger runs it: from a fresh clone, at its own settings, stopped and started again."""

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from html import unescape
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from mes.embedded import free_port
from tests.e2e.conftest import signed_in
from tests.e2e.truth import read_truth

ROOT = Path(__file__).resolve().parent.parent.parent
PAGE_WITHIN_S, PACK_WITHIN_S, TOUR_WITHIN_S = 120, 300, 600

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]


class Demo:
    """A clone of the repository with its own folder for data."""

    def __init__(self, folder: Path) -> None:
        self.clone = folder / "clone"
        self.var = folder / "var"
        self.port = free_port()
        self.output = folder / "output.txt"
        self.process: subprocess.Popen[bytes] | None = None
        self.began = 0.0

    def start(self) -> None:
        inherited = {
            name: value
            for name, value in os.environ.items()
            # Nothing of this test run may help or hinder it.
            if not name.startswith(("DENCHI_", "DJANGO_", "PYTEST_", "VIRTUAL_ENV", "PYTHON"))
        }
        self.began = time.monotonic()
        with self.output.open("ab") as output:
            self.process = subprocess.Popen(
                ["make", "demo"],  # noqa: S607 - the tester's own make
                cwd=self.clone,
                env={**inherited, "DENCHI_VAR": str(self.var), "DENCHI_PORT": str(self.port)},
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    def until(self, what: str, holds: Callable[[], Any], seconds: float) -> Any:
        deadline = self.began + seconds
        while not (found := _or_none(holds)):
            assert self.process is not None
            assert self.process.poll() is None, f"the demo ended:\n{self.output.read_text()}"
            assert time.monotonic() < deadline, f"not within {seconds:.0f} s: {what}\n{self.output.read_text()[-3000:]}"
            time.sleep(0.5)
        return found

    def send(self, number: int) -> None:
        """As a terminal does: to make and all that did not leave its session."""
        assert self.process is not None
        os.killpg(self.process.pid, number)

    def ended(self, seconds: float = 60) -> int:
        assert self.process is not None
        return self.process.wait(seconds)

    def left_over(self) -> list[str]:
        """Command lines of processes that work on this demo's folder or in its clone."""
        found = []
        for path in Path("/proc").glob("[0-9]*"):
            try:
                environment = (path / "environ").read_bytes()
                words = (path / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            except OSError:
                continue
            if str(self.var).encode() in environment or str(self.var) in words or str(self.clone) in words:
                found.append(words)
        return found

    @property
    def facts(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.var / "demo.json").read_text())
        return found

    def get(self, path: str) -> Any:
        headers = {"Authorization": f"Token {self.facts['auditor_token']}"}
        return httpx.get(f"{self.facts['url']}{path}", headers=headers, timeout=30).raise_for_status().json()

    def page(self, path: str) -> str:
        """As the quality engineer."""
        return signed_in(self.facts["url"], self.facts["people"]["quality"])(path)

    def records(self) -> int:
        with psycopg.connect(self.facts["database_url"]) as connection:
            row = connection.execute("select count(*) from lines_operationrecord").fetchone()
        assert row is not None
        return int(row[0])


def _or_none(ask: Callable[[], Any]) -> Any:
    """What is not there yet is no answer."""
    try:
        return ask()
    except (OSError, ValueError, KeyError, httpx.HTTPError, psycopg.Error):
        return None


@pytest.fixture
def demo() -> Iterator[Demo]:
    folder = Path(tempfile.mkdtemp(prefix="denchi-demo-"))
    folder.chmod(0o755)
    made = Demo(folder)
    subprocess.run(["git", "clone", "-q", str(ROOT), str(made.clone)], check=True)  # noqa: S607 - the tester's own git
    yield made
    if made.process is not None:
        with contextlib.suppress(ProcessLookupError):
            made.send(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            made.process.wait(60)
    shutil.rmtree(folder, ignore_errors=True)


def test_a_fresh_clone_comes_alive_stops_cleanly_and_goes_on(demo: Demo) -> None:
    demo.start()
    login = f"http://127.0.0.1:{demo.port}/login/"
    demo.until("the page", lambda: httpx.get(login, timeout=5).is_success, PAGE_WITHIN_S)
    demo.began = time.monotonic()
    packs = demo.until(
        "a pack that passed its end-of-line test",
        lambda: demo.get("/api/v1/units?kind=pack&state=passed")["items"],
        PACK_WITHIN_S,
    )
    print(f"first pack {time.monotonic() - demo.began:.0f} s after the page")
    assert (demo.var / "demo.json").stat().st_mode & 0o777 == 0o600
    assert len(demo.facts["opcua_endpoints"]) == len(demo.facts["station_tokens"]) > 15

    # What the pack is made of, from cells down to lots, is what the machines say they made it of.
    serial = packs[0]["serial"]
    tests = [r["verdict"] for r in demo.get(f"/api/v1/units/{serial}")["records"] if r["operation"] == "EOL"]
    assert tests[-1] == "PASS"
    truth = read_truth(Path(demo.facts["truth"]))
    with psycopg.connect(demo.facts["database_url"]) as connection:
        stored = {row[0] for row in connection.execute(_ALL_BELOW, [serial])}
    made_of = truth.inputs_of(serial)
    assert stored == made_of
    designs = {truth.definitions.get(name, "lot").rpartition("-")[2] for name in made_of}
    assert {"CELL", "lot"} < designs

    def tour() -> set[str]:
        links = {unescape(link) for link in re.findall(r'href="(/[^"#]*)', demo.page("/tour/").partition("<main")[2])}
        kinds = ("/units/", "/lots/", "/recall/", "/rolls/", "/common-cause/", "/audits/", "/charts/", "/alarms/",
                 "/api/docs/")  # fmt: skip
        return links if all(any(link.startswith(kind) for link in links) for kind in kinds) else set()

    for link in demo.until("the tour's objects", tour, TOUR_WITHIN_S):
        assert demo.page(link)
    for product in ("LFP-314", "ZNH-100"):
        assert demo.get(f"/api/v1/units?kind=cell&product={product}")["items"], f"no cell of {product}"

    demo.send(signal.SIGINT)
    demo.ended()
    assert "Stopped." in demo.output.read_text()
    assert demo.left_over() == []

    before = len(truth.results)
    demo.start()
    demo.until("the page again", lambda: httpx.get(login, timeout=5).is_success, PAGE_WITHIN_S)
    demo.until("demo.json again", lambda: demo.facts["opcua_endpoints"], PAGE_WITHIN_S)
    assert serial in {unit["serial"] for unit in demo.get("/api/v1/units?kind=pack&state=passed")["items"]}
    stood_at = demo.records()
    assert stood_at >= before
    demo.until("new results on the old data", lambda: demo.records() > stood_at, PACK_WITHIN_S)

    # As the machine's memory killer does it: nothing is left that would hold ports or data.
    demo.send(signal.SIGKILL)
    demo.ended()
    deadline = time.monotonic() + 30
    while left := demo.left_over():
        assert time.monotonic() < deadline, left
        time.sleep(0.2)


_ALL_BELOW = """
with recursive below as (
    select g.input_unit_id, g.input_lot_id from traceability_genealogylink g
      join traceability_unit u on u.id = g.output_id where u.serial = %s
    union
    select g.input_unit_id, g.input_lot_id from traceability_genealogylink g
      join below b on g.output_id = b.input_unit_id
)
select distinct coalesce(u.serial, l.supplier || ' ' || l.number)
  from below b left join traceability_unit u on u.id = b.input_unit_id
  left join traceability_lot l on l.id = b.input_lot_id
"""
