"""control_plans.csv as records. Pure."""

import math
import re
from pathlib import Path

from lines.plant.shapes import ControlPlanFile, Name, PlantFileError
from lines.plant.tables import RULES, Row, rows_of

INDIVIDUALS = ("I-MR", "C", "G", "T")
SUBGROUPED = ("XBAR-R", "XBAR-S", "I-MR-R", "I-MR-S")
CHARTS = (*INDIVIDUALS, *SUBGROUPED, "EWMA", "CUSUM", "P", "NP", "U", "LANEY-P", "LANEY-U")
OF_DISTRIBUTION = ("P", "NP", "C", "U", "LANEY-P", "LANEY-U", "G")  # sigma follows from the mean
SUBGROUPS = ("CONSECUTIVE", "RECORD", "PERIOD")
SOURCES = ("RECORD", "TELEMETRY")
SUMMARIES = ("", "MEAN", "RANGE", "RANGE_PCT", "SD", "MIN", "MAX")
STREAMS = ("", "CHANNEL", "POSITION")
RESPONSES = ("LOG", "ALARM", "CONTAIN")
SIGMA_METHODS = ("MR-MEAN", "MR-MEDIAN", "UWAVE-R", "UWAVE-SD", "MVLUE-R", "MVLUE-SD", "RMSDF", "POOLED", "NONE")
MAX_CONTROL_PLANS = 20
# What a chart cannot do without, frozen beside mean and sigma.
NEEDED = {"I-MR-R": "sigma_mean", "I-MR-S": "sigma_mean", "LANEY-P": "sigma_z", "LANEY-U": "sigma_z"}

PLAN_COLUMNS = (
    *("code", "name_en", "name_ja", "characteristic", "product", "station", "chart", "subgroup_by", "subgroup_size"),
    *("rules", "response", "center", "sigma_within", "n_values", "sigma_method", "reaction_en", "reaction_ja"),
    *("source", "signal_code", "summary", "stream_by", "period_s", "every_nth", "run_lengths", "options"),
    *("parameters", "margin_units", "verify_points", "reaction_due_min"),
)


def _control_plan(row: Row) -> ControlPlanFile:
    chart = row.choice("chart", CHARTS)
    size = row.integer("subgroup_size", least=1, most=1000)
    if (chart in INDIVIDUALS and size != 1) or (chart in SUBGROUPED and size == 1):
        cure = f"Use 1 for {', '.join(INDIVIDUALS)}, 2 or more for {', '.join(SUBGROUPED)}."
        raise row.refuse("subgroup_size", f"is {size} on a chart {chart}.", cure)
    rules = row.texts("rules")
    if not rules or not {str(rule) for rule in RULES}.issuperset(rules):
        raise row.refuse("rules", f"are {' '.join(rules)}.", "Use the rules 1 to 8, separated by spaces.")
    source = row.choice("source", SOURCES, "RECORD")
    subgroup_by = row.choice("subgroup_by", SUBGROUPS)
    signal, summary = row.text("signal_code", "", longest=48), row.choice("summary", SUMMARIES, "")
    period = row.integer("period_s", least=1, most=31_536_000) if row.has("period_s") else None
    if source == "TELEMETRY" and not (signal and summary and period):
        raise row.refuse("source", "is TELEMETRY.", "Write signal_code, summary and period_s as well.")
    if subgroup_by == "PERIOD" and period is None:
        raise row.refuse("subgroup_by", "is PERIOD.", "Write period_s as well.")
    parameters = _pairs(row, "parameters")
    if chart in NEEDED and NEEDED[chart] not in parameters:
        raise row.refuse("parameters", f"do not have {NEEDED[chart]}.", "Write it as the study found it.")
    return ControlPlanFile(
        code=row.code("code", 48),
        name=row.name(),
        characteristic=row.text("characteristic"),
        product=row.text("product"),
        station=row.text("station"),
        chart=chart,
        subgroup_by=subgroup_by,
        subgroup_size=size,
        rules=tuple(int(rule) for rule in rules),
        response=row.choice("response", RESPONSES),
        center=row.number("center"),
        sigma_within=_sigma(row, chart),
        n_values=row.integer("n_values", least=2, most=1_000_000),
        sigma_method=row.choice("sigma_method", SIGMA_METHODS),
        reaction=Name(row.text("reaction_en", longest=2000), row.text("reaction_ja", longest=2000)),
        source=source,
        signal_code=signal,
        summary=summary,
        stream_by=row.choice("stream_by", STREAMS, ""),
        period_s=period,
        every_nth=row.integer("every_nth", 1, least=1, most=1_000_000),
        run_lengths={rule: int(length) for rule, length in _pairs(row, "run_lengths").items()},
        options=dict(_pairs(row, "options")),
        parameters=dict(parameters),
        margin_units=row.integer("margin_units", 5, most=100_000),
        verify_points=row.integer("verify_points", 0, most=1_000),
        reaction_due_min=row.integer("reaction_due_min", 30, least=1, most=100_000),
    )


def _sigma(row: Row, chart: str) -> float:
    sigma = row.number("sigma_within")
    if sigma < 0 or (sigma == 0 and chart not in OF_DISTRIBUTION):
        raise row.refuse("sigma_within", f"is {sigma:g}.", "Write the standard deviation of the study, above 0.")
    return sigma


def _pairs(row: Row, key: str) -> dict[str, float]:
    """`lambda=0.2 L=2.7` as numbers by name."""
    found = {}
    for pair in row.text(key, "").split():
        name, _, value = pair.partition("=")
        if not re.fullmatch(r"[A-Za-z0-9_]+", name) or not _is_number(value):
            raise row.refuse(key, f"has {pair!r}.", "Write names with a number each: lambda=0.2 L=2.7")
        found[name] = float(value)
    return found


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


def read_control_plans(folder: Path) -> tuple[ControlPlanFile, ...]:
    rows = rows_of(folder, "control_plans.csv", PLAN_COLUMNS)
    if len(rows) > MAX_CONTROL_PLANS:
        raise PlantFileError(
            "control_plans.csv",
            "-",
            f"has {len(rows)} plans.",
            f"Keep at most {MAX_CONTROL_PLANS}: more charts than people answer are noise.",
        )
    return tuple(_control_plan(row) for row in rows)
