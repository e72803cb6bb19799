"""A refused body for people: as it was received, readable and safe. Pure."""

import json
import re
from typing import Any

from lines.errors import Refusal
from lines.stations.body import LONGEST_KEY, check_key

# Control characters and lone surrogates show as what they are; line breaks and tabs stay.
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_ITEM = re.compile(r"#items\[(\d+)\]$")


def readable(body: bytes) -> str:
    """JSON indented, with every number as it was written; anything else as text, bytes that are none as \\xNN."""
    text = body.decode(errors="backslashreplace")
    try:
        # Numbers stay texts of their own: 1e400 and 0.10 must look as they came.
        parsed = json.loads(text, parse_float=_AsWritten, parse_int=_AsWritten, parse_constant=_AsWritten,
                            object_pairs_hook=_Pairs)  # fmt: skip
        text = _written(parsed, "")
    except (ValueError, RecursionError):
        pass
    return _UNPRINTABLE.sub(lambda found: f"\\u{ord(found.group()):04x}", text)


class _AsWritten(str):
    __slots__ = ()


class _Pairs(list[tuple[str, Any]]):
    """An object; a field that stands twice in it shows twice."""


def _written(value: Any, indent: str) -> str:
    inner = indent + "  "
    if isinstance(value, _AsWritten):
        return str(value)
    if isinstance(value, _Pairs):
        rows = [f"{inner}{_text(name)}: {_written(each, inner)}" for name, each in value]
        return "{\n" + ",\n".join(rows) + f"\n{indent}}}" if rows else "{}"
    if isinstance(value, list):
        rows = [inner + _written(each, inner) for each in value]
        return "[\n" + ",\n".join(rows) + f"\n{indent}]" if rows else "[]"
    return _text(value) if isinstance(value, str) else json.dumps(value)


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)


def as_given(text: str) -> bytes:
    """A body that a person edited in a form, as bytes: browsers send lines that end with CR LF."""
    return text.replace("\r\n", "\n").encode(errors="surrogatepass")


def item_index(path: str) -> int | None:
    """Which unit of a tray a refused post is; None: it is a whole post."""
    found = _ITEM.search(path)
    return int(found[1]) if found else None


def posted_to(path: str) -> str:
    """The address without the unit's place in its tray."""
    return _ITEM.sub("", path)


def replay_key(key: str, path: str, post_id: int, has_result_id: bool) -> str:
    """The key under which a refused post is stored when it is replayed: its own, so that the station's repeat of it
    gets the same answer. A unit of a tray has the tray's key and its place, for the tray's own key is taken; a post
    without a key that counts gets one of ours. Empty: the result's own id is the key."""
    try:
        check_key(key)
    except Refusal:
        return "" if has_result_id and item_index(path) is None else f"refused-{post_id}"
    index = item_index(path)
    if index is None:
        return key
    with_place = f"{key}#{index}"
    return with_place if len(with_place) <= LONGEST_KEY else f"refused-{post_id}"
