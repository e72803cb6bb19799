"""Batches in quarantine: the list, and one of them as far as it can be read."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from django.db.models import QuerySet
from django.db.models.enums import TextChoices
from django.db.models.functions import Length
from django.utils.translation import gettext_lazy as _

from lines.ledger.models import LedgerSource
from lines.plant.models import Signal
from lines.quarantine.errors import BATCH_GIVEN_UP
from lines.quarantine.models import QuarantinedBatch
from lines.telemetry import batches
from lines.telemetry.batches import Batch, Note

SHOWN_ROWS = 100
SHOWN_BYTES = 512
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FURTHEST_US = 200 * 365 * 86_400 * 1_000_000


class Show(TextChoices):
    """The tabs of the list."""

    OPEN = "open", _("To decide")
    ALL = "all", _("All")


class Row(NamedTuple):
    """One value; `source_time` None where it is no time that a calendar has."""

    station: str
    signal: str
    source_time: datetime | None
    value: float
    status: str


@dataclass(frozen=True)
class Shown:
    """A batch and what can be read of it: rows and notes, or only bytes."""

    batch: QuarantinedBatch
    size: int
    rows: list[Row]
    row_count: int
    notes: list[str]
    stations: list[str]
    hexadecimal: str


def quarantined(show: Show) -> QuerySet[QuarantinedBatch]:
    """Newest first, each with its `size`; without their bytes."""
    found = QuarantinedBatch.objects.defer("content").annotate(size=Length("content")).order_by("-pk")
    return found if show is Show.ALL else found.filter(settled_at=None)


def gateways() -> list[LedgerSource]:
    """How each was when it was last heard of."""
    return list(LedgerSource.objects.filter(is_current=True).order_by("source"))


def one_quarantined(batch_id: int) -> Shown | None:
    found = QuarantinedBatch.objects.filter(pk=batch_id).first()
    if found is None:
        return None
    content = bytes(found.content)
    batch = None if found.code == BATCH_GIVEN_UP.code else readable(content)
    names = _names(batch) if batch is not None else {}
    return Shown(
        batch=found,
        size=len(content),
        rows=[] if batch is None else _rows(batch, names),
        row_count=0 if batch is None else len(batch),
        notes=[] if batch is None else [_text(note) for note in batch.notes[:SHOWN_ROWS]],
        stations=sorted({station for station, _signal in names.values()}),
        hexadecimal="" if batch is not None else "\n".join(_dumped(content[:SHOWN_BYTES])),
    )


def readable(content: bytes) -> Batch | None:
    """The batch, whatever its bytes do to the reader. None: they can't be read."""
    try:
        return batches.decode(content)
    except Exception:
        return None


def _dumped(content: bytes) -> Iterator[str]:
    for start in range(0, len(content), 16):
        part = content[start : start + 16]
        text = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in part)
        yield f"{start:04x}  {part.hex(' '):47}  {text}"


def _names(batch: Batch) -> dict[int, tuple[str, str]]:
    ids = sorted(set(batch.signal_id.tolist()))
    found = Signal.objects.filter(pk__in=ids).values_list("pk", "station__code", "code")
    return {pk: (station, signal) for pk, station, signal in found}


def _rows(batch: Batch, names: dict[int, tuple[str, str]]) -> list[Row]:
    columns = (batch.signal_id, batch.source_time_us, batch.value, batch.status)
    return [
        Row(*names.get(signal_id, ("–", str(signal_id))), _moment(us), value, f"{status:08X}")
        for signal_id, us, value, status in zip(*(column[:SHOWN_ROWS].tolist() for column in columns), strict=True)
    ]


def _moment(us: int) -> datetime | None:
    return _EPOCH + timedelta(microseconds=us) if abs(us) < _FURTHEST_US else None


def _text(note: Note) -> str:
    return json.dumps(note, ensure_ascii=False, sort_keys=True)
