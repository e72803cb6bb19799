"""The visits of a unit as its printed history shows them. Pure."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from quality.reports.words import in_words as cause_words
from traceability.audits.words import in_words
from traceability.audits.writing import Writer, table

# More values of one characteristic in one record stand together: how many, from, to, and then each.
MOST_SINGLE_VALUES = 4


class Visits:
    def __init__(self, write: Writer, content: Mapping[str, Any]) -> None:
        self._write, self._content = write, content

    def shown(self, visit: Mapping[str, Any]) -> dict[str, Any]:
        write, w = self._write, self._write.w
        title = f"{write.name(visit['operation_name'])} {visit['operation']}".strip()
        if visit["sample"]:
            title += f" — {w['sample_of'].format(code=visit['sample'])}"
        elif visit["attempt"] > 1:
            title += f" — {w['attempt'].format(n=visit['attempt'])}"
        single, many = self._values(visit["measurements"])
        return {
            "title": title,
            "verdict": in_words(visit["verdict"], write.language),
            "is_bad": visit["verdict"] == "FAIL",
            "facts": self._facts(visit),
            "notes": self._notes(visit),
            "values": table(
                [w[key] for key in ("characteristic", "value", "limits", "version", "judgement", "gauge")],
                single, [1, 34, 29, 13, 18, 29], [1, 2, 3],
            ),
            "many": many,
        }  # fmt: skip

    def _facts(self, visit: Mapping[str, Any]) -> list[list[str]]:
        write, w = self._write, self._write.w
        began = (
            f" ({w['began']} {write.time_since(visit['started_at'], visit['source_time'])})"
            if visit["started_at"]
            else ""
        )
        who = [w["entered_by"], visit["entered_by"]] if visit["entered_by"] else [w["operator"], visit["operator"]]
        place = ", ".join(str(visit[name]) for name in ("tray", "slot", "channel") if visit[name] not in ("", None))
        permit = visit["permit"]
        setpoints = ", ".join(
            f"{name} {value}" for name, value in sorted((visit["recipe_parameters"] or {}).items())
        )  # fmt: skip
        facts = [
            [w["station"], f"{write.name(visit['station_name'])} ({visit['station']})"],
            [w["ended"], write.time(visit["source_time"]) + began],
            [who[0], who[1] or "–"],
            [w["permit"], f"{permit['permit']}, {write.time(permit['decided_at'])}" if permit else w["none"]],
            [w["recipe"], visit["recipe"] or "–"],
            [w["record"], f"{visit['record']}, {w['received']} {write.time(visit['received_at'])}"],
        ]
        if place or setpoints:
            facts += [[w["place"], place or "–"], [w["setpoints"], setpoints or "–"]]
        return facts

    def _notes(self, visit: Mapping[str, Any]) -> list[str]:
        """Everything about it that is not as it should be."""
        write, w, lang = self._write, self._write.w, self._write.language
        notes = [_deviation(each, w["deviations"], lang) for each in visit["deviations"]]
        if visit["rejudged"]:
            left = ", ".join(each["code"] for each in visit["rejudged"]["deviations"]) or w["none"]
            notes.append(f"{w['rejudged'].format(at=write.time(visit['rejudged']['at']))} {left}")
        words = self._content["codes"]
        if visit["reason_codes"]:
            told = ", ".join(f"{code} {write.name(words.get(code))}".strip() for code in visit["reason_codes"])
            notes.append(f"{w['reasons']}: {told}")
        for gap in visit["telemetry_gaps"]:
            lost = w["unknown"] if gap["lost"] is None else str(gap["lost"])
            span = f"{write.time(gap['since'])} – {write.time(gap['until'])}"
            notes.append(f"{w['gaps']}: {span}, {cause_words(gap['cause'], lang)}, {w['lost']}: {lost}")
        if visit["moved_to"]:
            notes.append(w["moved_to"].format(serial=visit["moved_to"]["serial"]))
        if visit["moved_from"]:
            notes.append(w["moved_from"].format(serial=visit["moved_from"]["serial"]))
        if visit["is_offline"]:
            notes.append(w["offline"])
        for gauge in visit["gauges"]:
            notes += [f"{w['gauge']} {gauge['gauge']}: {text}" for text in self._doubts(gauge)]
        return notes

    def _doubts(self, gauge: Mapping[str, Any]) -> list[str]:
        w = self._write.w
        found = [w["doubted"].format(at=self._write.time(each["at"])) for each in gauge["doubted_by"]]
        return [w["overdue"], *found] if gauge["was_valid"] is False else found

    def _values(self, values: Sequence[Mapping[str, Any]]) -> tuple[list[list[str]], list[dict[str, str]]]:
        write = self._write
        by_code: dict[str, list[Mapping[str, Any]]] = {}
        for value in values:
            by_code.setdefault(value["code"], []).append(value)
        single, many = [], []
        for group in by_code.values():
            if len(group) <= MOST_SINGLE_VALUES:
                single += [self._row(value, value["position"], self._one(value)) for value in group]
                continue
            figures = [value["value"] for value in group]
            told = write.w["many"].format(
                n=len(group), low=write.figure(min(figures)), high=write.figure(max(figures)),
                mean=write.figure(float(f"{math.fsum(figures) / len(figures):.6g}")),
            )  # fmt: skip
            worst = next((value for value in group if value["judgement"].startswith("FAIL")), group[0])
            single.append(self._row(worst, "", f"{told} {write.unit(worst['unit'])}"))
            many.append(
                {
                    "title": f"{write.name(worst['name'])} {worst['code']}, {write.unit(worst['unit'])}",
                    "values": "; ".join(f"{each['position']} {self._plain(each)}".strip() for each in group),
                }
            )
        return single, many

    def _plain(self, value: Mapping[str, Any]) -> str:
        sign = {"FAIL_LOW": " ▼", "FAIL_HIGH": " ▲"}.get(value["judgement"], "")
        return f"{self._write.figure(value['value'])}{sign}"

    def _one(self, value: Mapping[str, Any]) -> str:
        write = self._write
        text = f"{write.figure(value['value'])} {write.unit(value['unit'])}"
        if value["value"] != value["recorded_value"]:
            text += f" ({write.w['recorded_value'].format(value=write.figure(value['recorded_value']))})"
        return text

    def _row(self, value: Mapping[str, Any], position: str, figure: str) -> list[str]:
        write = self._write
        name = f"{write.name(value['name'])} {value['code']}".strip()
        gauge = write.w["derived"] if value["is_derived"] else ", ".join(value["gauges"]) or "–"
        return [
            f"{name} {position}".strip(), figure, write.limits(value),
            str(value["limits"]["version"]) if value["limits"] else "–",
            in_words(value["judgement"], write.language), gauge,
        ]  # fmt: skip

    def gauges(self) -> list[list[str]]:
        """Every gauge as it stood, once for each standing."""
        write, w = self._write, self._write.w
        rows: dict[tuple[str, ...], None] = {}
        for visit in self._content["records"]:
            for gauge in visit["gauges"]:
                papers = ", ".join(filter(None, (gauge["certificate"], gauge["performed_by"]))) or "–"
                state = "; ".join(self._doubts(gauge)) or (w["unknown"] if gauge["was_valid"] is None else w["valid"])
                day, until = write.day(gauge["calibrated_at"]), write.day(gauge["valid_until"])
                rows[gauge["gauge"], write.name(gauge["name"]), day, until, papers, state] = None
        return [list(row) for row in sorted(rows)]

    def limits(self) -> list[list[str]]:
        """Every version of limits that judged a value."""
        write = self._write
        rows: dict[tuple[str, int], list[str]] = {}
        for visit in self._content["records"]:
            for value in visit["measurements"]:
                limits = value["limits"]
                if limits:
                    rows[value["code"], limits["version"]] = [
                        f"{write.name(value['name'])} {value['code']}".strip(), str(limits["version"]),
                        f"{write.limits(value)} {write.unit(value['unit'])}", write.day(limits["valid_from"]),
                        limits["author"], limits["reason"],
                    ]  # fmt: skip
        return [rows[key] for key in sorted(rows)]


def _deviation(each: Mapping[str, Any], word: str, language: str) -> str:
    return f"{word} {each['code']}: {each['what'][language]}"
