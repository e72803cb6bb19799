"""Where a station was: spans without gaps, cut to what is asked for."""

from datetime import UTC, datetime, timedelta

import pytest

from lines.states.models import StateChange
from lines.states.queries import StateSpan, state_history
from tests.lines.rows import make_line, make_server, make_station

pytestmark = pytest.mark.django_db

T = datetime(2026, 3, 1, tzinfo=UTC)


def test_history_begins_with_the_state_that_was_and_merges_equal_neighbours() -> None:
    station = make_station(make_server(make_line(), "PACK"), "EOL-1").station
    hour = timedelta(hours=1)
    for at, state in [(0, 6), (2, 11), (3, 11), (4, 6), (9, 2)]:
        StateChange.objects.create(station=station, state=state, source_time=T + at * hour, received_at=T)
    assert state_history(station, T + hour, T + 5 * hour) == [
        StateSpan(6, T + hour, T + 2 * hour),
        StateSpan(11, T + 2 * hour, T + 4 * hour),
        StateSpan(6, T + 4 * hour, T + 5 * hour),
    ]
    assert state_history(station, T - 2 * hour, T - hour) == []
