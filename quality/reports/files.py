"""The files of a report, each made of the same content, a piece at a time into an open file."""

import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, tzinfo
from typing import IO, Any

from documents.pdf import as_pdf
from lines import spreadsheets
from lines.records.models import Judgement
from lines.spreadsheets import XLSX, Cell, write_xlsx
from quality.reports.content import CONVENTIONS, Content, Row
from quality.reports.printed import TEMPLATE, printed
from quality.reports.words import words

COLUMNS = (
    "plan", "stream", "point", "time", "serial", "position", "value", "unit", "limits_version", "channel", "gauge",
    "judgement", "record", "excluded",
)  # fmt: skip
CONTENT_TYPES = {
    "PDF": "application/pdf",
    "XLSX": XLSX,
    "CSV": "text/csv; charset=utf-8",
    "JSON": "application/json",
}
_MOST_SHEET_ROWS = 1_000_000
_TICK_EACH = 2_000  # rows
_JUDGED = {each.value: each.name for each in Judgement}


def write_json(content: Content, into: IO[bytes]) -> None:
    """The canonical content, whose SHA-256 is the report's."""
    for piece in content.pieces():
        into.write(piece)


def write_csv(content: Content, zone: tzinfo, into: IO[bytes], tick: Callable[[], None] = lambda: None) -> None:
    """Every value behind every chart, a line each; spreadsheets read it as UTF-8 and take no cell for a formula.

    `tick` is called now and then; what it raises ends the writing.
    """
    text = io.TextIOWrapper(into, encoding="utf-8-sig", newline="")
    spreadsheets.write_csv(COLUMNS, _all_rows(content, zone, tick), text)
    text.flush()
    text.detach()


def write_workbook(
    content: Content, language: str, zone: tzinfo, into: IO[bytes], tick: Callable[[], None] = lambda: None
) -> None:
    """Sheets: charts, limits, signals, conventions, and the values behind the charts. `tick` as of write_csv."""
    lang = "ja" if language.startswith("ja") else "en"
    w = words(language)
    sections = [section.facts for section in content.sections]
    charts = (
        w["summary"],
        [
            w[key]
            for key in (
                "plan", "stream", "name", "characteristic", "product", "station", "chart", "points", "values",
                "excluded", "late", "stability",
            )
        ] + ["Cp", "Cpk", "Pp", "Ppk", w["refused"]],
        [_chart_row(facts, lang, w) for facts in sections],
    )  # fmt: skip
    limits = (
        w["limits"],
        [w[key] for key in ("plan", "stream", "version", "center", "sigma_within", "method", "n", "valid_from",
                            "author", "reason", "judged")],
        [
            [
                facts["plan"], facts["stream"], each["version"], each["center"], each["sigma_within"],
                each["sigma_method"], each["n_values"], _local(each["valid_from"], zone), each["author"],
                each["reason"], each["n_points"],
            ]
            for facts in sections
            for each in facts["limits"]
        ],
    )  # fmt: skip
    signals = (
        w["signals"],
        [w[key] for key in ("plan", "stream", "point", "at", "rule", "panel", "version", "superseded", "cause",
                            "action", "closed")],
        [
            [
                facts["plan"], facts["stream"], each["point"], _local(each["at"], zone), each["rule"], each["panel"],
                each["limits_version"], "x" if each["is_superseded"] else "",
                each["cause"][lang] if each["cause"] else "", each["action"][lang] if each["action"] else "",
                each["closed_by"],
            ]
            for facts in sections
            for each in facts["signals"]
        ],
    )  # fmt: skip
    rules = (w["conventions"], [w["conventions"]], [[pair[int(lang == "ja")]] for pair in CONVENTIONS])
    # A sheet takes 1,048,576 rows.
    values = [
        (f"{w['data']} {n}" if n > 1 else w["data"], list(COLUMNS), part)
        for n, part in enumerate(_parts(_all_rows(content, zone, tick), content.n_rows), start=1)
    ]
    write_xlsx([charts, limits, signals, rules, *values], into)


def write_pdf(
    content: Content,
    sha256: str,
    drawings: Mapping[str, str],
    *,
    language: str,
    zone: tzinfo,
    number: str,
    by: str,
    at: datetime,
    into: IO[bytes],
) -> None:
    data: Mapping[str, Any] = printed(content, sha256, language=language, zone=zone, number=number, by=by, at=at)
    into.write(as_pdf(TEMPLATE, data, made_at=at, drawings=drawings))


def _all_rows(content: Content, zone: tzinfo, tick: Callable[[], None]) -> Iterator[Sequence[Cell]]:
    for section in content.sections:
        facts = section.facts
        before = (facts["plan"], facts["stream"])
        unit = facts["characteristic"]["unit"]
        for n, row in enumerate(section.rows):
            if n % _TICK_EACH == 0:
                tick()
            yield spread(before, unit, row, zone)


def spread(before: tuple[str, str], unit: str, row: Row, zone: tzinfo) -> Sequence[Cell]:
    """A value as a row of COLUMNS; `before`: plan and stream."""
    judged = "" if row.judgement is None else _JUDGED[row.judgement]
    return (
        *before, row.point, row.at.astimezone(zone).isoformat(), row.serial, row.position, row.value, unit,
        row.limits_version, row.channel, row.gauge, judged, row.record, "x" if row.is_excluded else "",
    )  # fmt: skip


def _chart_row(facts: Mapping[str, Any], lang: str, w: Mapping[str, str]) -> list[Cell]:
    figures = facts.get("capability")
    within = (figures or {}).get("within") or {}
    overall = (figures or {}).get("overall") or {}
    refused = (figures or {}).get("refused")
    return [
        facts["plan"], facts["stream"], facts["name"][lang], facts["characteristic"]["code"],
        facts["product"]["code"], facts["station"]["code"], facts["chart"], facts["n_points"], facts["n_values"],
        facts["n_excluded"], facts["n_late"], w[facts["stability"]["verdict"]], within.get("potential"),
        within.get("actual"), overall.get("potential"), overall.get("actual"),
        f"{refused[lang]} [{refused['code']}]" if refused else "",
    ]  # fmt: skip


def _local(text: str | None, zone: tzinfo) -> str:
    return datetime.fromisoformat(text).astimezone(zone).isoformat(timespec="seconds") if text else ""


def _parts(rows: Iterator[Sequence[Cell]], count: int) -> Iterator[Iterable[Sequence[Cell]]]:
    """The rows by sheets, none of them held: each part is to be read to its end before the next."""
    for first in range(0, max(count, 1), _MOST_SHEET_ROWS):
        yield (next(rows) for _ in range(min(_MOST_SHEET_ROWS, count - first)))
