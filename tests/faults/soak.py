"""Faults for half an hour: `make soak`, or `python -m tests.faults.soak --help`.

Stations of two makes give values all the time. First each fault by itself, then random kills over all processes.
What was given, stored, missing and doubled is written into a report, also when it is stopped by Ctrl-C.
"""

import argparse
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType

from tests.faults.kit import scenarios
from tests.faults.kit.plant import FaultPlant, ServerPlan
from tests.faults.kit.scenarios import Scenario
from tests.faults.kit.truth import Count

REST_S = 5.0
PATIENCE_S = 75.0  # longer than a message that a killed worker held stays hidden
PATIENCE_WITH_LOSS_S = 30.0
KEEPING, FORGETTING = "historising", "forgetting"

SINGLE = (
    Scenario("nothing", lambda _plant, seconds, sleep: sleep(seconds), 10),
    Scenario("cut of 5 s", scenarios.cut, 5),
    Scenario("cut of 15 s", scenarios.cut, 15),
    Scenario("cut of 60 s", scenarios.cut, 60),
    Scenario("half-open for 20 s", scenarios.half_open, 20),
    Scenario("0.8 s of delay", scenarios.delay, 15),
    Scenario("gateway killed", scenarios.kill("gateway"), 5),
    Scenario("gateway down for 30 s", scenarios.kill("gateway"), 30),
    Scenario("worker killed", scenarios.kill("worker"), 5),
    Scenario("beat killed", scenarios.kill("beat"), 5),
    Scenario("broker killed", scenarios.kill_broker, 5),
    Scenario("broker killed and wiped", scenarios.wipe_broker, 5),
    Scenario("PostgreSQL killed", scenarios.kill_database, 10),
    Scenario("disk full", scenarios.fill_disk, 20),
    Scenario("gateway's clock 10 min ahead", scenarios.shift_gateway(600), 10),
    Scenario("gateway's clock 10 min behind", scenarios.shift_gateway(-600), 10),
    Scenario("stations' clocks 10 min ahead", scenarios.shift_stations(600), 10),
    Scenario("stations' clocks 1 h behind", scenarios.shift_stations(-3600), 10),
    Scenario("stations' clocks 20 min ahead: refused", scenarios.shift_stations(1200), 10, may_lose=True),
    Scenario("historising server killed", scenarios.kill(KEEPING), 5),
    Scenario("historising server killed while cut off", scenarios.kill_cut_off(KEEPING), 5),
    Scenario("forgetting server killed", scenarios.kill(FORGETTING), 5, may_lose=True),
    Scenario("forgetting server killed while cut off", scenarios.kill_cut_off(FORGETTING), 5, may_lose=True),
)


class StopAskedError(Exception):
    """By Ctrl-C or SIGTERM."""


@dataclass
class Line:
    """One scenario's line in the report."""

    name: str
    count: Count
    on_ledger: int
    settled_s: float
    may_lose: bool
    flows: bool  # afterwards, and neither gateway nor stations ended by themselves
    notes: list[str] = field(default_factory=list)

    @property
    def passed(self) -> bool:
        is_clean = self.flows and not self.count.doubled and not self.count.unknown
        return is_clean and self.on_ledger == self.count.missing and (self.may_lose or not self.count.missing)


class Soak:
    """Runs scenarios on one plant and keeps the report up to date."""

    def __init__(self, plant: FaultPlant, words: argparse.Namespace) -> None:
        self._plant = plant
        self._words = words
        self._began = time.monotonic()
        self._started_at = datetime.now(UTC)
        self.lines: list[Line] = []
        self.killed: Counter[str] = Counter()
        self._on_ledger = 0
        self._counted_to = 0
        self._chance = random.Random(words.seed)

    def say(self, text: str) -> None:
        print(f"{time.monotonic() - self._began:6.0f} s  {text}", flush=True)

    def run(self) -> None:
        self._plant.start()
        self._plant.wait_flowing()
        time.sleep(REST_S)
        self._on_ledger, self._counted_to = self._plant.on_ledger(), time.time_ns() // 1000
        self.say("values flow")
        only = self._words.only
        for number, scenario in enumerate(chosen := [each for each in SINGLE if not only or each.name in only], 1):
            self.say(f"{number}/{len(chosen)} {scenario.name}")
            self._count(scenario)
        if self._words.kills:
            self._count(Scenario(f"{self._words.kills} random kills", self._kill_at_random, 0, may_lose=True))

    def _count(self, scenario: Scenario) -> None:
        # From the end of the one before: no time is left out.
        since = self._counted_to
        scenario.run(self._plant)
        notes = []
        try:
            # A loss is known when what comes after it is here.
            self._plant.wait_flowing()
        except AssertionError as error:
            notes.append(str(error).splitlines()[0])
        time.sleep(REST_S)
        until = self._counted_to = time.time_ns() // 1000
        ended = time.monotonic()
        count = self._plant.settle(
            self._plant.given(since, until), PATIENCE_WITH_LOSS_S if scenario.may_lose else PATIENCE_S
        )
        settled_s = time.monotonic() - ended
        on_ledger = self._plant.settle_ledger(self._on_ledger + count.missing)
        flows = not notes and not {"gateway", *self._plant.plans} & set(self._plant.ended)
        notes += [f"{name} ended by itself and was started again" for name in self._plant.ended]
        self._plant.ended.clear()
        line = Line(scenario.name, count, on_ledger - self._on_ledger, settled_s, scenario.may_lose, flows, notes)
        self._on_ledger = on_ledger
        if count.missing or count.doubled:
            for server in self._plant.plans:
                line.notes.append(f"{server}: {self._plant.count(self._plant.given(since, until, (server,)))}")
        self.lines.append(line)
        self.say(f"    {count}, {line.on_ledger} on the ledger{''.join(f'; {note}' for note in line.notes)}")
        self.write()

    def _kill_at_random(self, plant: FaultPlant, _seconds: float, sleep: scenarios.Sleep) -> None:
        victims = {
            **{name: scenarios.kill(name) for name in ("gateway", "worker", "beat", *plant.plans)},
            "broker": scenarios.kill_broker,
            "broker and its messages": scenarios.wipe_broker,
            "PostgreSQL": scenarios.kill_database,
        }
        for number in range(1, self._words.kills + 1):
            name = self._chance.choice(list(victims))
            down_s = self._chance.uniform(0.1, 5)
            self.say(f"kill {number}/{self._words.kills}: {name}, for {down_s:.1f} s")
            self.killed[name] += 1
            victims[name](plant, down_s, sleep)
            sleep(self._chance.uniform(0.5, 7))
            plant.keep()

    def write(self) -> None:
        """The report, as far as it has come."""
        words = self._words
        text = [
            "# Soak",
            "",
            f"`make soak`, {self._started_at:%Y-%m-%d %H:%M} UTC: {words.stations} stations at {words.rate:g} Hz on two"
            f" servers (asyncua, which forgets; python-opcua, which historises), seed {words.seed}.",
            "",
            "| fault | given | stored | missing | on the ledger | doubled | never given | whole after s | |",
            "|---|---|---|---|---|---|---|---|---|",
        ]
        for line in self.lines:
            c = line.count
            counts = " | ".join(f"{n:,}" for n in (c.given, c.stored, c.missing, line.on_ledger, c.doubled, c.unknown))
            verdict = "; ".join(["ok" if line.passed else "FAULT", *line.notes])
            text.append(f"| {line.name} | {counts} | {line.settled_s:.0f} | {verdict} |")
        if self.killed:
            text += ["", "Killed: " + ", ".join(f"{name} {times}" for name, times in self.killed.most_common()) + "."]
        words.report.parent.mkdir(parents=True, exist_ok=True)
        words.report.write_text("\n".join(text) + "\n")


@contextmanager
def stopped_by_signals() -> Iterator[None]:
    """Ctrl-C and SIGTERM raise StopAskedError, once; what follows is not interrupted."""

    def stop(number: int, _frame: FrameType | None) -> None:
        for each in (signal.SIGINT, signal.SIGTERM):
            signal.signal(each, signal.SIG_IGN)
        raise StopAskedError(signal.Signals(number).name)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    yield


def read_words(words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make soak", description=__doc__.splitlines()[0])
    parser.add_argument("--stations", type=int, default=20, help="half of them at each server")
    parser.add_argument("--rate", type=float, default=10.0, help="values a second of each station")
    parser.add_argument("--kills", type=int, default=50, help="random kills at the end")
    parser.add_argument("--seed", type=int, default=4)
    parser.add_argument("--only", action="append", help="a fault's name; may be given several times; '' for none")
    parser.add_argument("--report", type=Path, default=Path("var/soak.md"))
    return parser.parse_args(words)


def main() -> int:
    words = read_words(sys.argv[1:])
    half = words.stations // 2
    plans = {
        FORGETTING: ServerPlan("asyncua", words.stations - half, False),
        KEEPING: ServerPlan("opcua", half, True),
    }
    folder = Path(tempfile.mkdtemp(prefix="denchi-soak-"))
    folder.chmod(0o755)
    plant = FaultPlant(folder, plans, words.rate)
    soak = Soak(plant, words)
    stopped = False
    with stopped_by_signals():
        try:
            soak.run()
        except StopAskedError as asked:
            stopped = True
            soak.say(f"Stopped ({asked})")
        finally:
            plant.stop()
            soak.write()
    print(words.report.read_text())
    print(f"Report: {words.report}")
    if passed := not stopped and all(line.passed for line in soak.lines):
        shutil.rmtree(folder)
    else:
        print(f"Logs: {plant.supervisor.logs}")
    return 130 if stopped else int(not passed)


if __name__ == "__main__":
    sys.exit(main())
