"""The content of a report as the PDF shows it: every text and figure as it is printed, and the drawings."""

import math
from collections.abc import Mapping, Sequence
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Any

from lines.templatetags.denchi import unit as unit_signs
from quality.charts.decimals import decimals_for
from quality.reports.content import CONVENTIONS, MOST_DRAWN, Content
from quality.reports.words import in_words, words

TEMPLATE = (Path(__file__).parent / "report.typ").read_text(encoding="utf-8")
MOST_SIGNALS = 60
_INDICES = (
    ("cp", "within", "potential"),
    ("cpk", "within", "actual"),
    ("pp", "overall", "potential"),
    ("ppk", "overall", "actual"),
    ("ppm", "overall", "on_target"),
)
Words = Mapping[str, str]


def printed(
    content: Content, sha256: str, *, language: str, zone: tzinfo, number: str, by: str, at: datetime
) -> dict[str, Any]:
    """Data of the template report.typ. Drawings are called chart-0, histogram-0 and so on, by section."""
    w = words(language)
    lang = "ja" if language.startswith("ja") else "en"
    write = _Writer(w, lang, zone)
    sections = [write.section(n, section.facts) for n, section in enumerate(content.sections)]
    asked = content.asked
    chosen = [
        f"{w[word]}: {_listed(asked[key])}"
        for key, word in (
            ("plans", "plan"), ("characteristics", "characteristic"), ("products", "product"), ("stations", "station"),
            ("lines", "lines"), ("serials", "serials"),
        )
        if asked[key]
    ]  # fmt: skip
    return {
        "w": dict(w),
        "title": w["title"],
        "number": f"{w['number']} {number}",
        "hash": f"SHA-256 {sha256[:16]}…",
        "hash_value": sha256,
        "facts": [
            [w["number"], number],
            [w["span"], f"{write.time(asked['since'])} – {write.time(asked['until'])}"],
            [w["selection"], "; ".join(chosen) or w["everything"]],
            [w["requested"], by],
            [w["made"], write.time(at.isoformat())],
            [w["zone"], str(zone)],
            [w["naming"], in_words(asked["naming"], lang)],
            [w["confidence"], f"{asked['confidence']:.0%}"],
        ],
        "summary": _table(
            [w["plan"], w["station"], w["chart"], w["points"], w["signals"], w["stability"], "Cpk / Ppk"],
            [write.summary(section.facts) for section in content.sections],
            widths=[0, 0, 0, 0, 0, 1, 0],
            numbers=[3, 4, 6],
        ),
        "conventions": [pair[int(lang == "ja")] for pair in CONVENTIONS],
        "left_out": [each["plan"] for each in content.left_out],
        "sections": sections,
    }


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:8]) + (f" … ({len(names)})" if len(names) > 8 else "")


def _table(
    head: Sequence[str], rows: Sequence[Sequence[str]], widths: Sequence[int], numbers: Sequence[int] = ()
) -> Any:
    return {"head": list(head), "rows": [list(row) for row in rows], "widths": list(widths), "numbers": list(numbers)}


class _Writer:
    """Figures and sentences of one language and time zone."""

    def __init__(self, w: Words, language: str, zone: tzinfo) -> None:
        self._w, self._language, self._zone = w, language, zone

    def time(self, text: str | None) -> str:
        return f"{datetime.fromisoformat(text).astimezone(self._zone):%Y-%m-%d %H:%M}" if text else "–"

    def figure(self, value: float | None, decimals: int = 2) -> str:
        if value is None or not math.isfinite(value):
            return "–"
        return f"{value:.{decimals}f}" if abs(value) < 1e7 else f"{value:.3e}"

    def name(self, names: Mapping[str, str] | None) -> str:
        return names[self._language] if names else ""

    def why(self, why: Mapping[str, str]) -> str:
        detail = f" ({why['detail']})" if why["detail"] and self._language == "en" else ""
        return f"{why[self._language]}{detail} [{why['code']}]"

    def summary(self, facts: Mapping[str, Any]) -> list[str]:
        figures = facts.get("capability")
        cpk = "–"
        if figures:
            within, overall = figures["within"], figures["overall"]
            cpk = f"{self.figure(within['actual']) if within else '–'} / {self.figure(overall['actual'])}"
        return [
            self._titled(facts), facts["station"]["code"], facts["chart"], str(facts["n_points"]),
            str(len(facts["signals"])), self._w[facts["stability"]["verdict"]], cpk,
        ]  # fmt: skip

    def _titled(self, facts: Mapping[str, Any]) -> str:
        return f"{facts['plan']} {facts['stream']}".strip()

    def section(self, n: int, facts: Mapping[str, Any]) -> dict[str, Any]:
        w = self._w
        limits = facts["limits"]
        decimals = decimals_for(limits[-1]["sigma_within"] if limits else 0.0)
        unit = unit_signs(facts["characteristic"]["unit"])
        shown = facts["signals"][-MOST_SIGNALS:]
        return {
            "title": f"{self.name(facts['name'])} — {self._titled(facts)}",
            "facts": self._facts(facts, decimals, unit),
            "drawing": f"chart-{n}",
            "drawn": self._drawn(facts),
            "stability": self._stability(facts["stability"]),
            "figures": self._figures(n, facts, decimals),
            "limits": self._limits(limits, decimals),
            "signals": self._signals(shown),
            "more": w["more"].format(n=len(facts["signals"]) - len(shown))
            if len(facts["signals"]) > len(shown)
            else "",
            "gauges": self._gauges(facts["gauges"]),
            "gaps": self._gaps(facts["gaps"]),
        }

    def _drawn(self, facts: Mapping[str, Any]) -> str:
        n, told = facts["stability"]["n_points"], []
        if n > MOST_DRAWN:
            told.append(self._w["thinned"].format(n=n, drawn=MOST_DRAWN))
        if facts["serials"] is not None:
            told.append(self._w["drawing_all"])
        return " ".join(told)

    def _facts(self, facts: Mapping[str, Any], decimals: int, unit: str) -> list[list[str]]:
        w, spec, subgroup = self._w, facts["specification"], facts["subgroup"]
        characteristic = facts["characteristic"]
        limits = [w["none"]]
        if spec:
            parts = (("LSL", spec["lsl"]), ("target", spec["target"]), ("USL", spec["usl"]))
            limits = [f"{w[name]} {self.figure(value, decimals)}" for name, value in parts if value is not None]
            limits.append(f"({w['spec_version'].format(n=spec['version'])})")
        every = subgroup["every_nth"]
        lengths = ", ".join(f"{rule}: {length}" for rule, length in sorted(facts["run_lengths"].items()))
        rules = " ".join(map(str, facts["rules"])) + (f" ({lengths})" if lengths else "")
        period = f" {subgroup['period_s']} s" if subgroup["period_s"] else ""
        return [
            [w["characteristic"], f"{self.name(characteristic['name'])} ({characteristic['code']}, {unit})"],
            [w["chart"], facts["chart"]],
            [w["product"], f"{self.name(facts['product']['name'])} ({facts['product']['code']})"],
            [w["subgroup"], f"n = {subgroup['size']}, {in_words(subgroup['by'], self._language)}{period}"],
            [w["station"], f"{self.name(facts['station']['name'])} ({facts['station']['code']})"],
            [w["sampling"], w["every"] if every == 1 else w["every_nth"].format(n=every)],
            [w["spec"], " ".join(limits)],
            [w["rules"], rules],
            [w["span"], f"{self.time(facts['first'])} – {self.time(facts['last'])}"],
            [w["sigma_method"], in_words(facts["sigma_method"], self._language)],
            [w["points"], f"{facts['n_points']} ({w['values']} {facts['n_values']})"],
            [w["excluded"], f"{facts['n_excluded']}; {w['late']}: {facts['n_late']}"],
            *self._signal_of(facts),
        ]

    def _signal_of(self, facts: Mapping[str, Any]) -> list[list[str]]:
        if not facts["signal_code"]:
            return []
        summary = in_words(facts["summary"], self._language)
        return [[self._w["signal_code"], f"{facts['signal_code']} ({summary})"], ["", ""]]

    def _stability(self, stability: Mapping[str, Any]) -> str:
        found = ", ".join(
            f"{self._w['rule']} {each['rule']} ({each['panel']}): {each['n']}" for each in stability["signals"]
        )
        return self._w[stability["verdict"]] + (f" — {found}" if found else "")

    def _figures(self, n: int, facts: Mapping[str, Any], decimals: int) -> dict[str, Any] | None:
        figures = facts.get("capability")
        if not figures:
            return None
        w, refused = self._w, figures["refused"]
        rows = []
        for key, side, name in _INDICES:
            part = figures[side]
            if part is None or part[name] is None:
                continue
            low_high = part.get(f"{name}_ci") or part.get(f"{name}_ci_qcc_df")
            interval = f"{self.figure(low_high[0])} – {self.figure(low_high[1])}" if low_high else "–"
            rows.append([figures["labels"][key], self.figure(part[name]), interval])
        normal, dependence = facts["normality"], facts["autocorrelation"]
        overall = figures["overall"]
        notes = [
            f"n = {figures['n']}, {w['mean']} {self.figure(figures['mean'], decimals)}, "
            f"{w['sigma_overall']} {self.figure(overall['sigma'], decimals + 1)}",
            f"{w['normality']}: {self._normal(normal)}",
        ]
        if figures["observed_ppm_below"] is not None or figures["observed_ppm_above"] is not None:
            observed = sum(figures[key] or 0.0 for key in ("observed_ppm_below", "observed_ppm_above"))
            expected = sum(overall[key] or 0.0 for key in ("ppm_below", "ppm_above"))
            notes.append(f"{w['ppm']}: {self.figure(observed, 0)} / {self.figure(expected, 1)}")
        if "percentiles" in facts:
            fit = facts["percentiles"]
            told = " / ".join(self.figure(each, decimals) for each in fit["percentiles"])
            name = in_words(fit["distribution"], self._language)
            notes.append(f"{w['percentiles'].format(name=name)}: {told}; Ppk {self.figure(fit['ppk'])}")
        if dependence["warns"] is not None:
            key = "auto_yes" if dependence["warns"] else "auto_no"
            notes.append(f"{w['autocorrelation']}: {w[key].format(r=self.figure(dependence['lag_1']))}")
        return {
            "title": w["capability"] if refused is None else w["performance"],
            "refused": "" if refused is None else f"{w['refused']}: {self.why(refused)}",
            "indices": _table([w["index"], w["value"], w["interval"]], rows, [1, 1, 2], [1, 2]),
            "notes": notes,
            "drawing": f"histogram-{n}",
        }

    def _normal(self, normal: Mapping[str, Any]) -> str:
        p = normal["a2_p"] if normal["a2_p"] is not None else normal["w_p"]
        if normal["looks_normal"] is None:
            return self._w["undefined"]
        key = "normal_yes" if normal["looks_normal"] else "normal_no"
        return self._w[key].format(p="< 0.001" if p < 0.001 else f"= {self.figure(p, 3)}")

    def _limits(self, limits: Sequence[Mapping[str, Any]], decimals: int) -> Any:
        w = self._w
        head = ["version", "center", "sigma_within", "method", "n", "valid_from", "author", "reason", "judged"]
        rows = [
            [
                str(each["version"]), self.figure(each["center"], decimals),
                self.figure(each["sigma_within"] or None, decimals + 1), in_words(each["sigma_method"], self._language),
                str(each["n_values"]), self.time(each["valid_from"]), each["author"], each["reason"],
                str(each["n_points"]),
            ]
            for each in limits
        ]  # fmt: skip
        return _table([w[key] for key in head], rows, [0, 0, 0, 0, 0, 0, 0, 1, 0], [0, 1, 2, 4, 8])

    def _signals(self, signals: Sequence[Mapping[str, Any]]) -> Any:
        w = self._w
        rows = []
        for each in signals:
            side = {1: "▲", -1: "▼"}.get(each["side"], "")
            cause = self.name(each["cause"]) or (w["superseded"] if each["is_superseded"] else w["open"])
            action = " ".join(part for part in (self.name(each["action"]), each["note"]) if part)
            rows.append(
                [
                    str(each["point"]), self.time(each["at"]), f"{each['rule']} {side}", each["panel"],
                    str(each["limits_version"]), cause, action, each["closed_by"].removeprefix("person:"),
                ]
            )  # fmt: skip
        head = ["point", "at", "rule", "panel", "version", "cause", "action", "closed"]
        return _table([w[key] for key in head], rows, [0, 0, 0, 0, 0, 1, 2, 0], [0, 4])

    def _gauges(self, gauges: Sequence[Mapping[str, Any]]) -> Any:
        w = self._w
        rows = [
            [
                f"{each['code']} {self.name(each['name'])}", self.time(each["calibrated_at"]),
                self.time(each["valid_until"]), w["overdue"] if each["is_overdue"] else w["valid"],
                self._study(each["study"]),
            ]
            for each in gauges
        ]  # fmt: skip
        return _table([w[key] for key in ("gauge", "calibrated", "valid_until", "state", "rr")], rows, [1, 0, 0, 0, 1])

    def _study(self, study: Mapping[str, Any] | None) -> str:
        """Gauge R&R in percent, of what, when, and the verdict."""
        if study is None:
            return "–"
        told = [in_words(study[key], self._language) for key in ("of", "verdict")]
        return f"{study['grr_percent']:.1f} % {told[0]}, ndc {study['ndc']}, {self.time(study['at'])}: {told[1]}"

    def _gaps(self, gaps: Mapping[str, Any]) -> Any:
        w = self._w
        rows = [
            [
                self.time(each["since"]), self.time(each["until"]), in_words(each["cause"], self._language),
                w["not_known"] if each["lost"] is None else str(each["lost"]),
            ]
            for each in gaps["shown"]
        ]  # fmt: skip
        return _table([w[key] for key in ("since", "until", "cause", "lost")], rows, [0, 0, 1, 0], [3])
