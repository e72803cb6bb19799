"""From a table of readings to a gauge R&R study, or every reason why there is none. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from lines.errors import Code, Refusal
from quality.gauges.errors import STUDY_ROWS, STUDY_WITHOUT_RESULT
from quality.spc.columns import case_of
from quality.spc.errors import WRONG_SHAPE, Undefined
from quality.spc.gauge_rr import POOLING_P, SOURCES, Components, gauge_rr
from quality.spc.tables import Message, Table

MOST_READINGS = 2000

Reading = tuple[str, str, float]  # part, operator, value


class RefusedRows(Refusal):
    """Refused with what is wrong in each row."""

    def __init__(self, messages: Sequence[Message]) -> None:
        first = messages[0]
        super().__init__(STUDY_ROWS, f"row {first.row}: {first.detail}")
        self.messages = tuple(messages)


@dataclass(frozen=True)
class Studied:
    """What is stored of a study beside its readings. Variances in the square of the readings' unit."""

    n_parts: int
    n_operators: int
    n_repeats: int
    interaction_p: float | None
    with_interaction: bool
    components: dict[str, dict[str, float | None]]
    grr_percent: float
    ndc: int
    verdict: str


def readings_of(table: Table, unit: str = "") -> list[Reading]:
    """Part, operator and value by the columns' titles, or in this order. Raises RefusedRows, or Refusal: no column."""
    case, messages = case_of(table, "gauge-rr-anova", {"unit": unit} if unit else {})
    told = {message.row for message in messages}
    for number, (part, operator, value) in zip(table.numbers, case["data"], strict=True):
        if number not in told and not (part and operator and value is not None):
            missing = "part" if not part else "operator" if not operator else "value"
            messages.append(Message(number, missing, WRONG_SHAPE, f"There is no {missing}."))
    if messages:
        raise RefusedRows(sorted(messages, key=lambda message: message.row))
    if len(case["data"]) > MOST_READINGS:
        raise Refusal(STUDY_WITHOUT_RESULT, f"At most {MOST_READINGS} readings.")
    return [(part[:40], operator[:40], value) for part, operator, value in case["data"]]


def study_of(readings: Sequence[Reading], tolerance: float | None) -> Studied:
    """By the model that AIAG takes. Raises Refusal with the reason where there is no result."""
    found = gauge_rr(readings, tolerance=tolerance)
    chosen = found.chosen
    if found.undefined or chosen is None or found.n_repeats is None:
        raise _without(found.undefined)
    share = (chosen.tolerance_share or chosen.study_share)["gage_rr"]
    if chosen.undefined or share is None or chosen.ndc is None or chosen.verdict is None:
        raise _without(chosen.undefined)
    p = found.anova.p if found.anova else None
    return Studied(
        found.n_parts, found.n_operators, found.n_repeats, p, p is not None and p <= POOLING_P, _by_source(chosen),
        share, chosen.ndc, chosen.verdict,
    )  # fmt: skip


def _without(why: Undefined | None) -> Refusal:
    code: Code = STUDY_WITHOUT_RESULT
    return Refusal(code, (why.detail or why.code.what_en) if why else "")


def _by_source(found: Components) -> dict[str, dict[str, Any]]:
    return {
        source: {
            "variance": found.variance[source],
            "contribution": found.contribution[source],
            "study": found.study[source],
            "study_share": found.study_share[source],
            "tolerance_share": found.tolerance_share[source] if found.tolerance_share else None,
        }
        for source in SOURCES
        if source in found.variance
    }
