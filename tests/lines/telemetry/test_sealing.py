"""Sealing days of samples into Parquet: whole, once, at any moment readable, and nothing lost by a crash."""

import random
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import FileSystemStorage
from django.core.management import call_command
from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper

from lines.telemetry import batches, cold, reading, sealing, services, storage
from lines.telemetry.models import Sample, SealedPartition, TelemetryBatch
from tests.lines.rows import Row, make_line, make_server, make_station

NOW = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0)
OLD = NOW - timedelta(days=10)
MINUTE = timedelta(minutes=1)
Told = list[tuple[int, int, float, int]]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the sealed files of this test lie."""
    where = tmp_path / "cold"
    monkeypatch.setattr(storage, "storage", lambda: FileSystemStorage(location=where))
    return where


@pytest.fixture
def row() -> Row:
    return make_station(make_server(make_line(), "PACK"), "EOL-1")


def us(at: datetime) -> int:
    return int(at.timestamp()) * 1_000_000 + at.microsecond


def day_partition(at: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute("select denchi_ensure_partitions('lines_sample', %s, 1)", [at.astimezone(UTC).date()])


def tell(sequence: int, received_at: datetime, values: Told) -> None:
    """Store values of (signal, microseconds since 1970, value, status) as a batch received then."""
    columns: list[Any] = [list(column) for column in zip(*values, strict=True)]
    services.store("L1-x", sequence, batches.encode(batches.make(us(received_at), *columns)))


def some(signals: list[int], at: datetime, count: int, seed: int = 1) -> Told:
    """Values at a sensor's resolution, one in a hundred bad."""
    rng = random.Random(seed)
    return [
        (signals[n % len(signals)], us(at) + n * 100_000, round(rng.gauss(60, 1), 1), 0x8000_0000 * (n % 100 == 7))
        for n in range(count)
    ]


def found(signals: list[int]) -> Told:
    everything = reading.values(signals, NOW - timedelta(days=40), NOW + timedelta(days=1))
    return sorted(
        (signal, at, value, status)
        for signal, read in everything.items()
        for at, value, status in zip(
            read.rows.source_time_us.tolist(), read.rows.value.tolist(), read.rows.status.tolist(), strict=True
        )
    )


@pytest.mark.django_db
def test_a_sealed_day_reads_as_before_beside_what_is_hot(row: Row, folder: Path) -> None:
    signals = [row.signals["Value0"].id, row.signals["Value1"].id]
    day_partition(OLD)
    old, fresh = some(signals, OLD, 4000), some(signals, NOW, 50, seed=2)
    tell(1, OLD, old[:3000])
    tell(2, OLD + MINUTE, old[3000:])
    tell(3, NOW, fresh)
    before = found(signals)
    assert before == sorted(old + fresh)
    (part,) = sealing.seal(NOW)
    assert (part.day, part.part, part.rows) == (OLD.date(), 1, 4000)
    assert Sample.objects.count() == 50
    assert part.size_bytes / part.rows <= 10
    assert [path.name for path in folder.rglob("*.parquet")] == [Path(part.name).name]
    assert found(signals) == before
    received = reading.values(signals, OLD, OLD + MINUTE)[signals[0]].rows.received_at_us
    assert set(received.tolist()) == {us(OLD)}
    assert sealing.seal(NOW) == []


@pytest.mark.django_db
def test_what_comes_after_sealing_is_read_and_sealed_later(row: Row) -> None:
    signal = row.signals["Value0"].id
    day_partition(OLD)
    first, late = some([signal], OLD, 100), some([signal], OLD + timedelta(hours=1), 30, seed=3)
    tell(1, OLD, first)
    sealing.seal(NOW)
    tell(2, OLD + timedelta(hours=1), late)
    assert found([signal]) == sorted(first + late)
    (part,) = sealing.seal(NOW)
    assert (part.day, part.part, part.rows) == (OLD.date(), 2, 30)
    assert not Sample.objects.exists()
    assert found([signal]) == sorted(first + late)


@pytest.mark.django_db
def test_what_a_server_told_twice_is_stored_once_though_the_first_is_sealed(row: Row) -> None:
    """A gateway that was cut off for longer than values are hot, with a reconnect just before."""
    signals = [row.signals["Value0"].id, row.signals["Value1"].id]
    day_partition(OLD)
    first = some(signals, OLD, 100)
    late = [(signals[0], first[-2][1], first[-2][2] + 1, 0), *some(signals, OLD + timedelta(minutes=2), 30, seed=3)]
    tell(1, OLD, first)
    sealing.seal(NOW)
    tell(2, OLD + MINUTE, [*first[60:], *late])
    assert found(signals) == sorted(first + late)
    assert TelemetryBatch.objects.get(sequence=2).duplicates == 40


@pytest.mark.django_db
def test_a_file_that_reads_back_otherwise_keeps_the_rows(
    row: Row, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    signal = row.signals["Value0"].id
    day_partition(OLD)
    values = some([signal], OLD, 100)
    tell(1, OLD, values)
    with monkeypatch.context() as patch:
        patch.setattr(cold, "proof_of", lambda _source: ["of another file"])
        assert sealing.seal(NOW) == []
    assert "MES-L-0952" in caplog.text
    assert Sample.objects.count() == 100
    assert len(sealing.seal(NOW)) == 1
    assert found([signal]) == sorted(values)


@pytest.mark.django_db
def test_what_comes_out_of_quarantine_meanwhile_is_not_lost(row: Row, monkeypatch: pytest.MonkeyPatch) -> None:
    """It takes the place of a batch without rows, so that there are as many batches as before."""
    signal = row.signals["Value0"].id
    day_partition(OLD)
    first, second = some([signal], OLD, 50), some([signal], OLD + MINUTE, 50, seed=5)
    tell(1, OLD, first)
    # As one in quarantine counts for its gateway.
    TelemetryBatch.objects.create(source="L1-x", sequence=2, received_at=OLD, rows=0, content_sha256="")
    original = sealing._is_as_written

    def meanwhile(*words: Any) -> bool:
        TelemetryBatch.objects.filter(sequence=2).delete()
        tell(2, OLD + MINUTE, second)
        return original(*words)

    with monkeypatch.context() as patch:
        patch.setattr(sealing, "_is_as_written", meanwhile)
        assert sealing.seal(NOW) == []
    assert found([signal]) == sorted(first + second)


@pytest.mark.django_db
def test_a_lost_file_is_said_and_stops_no_reading(row: Row, folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    signal = row.signals["Value0"].id
    day_partition(OLD)
    tell(1, OLD, some([signal], OLD, 10))
    tell(2, NOW, some([signal], NOW, 10))
    sealing.seal(NOW)
    (path,) = folder.rglob("*.parquet")
    assert sealing.verify() == []
    path.write_bytes(path.read_bytes()[:-9] + b"rubbish" + b"\x00\x00")
    assert len(sealing.verify()) == 1
    read = reading.values([signal], OLD - MINUTE, NOW + MINUTE)[signal]
    assert (len(read.rows), read.is_complete) == (10, False)
    assert "MES-L-0951" in caplog.text


@pytest.mark.django_db
def test_what_is_too_old_goes_from_both_places(row: Row, folder: Path, settings: Any) -> None:
    signal = row.signals["Value0"].id
    older = OLD - timedelta(days=5)
    day_partition(OLD)
    day_partition(older)
    tell(1, older, some([signal], older, 10))
    sealing.seal(NOW)
    tell(2, older, some([signal], older + MINUTE, 5))
    tell(3, OLD, some([signal], OLD, 7))
    settings.DENCHI_COLD_DAYS = 12
    assert sealing.remove_old(NOW) == 2
    assert not list(folder.rglob("*.parquet"))
    assert SealedPartition.objects.get().removed_at is not None
    assert len(found([signal])) == 7


class Crash(BaseException):
    """What kills a process where it stands."""


STEPS = ["_export", "storage.keep", "_is_as_written", "_switch", "_remove_orphans"]


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_crash_at_any_step_loses_and_doubles_nothing(row: Row, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    signal = row.signals["Value0"].id
    for sequence, (step, is_after) in enumerate((step, is_after) for step in STEPS for is_after in (False, True)):
        at = OLD - timedelta(days=sequence)
        day_partition(at)
        tell(sequence + 1, at, some([signal], at, 20, seed=sequence))
        before = found([signal])
        owner: Any = storage if "." in step else sealing
        name = step.rpartition(".")[2]
        original = getattr(owner, name)

        def crash(*words: Any, whole: Any = original if is_after else None) -> None:
            if whole is not None:
                whole(*words)
            raise Crash

        with monkeypatch.context() as patch:
            patch.setattr(owner, name, crash)
            with pytest.raises(Crash):
                sealing.seal(NOW)
        assert found([signal]) == before, (step, is_after)
        if step == "storage.keep" and is_after:  # half a file under the very name
            (orphan,) = (path for path in folder.rglob("*.parquet") if path.name.startswith(f"{at:%Y%m%d}"))
            orphan.write_bytes(orphan.read_bytes()[:100])
        sealing.seal(NOW)
        assert found([signal]) == before, (step, is_after)
    assert not Sample.objects.exists()
    named = {Path(name).name for name in SealedPartition.objects.values_list("name", flat=True)}
    assert {path.name for path in folder.rglob("*.parquet")} == named
    call_command("seal_telemetry", "--verify")


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_what_is_stored_while_it_is_sealed_is_not_lost(row: Row, monkeypatch: pytest.MonkeyPatch) -> None:
    """A batch that commits between the reading and the end: that pass gives way, readers see each value once."""
    signal = row.signals["Value0"].id
    day_partition(OLD)
    first, second = some([signal], OLD, 50), some([signal], OLD + MINUTE, 50, seed=5)
    tell(1, OLD, first)
    original = sealing._is_as_written

    def elsewhere(work: Any) -> Any:
        def run() -> Any:
            try:
                return work()
            finally:
                connection.close()

        with ThreadPoolExecutor(1) as pool:
            return pool.submit(run).result()

    def meanwhile(*words: Any) -> bool:
        elsewhere(lambda: tell(2, OLD + MINUTE, second))
        assert elsewhere(lambda: found([signal])) == sorted(first + second)
        return original(*words)

    monkeypatch.setattr(sealing, "_is_as_written", meanwhile)
    assert sealing.seal(NOW) == []
    assert found([signal]) == sorted(first + second)
    monkeypatch.setattr(sealing, "_is_as_written", original)
    assert sum(part.rows for part in sealing.seal(NOW)) == 100
    assert found([signal]) == sorted(first + second)


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_reader_during_the_change_sees_all_once(row: Row, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sealing waits for a reader that has begun; it never sees the moment in between."""
    signal = row.signals["Value0"].id
    day_partition(OLD)
    values = some([signal], OLD, 50)
    tell(1, OLD, values)
    monkeypatch.setattr(sealing, "_PAUSE_S", 0.05)
    original = reading._sealed
    pool = ThreadPoolExecutor(1)
    running: list[Any] = []

    def sealed(*words: Any) -> Any:
        if not running:
            running.append(pool.submit(_seal_and_close))
            with pytest.raises(TimeoutError):
                running[0].result(0.5)
        return original(*words)

    monkeypatch.setattr(reading, "_sealed", sealed)
    assert found([signal]) == sorted(values)
    assert len(running[0].result(10)) == 1
    assert found([signal]) == sorted(values)
    pool.shutdown()


def _seal_and_close() -> list[SealedPartition]:
    try:
        return sealing.seal(NOW)
    finally:
        wrapper: BaseDatabaseWrapper = connection
        wrapper.close()
