"""An ad-hoc analysis as a page shows it: the chart to draw, figures, signals by row, what was wrong. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from lines.errors import Code, Refusal
from quality.analyses.form import Asked
from quality.analyses.tabled import Tabled, Trouble
from quality.charts.batches import Labels, Places, batch_data
from quality.charts.decimals import decimals_for
from quality.charts.plotted import ChartData, SpecLimits
from quality.spc.analysis import examine
from quality.spc.cases import Case
from quality.spc.errors import CODES, Undefined
from quality.spc.panels import Chart, Panel
from quality.spc.rules import Found, find
from quality.spc.stability import IN_CONTROL

MOST_SIGNALS = 200
# Charts of single measurements, which a specification is about.
MEASURED = ("i-mr", "xbar-r", "xbar-s", "i-mr-r", "i-mr-s")
_BY_CODE = {code.code: code for code in CODES}


@dataclass(frozen=True)
class SignalRun:
    """A rule that holds at points `first` to `last` one after another; the rows those points are made of."""

    panel: str
    rule: int
    side: int
    first: int
    last: int
    rows: str
    label: str


@dataclass(frozen=True)
class PanelFigures:
    """Lines of one panel; None where they follow the size of each point, or are not known."""

    name: str
    points: int
    center: float | None
    lcl: float | None
    ucl: float | None
    varies: bool
    digits: int


@dataclass(frozen=True)
class Ability:
    """Capability as printed by the engine, with the verdict that stands before it."""

    printed: Mapping[str, Any]
    verdict: str
    reason: Code | None
    detail: str
    is_normal: bool | None
    is_autocorrelated: bool
    undefined: tuple[tuple[str, Undefined], ...] = ()

    @property
    def is_stable(self) -> bool:
        return self.verdict == IN_CONTROL


@dataclass(frozen=True)
class View:
    tabled: Tabled
    data: ChartData | None
    panels: tuple[PanelFigures, ...]
    printed: Mapping[str, Any]
    signals: tuple[SignalRun, ...]
    n_signals: int
    undefined: tuple[tuple[str, Undefined], ...]
    troubles: tuple[Trouble, ...]
    ability: Ability | None = None
    n_values: int = 0

    @property
    def sigma_digits(self) -> int:
        sigma = self.printed.get("sigma_within")
        return decimals_for(sigma) + 1 if isinstance(sigma, float) else 4


def view(tabled: Tabled, asked: Asked, name: str = "") -> View:
    """Raises Refusal where the chart cannot be made of these data at all."""
    analysed, case = examine(tabled.case)
    chart = analysed.chart
    found: dict[str, Mapping[int, Found]] = {}
    data = None
    if chart is not None:
        for panel in chart.panels:
            found[panel.name] = find(panel, asked.rules)
        data = _drawn(chart, found, tabled, asked, name)
    runs = _runs(found, tabled)
    return View(
        tabled=tabled,
        data=data,
        panels=tuple(_figures(panel) for panel in chart.panels) if chart else (),
        printed=analysed.printed,
        signals=tuple(runs[:MOST_SIGNALS]),
        n_signals=len(runs),
        undefined=tuple(analysed.undefined.items()),
        troubles=(*tabled.troubles, *_problems(case, tabled)),
        ability=_ability(tabled, asked),
        n_values=_count(tabled.case["data"]),
    )


def _drawn(
    chart: Chart, found: Mapping[str, Mapping[int, Found]], tabled: Tabled, asked: Asked, name: str
) -> ChartData:
    title = name or tabled.title
    spec = SpecLimits(0, asked.spec.get("lsl"), asked.spec.get("target"), asked.spec.get("usl")) if asked.spec else None
    grouped = any(isinstance(item, list) for item in tabled.case["data"])
    sizes = tabled.case["subgroups"]
    places = Places(
        n=[sum(value is not None for value in group) for group in tabled.case["data"]] if grouped else (),
        sizes=sizes if isinstance(sizes, list) else (),
    )
    return batch_data(chart, found, Labels(title, title, tabled.unit), places, spec)


def _figures(panel: Panel) -> PanelFigures:
    def only(line: Any) -> tuple[float | None, bool]:
        known = line[np.isfinite(line)]
        same = known.size > 0 and bool((known == known[0]).all())
        return (float(known[0]) if same else None), bool(known.size and not same)

    (center, a), (lcl, b), (ucl, c) = only(panel.center), only(panel.lcl), only(panel.ucl)
    # Each sum is held to one side.
    lcl, ucl = None if panel.name == "C+" else lcl, None if panel.name == "C-" else ucl
    error = panel.error[np.isfinite(panel.error)]
    digits = decimals_for(float(error.min())) + 1 if error.size else 4
    return PanelFigures(panel.name, int(np.isfinite(panel.points).sum()), center, lcl, ucl, a or b or c, digits)


def _runs(found: Mapping[str, Mapping[int, Found]], tabled: Tabled) -> list[SignalRun]:
    """Ends of windows one after another are one run; in order of their first points."""
    runs = []
    for panel, rules in found.items():
        for rule, windows in rules.items():
            for side in (1, 0, -1):
                ends = np.unique(windows.end[windows.side == side])
                for run in np.split(ends, np.flatnonzero(np.diff(ends) > 1) + 1) if ends.size else []:
                    first, last = int(run[0]), int(run[-1])
                    label = tabled.labels[first] if tabled.labels else ""
                    runs.append(SignalRun(panel, rule, side, first, last, _rows(tabled, first, last), label))
    return sorted(runs, key=lambda run: (run.first, run.rule, run.panel))


def _rows(tabled: Tabled, first: int, last: int) -> str:
    low, high = tabled.rows[first][0], tabled.rows[last][-1]
    return str(low) if low == high else f"{low}–{high}"


def _problems(case: Case, tabled: Tabled) -> list[Trouble]:
    """What the engine left out, by row."""
    troubles = []
    for problem in case.problems:
        rows = tabled.rows[problem["place"]]
        member = problem.get("member", 0)
        row = rows[member] if member < len(rows) else rows[0]
        column = tabled.columns[member] if len(rows) == 1 and member < len(tabled.columns) else tabled.columns[0]
        troubles.append(Trouble(row, column, _cell(tabled, problem), _BY_CODE[problem["code"]]))
    return troubles


def _cell(tabled: Tabled, problem: Mapping[str, Any]) -> str:
    item = tabled.case["data"][problem["place"]]
    if isinstance(item, list):
        item = item[problem.get("member", 0)] if item else None
    return "" if item is None else f"{item:g}"


def _ability(tabled: Tabled, asked: Asked) -> Ability | None:
    if tabled.case["chart"] not in MEASURED or not ({"lsl", "usl"} & asked.spec.keys()):
        return None
    params = {
        name: value for name, value in tabled.case["params"].items() if name in {"phase1", "sigma_method", "sigma"}
    }
    try:
        analysed, _ = examine({**tabled.case, "chart": "capability", "params": {**params, **asked.spec}})
    except Refusal as refusal:
        return Ability({}, "NOT_KNOWN", refusal.code, refusal.detail, None, False)
    stability = analysed.details["stability"]
    why = stability.get("undefined")
    normal = analysed.details["normality"]["anderson_darling"]["p"]
    correlated = analysed.details["autocorrelation"]
    return Ability(
        analysed.printed,
        stability["verdict"],
        _BY_CODE.get(why["code"]) if why else None,
        why["reason"] if why else "",
        None if normal is None else normal >= 0.05,
        bool(correlated and correlated["warning"]),
        tuple(analysed.undefined.items()),
    )


def _count(data: list[Any]) -> int:
    return sum(
        sum(value is not None for value in item) if isinstance(item, list) else item is not None for item in data
    )
