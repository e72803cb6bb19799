"""What can be chosen about a demo, by environment (README lists it; a test compares)."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent


class DemoError(Exception):
    """The demo can't go on; the message is one line that says what to do."""


@dataclass(frozen=True)
class Options:
    var: Path  # everything the demo writes
    port: int
    speed: float  # simulated seconds a second, until the simulated clock meets the wall clock
    seed: int
    database_url: str  # empty: PostgreSQL of its own, below var
    redis_url: str  # empty: Valkey of its own, below var
    plant: Path = ROOT / "fixtures" / "plant" / "osaka"
    days_back: float = 14.0  # where the simulated clock starts
    cells_per_day: int = 100
    workers: int = 2

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


def _number(environment: Mapping[str, str], name: str, default: float, low: float, high: float) -> float:
    text = environment.get(name, "") or str(default)
    try:
        value = float(text)
    except ValueError:
        raise DemoError(f"{name} is {text!r}; it takes a number from {low:g} to {high:g}.") from None
    if not low <= value <= high:
        raise DemoError(f"{name} is {text}; it takes a number from {low:g} to {high:g}.")
    return value


def options_from(environment: Mapping[str, str] = os.environ) -> Options:
    """Raises DemoError for a value that is not taken."""
    return Options(
        var=Path(environment.get("DENCHI_VAR", "") or ROOT / "var").resolve(),
        port=int(_number(environment, "DENCHI_PORT", 8000, 1, 65535)),
        speed=_number(environment, "DENCHI_DEMO_SPEED", 3600, 1, 3600),
        seed=int(_number(environment, "DENCHI_DEMO_SEED", 1, 0, 2**31 - 1)),
        database_url=environment.get("DENCHI_DATABASE_URL", ""),
        redis_url=environment.get("DENCHI_REDIS_URL", ""),
    )
