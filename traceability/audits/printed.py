"""The content of a history file as the PDF shows it: every text and figure as it is printed. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Any

from traceability.audits.visits import Visits
from traceability.audits.words import in_words, words
from traceability.audits.writing import Writer, table

TEMPLATE = (Path(__file__).parent / "history.typ").read_text(encoding="utf-8")
MOST_ROWS = 400


@dataclass(frozen=True)
class Issue:
    """Who had it made and when; it is no part of the content."""

    sha256: str
    code: str
    by: str
    at: datetime
    address: str  # where it can be verified


def printed(content: Mapping[str, Any], issue: Issue, *, language: str, zone: tzinfo) -> dict[str, Any]:
    """Data of the template history.typ. Its drawing is "verify", the code of the address."""
    w, lang = words(language), "ja" if language.startswith("ja") else "en"
    write = Writer(w, lang, zone)
    visits = Visits(write, content)
    unit = content["unit"]
    return {
        "w": dict(w),
        "title": w["title"],
        "serial": unit["serial"],
        "facts": _facts(content, write, issue, zone),
        "code": issue.code,
        "hash": issue.sha256,
        "hash_how": w["hash_how"].format(address=issue.address.split("?")[0]),
        "summary": _summary(content, write),
        "records": [visits.shown(visit) for visit in content["records"]],
        "tables": [part for part in _tables(content, write, visits) if part["table"]["rows"]],
    }


def _facts(content: Mapping[str, Any], write: Writer, issue: Issue, zone: tzinfo) -> list[list[str]]:
    w, unit, away = write.w, content["unit"], content["is_at"]
    state = in_words(unit["state"], write.language)
    if unit["is_held"]:
        state += f", {in_words('HELD', write.language)}"
    size = [write.figure(unit[name]) + sign for name, sign in (("length_m", " m"), ("mass_kg", " kg")) if unit[name]]
    where = f"{write.name(away['site_name'])} ({away['shipment']}, {away['with']})" if away else w["here"]
    return [
        [w["serial"], unit["serial"]],
        [w["state"], state],
        [w["definition"], write.named(unit["definition"])],
        [w["grade"], unit["grade"] or "–"],
        [w["product"], write.named(unit["product"])],
        [w["length"], ", ".join(size) or "–"],
        [w["route"], str(unit["route_version"] or "–")],
        [w["first_seen"], write.time(unit["first_seen_at"])],
        [w["work_order"], unit["work_order"] or "–"],
        [w["is_at"], where],
        [w["issued"], f"{issue.by}, {issue.at.astimezone(zone):%Y-%m-%d %H:%M}"],
        [w["zone"], str(zone)],
    ]


def _summary(content: Mapping[str, Any], write: Writer) -> dict[str, Any]:
    """Counts of what an auditor looks for; what there is none of is left out."""
    w, records = write.w, content["records"]
    values = [value for record in records for value in record["measurements"]]
    doubtful = {
        (record["record"], gauge["gauge"])
        for record in records
        for gauge in record["gauges"]
        if gauge["was_valid"] is False or gauge["doubted_by"]
    }
    told = [
        (sum(value["judgement"].startswith("FAIL") for value in values), w["s_failed_values"]),
        (sum(record["verdict"] == "FAIL" for record in records), w["s_failed_records"]),
        (sum(bool(record["deviations"]) for record in records), w["s_deviations"]),
        (len(content["denied_entries"]), w["s_denied"]),
        _opened(content["holds"], "released_at", w["s_holds"]),
        _opened(content["nonconformances"], "closed_at", w["s_nonconformances"]),
        (len(content["rework"]), w["s_rework"]),
        (len(content["corrections"]), w["s_corrections"]),
        (
            sum((record["record"], code) in doubtful
                for record in records for value in record["measurements"] for code in value["gauges"]),
            w["s_gauges"],
        ),
        (sum(row["needed"] - row["found"] for row in content["missing_links"]), w["s_missing"]),
        (sum(len(record["telemetry_gaps"]) for record in records), w["s_gaps"]),
    ]  # fmt: skip
    return {
        "counts": [[w["n_records"], str(len(records))], [w["n_values"], str(len(values))]],
        "found": [[str(n), text] for n, text in told if n],
    }


def _opened(rows: Sequence[Mapping[str, Any]], ended: str, text: str) -> tuple[int, str]:
    return len(rows), text.format(n=sum(row[ended] is None for row in rows))


def _tables(content: Mapping[str, Any], write: Writer, visits: Visits) -> list[dict[str, Any]]:
    """Everything beside the records, each part a table."""
    w, lang = write.w, write.language
    by_record = {record["record"]: record for record in content["records"]}
    denied = [
        [write.time(row["decided_at"]), row["station"], row["operation"], str(row["asked_count"]),
         "\n".join(f"{each['code']} {each['what'][lang]}" for each in row["reasons"])]
        for row in content["denied_entries"]
    ]  # fmt: skip
    holds = [
        [str(row["hold"]), row["reason"], f"{write.time(row['placed_at'])}\n{write.actor(row['placed_by'])}",
         f"{write.time(row['released_at'])}\n{write.actor(row['released_by'])}" if row["released_at"] else w["open"],
         row["release_reason"] or ""]
        for row in content["holds"]
    ]  # fmt: skip
    nonconformances = [
        [str(row["nonconformance"]), write.time(row["opened_at"]),
         "\n".join(f"{each['code']} {write.name(each['what'])}".strip() for each in row["codes"]),
         "\n".join(write.decision(each) for each in row["decisions"]) or w["not_decided"]]
        for row in content["nonconformances"]
    ]  # fmt: skip
    rework = [
        [", ".join(row["operations"]),
         ", ".join(f"{by_record[n]['operation']} {by_record[n]['verdict']}" for n in row["records"])]
        for row in content["rework"]
    ]  # fmt: skip
    corrections = [
        [write.time(row["at"]), f"{in_words(row['kind'], lang)}, {w['record']} {row['record']}",
         write.what(row["before"]), write.what(row["after"]), row["by"], row["reason"]]
        for row in content["corrections"]
    ]  # fmt: skip
    samples = [
        [row["sample"], row["operation"], in_words(row["state"], lang),
         f"{write.time(row['taken_at'])} {row['taken_by']}", row["note"] or ""]
        for row in content["samples"]
    ]  # fmt: skip
    trays = [
        [row["tray"], str(row["slot"]), row["channel"] or "–",
         f"{write.time(row['loaded_at'])}\n{write.actor(row['loaded_by'])}",
         f"{write.time(row['unloaded_at'])}\n{write.actor(row['unloaded_by'])}"]
        for row in content["trays"]
    ]  # fmt: skip
    shipments = [
        [row["shipment"], f"{write.name(row['site_name'])} ({row['site']})",
         f"{write.time(row['shipped_at'])}\n{row['by']}", write.time(row["returned_at"]), row["reason"] or ""]
        for row in content["shipments"]
    ]  # fmt: skip
    lots = [
        [row["material"], row["supplier"], row["number"], in_words(row["state"], lang), write.day(row["expires_at"]),
         "\n".join(write.certified(each) for each in row["certificate"]) or write.known(row["is_inferred"])]
        for row in content["lots_behind"]
    ]  # fmt: skip
    missing = [
        [row["serial"], row["operation"] or w["bill_unknown"],
         row["material"] or (w["no_record"] if row["operation"] else "–"), w[f"why_{row['why']}"],
         f"{row['found']} / {row['needed']}"]
        for row in content["missing_links"]
    ]  # fmt: skip
    taken_out = [
        [row["part"], row["out_of"], row["operation"], write.time(row["ended_at"]), row["reason"]]
        for row in content["taken_out"]
    ]
    gauges, limits = visits.gauges(), visits.limits()
    ranges = [write.web(row) for row in content["webs"]["ranges"]]
    own = [write.web({"serial": content["unit"]["serial"], **row}) for row in [content["webs"]["own"]] if row]
    return [
        _part(w["nonconformances"], w, ("number", "at", "found", "decided"), nonconformances, [0, 0, 2, 3]),
        _part(w["holds"], w, ("number", "reason", "placed", "released", "reason"), holds, [0, 2, 0, 0, 2]),
        _part(w["rework"], w, ("repeated", "records"), rework, [0, 1]),
        _part(w["corrections"], w, ("at", "corrections", "before", "after", "by", "reason"), corrections,
              [0, 0, 1, 1, 0, 1]),
        _part(w["denied"], w, ("at", "station", "operation", "times", "reason"), denied, [0, 0, 0, 0, 1], numbers=[3]),
        _part(w["samples"], w, ("sample", "operation", "state", "taken", "reason"), samples, [0, 0, 0, 1, 1]),
        _part(w["gauges"], w, ("gauge", "name", "calibrated", "valid_until", "certificate", "was_valid"), gauges,
              [0, 1, 0, 0, 1, 1]),
        _part(w["limits_list"], w, ("characteristic", "version", "limits", "valid_from", "author", "reason"), limits,
              [1, 0, 0, 0, 0, 1]),
        _part(w["trays"], w, ("tray", "slot", "channel", "loaded", "unloaded"), trays, [0, 0, 0, 1, 1], numbers=[1]),
        _part(w["shipments"], w, ("shipment", "site", "shipped", "returned", "reason"), shipments, [0, 1, 0, 0, 1]),
        _part(w["made_of"], w, ("input", "material", "quantity", "operation", "how"),
              [write.link(row, row["serial"] or write.lot(row["lot"])) for row in content["made_of"]["links"]],
              [1, 0, 1, 0, 0]),
        _part(w["used_in"], w, ("output", "material", "quantity", "operation", "how"),
              [write.link(row, row["output"]) for row in content["used_in"]["links"]], [1, 0, 1, 0, 0]),
        _part(w["missing_links"], w, ("serial", "operation", "missing", "known_from", "n_of"), missing,
              [1, 0, 1, 1, 0]),
        _part(w["taken_out"], w, ("output", "out_of", "operation", "at", "reason"), taken_out, [0, 0, 0, 0, 1]),
        _part(w["webs"], w, ("roll", "lane", "metres", "how", "marks", "scans"), own + ranges, [0, 0, 0, 0, 1, 2]),
        _part(w["lots"], w, ("material", "supplier", "lot", "state", "expires", "papers"), lots, [0, 0, 0, 0, 0, 1]),
    ]  # fmt: skip


def _part(
    title: str,
    w: Mapping[str, str],
    head: Sequence[str],
    rows: Sequence[Sequence[str]],
    widths: Sequence[int],
    *,
    numbers: Sequence[int] = (),
) -> dict[str, Any]:
    more = len(rows) - MOST_ROWS
    return {
        "title": title,
        "table": table([w[key] for key in head], rows[:MOST_ROWS], widths, numbers),
        "more": w["more"].format(n=more) if more > 0 else "",
    }
