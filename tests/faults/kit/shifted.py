"""Runs a command whose wall clock can be set: `python -m tests.faults.kit.shifted CLOCK manage.py ...`.

CLOCK is a file with the seconds to add. Only `time.time` and `time.time_ns` are shifted, which is what the gateway
stamps its batches with; nothing of the machine's own clock changes.
"""

import runpy
import sys
import time
from pathlib import Path


def shift(clock: Path) -> None:
    """From now on this process reads its wall clock with what stands in `clock`."""
    true_ns = time.time_ns
    read_at, seconds = 0, 0.0

    def shifted_ns() -> int:
        nonlocal read_at, seconds
        now = true_ns()
        if now - read_at > 50_000_000:
            read_at = now
            try:
                seconds = float(clock.read_text())
            except (OSError, ValueError):
                seconds = 0.0
        return now + int(seconds * 1e9)

    time.time_ns = shifted_ns
    time.time = lambda: shifted_ns() / 1e9


if __name__ == "__main__":
    shift(Path(sys.argv[1]))
    sys.argv = sys.argv[2:]
    sys.path.insert(0, str(Path(sys.argv[0]).parent.resolve()))
    runpy.run_path(sys.argv[0], run_name="__main__")
