"""A MES that is down, deaf or gone for a while, and a simulator that is stopped: nothing is lost, nothing doubled."""

import asyncio
import json
import shutil
import time
from collections import Counter
from pathlib import Path

import pytest

from lines.simulator.routes import is_sampled
from lines.simulator.running import Simulator
from lines.simulator.state import state_path
from tests.lines.simulator.mes_stub import MesStub
from tests.lines.simulator.runs import Run
from tests.plants import small_plant

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]


def _assert_once_and_in_order(run: Run) -> None:
    keys = [(station, key) for station, key, _ in run.mes.posts]
    assert len(keys) == len(set(keys))
    by_station: dict[str, list[int]] = {}
    for station, key in keys:
        by_station.setdefault(station, []).append(int(key.rsplit(":", 1)[1]))
    assert all(numbers == sorted(numbers) for numbers in by_station.values())
    visits = Counter(
        (entry["serial"], entry["operation"], entry["attempt"]) for entry in run.truth if entry["type"] == "result"
    )
    assert max(visits.values()) == 1, "one visit told twice"
    # A unit is only told to pass on when the MES has its last visit.
    done: dict[str, list[str]] = {}
    for _, _, body in run.mes.posts:
        for item in body.get("items", [body]):
            done.setdefault(item["serial"], []).append(body["operation"])
    for serial, operations in done.items():
        route, definition = run.mes._route(serial)
        own = [step.operation for step in route.steps[definition] if is_sampled(step, serial)]
        went = [named.operation for op in operations if (named := route.named(definition, op))]
        assert [op for i, op in enumerate(went) if op not in went[:i]] == own[: len(set(went))] or (
            went[:2] == ["WELD", "FILL"]  # the planted one
        )


def test_an_outage_and_lost_answers_lose_and_double_nothing(tmp_path: Path) -> None:
    plant = small_plant(tmp_path)
    run = Run(tmp_path, plant, MesStub(plant))
    run.mes.deaf_every = 9
    outage: list[float] = []

    def during(_: Simulator) -> None:
        if len(run.mes.posts) > 40 and not outage:
            outage.append(time.monotonic() + 3)
            run.mes.down = True
        elif outage and time.monotonic() > outage[0]:
            run.mes.down = False

    asyncio.run(run.until(lambda mes: len(mes.posts) > 160 and not mes.down, during))
    assert run.mes.repeats > 0
    _assert_once_and_in_order(run)
    open_results = len({r["key"] for r in run.truth if r["type"] == "result"}) - len(run.mes.posts)
    saved = json.loads(state_path(tmp_path / "truth.jsonl").read_text())
    assert open_results <= sum(len(machine["outbox"]) for machine in saved["machines"].values())


def test_a_second_run_goes_on_where_the_first_was_stopped(tmp_path: Path) -> None:
    plant = small_plant(tmp_path)
    run = Run(tmp_path, plant, MesStub(plant))
    asyncio.run(run.until(lambda mes: len(mes.posts) > 100))
    first = {serial for serial, step in run.mes.next.items() if step is not None}
    clock = json.loads(state_path(tmp_path / "truth.jsonl").read_text())["now"]
    before = len(run.mes.posts)
    starts: list[float] = []
    asyncio.run(
        run.until(
            lambda mes: len(mes.posts) > 220,
            lambda simulator: starts.append(simulator.floor.clock.now()) if not starts else None,
        )
    )
    assert clock <= starts[0] < clock + 6 * 3600
    _assert_once_and_in_order(run)
    later = {item["serial"] for _, _, body in run.mes.posts[before:] for item in body.get("items", [body])}
    assert first & later, "units of the first run went on in the second"
    serials = [entry["serial"] for entry in run.truth if entry["type"] == "unit"]
    assert len(serials) == len(set(serials))


def test_after_a_crash_numbers_are_skipped_and_nothing_is_told_twice(tmp_path: Path) -> None:
    plant = small_plant(tmp_path)
    run = Run(tmp_path, plant, MesStub(plant))
    state = state_path(tmp_path / "truth.jsonl")
    old = tmp_path / "old.json"

    def during(_: Simulator) -> None:
        if state.exists() and not old.exists():
            shutil.copy(state, old)

    asyncio.run(run.until(lambda mes: len(mes.posts) > 100 and old.exists(), during))
    shutil.copy(old, state)  # as if the process had been killed: the snapshot is older than what was told
    with (tmp_path / "truth.jsonl").open("a") as truth:
        truth.write('{"type":"result","serial":"SK1')  # torn in the middle
        truth.write("\n")
    lines = (tmp_path / "truth.jsonl").read_text().splitlines()
    asyncio.run(run.until(lambda mes: len(mes.posts) > 180))
    torn = [line for line in lines if line.endswith('"SK1')]
    text = (tmp_path / "truth.jsonl").read_text().replace(torn[0] + "\n", "")
    (tmp_path / "truth.jsonl").write_text(text)
    serials = [entry["serial"] for entry in run.truth if entry["type"] == "unit"]
    assert [serial for serial, count in Counter(serials).items() if count > 1] == []
    visits = Counter((e["serial"], e["operation"], e["attempt"]) for e in run.truth if e["type"] == "result")
    assert [visit for visit, count in visits.items() if count > 1] == []
