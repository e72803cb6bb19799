"""Serial blocks, tray loads and lots that many ask for at once, over connections of their own: none is a fault.

A module of its own: the plant is committed here, and not in a transaction that the module ends.
"""

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.utils import timezone

from lines.orders.serials import parse_serial
from lines.people.actors import acting
from tests.traceability.conftest import Hand, make_hand
from tests.traceability.test_concurrency import at_once
from tests.traceability.test_hold_races import in_thread
from tests.traceability.test_serial_blocks import ask
from tests.traceability.test_trays import cells_before
from traceability.lots.services import block, locked_lot
from traceability.models import Lot, LotPart, SerialBlock, SerialCounter, TrayLoad
from traceability.trays import errors


@pytest.fixture
def live_hand(transactional_db: None) -> Hand:  # noqa: ARG001 - order
    """The plant committed, so that other connections see it."""
    return make_hand()


def test_serial_blocks_and_loads_at_once(live_hand: Hand) -> None:
    hand = live_hand
    stations = ["WELD-1", "WIND-1", "FILL-1"]

    def work(n: int) -> list[Any]:
        return [ask(hand, f"K-{n}-{i}", stations[n % 3], definition="LFP-CELL", count=7) for i in range(4)]

    answers = [answer for answers in at_once(6, work) for answer in answers]
    assert {answer.status_code for answer in answers} == {201}
    serials = [serial for answer in answers for serial in answer.json()["serials"]]
    assert sorted(serials) == sorted(set(serials))
    assert sorted(parse_serial(serial).sequence for serial in serials) == list(range(1, 6 * 4 * 7 + 1))
    for answer in answers:
        sequences = [parse_serial(serial).sequence for serial in answer.json()["serials"]]
        assert sequences == list(range(sequences[0], sequences[0] + 7))

    copies = at_once(4, lambda _: ask(hand, "same", design_code="JRL", count=3))
    assert len({str(copy.json()) for copy in copies}) == 1
    assert sorted("Idempotency-Replayed" in copy.headers for copy in copies) == [False, True, True, True]
    assert SerialBlock.objects.filter(key="same").count() == 1
    assert SerialCounter.objects.get(design_code="JRL").next_sequence == 4

    # Three trays want the same cells and channels, each in its own order; one gets them, the others are told by a code.
    cells = cells_before(hand, "OCV1", 8)

    def load(n: int) -> Any:
        order = cells if n % 2 else cells[::-1]
        items = [{"serial": cell, "slot": slot, "channel": f"C-{slot}"} for slot, cell in enumerate(order, 1)]
        return hand.post(f"trays/T-{n}/load", {"items": items}, "OCV-1")

    answers = at_once(4, load)
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
    known = {errors.UNIT_ELSEWHERE.code, errors.CHANNEL_TAKEN.code, "MES-L-0218"}
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} <= known
    assert TrayLoad.objects.filter(unloaded_at=None).count() == 8
    # Two units into one slot of one tray.
    first, second = cells_before(hand, "OCV1", 2)
    into = [{"items": [{"serial": serial, "slot": 9}]} for serial in (first, second)]
    answers = at_once(2, lambda n: hand.post("trays/T-9/load", into[n], "OCV-1"))
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    assert {answer.json().get("code") for answer in answers} == {None, errors.SLOT_TAKEN.code}


@pytest.mark.django_db(transaction=True)
def test_a_part_that_is_split_off_meanwhile_is_blocked_too() -> None:
    now = timezone.now()
    first, part, late = (
        Lot.objects.create(supplier="ACME", number=number, material_code="NMP", created_at=now, state="RELEASED")
        for number in ("A", "A-1", "A-1-1")
    )
    LotPart.objects.create(parent=first, child=part, quantity=2, at=now)
    is_split, go_on = threading.Event(), threading.Event()

    def split() -> None:
        with acting("person:clerk"):
            locked_lot(part.pk)
            LotPart.objects.create(parent=part, child=late, quantity=1, at=now)
            is_split.set()
            assert go_on.wait(20)

    def block_it() -> None:
        with acting("person:quality"):
            block(first.pk, "iron in it", "person:quality", now)

    with ThreadPoolExecutor(2) as pool:
        splitting = in_thread(pool, split)
        assert is_split.wait(20)
        blocking = in_thread(pool, block_it)
        with pytest.raises(TimeoutError):
            blocking.result(0.5)  # it waits for the part
        go_on.set()
        splitting.result(20)
        blocking.result(20)
    assert set(Lot.objects.values_list("state", flat=True)) == {"BLOCKED"}
