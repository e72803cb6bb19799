"""What an analysis prints as JSON, as a text table for people: single figures first, then one row for each place."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

_NOT_PLACES = {"all", "end_any", "end_both"}


def as_table(result: Mapping[str, Any], data: object = None) -> str:
    """Single figures by their path, lists of one length side by side, signals as the rules that end at a place.

    `data`: those of the case; single values are shown beside the points.
    """
    figures = list(_figures(result, ""))
    columns = {path: values for path, values in _lists(result, "") if _is_row_of_numbers(values)}
    single = data if isinstance(data, list) and _is_row_of_numbers(data) else []
    m = max((len(values) for values in (*columns.values(), single)), default=0)
    if len(single) == m:
        columns = {"data": single, **columns}
    by_place = _signals(result.get("signals"), m)
    wide = max((len(path) for path in (*columns, *(path for path, _ in figures))), default=0)
    lines = [f"{path:<{wide}}  {_cell(value)}" for path, value in figures]
    places = {path: values for path, values in columns.items() if len(values) == m and m > 3}
    lines += [
        f"{path:<{wide}}  {', '.join(_cell(value) for value in values)}"
        for path, values in columns.items()
        if path not in places
    ]
    if places:
        titles = ["place", *(path.removeprefix("charts.") for path in places), "signals"]
        rows = [
            [str(place), *(_cell(values[place]) for values in places.values()), by_place.get(place, "")]
            for place in range(m)
        ]
        lines += ["", *_aligned([titles, *rows])]
    elif by_place:
        lines += ["", *(f"place {place}: {rules}" for place, rules in sorted(by_place.items()))]
    for problem in result.get("problems", []):
        where = f"row {problem['row']}" if "row" in problem else f"place {problem['place']}"
        lines.append(f"{problem['code']} {where}: {problem['reason']}")
    return "\n".join(lines)


def _figures(node: Any, path: str) -> Iterator[tuple[str, Any]]:
    if isinstance(node, Mapping):
        for key, value in node.items():
            if path == "" and key in {"signals", "problems"}:
                continue
            yield from _figures(value, f"{path}.{key}" if path else key)
    elif not isinstance(node, list):
        yield path, node


def _lists(node: Any, path: str) -> Iterator[tuple[str, list[Any]]]:
    if isinstance(node, Mapping):
        for key, value in node.items():
            if path == "" and key in {"signals", "problems"}:
                continue
            yield from _lists(value, f"{path}.{key}" if path else key)
    elif isinstance(node, list):
        yield path, node


def _is_row_of_numbers(values: Sequence[Any]) -> bool:
    return all(value is None or isinstance(value, int | float | str) for value in values)


def _signals(node: Any, m: int) -> dict[int, str]:
    """{place: "xbar 1, R 1"} from whatever nesting of {rule: {"end": places}} an analysis has."""
    found: dict[int, list[str]] = {}

    def walk(part: Any, path: tuple[str, ...]) -> None:
        if isinstance(part, Mapping):
            for key, value in part.items():
                if key not in _NOT_PLACES and key not in {"extra", "we"}:
                    walk(value, path if key in {"nelson", "end"} else (*path, str(key)))
        elif isinstance(part, list):
            for place in part:
                if isinstance(place, int) and (not m or place < m):
                    found.setdefault(place, []).append(" ".join(path) or "1")

    walk(node, ())
    return {place: ", ".join(rules) for place, rules in found.items()}


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    return ["  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    return f"{value:.7g}" if isinstance(value, float) else str(value)
