"""Gauge repeatability and reproducibility: a crossed study by two-way analysis of variance (AIAG MSA, 4th edition).

p parts, o operators, r repeated measurements of each part by each operator. With mean squares MS:
repeatability = MS_e, interaction = (MS_po - MS_e) / r, operator = (MS_o - MS_po) / (p r),
part = (MS_p - MS_po) / (o r); negative ones are 0. Without interaction MS_po and MS_e are pooled into one and take
both places.
Study variation is 6 standard deviations, ndc = floor(sqrt(2) * part / gauge), at least 1: how many groups the
gauge tells apart.
Values are in the unit of the characteristic; the percentages are of the total.
"""

import math
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from scipy.special import fdtrc

from quality.spc.errors import NO_GAUGE_VARIATION, NOT_BALANCED, NOT_FINITE, TOO_FEW_VALUES, Undefined

SOURCES = ("repeatability", "operator", "interaction", "reproducibility", "gage_rr", "part", "total")
ACCEPTABLE, MARGINAL, UNACCEPTABLE = "ACCEPTABLE", "MARGINAL", "UNACCEPTABLE"
LEAST_NDC = 5
POOLING_P = 0.25  # AIAG: an interaction with a greater p is taken for none


@dataclass(frozen=True)
class Anova:
    """Rows: part, operator, interaction, repeatability. `f` and `p` are of the interaction."""

    df: tuple[int, int, int, int]
    ss: tuple[float, float, float, float]
    ms: tuple[float | None, float | None, float | None, float | None]
    f: float | None
    p: float | None


@dataclass(frozen=True)
class Components:
    """By source (SOURCES): variance, % of the total variance, study variation and % of the total study variation."""

    variance: Mapping[str, float]
    contribution: Mapping[str, float | None]
    study: Mapping[str, float]
    study_share: Mapping[str, float | None]
    tolerance_share: Mapping[str, float] | None  # study variation in % of the tolerance, where one was given
    ndc: int | None
    ndc_141: int | None  # with 1.41 for sqrt(2), as AIAG prints it
    undefined: Undefined | None = None

    @property
    def verdict(self) -> str | None:
        """By the gauge's share (of the tolerance if given, else of the study variation): under 10 %, to 30 %, above."""
        share = (self.tolerance_share or self.study_share)["gage_rr"]
        if share is None or self.ndc is None:
            return None
        if share > 30:
            return UNACCEPTABLE
        return ACCEPTABLE if share < 10 and self.ndc >= LEAST_NDC else MARGINAL


@dataclass(frozen=True)
class GaugeStudy:
    """`undefined`: why there is no result. `with_interaction` is None where nothing was repeated."""

    n_parts: int
    n_operators: int
    n_repeats: int | None
    anova: Anova | None = None
    with_interaction: Components | None = None
    without_interaction: Components | None = None
    undefined: Undefined | None = None

    @property
    def chosen(self) -> Components | None:
        """The model that AIAG takes: with the interaction where it shows (p <= 0.25), else pooled."""
        shows = self.anova is not None and self.anova.p is not None and self.anova.p <= POOLING_P
        return self.with_interaction if shows else self.without_interaction


def gauge_rr(
    rows: Iterable[tuple[Hashable, Hashable, float | None]], *, multiplier: float = 6.0, tolerance: float | None = None
) -> GaugeStudy:
    """A crossed study: rows of (part, operator, value) in any order; a missing value counts as not measured.

    `multiplier`: standard deviations of a study variation. `tolerance`: USL - LSL. Never raises for data.
    """
    cells: dict[tuple[Hashable, Hashable], list[float]] = {}
    for part, operator, value in rows:
        measured = cells.setdefault((part, operator), [])
        if value is not None and not math.isnan(value):
            measured.append(value)
    parts, operators = (list(dict.fromkeys(key[place] for key in cells)) for place in (0, 1))
    why = _wrong(cells, parts, operators)
    repeats = {len(values) for values in cells.values()}
    if why:
        return GaugeStudy(len(parts), len(operators), None, undefined=why)
    r = repeats.pop()
    x = np.array([[cells[part, operator] for operator in operators] for part in parts])
    anova = _anova(x)
    ms_p, ms_o, ms_po, ms_e = anova.ms
    pooled_df = anova.df[2] + anova.df[3]
    pooled = (anova.ss[2] + anova.ss[3]) / pooled_df
    full = None
    if ms_e is not None and ms_po is not None:
        variances = _variances(x.shape, ms_p, ms_o, ms_po, ms_e)
        full = _components(variances, multiplier, tolerance)
    additive = _components(_variances(x.shape, ms_p, ms_o, pooled, pooled), multiplier, tolerance)
    return GaugeStudy(len(parts), len(operators), r, anova, full, additive)


def _wrong(
    cells: Mapping[tuple[Hashable, Hashable], list[float]], parts: list[Hashable], operators: list[Hashable]
) -> Undefined | None:
    if len(parts) < 2 or not operators:
        return Undefined(TOO_FEW_VALUES, "A study needs at least two parts, measured by an operator or a gauge.")
    counts = {key: len(cells.get(key, [])) for key in ((part, operator) for part in parts for operator in operators)}
    usual = max(counts.values())
    for (part, operator), count in counts.items():
        if count != usual:
            detail = f"Part {part} by operator {operator}: {count} measurements, elsewhere {usual}."
            return Undefined(NOT_BALANCED, detail)
    if not usual or (usual < 2 and len(operators) < 2):
        return Undefined(TOO_FEW_VALUES, "Each part must be measured at least twice.")
    if not all(math.isfinite(value) and abs(value) < 1e150 for values in cells.values() for value in values):
        return Undefined(NOT_FINITE)
    return None


def _anova(x: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> Anova:
    """Of shape (parts, operators, repeats)."""
    p, o, r = x.shape
    x = x - x[0, 0, 0]  # squares of a large offset would drown what varies
    mean, cell = x.mean(), x.mean(axis=2)
    by_part, by_operator = cell.mean(axis=1), cell.mean(axis=0)
    ss = (
        o * r * float(((by_part - mean) ** 2).sum()),
        p * r * float(((by_operator - mean) ** 2).sum()),
        r * float(((cell - by_part[:, None] - by_operator[None, :] + mean) ** 2).sum()),
        float(((x - cell[:, :, None]) ** 2).sum()),
    )
    df = (p - 1, o - 1, (p - 1) * (o - 1), p * o * (r - 1))
    ms = tuple(square / free if free else None for square, free in zip(ss, df, strict=True))
    ms_p, ms_o, ms_po, ms_e = ms
    f = ms_po / ms_e if ms_po is not None and ms_e is not None and ms_e > 0 else None
    f_p = None if f is None else float(fdtrc(df[2], df[3], f))
    return Anova(df, ss, (ms_p, ms_o, ms_po, ms_e), f, f_p)


def _variances(
    shape: tuple[int, ...], ms_p: float | None, ms_o: float | None, ms_po: float, ms_e: float
) -> dict[str, float]:
    p, o, r = shape
    operator = max(0.0, ((ms_o or 0.0) - ms_po) / (p * r)) if o > 1 else 0.0
    interaction = max(0.0, (ms_po - ms_e) / r)
    part = max(0.0, ((ms_p or 0.0) - ms_po) / (o * r))
    gauge = ms_e + operator + interaction
    return {
        "repeatability": ms_e,
        "operator": operator,
        "interaction": interaction,
        "reproducibility": operator + interaction,
        "gage_rr": gauge,
        "part": part,
        "total": gauge + part,
    }


def _components(variance: dict[str, float], multiplier: float, tolerance: float | None) -> Components:
    study = {source: multiplier * math.sqrt(value) for source, value in variance.items()}
    total, gauge = variance["total"], math.sqrt(variance["gage_rr"])
    shares: dict[str, float | None] = {s: 100 * v / total if total > 0 else None for s, v in variance.items()}
    study_shares = {s: 100 * v / study["total"] if total > 0 else None for s, v in study.items()}
    of_tolerance = {s: 100 * v / tolerance for s, v in study.items()} if tolerance and tolerance > 0 else None
    if not gauge > 0:
        none = Undefined(NO_GAUGE_VARIATION)
        return Components(variance, shares, study, study_shares, of_tolerance, None, None, none)
    ratio = math.sqrt(variance["part"]) / gauge
    # One group is told apart always; rounding must not take one away where the product is a whole number.
    ndc, ndc_141 = (max(1, math.floor(factor * ratio * (1 + 1e-12))) for factor in (math.sqrt(2), 1.41))
    return Components(variance, shares, study, study_shares, of_tolerance, ndc, ndc_141)
