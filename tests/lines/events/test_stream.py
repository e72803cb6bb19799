"""/events/ as the browser meets it: signed in, filtered, resumed without a gap, no connection held."""

import json
import time
from collections.abc import Iterator
from contextlib import ExitStack

import httpx
import pytest
from django.db import connection

from lines.events.models import EventKind
from lines.events.queries import Position, events_after
from lines.events.services import emit
from lines.models import Person
from mes.asgi import THREADS
from tests.web import serving, session_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory, django_db_setup: None) -> Iterator[str]:  # noqa: ARG001 - see serving
    with serving(tmp_path_factory.mktemp("web")) as address:
        yield address


@pytest.fixture
def cookies(transactional_db: None) -> dict[str, str]:  # noqa: ARG001 - asks for the database
    return session_of(Person.objects.create(username="reader"))


class Reader:
    """Reads an event stream like EventSource."""

    def __init__(self, response: httpx.Response) -> None:
        self._lines = response.iter_lines()
        self.last_id = ""

    def next(self) -> tuple[str, dict[str, object]]:
        kind = ""
        for line in self._lines:
            name, _, value = line.partition(": ")
            if name == "id":
                self.last_id = value
            elif name == "event":
                kind = value
            elif name == "data":
                return kind, json.loads(value)
        raise AssertionError("the stream ended")

    def wait_until_following(self) -> "Reader":
        assert any(line.startswith(": following") for line in self._lines)
        return self


def wait_until_readable() -> None:
    """Transactions of other tests on the same server hold new rows back from readers."""
    end = time.monotonic() + 30
    while not events_after(Position(0, 0), 1):
        assert time.monotonic() < end
        time.sleep(0.01)


def test_only_who_is_signed_in_may_follow(url: str) -> None:
    answer = httpx.get(f"{url}/events/", cookies={"sessionid": "a" * 32})
    assert (answer.status_code, answer.json()["code"]) == (401, "MES-L-0001")


def test_an_unknown_kind_is_refused(url: str, cookies: dict[str, str]) -> None:
    for query in ("kinds=NOTHING", "after=x"):
        answer = httpx.get(f"{url}/events/?{query}", cookies=cookies)
        assert (answer.status_code, answer.json()["code"]) == (400, "MES-L-0007")


def test_a_cut_stream_goes_on_where_it_ended(url: str, cookies: dict[str, str]) -> None:
    address = f"{url}/events/?station=COAT-1,CAL-1&kinds=STATE,RECORD"
    with httpx.stream("GET", address, cookies=cookies, timeout=10) as response:
        assert response.headers["content-type"] == "text/event-stream; charset=utf-8"
        reader = Reader(response).wait_until_following()
        emit(EventKind.STATE, "COAT-1", state=6)
        emit(EventKind.STATE, "MIX-1", state=6)
        emit(EventKind.VALUES, "COAT-1", values={})
        emit(EventKind.RECORD, "CAL-1", record=1)
        assert reader.next() == ("STATE", {"station": "COAT-1", "state": 6})
        last_id = reader.last_id
    emit(EventKind.RECORD, "COAT-1", record=2)
    with httpx.stream("GET", address, cookies=cookies, headers={"Last-Event-ID": last_id}, timeout=10) as response:
        reader = Reader(response).wait_until_following()
        emit(EventKind.RECORD, "COAT-1", record=3)
        records = [reader.next() for _ in range(3)]
    assert [(kind, data["record"]) for kind, data in records] == [("RECORD", 1), ("RECORD", 2), ("RECORD", 3)]


def test_one_too_far_behind_is_told_to_read_the_page_again(url: str, cookies: dict[str, str]) -> None:
    emit(EventKind.STATE, "COAT-1", state=6)
    wait_until_readable()
    with httpx.stream("GET", f"{url}/events/?after=0-0", cookies=cookies, timeout=10) as response:
        assert Reader(response).wait_until_following().next()[0] == "RESET"


def test_fifty_screens_hold_one_connection(url: str, cookies: dict[str, str]) -> None:
    with ExitStack() as open_streams:
        readers = [
            Reader(
                open_streams.enter_context(httpx.stream("GET", f"{url}/events/", cookies=cookies, timeout=20))
            ).wait_until_following()
            for _ in range(50)
        ]
        emit(EventKind.STATE, "COAT-1", state=6)
        assert {reader.next()[0] for reader in readers} == {"STATE"}
        with connection.cursor() as cursor:
            cursor.execute(
                "select count(*) from pg_stat_activity where datname = current_database()"
                " and backend_type = 'client backend' and pid <> pg_backend_pid()"
            )
            # The broadcaster's, and those of the page threads that answered /healthz while it started.
            assert cursor.fetchone()[0] <= 1 + THREADS
