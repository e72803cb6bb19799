"""Copies of a post that run at the same time, over connections of their own: stored once, answered alike.

A module of its own: the plant is committed here, and not in a transaction that the module ends.
"""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection, connections, transaction
from django.utils import timezone

from lines import errors
from lines.models import Operation, OperationRecord, Pending, Station, StationPost
from lines.records import services
from lines.records.models import Consumer
from lines.records.pending import claim
from tests.traceability.conftest import Hand, make_hand
from traceability.holds.services import hold_unit
from traceability.interlock.errors import PERMIT_ELSEWHERE
from traceability.models import Permit, Unit
from traceability.rolls.errors import METRES_TAKEN


@pytest.fixture
def live_hand(transactional_db: None) -> Hand:  # noqa: ARG001 - order
    """The plant committed, so that other connections see it."""
    return make_hand()


def at_once(count: int, work: Any) -> list[Any]:
    """Run `work(n)` in as many threads, started together, each with a connection of its own."""
    gate = threading.Barrier(count)

    def run(n: int) -> Any:
        try:
            gate.wait(10)
            return work(n)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))


def test_copies_at_the_same_time(live_hand: Hand) -> None:
    hand = live_hand
    bodies = [hand.body(hand.serial("SLA"), "MIX-A") for _ in range(4)]

    def post_all(_: int) -> list[Any]:
        return [hand.tell(body, f"K-{index}") for index, body in enumerate(bodies)]

    answers = at_once(3, post_all)
    for copies in zip(*answers, strict=True):
        assert {copy.status_code for copy in copies} == {201}
        assert copies[0].content == copies[1].content == copies[2].content  # byte for byte
        assert sorted("Idempotency-Replayed" in copy.headers for copy in copies) == [False, True, True]
    assert OperationRecord.objects.count() == StationPost.objects.count() == Pending.objects.count() == 4

    # Two stations' posts that see the same new serial for the first time: one unit, both records.
    serial = hand.serial("JRL")
    results = [hand.body(serial, "WIND"), hand.body(serial, "WELD")]
    both = at_once(2, lambda n: hand.tell(results[n], "K-both"))
    assert [answer.status_code for answer in both] == [201, 201]
    assert Unit.objects.filter(serial=serial).count() == 1
    assert OperationRecord.objects.filter(serial=serial).count() == 2

    # Copies of one permit request get one permit.
    fresh = hand.serial("JRL")
    permits = at_once(3, lambda _: hand.ask(fresh, "WIND")["permit"])
    assert len(set(permits)) == 1
    assert Permit.objects.filter(serial=fresh).count() == 1

    # Two units take the same metres of a roll at once: both are facts, and the one that is stored last deviates.
    roll, from_m = hand.serial("RLC"), 100.0
    taken = [{"serial": roll, "lane": 1, "from_m": from_m + n, "to_m": from_m + n + 8.0} for n in range(3)]
    wound = [hand.body(hand.serial("JRL"), "WIND", ranges=[each]) for each in taken]
    told = [answer.json() for answer in at_once(3, lambda n: hand.tell(wound[n], f"K-wound-{n}"))]
    codes = [METRES_TAKEN.code in {each["code"] for each in answer["deviations"]} for answer in told]
    assert sorted(codes) == [False, True, True]


def test_two_stations_that_ask_at_once_get_one_permit(live_hand: Hand) -> None:
    hand = live_hand
    stations = ["WIND-1", "WELD-1"]
    Operation.objects.get(code="WIND").stations.add(Station.objects.get(code="WELD-1"))
    for _ in range(5):
        serials = [hand.serial("JRL") for _ in range(3)]

        def ask(n: int, serials: list[str] = serials) -> list[dict[str, Any]]:
            asked = serials if n else serials[::-1]
            body = {"serials": asked, "operation": "WIND"}
            answer = hand.post(f"stations/{stations[n]}/permits", body, stations[n]).json()
            return sorted(answer["items"], key=lambda item: str(item["serial"]))

        one, other = at_once(2, ask)
        for here, there in zip(one, other, strict=True):
            assert sorted([here["verdict"], there["verdict"]]) == ["ALLOW", "DENY"]
            (reason,) = here["reasons"] or there["reasons"]
            assert reason["code"] == PERMIT_ELSEWHERE.code
        assert Permit.objects.filter(serial__in=serials, verdict="ALLOW", closed_at=None).count() == 3


def test_a_copy_waits_so_long_and_then_is_told_to_come_again(live_hand: Hand, monkeypatch: pytest.MonkeyPatch) -> None:
    hand = live_hand
    monkeypatch.setattr(services, "LOCK_TIMEOUT", "200ms")
    body = hand.body(hand.serial("SLA"), "MIX-A")
    station = "MIX-1"
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(
                "insert into lines_stationpost (station_id, key, body_sha256, received_at)"
                " select id, 'K', 'x', now() from lines_station where code = %s",
                [station],
            )
        (busy,) = at_once(1, lambda _: hand.tell(body, "K"))
        transaction.set_rollback(True)
    assert (busy.status_code, busy.json()["code"], busy.headers["Retry-After"]) == (409, errors.BUSY.code, "1")
    assert hand.tell(body, "K").status_code == 201

    # Pending rows are claimed by one worker each, in order, and come back when it dies.
    for _ in range(3):
        hand.tell(hand.body(hand.serial("SLA"), "MIX-A"))
    expected = list(OperationRecord.objects.order_by("pk").values_list("pk", flat=True))
    with transaction.atomic():
        mine = claim(Consumer.SPC, 2)
        (others,) = at_once(1, lambda _: _claim_and_die())
    assert mine == expected[:2]
    assert others == expected[2:]
    with transaction.atomic():
        assert claim(Consumer.SPC, 10) == expected[2:]


def test_a_permit_request_that_the_database_ends_as_a_deadlock_is_told_to_come_again(live_hand: Hand) -> None:
    hand = live_hand
    serial = hand.serial("JRL")
    unit = Unit.objects.create(serial=serial, created_at=timezone.now(), updated_at=timezone.now())
    permit = hand.ask(hand.serial("JRL"), "WIND")["permit"]
    Permit.objects.filter(pk=permit).update(serial=serial)
    hold_unit(unit.pk, reason="recall", by="person:q", now=timezone.now())

    def ask() -> Any:
        return hand.post("stations/WIND-1/permits", {"serial": serial, "operation": "WIND"}, "WIND-1")

    with ThreadPoolExecutor(1) as pool, transaction.atomic():
        Permit.objects.select_for_update().get(pk=permit)
        asked = pool.submit(lambda: at_once(1, lambda _: ask())[0])
        with connection.cursor() as cursor:
            for _ in range(200):
                cursor.execute("select count(*) from pg_locks where not granted")
                if cursor.fetchone()[0]:
                    break
                time.sleep(0.02)
            # It waits for us, and now we for it; it began first, so the database ends it.
            cursor.execute("select 1 from lines_station where code = 'WIND-1' for no key update")
    busy = asked.result()
    assert (busy.status_code, busy.json()["code"], busy.headers["Retry-After"]) == (409, errors.BUSY.code, "1")
    assert ask().json()["verdict"] == "DENY"


def _claim_and_die() -> list[int]:
    with transaction.atomic():
        claimed = claim(Consumer.SPC, 10)
        transaction.set_rollback(True)
    return claimed
