"""A control plan as a person typed it or a spreadsheet has it: texts by column, checked against each other.

One reading for the form, the preview and the import, so that what one takes the others take too. Nothing is looked up.
"""

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from lines.errors import Code
from quality.plans import errors, fitting
from quality.plans.models import ChartType, Response, SigmaMethod, Source, StreamBy, SubgroupBy, Summary

COLUMNS = (
    *("code", "name_en", "name_ja", "characteristic", "product", "station", "source", "signal_code", "summary"),
    *("stream_by", "chart", "subgroup_by", "subgroup_size", "period_s", "every_nth", "rules", "run_lengths"),
    *("sigma_method", "options", "response", "margin_units", "verify_points", "reaction_en", "reaction_ja"),
    *("reaction_due_min", "is_active"),
)
# What the points drawn so far mean. It stays; another meaning is another plan.
IDENTITY = (
    *("characteristic", "product", "station", "source", "signal_code", "summary", "stream_by", "chart"),
    *("subgroup_by", "subgroup_size", "period_s", "every_nth"),
)
_CODE = re.compile(r"[A-Z0-9][A-Z0-9.-]*")
_PAIR = re.compile(r"([A-Za-z_][A-Za-z0-9_.-]*|\d+)\s*[=:]\s*(\S+)")
LONGEST = {"code": 48, "name_en": 120, "name_ja": 120, "characteristic": 24, "product": 32, "station": 32,
           "signal_code": 48}  # fmt: skip
_LONGEST_REACTION = 2000


@dataclass(frozen=True)
class Wrong:
    """One thing wrong with one field."""

    field: str
    code: Code
    detail: str = ""


@dataclass(frozen=True)
class AskedPlan:
    """Values of a plan's columns; characteristic, product and station by code. Only whole where nothing is wrong."""

    values: Mapping[str, Any]
    wrong: tuple[Wrong, ...] = ()

    def __getitem__(self, name: str) -> Any:
        return self.values[name]


@dataclass
class _Reading:
    words: Mapping[str, str]
    wrong: list[Wrong] = field(default_factory=list)

    def refuse(self, name: str, code: Code, detail: str = "") -> None:
        if all(each.field != name for each in self.wrong):
            self.wrong.append(Wrong(name, code, detail))

    def text(self, name: str, longest: int, *, needed: bool = True, lines: bool = False) -> str:
        raw = str(self.words.get(name, ""))
        value = raw.strip().replace("\r\n", "\n") if lines else " ".join(raw.split())
        shown = value.replace("\n", " ") if lines else value
        if needed and not value:
            self.refuse(name, errors.PLAN_FIELD_MISSING)
        elif len(value) > longest or not shown.isprintable():
            self.refuse(name, errors.PLAN_TEXT, f"<= {longest}")
        return value

    def whole(self, name: str, least: int, most: int, default: int | None) -> int | None:
        text = str(self.words.get(name, "")).strip()
        if not text:
            return default
        # A spreadsheet writes 5 as 5.0.
        number = re.fullmatch(r"(\d{1,9})(\.0+)?", text) if text.isascii() else None
        if number is None or not least <= int(number[1]) <= most:
            self.refuse(name, errors.PLAN_NUMBER, f"{least} … {most}")
            return default
        return int(number[1])

    def choice(self, name: str, choices: list[str], default: str) -> str:
        value = str(self.words.get(name, "")).strip().upper() or default
        if value not in choices:
            self.refuse(name, errors.PLAN_CHOICE, ", ".join(each or "–" for each in choices))
            return default
        return value

    def pairs(self, name: str) -> dict[str, str] | None:
        """`lambda=0.2 L=2.7` by name; None where it is written otherwise."""
        text = str(self.words.get(name, "")).replace(",", " ").replace(";", " ")
        found = dict(_PAIR.findall(text))
        return found if not _PAIR.sub("", text).strip() else None


def asked_plan(words: Mapping[str, str]) -> AskedPlan:
    """All that is wrong is found at once. Unknown columns are not looked at."""
    read = _Reading(words)
    values: dict[str, Any] = {name: read.text(name, LONGEST[name]) for name in LONGEST if name != "signal_code"}
    values["code"] = values["code"].upper()
    if values["code"] and not _CODE.fullmatch(values["code"]):
        read.refuse("code", errors.PLAN_TEXT, "A–Z 0–9 - .")
    values["response"] = read.choice("response", list(Response.values), Response.ALARM)
    _how(read, values)
    _source(read, values)
    _rules(read, values)
    _options(read, values)
    methods = fitting.sigma_methods(values["chart"], values["subgroup_size"])
    values["sigma_method"] = read.choice("sigma_method", list(SigmaMethod.values), methods[0])
    if values["sigma_method"] not in methods:
        read.refuse("sigma_method", errors.PLAN_SIGMA_METHOD, ", ".join(methods))
    for name in ("reaction_en", "reaction_ja"):
        values[name] = read.text(name, _LONGEST_REACTION, needed=False, lines=True)
    values["margin_units"] = read.whole("margin_units", 0, 100_000, 5)
    values["verify_points"] = read.whole("verify_points", 0, 1_000, 0)
    values["reaction_due_min"] = read.whole("reaction_due_min", 1, 100_000, 30)
    active = str(words.get("is_active", "")).strip().lower()
    if active not in {"", "1", "0", "true", "false", "yes", "no", "on", "1.0", "0.0"}:
        read.refuse("is_active", errors.PLAN_CHOICE, "1, 0")
    values["is_active"] = active not in {"0", "false", "no", "0.0"}
    return AskedPlan(values, tuple(read.wrong))


def _how(read: _Reading, values: dict[str, Any]) -> None:
    """Which chart, and what goes into a point."""
    chart = values["chart"] = read.choice("chart", list(ChartType.values), "")
    values["subgroup_by"] = by = read.choice("subgroup_by", list(SubgroupBy.values), SubgroupBy.CONSECUTIVE)
    least, most = fitting.sizes(chart) if chart else (1, fitting.MOST_IN_SUBGROUP)
    size = read.whole("subgroup_size", 1, fitting.MOST_IN_SAMPLE, least)
    values["subgroup_size"] = size
    if size is not None and not least <= size <= most:
        read.refuse("subgroup_size", errors.PLAN_SIZE, str(least) if least == most else f"{least} … {most}")
    values["period_s"] = read.whole("period_s", 1, 31 * 86_400, None)
    if by == SubgroupBy.PERIOD and values["period_s"] is None:
        read.refuse("period_s", errors.PLAN_FIELD_MISSING)
    values["every_nth"] = read.whole("every_nth", 1, 100_000, 1)


def _source(read: _Reading, values: dict[str, Any]) -> None:
    values["source"] = source = read.choice("source", list(Source.values), Source.RECORD)
    values["stream_by"] = read.choice("stream_by", list(StreamBy.values), StreamBy.NONE)
    telemetry = source == Source.TELEMETRY
    values["signal_code"] = read.text("signal_code", LONGEST["signal_code"], needed=telemetry)
    values["summary"] = read.choice("summary", ["", *Summary.values], "")
    if telemetry and not values["summary"]:
        read.refuse("summary", errors.PLAN_FIELD_MISSING)
    if telemetry and values["period_s"] is None:
        read.refuse("period_s", errors.PLAN_FIELD_MISSING)
    if telemetry and values["stream_by"]:
        read.refuse("stream_by", errors.PLAN_CHOICE, "–")  # a signal is of the station
    if not telemetry:
        values["signal_code"] = values["summary"] = ""
        if values["subgroup_by"] != SubgroupBy.PERIOD:
            values["period_s"] = None


def _rules(read: _Reading, values: dict[str, Any]) -> None:
    chart = values["chart"]
    possible = fitting.RULES_OF.get(chart, tuple(range(1, 9)))
    text = re.sub(r"[,;]", " ", str(read.words.get("rules", ""))).split() or ["1"]
    text = [each.removesuffix(".0") for each in text]  # a lone rule is a number to a spreadsheet
    if not {str(rule) for rule in possible}.issuperset(text):
        read.refuse("rules", errors.PLAN_RULES, " ".join(map(str, possible)))
        text = ["1"]
    values["rules"] = sorted({int(rule) for rule in text})
    lengths = read.pairs("run_lengths")
    least, most = fitting.LEAST_LENGTH, fitting.MOST_LENGTH
    if lengths is None or not all(
        key.isdigit()
        and int(key) in fitting.LENGTHS
        and value.isascii()
        and value.isdigit()
        and least <= int(value) <= most
        for key, value in lengths.items()
    ):
        read.refuse("run_lengths", errors.PLAN_OPTIONS, f"2=8 3=7 ({least} … {most})")
        lengths = {}
    # Nelson's own length is no choice, and one of a rule that does not run means nothing.
    values["run_lengths"] = {
        str(int(key)): int(value)
        for key, value in sorted(lengths.items())
        if int(key) in values["rules"] and int(value) != fitting.LENGTHS[int(key)]
    }


def _options(read: _Reading, values: dict[str, Any]) -> None:
    known = fitting.OPTIONS_OF.get(values["chart"], {})
    given = read.pairs("options")
    found: dict[str, Any] = {}
    for name, text in (given or {}).items():
        allowed = known.get(name)
        if allowed is None and name.partition(".")[0] == "nominal" and values["chart"] in fitting.NOMINAL_OF:
            given = given if _add_nominal(found, name, text) else None
        elif allowed is None:
            given = None
        elif isinstance(allowed[0], str):
            given = given if text in allowed else None
            found[name] = text
        else:
            number = _number(text)
            least, most, _ = allowed
            given = given if number is not None and float(least) <= number <= float(most) else None
            found[name] = number
    if given is None:
        read.refuse("options", errors.PLAN_OPTIONS, _shown(known))
        found = {}
    values["options"] = found


def _add_nominal(found: dict[str, Any], name: str, text: str) -> bool:
    """`nominal=3.2` for all, or `nominal.RECIPE=3.2` for each recipe; False where it is neither."""
    number, so_far = _number(text), found.get("nominal")
    _, dot, recipe = name.partition(".")
    if number is None or (dot and not recipe) or (so_far is not None and not (dot and isinstance(so_far, dict))):
        return False
    found["nominal"] = {**(so_far or {}), recipe: number} if dot else number
    return True


def _shown(known: Mapping[str, tuple[Any, ...]]) -> str:
    """`lambda=0.2 (0.01 … 1)` for each option; a dash where the chart has none."""
    parts = [
        f"{name}={'|'.join(allowed)}"
        if isinstance(allowed[0], str)
        else f"{name}={allowed[2]:g} ({allowed[0]:g} … {allowed[1]:g})"
        for name, allowed in known.items()
    ]
    return ", ".join(parts) or "–"


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def words_of(values: Mapping[str, Any]) -> dict[str, str]:
    """The texts that read back as these values: for a form, an export and a comparison."""
    words = {name: str(values[name]) for name in COLUMNS}
    words["period_s"] = "" if values["period_s"] is None else str(values["period_s"])
    words["rules"] = " ".join(str(rule) for rule in values["rules"])
    for name in ("run_lengths", "options"):
        words[name] = " ".join(_pairs(values[name]))
    words["is_active"] = "1" if values["is_active"] else "0"
    return words


def _pairs(options: Mapping[str, Any]) -> Iterator[str]:
    for key, value in options.items():
        if isinstance(value, Mapping):
            yield from (f"{key}.{inner}={number}" for inner, number in value.items())
        else:
            yield f"{key}={value}"
