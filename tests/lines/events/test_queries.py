"""A reader that remembers its position loses no row, in whatever order writers commit."""

from collections.abc import Iterator

import psycopg
import pytest
from django.db import connection

from lines.events.queries import Position, current_position, events_after, is_forgotten

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def writers() -> Iterator[tuple[psycopg.Connection[tuple[object]], psycopg.Connection[tuple[object]]]]:
    database = connection.settings_dict
    words = {"host": database["HOST"], "port": database["PORT"], "user": database["USER"]}
    words |= {"password": database["PASSWORD"], "dbname": database["NAME"]}
    with psycopg.connect(**words) as first, psycopg.connect(**words) as second:
        yield first, second


def _write(writer: psycopg.Connection[tuple[object]], station: str) -> None:
    writer.execute("insert into lines_event (kind, station, payload) values ('STATE', %s, '{}')", [station])


def _stations(position: Position) -> tuple[list[str], Position]:
    found = events_after(position, 100)
    return [event.station for event in found], found[-1].position if found else position


def test_two_writers_that_commit_in_reverse_order_lose_none(
    writers: tuple[psycopg.Connection[tuple[object]], psycopg.Connection[tuple[object]]],
) -> None:
    slow, fast = writers
    position = current_position()
    _write(slow, "SLOW")  # the lower id, committed last
    _write(fast, "FAST")
    fast.commit()
    seen, position = _stations(position)
    assert seen == []  # not yet: SLOW would come before it
    slow.commit()
    seen, position = _stations(position)
    assert seen == ["SLOW", "FAST"]
    assert _stations(position)[0] == []


def test_an_older_transaction_may_have_the_higher_id(
    writers: tuple[psycopg.Connection[tuple[object]], psycopg.Connection[tuple[object]]],
) -> None:
    old, young = writers
    position = current_position()
    old.execute("select pg_current_xact_id()")
    _write(young, "YOUNG")
    young.commit()
    assert _stations(position)[0] == []
    _write(old, "OLD")
    old.commit()
    assert _stations(position)[0] == ["OLD", "YOUNG"]


def test_what_a_page_does_not_see_comes_after_its_position(
    writers: tuple[psycopg.Connection[tuple[object]], psycopg.Connection[tuple[object]]],
) -> None:
    before, during = writers
    _write(before, "BEFORE")
    before.commit()
    _write(during, "DURING")  # open while the page is rendered
    position = current_position()
    during.commit()
    assert _stations(position)[0] == ["DURING"]


def test_deleted_events_are_known_to_be_gone(
    writers: tuple[psycopg.Connection[tuple[object]], psycopg.Connection[tuple[object]]],
) -> None:
    writer, _ = writers
    _write(writer, "A")
    writer.commit()
    kept = events_after(Position(0, 0), 10)[0].position
    assert not is_forgotten(kept)
    writer.execute("delete from lines_event")
    writer.commit()
    assert is_forgotten(kept)


def test_a_position_is_read_as_it_is_written() -> None:
    assert Position.parse(str(Position(7, 9))) == Position(7, 9)
    for text in ("", "7", "7-", "a-b", "-1-2", "7-9-1", f"{2**63}-1"):
        with pytest.raises(ValueError):
            Position.parse(text)
