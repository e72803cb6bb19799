"""What fits which chart: subgroup sizes, sigma methods, run rules and options. Pure.

The first sigma method is the one taken where none is named.
"""

from collections.abc import Mapping
from typing import Any

INDIVIDUALS = ("MR-MEAN", "MR-MEDIAN")
RANGES = ("UWAVE-R", "MVLUE-R", "UWAVE-SD", "MVLUE-SD", "RMSDF", "POOLED")
DEVIATIONS = ("UWAVE-SD", "MVLUE-SD", "RMSDF", "POOLED", "UWAVE-R", "MVLUE-R")
MOST_IN_SUBGROUP = 25
MOST_IN_SAMPLE = 10_000  # of a p or np chart

# Rules of each chart's first panel. A moving average or a sum is no row of independent points: only its limits count.
_ALL, _FOUR, _LIMITS = tuple(range(1, 9)), (1, 2, 3, 4), (1,)
RULES_OF = {
    **dict.fromkeys(("I-MR", "XBAR-R", "XBAR-S", "I-MR-R", "I-MR-S"), _ALL),
    **dict.fromkeys(("P", "NP", "C", "U", "LANEY-P", "LANEY-U", "G", "T"), _FOUR),
    **dict.fromkeys(("EWMA", "CUSUM"), _LIMITS),
}
# Rules whose length is a choice, with Nelson's own.
LENGTHS = {2: 9, 3: 6, 4: 14, 7: 15, 8: 8}
LEAST_LENGTH, MOST_LENGTH = 4, 20
WESTERN_ELECTRIC = ((1, 2, 5, 6), {2: 8})

# (least, most, default) of each option; texts are choices.
_WEIGHT = (0.01, 1.0, 0.2)
OPTIONS_OF: dict[str, dict[str, tuple[float, float, float] | tuple[str, ...]]] = {
    "EWMA": {"lambda": _WEIGHT, "L": (0.5, 6.0, 2.7), "limits": ("exact", "asymptotic")},
    "CUSUM": {"k": (0.05, 3.0, 0.5), "h": (1.0, 20.0, 5.0), "head_start": (0.0, 20.0, 0.0)},
}
NOMINAL_OF = frozenset({"I-MR", "XBAR-R", "XBAR-S", "I-MR-R", "I-MR-S", "EWMA", "CUSUM"})  # short runs: DNOM


def with_defaults(chart: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """The options in force, those that nobody gave included."""
    usual = {
        name: allowed[0 if isinstance(allowed[0], str) else 2] for name, allowed in OPTIONS_OF.get(chart, {}).items()
    }
    return {**usual, **options}


def sizes(chart: str) -> tuple[int, int]:
    """Least and most values of a subgroup."""
    if chart in {"I-MR", "C", "G", "T"}:
        return 1, 1
    if chart in {"XBAR-R", "XBAR-S", "I-MR-R", "I-MR-S"}:
        return 2, MOST_IN_SUBGROUP
    if chart in {"EWMA", "CUSUM", "U", "LANEY-U"}:
        return 1, MOST_IN_SUBGROUP
    return 2, MOST_IN_SAMPLE  # a share needs more than one


def sigma_methods(chart: str, size: int) -> tuple[str, ...]:
    """Those that fit, the usual one first."""
    if chart in {"XBAR-R", "I-MR-R"}:
        return RANGES
    if chart in {"XBAR-S", "I-MR-S"}:
        return DEVIATIONS
    if chart in {"EWMA", "CUSUM"} and size > 1:
        return DEVIATIONS
    if chart in {"I-MR", "EWMA", "CUSUM"}:
        return INDIVIDUALS
    return ("NONE",)
