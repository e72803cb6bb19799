"""The content of a kept recall: one JSON document whose bytes are always the same for the same answer. Pure.

Its SHA-256 is the recall's. Each missing link and each unit stands on a line of its own, so that a recall of a million
units is written and read a line at a time.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

FORMAT = "denchi-recall/1"
_MISSING, _UNITS, _END = '"missing":[', '"units":[', "]}"
Row = Mapping[str, Any]


def pieces(header: Row, missing: Iterable[Row], units: Iterable[Row]) -> Iterator[bytes]:
    """The document, a line or so at a time. `header` must hold neither of the lists."""
    yield f"{_json({**header, 'format': FORMAT})[:-1]},\n{_MISSING}\n".encode()
    yield from _rows(missing)
    yield f"],\n{_UNITS}\n".encode()
    yield from _rows(units)
    yield f"{_END}\n".encode()


def _rows(rows: Iterable[Row]) -> Iterator[bytes]:
    is_first = True
    for row in rows:
        yield (_json(row) if is_first else f",{_json(row)}").encode() + b"\n"
        is_first = False


def _json(part: Any) -> str:
    return json.dumps(part, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def read(lines: Iterable[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """("header" | "missing" | "unit", row) of the document, in order."""
    of = "header"
    for line in lines:
        text = line.rstrip("\n")
        if of == "header":
            yield of, json.loads(text.removesuffix(",") + "}")
            of = "missing"
        elif text in (_MISSING, _END):
            continue
        elif text == "],":
            of = "unit"
        elif text != _UNITS:
            yield of, json.loads(text.removeprefix(","))
