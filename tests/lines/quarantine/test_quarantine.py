"""A batch that can't be stored is set aside whole, the rest flows; people try it again or discard it."""

import base64
import math
from datetime import UTC, datetime

import psycopg
import pytest
from django.db import OperationalError, connection
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from lines.errors import Refusal
from lines.models import Alarm, LedgerNews, Person, QuarantinedBatch, Sample, TelemetryBatch
from lines.people.models import Role
from lines.quarantine import errors, services
from lines.telemetry import batches
from lines.telemetry import services as telemetry
from lines.telemetry.news import moment
from lines.telemetry.tasks import set_batch_aside, store_batch
from tests.lines.rows import Row, make_line, make_server, make_station

pytestmark = pytest.mark.django_db

NOW_US = int(datetime.now(UTC).timestamp()) * 1_000_000
# The database refuses this one value: as one that no check of ours foresaw.
POISON = 666.0


@pytest.fixture
def row() -> Row:
    return make_station(make_server(make_line(), "PACK"), "EOL-1")


@pytest.fixture
def poisoned() -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"alter table lines_sample add constraint poison check (value <> {POISON})")


def person(role: Role) -> Person:
    return Person.objects.create(username=role.lower(), role=role, name_en="A", name_ja="A")


def batch(row: Row, *values: float) -> bytes:
    ids = [row.signals["Value0"].id] * len(values)
    times = [NOW_US + n for n in range(len(values))]
    return batches.encode(batches.make(NOW_US, ids, times, list(values), [0] * len(values)))


def send(sequence: int, content: bytes) -> None:
    store_batch("L1-x", sequence, base64.b64encode(content).decode())


@pytest.mark.usefixtures("poisoned")
def test_a_poison_batch_is_set_aside_and_those_behind_it_are_stored(row: Row) -> None:
    contents = {1: batch(row, 1.0), 2: batch(row, 2.0, POISON), 3: b"\x00nonsense", 4: batch(row, 1.0, 2.0, 3.0)}
    for sequence in (1, 2, 3, 4, 2, 3):  # a batch may come twice
        send(sequence, contents[sequence])
    assert sorted(Sample.objects.values_list("value", flat=True)) == [1.0, 2.0, 3.0]
    assert list(TelemetryBatch.objects.order_by("sequence").values_list("sequence", "rows", "rejected")) == [
        *[(1, 1, 0), (2, 0, 2), (3, 0, 0), (4, 2, 0)],
    ]
    second, third = QuarantinedBatch.objects.order_by("sequence")
    assert (second.sequence, second.code, bytes(second.content)) == (2, errors.BATCH_NOT_STORED.code, contents[2])
    assert "poison" in second.detail
    assert (third.sequence, third.code, bytes(third.content)) == (3, "MES-L-0304", contents[3])


@pytest.mark.usefixtures("poisoned")
def test_a_batch_is_stored_after_all_when_its_cause_is_gone(row: Row) -> None:
    send(2, batch(row, 1.0, POISON))
    send(3, batch(row, 1.0))
    (found,) = QuarantinedBatch.objects.all()
    alarm = Alarm.objects.get()
    assert (alarm.station, alarm.cleared_at) == (row.station, None)
    quality = person(Role.QUALITY)
    with pytest.raises(Refusal, match="poison") as refused:
        services.try_again(found.pk, quality)
    assert refused.value.code == errors.QUARANTINE_AGAIN
    found.refresh_from_db()
    assert (found.settled_at, TelemetryBatch.objects.get(sequence=2).rows) == (None, 0)
    with connection.cursor() as cursor:
        cursor.execute("alter table lines_sample drop constraint poison")
    services.try_again(found.pk, quality)
    assert sorted(Sample.objects.values_list("value", flat=True)) == [1.0, POISON]
    kept = TelemetryBatch.objects.get(sequence=2)
    assert (kept.rows, kept.duplicates, kept.content_sha256) == (1, 1, found.content_sha256)
    alarm.refresh_from_db()
    assert alarm.cleared_at is not None
    with pytest.raises(Refusal) as refused:
        services.try_again(found.pk, quality)
    assert refused.value.code == errors.QUARANTINE_SETTLED
    send(2, batch(row, 1.0, POISON))
    assert Sample.objects.count() == 2


@pytest.mark.parametrize("error", [OperationalError, psycopg.OperationalError, psycopg.errors.UndefinedTable])
def test_what_the_database_is_to_blame_for_is_no_reason_to_set_aside(
    row: Row, error: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise error("not now")

    with monkeypatch.context() as broken:
        broken.setattr(telemetry, "store", fail)
        with pytest.raises(error):
            send(1, batch(row, 1.0))
    assert not TelemetryBatch.objects.exists() and not QuarantinedBatch.objects.exists()
    send(1, batch(row, 1.0))
    assert Sample.objects.count() == 1


def test_a_batch_that_no_worker_ends_is_given_up_once(row: Row) -> None:
    content = batch(row, 1.0)
    text = base64.b64encode(content).decode()
    set_batch_aside("L1-x", 1, text, "sent 6 times")
    set_batch_aside("L1-x", 1, text, "sent 7 times")
    send(1, content)
    send(2, batch(row, 2.0))
    set_batch_aside("L1-x", 2, text, "stored meanwhile")
    (found,) = QuarantinedBatch.objects.all()
    assert (found.code, found.detail) == (errors.BATCH_GIVEN_UP.code, "sent 6 times")
    assert list(Sample.objects.values_list("value", flat=True)) == [2.0]


@pytest.mark.usefixtures("row")
def test_only_quality_and_administrators_settle_and_only_with_a_reason() -> None:
    send(1, b"nonsense")
    (found,) = QuarantinedBatch.objects.all()
    for role, note, code in (
        (Role.SUPERVISOR, "why", errors.QUARANTINE_NOT_YOURS),
        (Role.QUALITY, " \n", errors.QUARANTINE_REASON),
        (Role.ADMINISTRATOR, "x" * 501, errors.QUARANTINE_REASON),
    ):
        with pytest.raises(Refusal) as refused:
            services.discard(found.pk, person(role), note)
        assert refused.value.code == code
    services.discard(found.pk, Person.objects.get(role=Role.QUALITY), "sent by a test")
    found.refresh_from_db()
    assert (found.settlement, found.settled_by, found.note) == ("DISCARDED", "quality", "sent by a test")
    assert bytes(found.content) == b"nonsense"


def test_a_longer_list_costs_no_more_queries(row: Row, django_assert_max_num_queries: DjangoAssertNumQueries) -> None:
    for sequence in range(20):
        services.set_aside("L1-x", sequence, batch(row, 1.0), errors.BATCH_NOT_STORED, "x")
    client = Client()
    client.force_login(person(Role.QUALITY))
    with django_assert_max_num_queries(12):
        assert client.get("/quarantine/?show=all").text.count("L1-x") >= 20


def test_the_pages_show_what_came_and_settle_it(row: Row) -> None:
    note = {"kind": "overflow", "server": "PACK", "signal_id": 1, "at_us": NOW_US}
    signal = row.signals["Value0"].id
    content = batches.encode(batches.make(NOW_US, [signal, 99999], [NOW_US, 0], [1.5, math.nan], [0, 0], notes=(note,)))
    services.set_aside("L1-x", 7, content, errors.BATCH_NOT_STORED, "IntegrityError: <poison>")
    services.set_aside("L1-x", 8, b"\xff\x00nonsense", errors.BATCH_NOT_STORED, "ValueError")
    first, second = QuarantinedBatch.objects.order_by("sequence")
    client = Client()
    client.force_login(person(Role.OPERATOR))
    assert client.get("/quarantine/").status_code == 403
    client.force_login(person(Role.AUDITOR))
    assert "/discard/" not in client.get(f"/quarantine/{first.pk}/").text
    for action in ("again", "discard"):
        assert client.post(f"/quarantine/{first.pk}/{action}/", {"note": "x"}).status_code == 403
    assert not QuarantinedBatch.objects.exclude(settled_at=None).exists()
    # Its notes are of the time at which the gateway had them, not of ours.
    assert LedgerNews.objects.values_list("sequence", "received_at").get() == (7, moment(NOW_US))
    client.force_login(person(Role.QUALITY))
    listed = client.get("/quarantine/").text
    assert f"/quarantine/{first.pk}/" in listed and "L1-x" in listed
    shown = client.get(f"/quarantine/{first.pk}/").text
    assert "&lt;poison&gt;" in shown and "EOL-1" in shown and "Value0" in shown and "overflow" in shown
    assert "nonsense" in client.get(f"/quarantine/{second.pk}/").text
    assert client.get("/quarantine/999999/").status_code == 404

    assert client.post(f"/quarantine/{second.pk}/again/").status_code == 422
    assert client.post(f"/quarantine/{second.pk}/discard/", {"note": ""}).status_code == 422
    assert client.post(f"/quarantine/{second.pk}/discard/", {"note": "a test"}).status_code == 302
    assert client.post(f"/quarantine/{first.pk}/again/").status_code == 302
    assert Sample.objects.count() == 1
    assert "a test" in client.get("/quarantine/?show=all").text
