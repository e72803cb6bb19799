"""Every golden case through the command line, as a user runs it, and the examples of fixtures/spc/README.md."""

import json
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quality.spc.__main__ import main
from quality.spc.analysis import ANALYSES, analyze

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "fixtures" / "spc"
CASES = sorted(FOLDER.glob("*.json"))
SLOW = {"arl01_run_lengths"}
# The standard error of a simulation by somebody else is itself only known to a few percent.
SIMULATED = re.compile(r"\.mc_se$")


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    code = main(["analyze", *arguments])
    printed = capsys.readouterr().out
    result: dict[str, Any] = json.loads(printed, parse_constant=lambda name: pytest.fail(f"{name} in the output"))
    assert code == (1 if "error" in result else 0)
    return result


def differences(expected: Any, found: Any, rel: float, absolute: float, path: str = "") -> list[str]:
    """Where the two differ: keys, in their order, lengths, numbers beyond the tolerance, anything else not equal."""
    if isinstance(expected, Mapping):
        if not isinstance(found, Mapping) or list(found) != list(expected):
            return [f"{path}: {list(found) if isinstance(found, Mapping) else found} for {list(expected)}"]
        return [
            each for key in expected for each in differences(expected[key], found[key], rel, absolute, f"{path}.{key}")
        ]
    if isinstance(expected, list):
        if not isinstance(found, list) or len(found) != len(expected):
            return [f"{path}: {found} for {expected}"]
        pairs = [(f"{path}.{at}", *both) for at, both in enumerate(zip(expected, found, strict=True))]
        return [each for at, one, other in pairs for each in differences(one, other, rel, absolute, at)]
    if isinstance(expected, int | float) and isinstance(found, int | float):
        near = abs(found - expected) <= absolute + (0.03 if SIMULATED.search(path) else rel) * abs(expected)
        return [] if near else [f"{path}: {found} for {expected}"]
    return [] if expected == found else [f"{path}: {found} for {expected}"]


@pytest.mark.parametrize(
    "path", [pytest.param(p, id=p.stem, marks=[pytest.mark.slow] if p.stem in SLOW else []) for p in CASES]
)
def test_case(path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    case = json.loads(path.read_text())
    asked = tmp_path / "case.json"
    asked.write_text(json.dumps({name: case[name] for name in ("chart", "data", "subgroups", "params")}))
    tolerance = case["tolerance"]
    found = run(capsys, str(asked))
    assert differences(case["expected"], found, tolerance["rel"], tolerance.get("abs", 0.0)) == []


def examples() -> list[tuple[str, list[tuple[str, str]]]]:
    """(arguments, [(path of a figure, its value)]) of the README."""
    found: list[tuple[str, list[tuple[str, str]]]] = []
    for line in re.findall(r"^    (.+)$", (FOLDER / "README.md").read_text(), re.MULTILINE):
        if command := re.fullmatch(r"(?:\$ )?python -m quality\.spc analyze (.+)", line):
            found.append((command[1], []))
        elif figure := re.fullmatch(r"(\S+) = (.+)", line):
            found[-1][1].append((figure[1], figure[2]))
    return found


def figure(result: Any, path: str) -> Any:
    """Keys may have points in them: the longest one that fits comes first."""
    if not path:
        return result
    for key in sorted(result, key=len, reverse=True):
        if path == key or path.startswith(f"{key}."):
            return figure(result[key], path[len(key) + 1 :])
    raise KeyError(path)


@pytest.mark.parametrize(
    ("arguments", "figures"),
    [pytest.param(*e, id=e[0][13:40], marks=[pytest.mark.slow] if "arl01" in e[0] else []) for e in examples()],
)
def test_the_examples_run(arguments: str, figures: list[tuple[str, str]], capsys: pytest.CaptureFixture[str]) -> None:
    result = run(capsys, *arguments.replace("fixtures/spc", str(FOLDER)).split())
    for path, shown in figures:
        value = json.loads(shown)
        assert differences(value, figure(result, path), 1e-6, 1e-7) == [], path


def test_every_kind_of_case_has_an_example_and_a_formula() -> None:
    shown = {Path(arguments.split()[0]).name for arguments, _ in examples()}
    kinds = {json.loads(path.read_text())["chart"]: path.name for path in CASES}
    covered = {json.loads((FOLDER / name).read_text())["chart"] for name in shown}
    # np is the same formula as p, times n.
    assert set(kinds) - covered == {"np"}


@pytest.mark.slow
def test_it_runs_without_the_system() -> None:
    code = (
        "import sys; sys.argv = ['spc', 'analyze', sys.argv[1]]\n"
        "import quality.spc.__main__ as spc; spc.main()\n"
        "assert not {'django', 'celery'} & set(sys.modules), 'no framework'"
    )
    file = FOLDER / "pub20_nist_flowrate_imr.json"
    done = subprocess.run(
        [sys.executable, "-c", code, str(file)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["charts"]["I"]["center"] == pytest.approx(50.81)


# What cases that nobody has written yet may ask for


def analysed(chart: str, data: Any, subgroups: Any = None, **params: Any) -> dict[str, Any]:
    return analyze({"chart": chart, "data": data, "subgroups": subgroups, "params": params})


def test_varying_sizes_give_a_line_for_each_point_and_gaps_none() -> None:
    found = analysed("xbar-r", [[1, 2, 3], [2, 4], [5], [], None, [None, 2, 2.5]])
    xbar, spread = found["charts"]["xbar"], found["charts"]["R"]
    assert xbar["center"] == pytest.approx(21.5 / 8)  # the mean of all values, not of the means
    assert xbar["points"] == [2, 3, 5, None, None, 2.25]
    assert [value is None for value in xbar["ucl"]] == [False, False, False, True, True, False]
    half = found["sigma_within"] * 3
    assert xbar["ucl"][2] == pytest.approx(xbar["center"] + half)
    assert xbar["ucl"][0] == pytest.approx(xbar["center"] + half / 3**0.5)
    assert [value is None for value in spread["center"]] == [False, False, True, True, True, False]
    assert spread["points"] == [2, 2, None, None, None, 0.5]


def test_given_center_and_sigma_take_the_place_of_estimates() -> None:
    found = analysed("i-mr", [10, 11, 9, 16], center=10, sigma=1)
    assert (found["charts"]["I"]["lcl"], found["charts"]["I"]["ucl"]) == (7, 13)
    assert found["sigma_within"] == 1
    assert found["signals"]["I"]["nelson"]["1"]["end"] == [3]
    p = analysed("p", [1, 2, 9], [20, 20, 20], center=0.1)
    assert p["charts"]["p"]["center"] == 0.1
    assert p["signals"]["p"]["nelson"]["1"]["end"] == [2]


def test_bare_limits_are_refused() -> None:
    assert analysed("i-mr", [1, 2, 3], lcl=0, ucl=4)["error"]["code"] == "MES-Q-0142"


def test_a_known_mean_and_covariance_make_t2_a_sum_of_squares() -> None:
    known = {"mean": [0, 0], "cov": [[1, 0], [0, 4]], "alpha": 0.05}
    found = analysed("hotelling-t2-individuals", [[1, 2], [3, 0], None, [0, 8]], **known)
    assert found["t2"] == pytest.approx([2, 9, None, 16], abs=1e-12)
    assert found["phase1_ucl"]["0.05"] == pytest.approx(5.991464547)  # chi-square with 2 degrees of freedom
    assert found["signals_phase1"]["0.05"] == [1, 3]
    of_means = analysed("hotelling-t2", [[[1, 2], [1, 2]], [[0, 0], [0, 0]]], **known)
    assert of_means["t2"] == pytest.approx([4, 0])


@pytest.mark.parametrize("method", ["UWAVE-R", "UWAVE-SD", "MVLUE-R", "MVLUE-SD", "RMSDF", "pooled"])
def test_every_sigma_method_is_named_as_the_case_names_it(method: str) -> None:
    found = analysed("xbar-s", [[1, 2, 4], [2, 3, 3.5, 4], [1, 4]], sigma_method=method)
    assert found["sigma_within_method"] == method
    assert found["sigma_within"] > 0


def test_nothing_varies() -> None:
    found = analysed("i-mr", [5.1] * 12)
    lines = found["charts"]["I"]
    assert (lines["lcl"], lines["center"], lines["ucl"], found["sigma_within"]) == (5.1, 5.1, 5.1, 0)
    assert not any(flags["end"] for rule, flags in found["signals"]["I"]["nelson"].items() if rule != "7")
    judged = analysed("capability", [5.1] * 12, lsl=5, usl=6)
    assert judged["cpk"] is None and judged["cp_ci"] is None
    assert judged["undefined"]["cpk"]["code"] == "MES-Q-0120"
    sums = analysed("cusum", [5.1] * 12)
    assert sums["c_plus"] == [None] * 12 and sums["undefined"]["c_plus"]["code"] == "MES-Q-0120"


def test_too_little_is_said_and_not_guessed() -> None:
    one = analysed("i-mr", [3.2])
    assert one["charts"]["I"] == {"center": 3.2, "lcl": None, "ucl": None}
    assert one["undefined"]["sigma_within"]["code"] == "MES-Q-0124"
    assert analysed("i-mr", [3.2, 3.4])["charts"]["I"]["ucl"] == pytest.approx(3.3 + 3 * 0.2 / 1.1283791671)
    assert analysed("capability", [3.2], lsl=3, usl=4)["undefined"]["ppk"]["code"] == "MES-Q-0121"
    assert analysed("normality", [1, 2, 3])["anderson_darling"]["A2"] is None
    assert analysed("hotelling-t2-individuals", [[1, 2], [2, 3]])["undefined"]["t2"]["code"] == "MES-Q-0121"
    assert (
        analysed("hotelling-t2-individuals", [[x, 2 * x] for x in range(9)])["undefined"]["t2"]["code"] == "MES-Q-0129"
    )


def test_limits_that_cross_or_are_missing_leave_no_capability() -> None:
    for limits, code in (({"lsl": 6, "usl": 5}, "MES-Q-0123"), ({}, "MES-Q-0122")):
        found = analysed("capability", [5.1, 5.3, 5.2], **limits)
        assert found["cpk"] is None and found["undefined"]["cpk"]["code"] == code
        assert found["mean"] == pytest.approx(5.2)


def test_one_limit_below() -> None:
    found = analysed("capability", [5.1, 5.3, 5.2, 5.0, 5.4], lsl=4, confidence=0.9, target=5)
    assert found["cpl"] == found["cpk"] and found["cpu"] is None
    assert "cp" not in found and "cpm" not in found
    assert found["observed_ppm_below"] == 0 and found["observed_ppm_above"] is None
    skewed = analysed("capability-nonnormal", [1, 2, 2.5, 3, 1.5, 4, 2.2, 1.8, 6, 2.9], lsl=0.1)
    assert skewed["weibull_2p"]["iso_ppl"] == skewed["weibull_2p"]["iso_ppk"]
    assert "ppm_above" not in skewed["weibull_2p"]


def test_skewed_data_have_to_be_positive() -> None:
    found = analysed("capability-nonnormal", [0.0, *range(1, 12)], usl=20)
    assert found["weibull_2p"]["shape"] is None
    assert {found["undefined"][name]["code"] for name in ("weibull_2p", "lognormal", "box_cox")} == {"MES-Q-0125"}
    assert found["naive_normal_ppk"] is not None


def test_laney_by_its_name_or_by_its_parameter() -> None:
    counts, sizes = [3, 8, 2, 9, 4, 12], [100, 120, 90, 100, 110, 130]
    by_name, by_parameter = analysed("laney-u'", counts, sizes), analysed("u", counts, sizes, laney=True)
    assert by_name == by_parameter and by_name["sigma_z"] > 0
    assert len(by_name["charts"]["u"]["ucl"]) == 6


def test_counts_that_cannot_be_are_told_and_left_out() -> None:
    found = analysed("p", [3, 70, -1, None, 4], [50, 50, 50, 50, 0])
    assert [problem["place"] for problem in found["problems"]] == [1, 2, 4]
    assert found["charts"]["p"]["center"] == pytest.approx(3 / 50)


def test_bad_cells_are_told_and_the_rest_goes_on() -> None:
    found = analysed("i-mr", [1.0, "1,5", "abc", "2.5 mm", "2.0", 3.0, float("inf"), None])
    assert [(p["place"], p["code"]) for p in found["problems"]] == [
        (1, "MES-Q-0131"),
        (2, "MES-Q-0130"),
        (3, "MES-Q-0132"),
        (6, "MES-Q-0133"),
    ]
    assert found["charts"]["I"]["center"] == pytest.approx(2.0)
    assert found["charts"]["MR"]["points"] == [None, None, None, None, None, 1.0, None, None]


def test_averages_of_subgroups_in_charts_with_memory() -> None:
    data = [[1, 2, 3], [2, 3], [4, 5, 6, 7]]
    found = analysed("ewma", data, target=2, sigma=1, **{"lambda": 0.5, "L": 3, "limits": "asymptotic"})
    assert found["ewma"] == pytest.approx([2, 2.25, 3.875])
    assert found["ucl"] == pytest.approx([2 + 3 * (0.5 / 1.5 / n) ** 0.5 for n in (3, 2, 4)])
    sums = analysed("cusum", data, target=2, sigma=1, k=0.5, h=5)
    assert sums["c_plus"] == pytest.approx([0, 2**0.5 / 2 - 0.5, 2**0.5 / 2 - 0.5 + 7 - 0.5])


def test_a_table_in_and_a_table_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "measured.csv"
    file.write_text('batch;x [mm]\nA;10.1\nA;10.2\nB;"9,9"\nB;10.0\nC;10.3\nC;10.1\nD;14 mm\nD;14.1\n')
    found = run(capsys, str(file), "--chart", "xbar-r", "--sigma", "0.1", "--center", "10.1", "--value-column", "x")
    assert found["charts"]["xbar"]["points"] == pytest.approx([10.15, 10.0, 10.2, 14.05])
    assert found["signals"]["xbar"]["nelson"]["1"]["end"] == [3]
    assert [(problem["row"], problem["code"]) for problem in found["problems"]] == [(4, "MES-Q-0131")]
    assert main(["analyze", str(file), "--chart", "xbar-r", "--format", "table"]) == 0
    printed = capsys.readouterr().out
    assert "sigma_within_method" in printed and "MES-Q-0131 row 4" in printed
    shown = FOLDER / "pub09_orangejuice_p.json"
    assert main(["analyze", str(shown), "--format", "table"]) == 0
    assert re.search(r"^ +22 +24 +0\.48 +p 1$", capsys.readouterr().out, re.MULTILINE)


json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-5, 60), st.floats(), st.sampled_from(["1,5", "2 mm", "x", "3.5"])),
    lambda inner: st.lists(inner, max_size=6),
    max_leaves=30,
)
numbers_mostly = st.lists(st.one_of(st.integers(0, 9), st.floats(-50, 50), st.none()), max_size=40)
PARAMS = ("phase1", "sigma", "center", "k", "lsl", "usl", "target", "alpha", "lambda", "mr_span", "nominal")
some_params = st.dictionaries(st.sampled_from(PARAMS), json_values, max_size=4)


@given(
    st.sampled_from([name for name in ANALYSES if name not in {"arl", "constants"}]),
    st.one_of(json_values, numbers_mostly, st.lists(numbers_mostly, max_size=6)),
    st.one_of(st.none(), json_values),
    some_params,
)
@settings(max_examples=80, deadline=None)
def test_nothing_raises_and_all_is_json(chart: str, data: Any, subgroups: Any, params: dict[str, Any]) -> None:
    result = analyze({"chart": chart, "data": data, "subgroups": subgroups, "params": params}, details=True)
    json.dumps(result, allow_nan=False)
    for why in result.get("undefined", {}).values():
        assert why["code"].startswith("MES-Q-01") and why["reason"]


@pytest.mark.parametrize("broken", ["", "[1, 2", '{"chart": "i-mr", "data": [1, 1e999, NaN]}', "\x00\x01", "[[[]]]"])
def test_files_that_are_no_case(broken: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "case.json"
    file.write_text(broken)
    result = run(capsys, str(file))
    assert "error" in result or result["problems"]
    assert run(capsys, str(tmp_path / "none.json"))["error"]["code"] == "MES-Q-0135"
