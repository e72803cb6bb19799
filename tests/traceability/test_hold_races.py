"""A unit that is made while somebody places a hold is under it, whoever comes first; over connections of their own.

A module of its own: the plant is committed here, and not in a transaction that the module ends.
"""

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connections

from lines.models import Person
from lines.people.models import Role
from tests.traceability.conftest import Hand, make_hand
from traceability.holds.asking import AskedHold
from traceability.holds.placing import place_hold
from traceability.interlock import storing
from traceability.models import Hold, HoldUnit


@pytest.fixture
def live_hand(transactional_db: None) -> Hand:  # noqa: ARG001 - order
    """The plant committed, so that other connections see it."""
    return make_hand()


def in_thread(pool: ThreadPoolExecutor, work: Any) -> Any:
    def run() -> Any:
        try:
            return work()
        finally:
            connections.close_all()

    return pool.submit(run)


@pytest.mark.parametrize("pause_before", [True, False])
def test_made_while_the_hold_is_placed(live_hand: Hand, monkeypatch: pytest.MonkeyPatch, pause_before: bool) -> None:
    hand = live_hand
    step = hand.step(hand.serial("SLC"), "MIX-C")
    assert step is not None
    inputs = hand.inputs(step)
    lot = inputs["consumed"][0]
    batch = hand.serial("SLC")
    hand.ask(batch, "MIX-C")
    body = hand.body(batch, "MIX-C", **inputs)
    reached, go_on = threading.Event(), threading.Event()
    # The result stands still with its rows written: before it asks for holds, or after it.
    name = "extend_holds" if pause_before else "emit_all"
    real = getattr(storing, name)

    def paused(*arguments: Any, **named: Any) -> Any:
        reached.set()
        assert go_on.wait(20)
        return real(*arguments, **named)

    monkeypatch.setattr(storing, name, paused)
    quality = Person.objects.get(role=Role.QUALITY)
    asked = AskedHold("LOT", "iron", supplier=lot["supplier"], lot=lot["lot"])
    with ThreadPoolExecutor(2) as pool:
        posting = in_thread(pool, lambda: hand.tell(body))
        assert reached.wait(20)
        placing = in_thread(pool, lambda: place_hold(asked, quality, "race"))
        if pause_before:
            assert placing.result(20).n_units == 0  # the batch is not there yet for anybody else
        else:
            with pytest.raises(TimeoutError):
                placing.result(0.5)  # it waits for the post
        go_on.set()
        told = posting.result(20).json()
        placed = placing.result(20)
    assert told["disposition"] == ("HOLD" if pause_before else "COMPLETE")
    assert placed.n_units == (0 if pause_before else 1)
    assert HoldUnit.objects.get(hold=placed.hold).unit.serial == batch
    assert Hold.objects.count() == 1
