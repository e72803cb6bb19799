"""Rows of old batches go; a repeat of one is known as before, and what is not decided stays."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lines.ledger.models import LedgerSource
from lines.models import CommittedRange, QuarantinedBatch, Sample, TelemetryBatch
from lines.opcua import queries
from lines.quarantine import errors
from lines.quarantine.services import set_aside
from lines.telemetry import batches, pruning, services
from tests.lines.rows import Row, make_line, make_server, make_station

NOW = datetime.now(UTC).replace(microsecond=0)


@pytest.fixture
def row() -> Row:
    return make_station(make_server(make_line(), "PACK"), "EOL-1")


def tell(row: Row, sequence: int, days_ago: float, source: str = "L1-x") -> bool:
    at_us = int((NOW - timedelta(days=days_ago)).timestamp() * 1e6)
    content = batches.encode(batches.make(at_us, [row.signals["Value0"].id], [at_us + sequence], [1.0], [0]))
    return services.store(source, sequence, content)


def ranges() -> list[tuple[str, int, int]]:
    return sorted(CommittedRange.objects.values_list("source", "first", "last"))


def left() -> list[tuple[str, int]]:
    return sorted(TelemetryBatch.objects.values_list("source", "sequence"))


@pytest.mark.django_db
def test_a_repeat_of_a_batch_without_its_row_is_not_stored(row: Row) -> None:
    for sequence in (1, 2, 3, 5):  # 4 is one that the gateway can not read for the time being
        assert tell(row, sequence, 9)
    tell(row, 6, 1)
    tell(row, 1, 9, "L2-y")
    assert pruning.prune(NOW) == 5
    assert (ranges(), left()) == ([("L1-x", 1, 3), ("L1-x", 5, 5), ("L2-y", 1, 1)], [("L1-x", 6)])
    stored = Sample.objects.count()
    assert not any(tell(row, sequence, 9) for sequence in (1, 3, 5, 6))
    assert not set_aside("L1-x", 2, b"", errors.BATCH_GIVEN_UP, "")
    assert Sample.objects.count() == stored
    assert queries.committed("L1-x", [1, 3, 4, 5, 6, 7]) == {1, 3, 5, 6}
    assert [queries.highest_sequence(source) for source in ("L1-x", "L2-y", "L3-z")] == [6, 1, 0]
    assert tell(row, 4, 9)
    assert pruning.prune(NOW + timedelta(days=9)) == 2
    assert ranges() == [("L1-x", 1, 6), ("L2-y", 1, 1)]
    assert queries.highest_sequence("L1-x") == 6


@pytest.mark.django_db
def test_what_a_person_or_the_ledger_has_not_decided_keeps_its_row(row: Row) -> None:
    for sequence in (1, 2, 3):
        tell(row, sequence, 9)
    set_aside("L1-x", 4, b"no batch", errors.BATCH_GIVEN_UP, "")
    TelemetryBatch.objects.filter(sequence=4).update(received_at=NOW - timedelta(days=9))
    source = LedgerSource.objects.create(source="L1-x", contiguous_to=2, settled_us=0, heard_at=NOW)
    pruning.prune(NOW)
    assert left() == [("L1-x", 3), ("L1-x", 4)]
    LedgerSource.objects.filter(pk=source.pk).update(contiguous_to=4)
    pruning.prune(NOW)
    assert left() == [("L1-x", 4)]
    QuarantinedBatch.objects.update(settled_at=NOW)
    pruning.prune(NOW)
    assert (left(), ranges()) == ([], [("L1-x", 1, 4)])


@given(st.lists(st.lists(st.integers(1, 40), max_size=8), max_size=6))
def test_ranges_hold_the_numbers_and_do_not_touch(parts: list[list[int]]) -> None:
    found: list[tuple[int, int]] = []
    for part in parts:
        found = pruning.joined([*found, *((number, number) for number in part)])
    assert {n for first, last in found for n in range(first, last + 1)} == {n for part in parts for n in part}
    assert all(one[1] + 1 < other[0] for one, other in pairwise(found))
