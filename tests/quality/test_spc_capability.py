"""Capability, normality, autocorrelation and gauge studies against plain loops and published figures."""

import itertools
import math
import random
import statistics

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from quality.spc.autocorrelation import autocorrelation
from quality.spc.capability import AIAG_2005, AIAG_VDA_2026, MINITAB, Spec, capability, labels, within_df
from quality.spc.gauge_rr import MARGINAL, UNACCEPTABLE, gauge_rr
from quality.spc.nonnormal import box_cox, lognormal, weibull
from quality.spc.normality import normality, probability_plot
from quality.spc.stability import IN_CONTROL, NOT_KNOWN, OUT_OF_CONTROL, stability
from quality.spc.variables import i_mr, study_individuals

values = st.lists(st.floats(-1e3, 1e3).map(lambda v: round(v, 3)), min_size=2, max_size=40)
FIGURES = ("upper", "lower", "potential", "actual", "on_target", "ppm_below", "ppm_above")


@given(values, st.floats(0.001, 100), st.floats(-1e3, 1e3), st.floats(0.01, 500), st.floats(0.5, 0.999))
@settings(max_examples=150, deadline=None)
def test_indices_are_those_of_the_formulas(
    x: list[float], sigma: float, lsl: float, width: float, confidence: float
) -> None:
    usl, n = lsl + width, len(x)
    found = capability(x, sigma, Spec(lsl, usl), confidence=confidence, df_within=0.62 * (n - 1))
    mean = statistics.fmean(x)
    assert found.mean == pytest.approx(mean, rel=1e-9, abs=1e-9)
    ours = found.within
    assert ours.potential == pytest.approx(width / (6 * sigma), rel=1e-9)
    assert ours.actual == pytest.approx(min(usl - mean, mean - lsl) / (3 * sigma), rel=1e-6, abs=1e-9)
    tau = math.sqrt(sigma**2 + (mean - (lsl + usl) / 2) ** 2)
    assert ours.on_target == pytest.approx(width / (6 * tau), rel=1e-6)
    assert ours.potential_ci is not None and ours.actual_ci is not None and ours.actual is not None
    tail = (1 - confidence) / 2
    for place, p in enumerate((tail, 1 - tail)):
        assert ours.potential_ci[place] == pytest.approx(
            width / (6 * sigma) * math.sqrt(stats.chi2.ppf(p, n - 1) / (n - 1)), rel=1e-7
        )
        half = stats.norm.ppf(p) * math.sqrt(1 / (9 * n) + ours.actual**2 / (2 * (n - 1)))
        assert ours.actual_ci[place] == pytest.approx(ours.actual + half, rel=1e-9, abs=1e-9)
    assert ours.ppm_above == pytest.approx(1e6 * stats.norm.sf(usl, mean, sigma), rel=1e-6, abs=1e-300)
    total = statistics.stdev(x)
    if total > 1e-9:
        assert found.overall.potential == pytest.approx(width / (6 * total), rel=1e-6)


@given(
    st.lists(st.one_of(st.none(), st.floats(allow_nan=True, allow_infinity=False)), max_size=8),
    st.one_of(st.none(), st.floats(0, 1e300)),
    st.one_of(st.none(), st.floats(-1e300, 1e300)),
    st.one_of(st.none(), st.floats(-1e300, 1e300)),
    st.one_of(st.none(), st.floats(-1e300, 1e300)),
)
@settings(max_examples=200, deadline=None)
def test_a_figure_is_finite_or_has_its_reason(
    x: list[float | None], sigma: float | None, lsl: float | None, usl: float | None, target: float | None
) -> None:
    if any(value is not None and abs(value) > 1e150 for value in (*x, sigma, lsl, usl, target)):
        return  # readers refuse such numbers
    found = capability(x, sigma, Spec(lsl, usl, target), df_within=within_df("MR", [1] * len(x)))
    for indices in (found.within, found.overall):
        shown = [getattr(indices, name) for name in FIGURES]
        assert all(value is None or math.isfinite(value) for value in shown)
        assert (indices.actual is None) == (indices.undefined is not None)


def test_degrees_of_freedom_of_a_sigma_within() -> None:
    assert within_df("UWAVE-R", [5] * 25) == pytest.approx(90)
    assert within_df("MR2-mean", [1] * 20) == pytest.approx(0.62 * 19)
    assert within_df("UWAVE-SD", [5, 5, 1]) == pytest.approx(0.95 * 8)
    assert within_df("pooled", [5, 3, 1]) == 6
    assert within_df("UWAVE-R", [1]) is None


def test_what_a_report_calls_the_indices() -> None:
    assert labels(AIAG_2005, stable=True)["cpk"] == labels(MINITAB, stable=False)["cpk"] == "Cpk"
    assert labels(AIAG_VDA_2026, stable=True)["cpk"] == "Cwk"
    assert (labels(AIAG_VDA_2026, stable=True)["ppk"], labels(AIAG_VDA_2026, stable=False)["ppk"]) == ("Cpk", "Ppk")


def test_fits_are_those_of_greatest_likelihood() -> None:
    random.seed(5)
    x = [random.weibullvariate(40, 1.7) for _ in range(400)]
    spec = Spec(1, 150)
    ours, theirs = weibull(x, spec), stats.weibull_min.fit(x, floc=0)
    assert ours.parameters == pytest.approx((theirs[0], theirs[2]), rel=1e-3)
    assert ours.loglik is not None and ours.parameters is not None
    assert ours.loglik >= math.fsum(stats.weibull_min.logpdf(v, *theirs) for v in x) - 1e-6
    shape, scale = ours.parameters
    assert ours.percentiles == pytest.approx(stats.weibull_min.ppf([0.00135, 0.5, 0.99865], shape, scale=scale))
    assert ours.ppm_above == pytest.approx(1e6 * stats.weibull_min.sf(150, shape, scale=scale))
    assert ours.ppm_below == pytest.approx(1e6 * stats.weibull_min.cdf(1, shape, scale=scale))
    logs = lognormal(x, spec)
    assert logs.parameters == pytest.approx(
        (statistics.fmean(map(math.log, x)), statistics.pstdev(map(math.log, x))), rel=1e-9
    )
    power = stats.boxcox(x)[1]
    assert box_cox(x, spec).power == pytest.approx(power, abs=1e-4)
    # The unit must not matter.
    assert weibull([v * 1e-9 for v in x], Spec(1e-9, 150e-9)).ppk == pytest.approx(ours.ppk, rel=1e-9)
    assert box_cox([v * 1e6 for v in x], Spec(1e6, 150e6)).ppk == pytest.approx(box_cox(x, spec).ppk, rel=1e-6)


def test_normality_of_normal_and_of_skewed_values() -> None:
    random.seed(11)
    x = [random.gauss(1e8, 0.5) for _ in range(200)]
    ours, n = normality(x), len(x)
    normal = statistics.NormalDist.from_samples([v - 1e8 for v in x])
    below = [normal.cdf(v - 1e8) for v in sorted(x)]
    terms = [(2 * i + 1) * (math.log(below[i]) + math.log(1 - below[n - 1 - i])) for i in range(n)]
    assert ours.a2 == pytest.approx(-n - math.fsum(terms) / n, rel=1e-6)
    assert ours.skewness == pytest.approx(stats.skew([v - 1e8 for v in x]), rel=1e-6)
    assert ours.looks_normal()
    assert normality([random.expovariate(1) for _ in range(200)]).looks_normal() is False
    assert normality([1.0] * 20).looks_normal() is None
    scores, shown = probability_plot(x)
    assert len(scores) == len(shown) == 200 and shown == sorted(x)
    assert len(probability_plot(list(range(3000)))[0]) == 500


def test_autocorrelation_warns_of_values_that_follow_each_other() -> None:
    random.seed(3)
    free = [random.gauss(0, 1) for _ in range(300)]
    follows = [0.0]
    for step in free[1:]:
        follows.append(0.8 * follows[-1] + step)
    assert autocorrelation(free).warns is False
    found = autocorrelation(follows)
    assert found.warns is True and found.p is not None and found.p < 1e-6
    mean = statistics.fmean(follows)
    lag1 = sum((a - mean) * (b - mean) for a, b in itertools.pairwise(follows)) / sum((a - mean) ** 2 for a in follows)
    assert found.lags[0] == pytest.approx(lag1)
    assert autocorrelation(free[:10]).undefined is not None
    assert autocorrelation([2.0] * 50).undefined is not None


def test_stability_comes_before_capability() -> None:
    random.seed(4)
    calm = [random.gauss(10, 1) for _ in range(60)]
    while stability(i_mr(calm, study_individuals(calm).limits)).verdict != IN_CONTROL:
        calm = [random.gauss(10, 1) for _ in range(60)]
    moved = [*calm[:30], *(value + 6 for value in calm[30:])]
    found = stability(i_mr(moved, study_individuals(moved).limits))
    assert found.verdict == OUT_OF_CONTROL and ("I", 2) in found.signals
    assert stability(i_mr(calm[:10], study_individuals(calm[:10]).limits)).verdict == NOT_KNOWN
    assert stability(i_mr([1.0] * 30, study_individuals([1.0] * 30).limits)).verdict == NOT_KNOWN


@given(st.integers(2, 5), st.integers(1, 4), st.integers(1, 4), st.integers(0, 10**6), st.sampled_from([0.0, 1e6]))
@settings(max_examples=60, deadline=None)
def test_a_gauge_study_is_that_of_plain_loops(p: int, o: int, r: int, seed: int, offset: float) -> None:
    source = random.Random(seed)
    rows = [
        (part, operator, offset + round(part * 2 + operator * 0.3 + source.gauss(0, 1), 3))
        for part in range(p)
        for operator in range(o)
        for _ in range(r)
    ]
    shuffled = source.sample(rows, len(rows))
    found = gauge_rr(shuffled, tolerance=20)
    if o == 1 and r == 1:
        assert found.undefined is not None
        return
    assert found.anova is not None and found.without_interaction is not None
    grand = statistics.fmean(v for *_, v in rows)

    def mean_of(**kept: int) -> float:
        chosen = [v for a, b, v in rows if kept.get("part", a) == a and kept.get("operator", b) == b]
        return statistics.fmean(chosen)

    expected = [
        o * r * sum((mean_of(part=a) - grand) ** 2 for a in range(p)),
        p * r * sum((mean_of(operator=b) - grand) ** 2 for b in range(o)),
        r
        * sum(
            (mean_of(part=a, operator=b) - mean_of(part=a) - mean_of(operator=b) + grand) ** 2
            for a in range(p)
            for b in range(o)
        ),
        sum((v - mean_of(part=a, operator=b)) ** 2 for a, b, v in rows),
    ]
    assert found.anova.ss == pytest.approx(expected, rel=1e-4, abs=1e-4)
    assert sum(found.anova.df) == p * o * r - 1
    components = found.with_interaction or found.without_interaction
    variance = components.variance
    assert variance["gage_rr"] == pytest.approx(variance["repeatability"] + variance["reproducibility"])
    assert all(value >= 0 for value in variance.values())
    assert (found.with_interaction is None) == (o == 1 or r == 1)


def test_a_gauge_study_that_cannot_be_judged_says_why() -> None:
    full = [(part, operator, float(part)) for part in range(3) for operator in "ab" for _ in range(2)]
    missing = gauge_rr(full[:-1])
    assert missing.undefined is not None and "Part 2 by operator b: 1" in missing.undefined.detail
    still = gauge_rr(full).with_interaction
    assert still is not None and still.ndc is None and still.undefined is not None and still.verdict is None
    assert gauge_rr([]).undefined is not None
    noisy = [(part, operator, value + n % 2) for n, (part, operator, value) in enumerate(full)]
    study = gauge_rr(noisy, tolerance=100)
    assert study.chosen is not None and study.chosen.ndc == 2
    assert study.chosen.verdict == MARGINAL  # 3.3 % of the tolerance, but two groups told apart
    assert gauge_rr(noisy).chosen.verdict == UNACCEPTABLE  # type: ignore[union-attr]  # chosen above
