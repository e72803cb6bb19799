"""The usual designs side by side: average run lengths over shifts, as textbooks print them. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

from quality.spc.rule_runs import rule_run_length
from quality.spc.run_lengths import cusum_arl, cusum_h, ewma_arl, ewma_L, mewma_arl, mewma_h4, shewhart_arl

SHIFTS = (0.0, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0)
RULE_SHIFTS = (0.0, 0.5, 1.0, 2.0)
_RUNS = 40_000

_CUSUMS = {"k.5_h4": (0.5, 4, 0), "k.5_h5": (0.5, 5, 0), "k.5_h5_fir2.5": (0.5, 5, 2.5), "k.25_h8": (0.25, 8, 0)}
_ASYMPTOTIC = {
    "l.1_L2.7": (0.1, 2.7),
    "l.1_L2.814": (0.1, 2.814),
    "l.2_L2.962": (0.2, 2.962),
    "l.4_L3.054": (0.4, 3.054),
}
_EXACT = {"l.1_L2.7": (0.1, 2.7), "l.2_L3": (0.2, 3.0)}
_RULES: Mapping[str, tuple[Sequence[int], Mapping[int, int]]] = {
    "WE_1": ((1,), {}),
    "WE_1-4": ((1, 2, 5, 6), {2: 8}),
    "WE_1+4": ((1, 2), {2: 8}),
    "Nelson_1-8": (range(1, 9), {}),
    "Nelson_1+2": ((1, 2), {}),
    "Nelson_1+2+3": ((1, 2, 3), {}),
    "Nelson_1,2,5,6": ((1, 2, 5, 6), {}),
}


def charts_table(shifts: Sequence[float] = SHIFTS) -> dict[str, Any]:
    """Shewhart, CUSUM, EWMA and MEWMA: ARL for each shift (standard deviations of one value), and their designs."""

    return {
        "shift_in_sigma": list(shifts),
        "shewhart_xbar": {f"L3_n{n}": [shewhart_arl(shift, n) for shift in shifts] for n in (1, 4, 5)},
        "cusum_two_sided": {
            name: [cusum_arl(k, h, shift, start) for shift in shifts] for name, (k, h, start) in _CUSUMS.items()
        },
        "ewma_two_sided_asymptotic": {
            name: [ewma_arl(weight, width, shift) for shift in shifts] for name, (weight, width) in _ASYMPTOTIC.items()
        },
        "ewma_two_sided_exact": {
            name: [ewma_arl(weight, width, shift, exact=True) for shift in shifts]
            for name, (weight, width) in _EXACT.items()
        },
        "design": {
            "ewma_L_for_ARL0_370": {f"l{name}": ewma_L(float(name), 370.0) for name in (".05", ".1", ".2")},
            "cusum_h_for_ARL0_370": {f"k{name}": cusum_h(float(name), 370.0) for name in (".25", ".5", "1")},
        },
        "mewma": {"p3_l.1_h4_10.79": mewma_arl(3, 0.1, 10.79), "p2_l.1_crit200": mewma_h4(2, 0.1, 200.0)},
    }


def rules_table(shifts: Sequence[float] = RULE_SHIFTS) -> dict[str, dict[str, dict[str, float]]]:
    """ARL of sets of run rules by shift. Takes some seconds: the sets with rule 3 or 4 are simulated.

    `mc_se`: the standard error that a mean of 40,000 simulated runs has, for a comparison with such a simulation.
    """
    table: dict[str, dict[str, dict[str, float]]] = {}
    for name, (rules, lengths) in _RULES.items():
        table[name] = {}
        for shift in shifts:
            mean, sd = rule_run_length(tuple(rules), shift, lengths)
            table[name][str(float(shift))] = {"arl": mean, "mc_se": sd / _RUNS**0.5}
    return table
