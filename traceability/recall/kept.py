"""Kept recalls as pages, files and the API show them: read from the content, which is proved by its hash first."""

import codecs
import hashlib
import zlib
from collections.abc import Iterator
from itertools import islice
from typing import Any

from django.db.models import QuerySet

from lines.errors import Refusal
from traceability.recall import errors
from traceability.recall.content import read
from traceability.recall.models import Recall, RecallContent
from traceability.units.queries import Window, cursor_after, page_of

_PIECE = 1 << 16


def recalls() -> QuerySet[Recall]:
    """Newest first."""
    return Recall.objects.select_related("hold").order_by("-pk")


def recall_by_id(recall_id: int) -> Recall:
    """Raises Refusal RECALL_NOT_FOUND."""
    found = recalls().filter(pk=recall_id).first()
    if found is None:
        raise Refusal(errors.RECALL_NOT_FOUND, str(recall_id))
    return found


def document(recall: Recall) -> Iterator[bytes]:
    """The content's bytes, proved before the first one comes. Raises Refusal RECALL_CHANGED."""
    compressed = bytes(RecallContent.objects.values_list("compressed", flat=True).get(recall=recall))
    sha256 = hashlib.sha256()
    for piece in _unpacked(compressed):
        sha256.update(piece)
    if sha256.hexdigest() != recall.content_sha256:
        raise Refusal(errors.RECALL_CHANGED, f"recall {recall.pk}")
    return _unpacked(compressed)


def _unpacked(compressed: bytes) -> Iterator[bytes]:
    unpacking = zlib.decompressobj()
    rest = compressed
    while rest:
        try:
            piece = unpacking.decompress(rest, _PIECE)
        except zlib.error:
            return
        rest = unpacking.unconsumed_tail
        yield piece
        if unpacking.eof:
            return
    if tail := unpacking.flush():
        yield tail


def rows(recall: Recall) -> Iterator[tuple[str, dict[str, Any]]]:
    """("header" | "missing" | "unit", row), in order. Raises Refusal RECALL_CHANGED."""
    return read(_lines(document(recall)))


def _lines(content: Iterator[bytes]) -> Iterator[str]:
    decoder, rest = codecs.getincrementaldecoder("utf-8")(), ""
    for piece in content:
        *whole, rest = (rest + decoder.decode(piece)).split("\n")
        yield from whole
    if rest:
        yield rest


def header(recall: Recall) -> dict[str, Any]:
    """Everything of the content but its lists."""
    return next(row for of, row in rows(recall) if of == "header")


def some(recall: Recall, of: str, skip: int, limit: int) -> tuple[list[dict[str, Any]], bool]:
    """A page of the missing links or the units ("missing", "unit"), and whether there are more."""
    listed = (row for kind, row in rows(recall) if kind == of)
    found = list(islice(listed, skip, skip + limit + 1))
    return found[:limit], len(found) > limit


def recall_row(recall: Recall) -> dict[str, Any]:
    return {
        "recall": recall.pk,
        "subject": recall.subject,
        "reason": recall.reason,
        "made_at": recall.made_at.isoformat(),
        "made_by": recall.made_by,
        "hold": recall.hold_id,
        "n_units": recall.n_units,
        "n_recorded": recall.n_recorded,
        "n_inferred": recall.n_inferred,
        "n_possible": recall.n_possible,
        "n_missing": recall.n_missing,
        "n_shipped": recall.n_shipped,
        "content_sha256": recall.content_sha256,
    }


ANSWER = (
    "suspect", "subject", "n_units", "n_recorded", "n_inferred", "n_possible", "n_shipped", "n_all", "is_everything",
    "groups", "shipped", "completeness",
)  # fmt: skip


def show_recall(recall: Recall) -> dict[str, Any]:
    found = header(recall)
    return {**recall_row(recall), "answer": {name: found[name] for name in ANSWER}}


def list_recalls(of: Window) -> dict[str, Any]:
    return page_of(recalls(), of, recall_row)


def list_part(recall: Recall, part: str, of: Window) -> dict[str, Any]:
    """A page of the content's units or missing links; they never change, so the cursor is how many came before."""
    skip = of.before_id or 0
    items, more = some(recall, part, skip, of.limit)
    return {"items": items, "next_cursor": cursor_after(skip + len(items)) if more else None}
