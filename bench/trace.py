"""Questions of genealogy at two sizes of plant: `python -m bench.trace [--cells 100000 1000000]`.

Each question is asked as the product asks it, and beside it as SQL written by hand for that one question, which gives
the same units; both in the same run on a PostgreSQL of the benchmark's own with its ordinary settings. The rows
(bench/trace_rows.py) are made once for each size and kept in --folder. Milliseconds of wall time, the best of five.
"""

import argparse
import gc
import multiprocessing
import os
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from mes.embedded import EmbeddedPostgres

SIZES = (100_000, 1_000_000)
ROUNDS = 5
LONG_MS = 2_000.0
GROWTH = 1.5
RATIO = 1.3
# PostgreSQL runs as another user where the benchmark runs as root: below a folder that everybody may walk into.
FOLDER = Path(tempfile.gettempdir()) / "denchi-bench-trace"


@dataclass(frozen=True)
class Question:
    """`ask` as the product, `by_hand` as SQL; each returns how many it found."""

    name: str
    ask: Callable[[], int]
    by_hand: Callable[[], int] | None = None
    goal_ms: float | None = None


@dataclass(frozen=True)
class Answer:
    goal_ms: float | None
    found: int
    ms: float
    by_hand: int | None = None
    by_hand_ms: float | None = None


def best_ms(ask: Callable[[], int]) -> tuple[int, float]:
    """What it returned, and the shortest of some times; what takes long is asked only twice."""
    best, rounds = float("inf"), 0
    while rounds < (ROUNDS if best < LONG_MS else 2):
        gc.collect()
        began = time.perf_counter()
        found = ask()
        best, rounds = min(best, 1000 * (time.perf_counter() - began)), rounds + 1
    return found, best


def ask_all(cells: int, folder: Path) -> dict[str, Answer]:
    """The answer to each question, by its name."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o755)
    ready = folder / "ready"
    with EmbeddedPostgres(folder, {} if ready.exists() else {"fsync": "off"}) as postgres:
        os.environ |= {"DENCHI_DATABASE_URL": postgres.url, "DENCHI_REDIS_URL": "redis://127.0.0.1:1/0"}
        os.environ |= {"DJANGO_SETTINGS_MODULE": "tests.settings", "DENCHI_VAR": str(folder)}
        import django  # noqa: PLC0415 - after the settings

        django.setup()
        from django.core.management import call_command  # noqa: PLC0415 - after setup

        from bench import trace_questions, trace_rows  # noqa: PLC0415 - after setup
        from mes.loaded import load_and_freeze  # noqa: PLC0415 - after setup
        from traceability.completeness.checking import check_links  # noqa: PLC0415 - after setup

        if not ready.exists():
            began = time.monotonic()
            print(f"Making {cells:,} cells ...", file=sys.stderr)
            trace_rows.seed(cells)
            print(f"made in {time.monotonic() - began:.0f} s", file=sys.stderr)
            # As the task does it beside production: what was not looked at, a recall looks at itself.
            began = time.monotonic()
            looks = check_links()
            print(f"compared with their bills in {time.monotonic() - began:.0f} s, {looks} looks", file=sys.stderr)
            ready.touch()
        call_command("migrate", verbosity=0)  # of rows that an older schema holds
        load_and_freeze()  # as the web server does
        answers = {}
        for question in trace_questions.questions(trace_rows.plant_of(cells)):
            beside = best_ms(question.by_hand) if question.by_hand else (None, None)
            answers[question.name] = Answer(question.goal_ms, *best_ms(question.ask), *beside)
        return answers


def tell(cells: int, answers: dict[str, Answer]) -> None:
    print(f"\n{cells:,} cells:\n")
    print("| question | found | ms | goal ms | by hand, found | by hand, ms | ratio (goal 1.3) |")
    print("|---|---|---|---|---|---|---|")
    for name, answer in answers.items():
        goal = f"{answer.goal_ms:g}" if answer.goal_ms else ""
        beside = "| | "
        if answer.by_hand is not None and answer.by_hand_ms:
            beside = f"{answer.by_hand:,} | {answer.by_hand_ms:.1f} | {answer.ms / answer.by_hand_ms:.2f}"
        print(f"| {name} | {answer.found:,} | {answer.ms:.1f} | {goal} | {beside} |")
    sys.stdout.flush()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cells", type=int, nargs="+", default=list(SIZES))
    parser.add_argument("--folder", type=Path, default=FOLDER)
    asked = parser.parse_args()
    times: dict[str, list[float]] = {}
    for cells in asked.cells:
        # A process each: Django reads the address of its database once.
        with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as process:
            answers = process.submit(ask_all, cells, asked.folder / str(cells)).result()
        tell(cells, answers)
        for name, answer in answers.items():
            times.setdefault(name, []).append(answer.ms)
    if len(asked.cells) > 1:
        print(f"\nGrowth from {asked.cells[0]:,} to {asked.cells[-1]:,} cells (goal {GROWTH}):\n")
        print("| question | times |\n|---|---|")
        for name, each in times.items():
            print(f"| {name} | {each[-1] / each[0]:.2f} |")


if __name__ == "__main__":
    main()
