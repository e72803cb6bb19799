"""Children of the demo: none is left behind, a crashed one comes back, one that crashes always does not for ever."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mes.processes import Command, ProcessError, Supervisor

ROOT = Path(__file__).resolve().parent.parent.parent
SLEEPER = [sys.executable, "-c", "import time; time.sleep(600)"]
# A child that takes no hint, with a grandchild in its group.
STUBBORN = [
    sys.executable,
    "-c",
    "import os, signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); os.fork();"
    " print('up', flush=True); signal.pause()",
]


def wait_until(holds: Callable[[], bool], timeout_s: float = 20) -> None:
    deadline = time.monotonic() + timeout_s
    while not holds():
        assert time.monotonic() < deadline, "it did not come about in time"
        time.sleep(0.02)


def group_lives(leader: int) -> bool:
    """Whether any process of the group runs (a zombie does not)."""
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[2]) == leader and fields[0] != "Z":
            return True
    return False


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def supervisor(tmp_path: Path, said: list[str]) -> Iterator[Supervisor]:
    supervisor = Supervisor(tmp_path / "log", tmp_path / "pids.json", said.append)
    yield supervisor
    supervisor.force_all()


def test_stopping_ends_a_stubborn_child_and_its_own_children(supervisor: Supervisor) -> None:
    supervisor.start(Command("stubborn", STUBBORN))
    leader = supervisor.pid_of("stubborn")
    wait_until(lambda: "up" in supervisor.tail_of("stubborn"))
    supervisor.stop("stubborn", timeout_s=0.2)
    wait_until(lambda: not group_lives(leader))


def test_a_crashed_child_is_started_again_and_told(supervisor: Supervisor, said: list[str]) -> None:
    supervisor.start(Command("machine", SLEEPER))
    first = supervisor.pid_of("machine")
    os.kill(first, signal.SIGKILL)
    wait_until(lambda: not supervisor.is_running("machine"))
    supervisor.restart_crashed()
    assert supervisor.is_running("machine")
    assert supervisor.pid_of("machine") != first
    assert "machine was ended by signal 9" in said[0]


def test_a_child_that_always_crashes_ends_the_demo_with_one_line(supervisor: Supervisor) -> None:
    supervisor.start(Command("broken", [sys.executable, "-c", "raise SystemExit(3)"]))
    with pytest.raises(ProcessError, match=r"broken ended 5 times in a row; .*broken.log says why"):
        for _ in range(20):
            wait_until(lambda: not supervisor.is_running("broken"))
            supervisor.restart_crashed()


def test_a_killed_parent_leaves_no_child(tmp_path: Path) -> None:
    parent = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import sys, time; from pathlib import Path; from mes.processes import Command, Supervisor\n"
            f"s = Supervisor(Path({str(tmp_path)!r}), Path({str(tmp_path / 'pids.json')!r}), print)\n"
            f"s.start(Command('sleeper', {SLEEPER!r})); print(s.pid_of('sleeper'), flush=True); time.sleep(600)",
        ],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    assert group_lives(child)
    parent.kill()
    parent.wait()
    wait_until(lambda: not group_lives(child))


def test_the_next_start_ends_what_a_killed_parent_left(tmp_path: Path, said: list[str]) -> None:
    # Without PR_SET_PDEATHSIG (macOS), or with a child that takes no hint, the list of pids is what is left.
    first = Supervisor(tmp_path, tmp_path / "pids.json", said.append)
    first.start(Command("sleeper", SLEEPER))
    leader = first.pid_of("sleeper")
    Supervisor(tmp_path, tmp_path / "pids.json", said.append).end_left_over()
    wait_until(lambda: not group_lives(leader))
    assert "left over" in said[0]
