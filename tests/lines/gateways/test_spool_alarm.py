"""A spool that fills up is an alarm well before it is full, and once; with room again it is cleared."""

import pytest

from lines.gateways.errors import SPOOL_FILLING, SPOOL_FULL
from lines.gateways.services import tell_spool
from lines.models import Alarm
from tests.lines.rows import make_line, make_server, make_station

pytestmark = pytest.mark.django_db


def open_codes() -> list[str]:
    return sorted(Alarm.objects.filter(cleared_at=None).values_list("code", flat=True))


def test_the_alarm_comes_at_half_and_goes_well_below() -> None:
    station = make_station(make_server(make_line(), "PACK"), "EOL-1").station
    tell_spool("L1", 0.49, is_full=False)
    assert open_codes() == []
    tell_spool("L1", 0.5, is_full=False)
    tell_spool("L1", 0.7, is_full=False)
    (alarm,) = Alarm.objects.all()
    assert (alarm.code, alarm.station, alarm.priority) == (SPOOL_FILLING.code, station, 1)
    assert "50 %" in alarm.message_en and "50 %" in alarm.message_ja
    tell_spool("L1", 1.0, is_full=True)
    assert open_codes() == [SPOOL_FILLING.code, SPOOL_FULL.code]
    tell_spool("L1", 0.45, is_full=False)  # not off and on again at the edge
    assert open_codes() == [SPOOL_FILLING.code]
    tell_spool("L1", 0.39, is_full=False)
    assert open_codes() == []
    tell_spool("ELSEWHERE", 0.9, is_full=True)  # a line without stations has nowhere to put it
    assert Alarm.objects.count() == 2
