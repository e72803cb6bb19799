"""python -m quality.spc analyze FILE: any analysis from a case (JSON) or a table (CSV, XLSX), without the system.

Prints JSON in the shape of `expected` in fixtures/spc, or a table of the same for people. Exit code 1: nothing could
be analysed, and the output says why.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lines.errors import Refusal
from quality.spc.analysis import ANALYSES, analyze
from quality.spc.columns import ROLES, case_of
from quality.spc.errors import FILE_UNREADABLE, UNKNOWN_CHART, WRONG_SHAPE, Undefined
from quality.spc.tables import read_table
from quality.spc.written import as_table

# Options that are parameters of a case under the same name.
_NUMBERS = ("lsl", "usl", "target", "confidence", "center", "sigma", "k", "h", "lambda", "L", "head-start", "n")
_TEXTS = ("sigma-method", "limits", "unit", "rules")


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; returns the exit code."""
    options = _parser().parse_args(arguments)
    case: dict[str, Any] = {}
    try:
        case, problems = _case(options)
    except Refusal as refusal:
        result: dict[str, Any] = {"error": Undefined(refusal.code, refusal.detail).as_dict()}
    else:
        result = analyze(case, details=options.details)
        if problems:
            # Those of a file are told by its rows; the case's own places say nothing to whoever has the file.
            result["problems"] = problems + result.get("problems", [])
    if options.format == "table":
        print(as_table(result, case.get("data")))
    else:
        print(json.dumps(result, ensure_ascii=False, allow_nan=False, indent=1))
    return 1 if "error" in result else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m quality.spc", description="Statistical process control, headless.")
    commands = parser.add_subparsers(dest="command", required=True)
    one = commands.add_parser("analyze", help="analyse a case or a table", description=__doc__)
    one.add_argument("file", help="a case (.json), a table (.csv, .xlsx), or - for standard input")
    one.add_argument("--chart", help=f"one of {', '.join(ANALYSES)}; a case names its own")
    one.add_argument("--format", choices=("json", "table"), default="json")
    one.add_argument("--details", action="store_true", help="with the verdicts around a capability or gauge study")
    one.add_argument("--phase1", nargs=2, type=int, metavar=("FIRST", "LAST"), help="places that the limits rest on")
    for name in _NUMBERS:
        one.add_argument(f"--{name}", type=float, metavar="NUMBER")
    for name in _TEXTS:
        one.add_argument(f"--{name}", metavar="TEXT")
    one.add_argument("--param", action="append", default=[], metavar="NAME=JSON", help="any other parameter of a case")
    for role in ROLES:
        one.add_argument(f"--{role}-column", action="append", metavar="TITLE", help=f"of a table: the {role}")
    one.add_argument("--sheet", default="", help="of a workbook; the first one unless named")
    return parser


def _case(options: argparse.Namespace) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    content = _read(options.file)
    params = _params(options)
    if options.file.lower().endswith(".json") or content[:64].lstrip()[:1] in (b"{", b"["):
        return _from_json(content, options.chart, params), []
    table = read_table(content, options.file, sheet=options.sheet)
    if not options.chart:
        raise Refusal(UNKNOWN_CHART, f"A table needs --chart; there are: {', '.join(ANALYSES)}")
    columns = {role: named for role in ROLES if (named := getattr(options, f"{role}_column"))}
    case, messages = case_of(table, options.chart, params, columns)
    return case, [dict(message.as_dict()) for message in messages]


def _read(name: str) -> bytes:
    try:
        return sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
    except OSError as error:
        raise Refusal(FILE_UNREADABLE, f"{name}: {error.strerror}") from error


def _from_json(content: bytes, chart: str | None, params: dict[str, Any]) -> dict[str, Any]:
    try:
        case = json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise Refusal(FILE_UNREADABLE, f"Not JSON: {error}"[:200]) from error
    if isinstance(case, list):
        case = {"data": case}
    if not isinstance(case, dict):
        raise Refusal(WRONG_SHAPE, "A case is an object with chart, data, subgroups and params.")
    own = case.get("params") or {}
    if params and isinstance(own, dict):
        case["params"] = {**own, **params}
    if chart:
        case["chart"] = chart
    return case


def _params(options: argparse.Namespace) -> dict[str, Any]:
    names = [*_NUMBERS, *_TEXTS]
    params = {name.replace("-", "_"): getattr(options, name.replace("-", "_")) for name in names}
    params = {name: value for name, value in params.items() if value is not None}
    if options.phase1:
        params["phase1"] = options.phase1
    for given in options.param:
        name, _, text = given.partition("=")
        try:
            params[name] = json.loads(text)
        except ValueError:
            params[name] = text
    return params


if __name__ == "__main__":
    sys.exit(main())
