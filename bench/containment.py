"""What a signal's window catches, over seeded runs of a station that changes: `python -m bench.containment [runs]`.

A station makes units one after the other, N(0, 1) in standard errors of the chart, an individuals chart with rules 1
and 2 on frozen limits. At a unit of chance its mean steps, or begins to drift; `reaction` units after the first signal
the cause is gone. Each signal makes suspect what quality.spc.change_points says, less the margin, until verify_points
are in control. Of what is measured a part is the gauge's error; out of specification is what a unit truly is, beyond
4 sigma (Cpk 1.33).
"""

import sys
from dataclasses import dataclass

import numpy as np

from quality.spc.change_points import change_of_mean, first_verified, suspect_from
from quality.spc.panels import FrozenLimits
from quality.spc.rules import find
from quality.spc.variables import i_mr

HISTORY = 300
SPECIFICATION = 4.0
GAUGE = 0.2
_LIMITS = FrozenLimits(0.0, 1.0)

STEPS = (0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 4.0)
DRIFTS = (0.01, 0.02, 0.05, 0.1, 0.2)  # a unit


@dataclass(frozen=True)
class Setting:
    margin: int = 3
    verify_points: int = 7
    reaction: int = 10  # units from the signal to the end of the cause
    every_nth: int = 1  # units for each one that is charted
    rules: tuple[int, ...] = (1, 2)


@dataclass(frozen=True)
class Run:
    """Counts of units. `back`: made before the change and held; `escaped_before` and `_after`: affected and not held,
    before the window or after its end."""

    until_signal: int
    affected: int
    held: int
    back: int
    escaped_before: int
    escaped_after: int
    bad_escaped: int
    false_windows: int

    @property
    def escaped(self) -> int:
        return self.escaped_before + self.escaped_after


def run(seed: int, step: float, drift: float, setting: Setting) -> Run | None:
    """One station with one change; None where its chart did not signal it within the run."""
    random = np.random.default_rng(seed)
    nth = setting.every_nth
    begins = int(random.integers(80, 160)) * nth + int(random.integers(nth))
    n = begins + 600 * nth
    noise = random.normal(0, np.sqrt(1 - GAUGE**2), n)
    gauge = random.normal(0, GAUGE, n)
    shift = np.zeros(n)
    shift[begins:] = step + drift * np.arange(1, n - begins + 1)
    signals = _signals((noise + gauge + shift)[::nth], setting.rules)
    first = next((point for point, _, _ in signals if point * nth >= begins), None)
    if first is None:
        return None
    ends = min(first * nth + setting.reaction + 1, n)
    shift[ends:] = 0.0
    true = noise + shift
    z = (true + gauge)[::nth]
    affected = np.zeros(n, bool)
    affected[begins:ends] = True
    held = np.zeros(n, bool)
    false_windows = 0
    for start, end in _windows(z, _signals(z, setting.rules), setting):
        if end * nth < begins:
            false_windows += 1
        elif start * nth <= ends:
            # From after the unit charted before it, less the margin.
            held[max((start - 1) * nth + 1 - setting.margin, 0) : end * nth + 1] = True
    escaped = affected & ~held
    last = int(np.flatnonzero(held)[-1]) if held.any() else 0
    after = escaped.copy()
    after[: last + 1] = False
    return Run(
        until_signal=first * nth - begins + 1,
        affected=int(affected.sum()),
        held=int(held.sum()),
        back=int(held[:begins].sum()),
        escaped_before=int((escaped & ~after).sum()),
        escaped_after=int(after.sum()),
        bad_escaped=int((escaped & (np.abs(true) > SPECIFICATION)).sum()),
        false_windows=false_windows,
    )


def _signals(z: np.ndarray, rules: tuple[int, ...]) -> list[tuple[int, int, int]]:
    """(point, side, first point of the window), in order; side 0: of a moving range, which tells of no mean."""
    chart = i_mr(z, _LIMITS)
    found = [
        (int(end), int(side) if panel.name == "I" else 0, int(first))
        for panel in chart.panels
        for one in find(panel, rules).values()
        for end, side, first in zip(one.end, one.side, one.first, strict=True)
    ]
    return sorted(found)


def _windows(z: np.ndarray, signals: list[tuple[int, int, int]], setting: Setting) -> list[tuple[int, int]]:
    """(first suspect point, last held point) of each reaction."""
    broken = np.zeros(z.size, bool)
    broken[[point for point, _, _ in signals]] = True
    windows: list[tuple[int, int]] = []
    for point, side, first in signals:
        # What was before the last verification belongs to the reaction that it ended.
        before = [end for _, end in windows if end < point]
        oldest = max(point + 1 - HISTORY, before[-1] + 1 - setting.verify_points if before else 0, 0)
        history = z[oldest : point + 1]
        change = change_of_mean(history, side) if side else None
        found = suspect_from(change, history, broken[oldest : point + 1], max(first - oldest, 0), setting.verify_points)
        start = oldest + found.place
        if windows and point <= windows[-1][1]:
            windows[-1] = (min(start, windows[-1][0]), windows[-1][1])
            continue
        good = first_verified(z[point + 1 :][:600], broken[point + 1 :][:600], setting.verify_points)
        windows.append((start, z.size - 1 if good is None else point + 1 + good))
    return windows


@dataclass(frozen=True)
class Curve:
    """One line of the table, over the runs that signalled."""

    runs: int
    until_signal: float
    affected: float
    held: float
    back: float
    escape_share: float
    escape_before_share: float
    bad_escaped: int
    ratio: float
    ratio_p95: float


def curve(runs: int, step: float, drift: float, setting: Setting, seed: int = 1) -> Curve:
    found = [one for n in range(runs) if (one := run(seed * 1_000_003 + n, step, drift, setting)) is not None]
    affected, held = np.array([r.affected for r in found]), np.array([r.held for r in found])
    return Curve(
        runs=len(found),
        until_signal=float(np.mean([r.until_signal for r in found])),
        affected=float(affected.mean()),
        held=float(held.mean()),
        back=float(np.mean([r.back for r in found])),
        escape_share=float(np.mean([r.escaped > 0 for r in found])),
        escape_before_share=float(np.mean([r.escaped_before > 0 for r in found])),
        bad_escaped=sum(r.bad_escaped for r in found),
        ratio=float(held.sum() / affected.sum()),
        ratio_p95=float(np.quantile(held / affected, 0.95)),
    )


def main() -> None:
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    print(
        f"{runs} runs a line. Out of specification: truly beyond {SPECIFICATION:g} sigma; gauge error {GAUGE:g} sigma."
    )
    for setting in (Setting(), Setting(reaction=0), Setting(reaction=30), Setting(every_nth=5, reaction=25)):
        print(f"\n{setting}")
        print(
            "change       signals after   affected   held  of them good  escape %  before %  bad escaped  ratio   p95"
        )
        for step, drift in [*((step, 0.0) for step in STEPS), *((0.0, drift) for drift in DRIFTS)]:
            c = curve(runs, step, drift, setting)
            name = f"step {step:<5g}" if step else f"drift {drift:<4g}"
            print(
                f"{name}  {c.until_signal:13.1f}  {c.affected:9.1f}  {c.held:5.1f}  {c.back:12.1f}"
                f"  {100 * c.escape_share:8.1f}  {100 * c.escape_before_share:8.1f}  {c.bad_escaped:11d}"
                f"  {c.ratio:5.2f}  {c.ratio_p95:4.1f}"
            )


if __name__ == "__main__":
    main()
