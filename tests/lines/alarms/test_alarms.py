"""An alarm is raised, acknowledged once by name and with a note, cleared; until both it is open."""

from datetime import UTC, datetime

import pytest
from django.db import connection

from lines.alarms import errors
from lines.alarms.models import AlarmPriority
from lines.alarms.queries import AlarmState, alarms, counts_by_station, open_alarms, state_of
from lines.alarms.services import acknowledge, clear, raise_alarm
from lines.errors import Code, Refusal
from lines.events.models import Event
from lines.models import Alarm, Area, OpcUaServer, Person, ProductionLine, Site, Station
from lines.people.models import Role
from lines.plant.models import Interface, StationKind


@pytest.fixture
def stations(db: None) -> list[Station]:  # noqa: ARG001 - asks for the database
    site = Site.objects.create(code="S", name_en="Site", name_ja="工場")
    area = Area.objects.create(site=site, code="A", name_en="Area", name_ja="区画", sequence=1)
    line = ProductionLine.objects.create(site=site, code="L", name_en="Line", name_ja="ライン")
    server = OpcUaServer.objects.create(code="SRV", production_line=line, endpoint_url="opc.tcp://127.0.0.1:1")
    return [
        Station.objects.create(
            code=code, name_en=code, name_ja=code, kind=StationKind.FORMATION, area=area, production_line=line,
            sequence=n, interface=Interface.HTTP, opcua_server=server,
        )
        for n, code in enumerate(("FORM-9", "AGE-9"))
    ]  # fmt: skip


def _raise(station: Station, priority: AlarmPriority = AlarmPriority.MEDIUM) -> Alarm:
    return raise_alarm(
        station, "SPC-RULE-1", priority=priority, message_en="m" * 400, message_ja="言", subject_kind="chart",
        subject_id="P", source_time=datetime(2026, 3, 1, tzinfo=UTC),
    )  # fmt: skip


def _person(role: Role) -> Person:
    return Person.objects.create(username=role.lower(), role=role)


def _refused(alarm_id: int, person: Person, note: str) -> Code:
    with pytest.raises(Refusal) as refused:
        acknowledge(alarm_id, person, note)
    return refused.value.code


def test_an_alarm_goes_through_its_states(stations: list[Station]) -> None:
    alarm = _raise(stations[0])
    assert len(alarm.message_en) == 300
    assert state_of(alarm) == AlarmState.UNACKNOWLEDGED
    person = _person(Role.SUPERVISOR)
    alarm = acknowledge(alarm.pk, person, "  Nozzle cleaned. ")
    assert (alarm.note, alarm.acknowledged_by, state_of(alarm)) == ("Nozzle cleaned.", person, AlarmState.ACKNOWLEDGED)
    assert clear(alarm.pk)
    assert not clear(alarm.pk)
    alarm.refresh_from_db()
    assert state_of(alarm) == AlarmState.NORMAL
    assert list(Event.objects.order_by("id").values_list("station", "payload__change")) == [
        ("FORM-9", "raised"),
        ("FORM-9", "acknowledged"),
        ("FORM-9", "cleared"),
    ]


def test_what_is_no_acknowledgement_is_refused_and_changes_nothing(stations: list[Station]) -> None:
    alarm = _raise(stations[0])
    supervisor, auditor = _person(Role.SUPERVISOR), _person(Role.AUDITOR)
    assert _refused(alarm.pk, auditor, "seen") == errors.ALARM_NOT_YOURS
    assert _refused(alarm.pk, supervisor, " \n ") == errors.ALARM_NOTE
    assert _refused(alarm.pk, supervisor, "x" * 2001) == errors.ALARM_NOTE
    assert _refused(alarm.pk + 1, supervisor, "seen") == errors.ALARM_UNKNOWN
    alarm.refresh_from_db()
    assert alarm.acknowledged_at is None
    acknowledge(alarm.pk, supervisor, "seen")
    assert _refused(alarm.pk, _person(Role.QUALITY), "seen too") == errors.ALARM_ACKNOWLEDGED
    alarm.refresh_from_db()
    assert (alarm.note, alarm.acknowledged_by) == ("seen", supervisor)


def test_an_acknowledgement_is_made_in_the_persons_name(stations: list[Station], transactional_db: None) -> None:  # noqa: ARG001 - asks for real transactions
    alarm = _raise(stations[0])
    with connection.cursor() as cursor:
        cursor.execute("create temp table seen (actor text)")
        cursor.execute(
            "create function pg_temp.note_actor() returns trigger language plpgsql as $$ begin"
            " insert into seen values (current_setting('denchi.actor', true)); return new; end $$"
        )
        cursor.execute(
            "create trigger note_actor before update on lines_alarm for each row execute function pg_temp.note_actor()"
        )
        try:
            acknowledge(alarm.pk, _person(Role.QUALITY), "seen")
            cursor.execute("select actor from seen")
            assert cursor.fetchall() == [("person:quality",)]
        finally:
            cursor.execute("drop trigger note_actor on lines_alarm")
            cursor.execute("drop table seen")


def test_lists_and_counts(stations: list[Station]) -> None:
    form, age = stations
    first, second, third = _raise(form, AlarmPriority.LOW), _raise(form, AlarmPriority.HIGH), _raise(age)
    person = _person(Role.QUALITY)
    acknowledge(first.pk, person, "seen")
    clear(second.pk)
    acknowledge(third.pk, person, "seen")
    clear(third.pk)
    assert list(open_alarms()) == [second, first]  # most urgent first
    assert list(open_alarms("AGE-9")) == []
    assert list(alarms()) == [third, second, first]
    assert list(alarms(state=AlarmState.RETURNED)) == [second]
    assert list(alarms(station="FORM-9", priority=AlarmPriority.LOW)) == [first]
    assert set(counts_by_station()) == {"FORM-9"}
    counts = counts_by_station()["FORM-9"]
    assert (counts.open, counts.unacknowledged, counts.highest_priority) == (2, 1, AlarmPriority.HIGH)
