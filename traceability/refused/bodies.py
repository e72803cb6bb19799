"""A refused body for people: as it was received, readable and safe. Pure."""

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

from lines.errors import Refusal
from lines.stations.body import LONGEST_KEY, MAX_BODY_BYTES, check_key

# Control characters and lone surrogates show as what they are; line breaks and tabs stay.
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_ITEM = re.compile(r"#items\[(\d+)\]$")
# No post of ours is nested deeper; and what is shown indented must be short enough to be sent again edited.
_DEEPEST, _LONGEST = 20, MAX_BODY_BYTES


def readable(body: bytes) -> str:
    """JSON indented, with every number as it was written; anything else as text, bytes that are none as \\xNN. As text
    too what would grow beyond reason when it is indented: nested deeply, or very long."""
    text = body.decode(errors="backslashreplace")
    try:
        # Numbers stay texts of their own: 1e400 and 0.10 must look as they came.
        parsed = json.loads(text, parse_float=_AsWritten, parse_int=_AsWritten, parse_constant=_AsWritten,
                            object_pairs_hook=_Pairs)  # fmt: skip
        text = _joined(_pieces(parsed, 0))
    except (ValueError, RecursionError):
        pass
    return _UNPRINTABLE.sub(lambda found: f"\\u{ord(found.group()):04x}", text)


class _AsWritten(str):
    __slots__ = ()


class _Pairs(list[tuple[str, Any]]):
    """An object; a field that stands twice in it shows twice."""


def _joined(pieces: Iterable[str]) -> str:
    """Raises ValueError where they are too much."""
    kept, length = [], 0
    for piece in pieces:
        kept.append(piece)
        length += len(piece)
        if length > _LONGEST:
            raise ValueError(length)
    return "".join(kept)


def _pieces(value: Any, depth: int) -> Iterator[str]:
    """Raises ValueError where it is nested too deeply."""
    if isinstance(value, _AsWritten):
        yield str(value)
    elif isinstance(value, list):
        if depth == _DEEPEST:
            raise ValueError(depth)
        opening, closing = "{}" if isinstance(value, _Pairs) else "[]"
        inner = "\n" + "  " * (depth + 1)
        yield opening
        for index, each in enumerate(value):
            yield f",{inner}" if index else inner
            if isinstance(value, _Pairs):
                name, each = each  # noqa: PLW2901 - a pair of it
                yield f"{_text(name)}: "
            yield from _pieces(each, depth + 1)
        if value:
            yield "\n" + "  " * depth
        yield closing
    else:
        yield _text(value) if isinstance(value, str) else json.dumps(value)


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
