"""The content of a kept recall as its PDF shows it: every text and figure as it is printed. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Any

from traceability.recall.words import words

TEMPLATE = (Path(__file__).parent / "recall.typ").read_text(encoding="utf-8")
MOST_MISSING, MOST_UNITS, MOST_GROUPS = 300, 600, 200
Row = Mapping[str, Any]


def printed(
    header: Row,
    missing: Sequence[Row],
    units: Sequence[Row],
    *,
    sha256: str,
    language: str,
    zone: tzinfo,
    number: str,
    hold: str,
) -> dict[str, Any]:
    """Data of the template recall.typ. `missing` and `units` are the first of them; the header knows how many."""
    w = words(language)
    links, groups = header["completeness"], header["groups"]
    made = f"{datetime.fromisoformat(header['made_at']).astimezone(zone):%Y-%m-%d %H:%M}"
    how = "complete" if links["is_complete"] else "incomplete"
    return {
        "w": dict(w),
        "title": f"{w['title']} {number}",
        "number": number,
        "drill": w["drill"] if header["is_drill"] else "",
        "hash": f"SHA-256 {sha256[:16]}…",
        "hash_value": sha256,
        "facts": [
            [w["suspect"], f"{header['suspect']['kind']} {header['subject']}"],
            [w["reason"], header["reason"]],
            [w["made"], f"{made} ({zone})"],
            [w["by"], header["made_by"]],
            [w["hold"], hold or w["none"]],
        ],
        "counts": [
            *[[f"{header[f'n_{name.lower()}']:,}", w[name]] for name in ("RECORDED", "INFERRED", "POSSIBLE")],
            [f"{header['n_shipped']:,}", w["n_shipped"]],
        ],
        "complete": w[how].format(missing=links["missing"], units=links["units_missing"]),
        "links": w["links"].format(recorded=links["recorded"], inferred=links["inferred"]),
        "lacking": _table(
            [w["operation"], w["material"], w["missing"], w["units"]],
            [
                [each["operation"] or w["unknown_bill"], each["material"] or _nothing(each, w), each["missing"],
                 each["units"]]
                for each in links["by_operation"]
            ],
            widths=[1, 1, 0, 0], numbers=[2, 3],
        ),
        "shipped": _table(
            [w["site"], w["shipment"], w["shipped_at"], w["in"], w["units"], w["possible"]],
            [
                [each["site"], each["shipment"],
                 f"{datetime.fromisoformat(each['shipped_at']).astimezone(zone):%Y-%m-%d %H:%M}", each["serial"],
                 each["n_units"], each["n_possible"]]
                for each in header["shipped"][:MOST_GROUPS]
            ],
            widths=[1, 1, 0, 1, 0, 0], numbers=[4, 5], more=_more(len(header["shipped"]) - MOST_GROUPS, w),
        ),
        "here": _table(
            [w["certainty"], w["what"], w["place"], w["where"], w["state"], w["units"], w["held"]],
            [
                [w[each["certainty"]], each["definition"] or "–", w[each["place"]], each["where"] or "–",
                 each["state"], each["n_units"], each["n_held"]]
                for each in groups[:MOST_GROUPS]
            ],
            widths=[1, 1, 1, 1, 0, 0, 0], numbers=[5, 6], more=_more(len(groups) - MOST_GROUPS, w),
        ),
        "missing": _table(
            [w["serial"], w["operation"], w["material"], w["why"], w["needed"], w["found"]],
            [
                [each["serial"], each["operation"] or w["unknown_bill"], each["material"] or _nothing(each, w),
                 w[each["why"]], each["needed"], each["found"]]
                for each in missing[:MOST_MISSING]
            ],
            widths=[1, 1, 1, 1, 0, 0], numbers=[4, 5],
            more=_more(sum(each["units"] for each in links["by_operation"]) - MOST_MISSING, w),
        ),
        "units": _table(
            [w["serial"], w["what"], w["certainty"], w["place"], w["container"], w["pack"], w["station"]],
            [
                [each["serial"], each["definition"] or "–", w[each["certainty"]], w[each["place"]],
                 each["container"] or "–", each["pack"] or "–", each["station"] or _metres(each["metres"]) or "–"]
                for each in units[:MOST_UNITS]
            ],
            widths=[1, 1, 0, 0, 1, 1, 0], numbers=[], more=_more(header["n_units"] - MOST_UNITS, w),
        ),
    }  # fmt: skip


def _table(
    head: Sequence[str], rows: Sequence[Sequence[Any]], *, widths: Sequence[int], numbers: Sequence[int], more: str = ""
) -> dict[str, Any]:
    texts = [[f"{cell:,}" if isinstance(cell, int) else str(cell) for cell in row] for row in rows]
    return {"head": list(head), "rows": texts, "widths": list(widths), "numbers": list(numbers), "more": more}


def _more(n: int, w: Mapping[str, str]) -> str:
    return w["more"].format(n=f"{n:,}") if n > 0 else ""


def _nothing(each: Row, w: Mapping[str, str]) -> str:
    return w["no_record"] if each["operation"] else "–"


def _metres(pieces: Sequence[Sequence[float]]) -> str:
    return ", ".join(f"{start:g}–{end:g} m" for start, end in pieces[:3]) + (" …" if len(pieces) > 3 else "")
