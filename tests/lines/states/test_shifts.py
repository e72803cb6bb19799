"""Which shift it is, on the site's wall clock."""

from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

import pytest

from lines.states.shifts import shift_at

TOKYO = ZoneInfo("Asia/Tokyo")
SHIFTS = [("DAY", time(8), time(20)), ("NIGHT", time(20), time(8))]


@pytest.mark.parametrize(
    ("moment", "code", "starts_at"),
    [
        (datetime(2026, 3, 1, 8, 0, tzinfo=TOKYO), "DAY", datetime(2026, 3, 1, 8, tzinfo=TOKYO)),
        (datetime(2026, 3, 1, 19, 59, 59, tzinfo=TOKYO), "DAY", datetime(2026, 3, 1, 8, tzinfo=TOKYO)),
        (datetime(2026, 3, 1, 20, 0, tzinfo=TOKYO), "NIGHT", datetime(2026, 3, 1, 20, tzinfo=TOKYO)),
        (datetime(2026, 3, 2, 7, 59, tzinfo=TOKYO), "NIGHT", datetime(2026, 3, 1, 20, tzinfo=TOKYO)),
        (datetime(2026, 3, 1, 22, 0, tzinfo=UTC), "NIGHT", datetime(2026, 3, 1, 20, tzinfo=TOKYO)),
    ],
)
def test_a_shift_may_go_over_midnight(moment: datetime, code: str, starts_at: datetime) -> None:
    found = shift_at(SHIFTS, moment, TOKYO)
    assert found is not None
    assert (found.code, found.starts_at, (found.ends_at - found.starts_at).total_seconds()) == (code, starts_at, 43_200)


def test_a_time_between_shifts_belongs_to_none() -> None:
    assert shift_at(SHIFTS[:1], datetime(2026, 3, 1, 21, tzinfo=TOKYO), TOKYO) is None
