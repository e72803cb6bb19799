"""Storing batches in PostgreSQL: once each, in any order, with latest values and states that come out the same."""

from datetime import UTC, datetime, timedelta
from itertools import groupby

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lines.events.models import Event
from lines.states.models import StateChange, StationStatus
from lines.states.queries import state_history
from lines.telemetry import batches, queries, services
from lines.telemetry.models import Sample, SignalLatest, TelemetryBatch
from tests.lines.rows import Row, make_line, make_server, make_station

pytestmark = pytest.mark.django_db

NOW = datetime.now(UTC).replace(microsecond=0)
NOW_US = int(NOW.timestamp()) * 1_000_000


@pytest.fixture
def row() -> Row:
    return make_station(make_server(make_line(), "PACK"), "EOL-1")


def batch(*values: tuple[int, int, float] | tuple[int, int, float, int]) -> bytes:
    """Of (signal id, microseconds from now, value, status)."""
    columns = [list(column) for column in zip(*[(*value, 0)[:4] for value in values], strict=True)]
    ids, offsets, numbers, statuses = columns
    return batches.encode(batches.make(NOW_US, ids, [NOW_US + int(o) for o in offsets], numbers, statuses))


def stored() -> list[tuple[int, int, float, int]]:
    rows = Sample.objects.values_list("signal_id", "source_time", "value", "status")
    return sorted((i, round((at - NOW) / timedelta(microseconds=1)), value, status) for i, at, value, status in rows)


def test_a_batch_is_stored_once_with_time_and_status(row: Row) -> None:
    signal = row.signals["Value0"].id
    content = batch((signal, -5, 1.5), (signal, -4, 2.5, 0x40000000))
    assert services.store("L1-x", 1, content)
    assert not services.store("L1-x", 1, content)
    assert stored() == [(signal, -5, 1.5, 0), (signal, -4, 2.5, 0x40000000)]
    (kept,) = TelemetryBatch.objects.all()
    assert (kept.rows, kept.duplicates, kept.rejected) == (2, 0, 0)
    (event,) = Event.objects.filter(kind="VALUES")
    assert event.station == "EOL-1"
    assert event.payload == {"values": {"Value0": [(NOW - timedelta(microseconds=4)).isoformat(), 2.5, 0x40000000]}}


def test_what_a_server_repeats_after_a_reconnect_is_dropped_and_counted(row: Row) -> None:
    signal, other = row.signals["Value0"].id, row.signals["Value1"].id
    services.store("L1-x", 1, batch((signal, 0, 1.0), (signal, 1, 2.0)))
    services.store("L1-x", 2, batch((signal, 0, 1.0), (signal, 1, 2.0), (signal, 1, 2.0, 4), (other, 1, 2.0)))
    services.store("L1-y", 1, batch((signal, 1, 2.0), (signal, 2, 2.0), (signal, 2, 2.0)))
    assert stored() == sorted(
        [(signal, 0, 1.0, 0), (signal, 1, 2.0, 0), (signal, 1, 2.0, 4), (other, 1, 2.0, 0), (signal, 2, 2.0, 0)]
    )
    assert list(TelemetryBatch.objects.order_by("id").values_list("rows", "duplicates")) == [(2, 0), (2, 2), (1, 2)]


def test_what_cannot_be_a_sample_is_counted_and_named(row: Row, caplog: pytest.LogCaptureFixture) -> None:
    signal, day = row.signals["Value0"].id, 86_400_000_000
    content = batch(
        *[(signal, 0, float("nan")), (signal, 1, float("inf")), (signal, day, 1.0), (signal, -31 * day, 1.0)],
        *[(999_999, 0, 1.0), (signal, 2, 3.0)],
    )
    services.store("L1-x", 1, content)
    assert stored() == [(signal, 2, 3.0, 0)]
    assert list(TelemetryBatch.objects.order_by("id").values_list("rows", "rejected")) == [(1, 5)]
    for code in ("MES-L-0301", "MES-L-0302", "MES-L-0303"):
        assert code in caplog.text


def test_a_state_or_count_out_of_this_world_stops_nothing(row: Row) -> None:
    state, count = row.signals["StateCurrent"].id, row.signals["ProdProcessedCount"].id
    services.store(
        "L1-x", 1, batch((state, 0, 6.0), (state, 1, 1e300), (count, 0, -1e300), (state, 2, 5.0, 0x80000000))
    )
    status = StationStatus.objects.get()
    assert (status.state, status.processed_count) == (6, None)


readings = st.lists(
    st.tuples(st.sampled_from(["StateCurrent", "ProdProcessedCount", "Value0"]), st.integers(1, 4)),
    min_size=1,
    max_size=14,
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(readings, st.data())
def test_states_and_latest_values_are_the_same_in_any_order(
    row: Row, values: list[tuple[str, int]], data: st.DataObject
) -> None:
    """Batches cut anywhere, in any order, some twice: history, status and latest are those of the sorted whole."""
    truth = [(row.signals[code].id, second * 1_000_000, float(value)) for second, (code, value) in enumerate(values)]
    cuts = data.draw(st.lists(st.integers(0, len(truth)), max_size=6).map(sorted))
    parts = [truth[a:b] for a, b in zip([0, *cuts], [*cuts, len(truth)], strict=True) if a < b]
    order = data.draw(st.permutations(range(len(parts))))
    for model in (Sample, SignalLatest, StateChange, StationStatus, TelemetryBatch, Event):
        model._default_manager.all().delete()
    for number in [*order, *order[:2]]:
        services.store("L1-x", number, batch(*parts[number]))

    expected: dict[int, tuple[int, float]] = {i: (at, value) for i, at, value in truth}
    latest = {each.signal_id: each for each in SignalLatest.objects.all()}
    assert {i: (each.source_time, each.value) for i, each in latest.items()} == {
        i: (NOW + timedelta(microseconds=at), value) for i, (at, value) in expected.items()
    }
    states = [(at, int(value)) for i, at, value in truth if i == row.signals["StateCurrent"].id]
    runs = [next(group) for _, group in groupby(states, key=lambda each: each[1])]
    spans = state_history(row.station, NOW - timedelta(days=1), NOW + timedelta(days=1))
    assert [(each.starts_at, each.state) for each in spans] == [
        (NOW + timedelta(microseconds=at), state) for at, state in runs
    ]
    status = StationStatus.objects.get()
    assert (status.state, status.state_since) == (
        (runs[-1][1], NOW + timedelta(microseconds=runs[-1][0])) if runs else (None, None)
    )
    count = expected.get(row.signals["ProdProcessedCount"].id)
    assert status.processed_count == (int(count[1]) if count else None)
    assert len(stored()) == len(truth)


def test_a_trend_keeps_its_peaks(row: Row) -> None:
    signal = row.signals["Value0"]
    values = [(signal.id, n * 1000, float(n % 7)) for n in range(5000)]
    values[1234] = (signal.id, 1234 * 1000, 99.0)
    values[4321] = (signal.id, 4321 * 1000, -99.0)
    services.store("L1-x", 1, batch(*values))
    until = NOW + timedelta(seconds=5)
    points = queries.trends([signal], NOW, until, max_points=100)[signal.id]
    assert 50 <= len(points) <= 100
    assert [point.source_time for point in points] == sorted(point.source_time for point in points)
    assert {99.0, -99.0} <= {point.value for point in points}
    assert (NOW + timedelta(milliseconds=1234), 99.0, True) in points
    whole = queries.trends([signal], NOW + timedelta(seconds=1), NOW + timedelta(seconds=1.05), 100)[signal.id]
    assert len(whole) == 50


def test_partitions_are_made_ahead_and_rows_go_there(row: Row) -> None:
    services.ensure_partitions()
    assert services.ensure_partitions() == 0
    services.store("L1-x", 1, batch((row.signals["Value0"].id, 0, 1.0)))
    with connection.cursor() as cursor:
        cursor.execute("select tableoid::regclass::text from lines_sample")
        assert cursor.fetchall() == [(f"lines_sample_{NOW:%Y%m%d}",)]
