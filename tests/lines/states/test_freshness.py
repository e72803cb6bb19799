"""How old what we know is, and what time it is at the machines."""

from datetime import UTC, datetime, timedelta

from lines.states.freshness import is_stale, plant_time

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def ago(**words: float) -> datetime:
    return NOW - timedelta(**words)


def test_silence_longer_than_the_stations_patience_is_stale() -> None:
    assert is_stale(None, 30, NOW)
    assert is_stale(ago(seconds=31), 30, NOW)
    assert not is_stale(ago(seconds=30), 30, NOW)


def test_the_plants_time_is_ours_while_the_machines_agree() -> None:
    assert plant_time([], NOW) == NOW
    assert plant_time([(ago(seconds=3), ago(seconds=1)), (ago(seconds=1), ago(seconds=1))], NOW) == NOW


def test_one_wrong_clock_does_not_move_the_line() -> None:
    heard = [(ago(seconds=1), ago(seconds=1))] * 3 + [(ago(hours=2), ago(seconds=1))]
    assert plant_time(heard, NOW) == NOW


def test_a_replay_moves_it() -> None:
    heard = [(ago(days=3), ago(seconds=0))] * 3
    assert plant_time(heard, NOW) == ago(days=3)
