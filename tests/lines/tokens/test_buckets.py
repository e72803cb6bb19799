"""The token bucket lets a burst and a rate through, and nothing beyond."""

from hypothesis import given
from hypothesis import strategies as st

from lines.people.buckets import MANY, Buckets

BURST, RATE = 20.0, 5.0


@given(st.lists(st.floats(0, 3), min_size=1, max_size=200))
def test_never_more_than_the_burst_and_the_rate(pauses: list[float]) -> None:
    buckets, now, taken = Buckets(), 0.0, 0
    for pause in pauses:
        now += pause
        wait = buckets.take("a", BURST, RATE, now)
        taken += wait == 0
        assert wait <= 1 / RATE
        assert taken <= BURST + RATE * now + 1e-6
        if wait:
            now += wait + 1e-9
            assert buckets.take("a", BURST, RATE, now) == 0  # Retry-After is true
            taken += 1


def test_a_burst_passes_and_holders_do_not_share() -> None:
    buckets = Buckets()
    assert all(buckets.take("a", 400, 100, 1.0) == 0 for _ in range(400))
    assert buckets.take("a", 400, 100, 1.0) > 0
    assert buckets.take("b", 400, 100, 1.0) == 0


def test_holders_whose_bucket_is_full_again_are_forgotten() -> None:
    buckets = Buckets()
    for holder in range(MANY + 1):
        buckets.take(holder, 10, 1, float(holder))
    assert len(buckets._left) < 50
