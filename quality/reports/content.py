"""The content of a report: one structure that PDF, spreadsheet, CSV and JSON are made of, and its hash. Pure.

It holds both languages and no word about who asked or when, so that the same question about the same data has the same
hash in any language.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from quality.charts.looks import finite

VERSION = 1
MOST_DRAWN = 700  # points of one chart on paper

# Every convention in force, as quality/spc keeps it: (English, Japanese).
CONVENTIONS: tuple[tuple[str, str], ...] = (
    (
        "Centre line: weighted grand mean of all values of phase I. Limits stand 3 standard errors off it and come"
        " from mean and sigma only; they are frozen versions, and every point is judged by the version in force when it"
        " came.",
        "中心線は解析用（フェーズI）全データの加重平均。管理限界は平均と標準偏差だけから±3標準誤差で求めて版として固定し、"
        "各点は到着時に有効だった版で判定する。",
    ),
    (
        "d2, d3 and c4 are exact values, not three-decimal tables. R and S charts follow each subgroup's own n; a lower"
        " limit below zero is zero.",
        "d2・d3・c4は3桁の表ではなく厳密値。R・S管理図は群ごとのnに従い、負の下方限界は0とする。",
    ),
    (
        "Rule 1: strictly beyond a limit. Rule 2: 9 strictly on one side of the centre. Rule 3: 6 points steadily up or"
        " down. Rule 4: 14 alternating. Rules 5 and 6: 2 of 3 beyond 2 sigma, 4 of 5 beyond 1 sigma, same side, the"
        " last one itself beyond. Rule 7: 15 within 1 sigma. Rule 8: 8 beyond 1 sigma. A point on a line is not"
        " beyond it.",
        "ルール1: 限界の外（線上は含まない）。ルール2: 中心線の片側に連続9点。ルール3: 6点が連続上昇または下降。"
        "ルール4: 14点が交互に増減。ルール5・6: 同じ側で3点中2点が2σの外、5点中4点が1σの外（最後の点も外）。"
        "ルール7: 15点が1σ以内。ルール8: 8点が1σの外。",
    ),
    (
        "Moving ranges are judged by rule 1 alone, ranges, standard deviations and attribute charts by rules 1 to 4. A"
        " gap ends every window, and no moving range spans it. Missing is never zero.",
        "移動範囲はルール1だけ、範囲・標準偏差・計数値管理図はルール1〜4で判定する。欠測は連を切り、移動範囲もまたがない。"
        "欠測を0とはみなさない。",
    ),
    (
        "A point that came late stands at its own time; windows that it touches were judged again, signals that no"
        " longer hold are kept and marked. Points with an assigned cause stay on the chart and out of the figures.",
        "遅れて届いた点はその時刻に置き、関係する連を判定し直す。成り立たなくなったシグナルは印を付けて残す。"
        "原因が特定された点は図に残し、計算からは除く。",
    ),
    (
        "Capability needs a process in control: the verdict stands before the figures. Within sigma is that of the"
        " limits in force; total sigma is the sample standard deviation. Interval of Cp by chi-square, of Cpk by"
        " Bissell. One-sided limits give one-sided indices; what can't be told is undefined, with the reason.",
        "工程能力は管理状態の工程にだけ意味があるため、先に安定性を判定する。群内σは有効な管理限界のもの、全体σは標本標準偏差。"
        "Cpの区間はカイ二乗、Cpkの区間はBissell。片側規格は片側の指標とし、求められない値は理由を示して未定義とする。",
    ),
)


class Row(NamedTuple):
    """One value behind a chart."""

    point: int
    at: datetime
    serial: str
    position: str
    value: float
    limits_version: int
    channel: str
    gauge: str
    judgement: int | None
    record: int | None
    is_excluded: bool


ROW_FIELDS = Row._fields


@dataclass(frozen=True)
class Section:
    """One chart: what is told of it, as JSON has it, and the values behind it in order of time."""

    facts: Mapping[str, Any]
    rows: Sequence[Row]


@dataclass(frozen=True)
class Content:
    """`asked` as the request was; `left_out` names what was asked for and has nothing to tell."""

    asked: Mapping[str, Any]
    sections: Sequence[Section]
    left_out: Sequence[Mapping[str, Any]]

    @property
    def n_points(self) -> int:
        return sum(int(section.facts["n_points"]) for section in self.sections)

    @property
    def n_rows(self) -> int:
        return sum(len(section.rows) for section in self.sections)

    def pieces(self) -> Iterator[bytes]:
        """The canonical JSON, a piece at a time: keys sorted, times in UTC, no infinity."""
        head = {
            "report": "SPC",
            "version": VERSION,
            "asked": self.asked,
            "conventions": [{"en": en, "ja": ja} for en, ja in CONVENTIONS],
            "left_out": self.left_out,
            "row_fields": ROW_FIELDS,
        }
        yield _json(head)[:-1] + b',"sections":['
        for n, section in enumerate(self.sections):
            yield (b"," if n else b"") + _json(finite(dict(section.facts)))[:-1] + b',"rows":['
            for first in range(0, len(section.rows), 5_000):
                rows = [[row[0], row[1].isoformat(), *row[2:]] for row in section.rows[first : first + 5_000]]
                yield (b"," if first else b"") + _json(rows)[1:-1]
            yield b"]}"
        yield b"]}"


def _json(part: Any) -> bytes:
    return json.dumps(part, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()
