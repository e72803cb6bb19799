"""What lies in which slot of a tray: against a plain model, over the API, and under a race."""

from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lines.errors import BUSY
from lines.models import Person, Product, QuarantinedPost
from lines.people.models import Role
from lines.people.services import issue_person_token
from tests.traceability.conftest import Hand
from tests.traceability.test_trays import cells_before, tray
from tests.traceability.test_units_api import fits
from traceability.errors import UNIT_NOT_FOUND
from traceability.models import HoldUnit, TrayLoad, Unit
from traceability.trays import errors, loading, schemas
from traceability.trays.queries import now_in, slots


def change(hand: Hand, tray: str, verb: str, body: dict[str, Any], by: str = "OCV-1") -> Any:
    return hand.post(f"trays/{tray}/{verb}", body, by)


def content(hand: Hand, tray: str) -> dict[int, tuple[str, str]]:
    return {s["slot"]: (s["serial"], s["channel"]) for s in hand.get(f"trays/{tray}").json()["slots"]}


SLOTS = st.integers(1, 4)
UNITS = st.integers(0, 4)
TRAYS = st.sampled_from(["A", "B"])
CHANNELS = st.sampled_from(["", "", "C1", "C2"])
WANTED = st.tuples(UNITS, SLOTS, CHANNELS)
STEPS = st.one_of(
    st.tuples(
        st.just("load"),
        TRAYS,
        st.lists(WANTED, min_size=1, max_size=3, unique_by=(lambda w: w[0], lambda w: w[1])),
        st.booleans(),
    ),
    st.tuples(st.just("unload"), TRAYS, st.lists(UNITS, min_size=1, max_size=2, unique=True)),
    st.tuples(st.just("swap"), TRAYS, st.tuples(SLOTS, SLOTS)),
    st.tuples(st.just("undock"), TRAYS),
)


class Model:
    """The rules in plain Python: place[unit] = (tray, slot, channel)."""

    def __init__(self) -> None:
        self.place: dict[int, tuple[str, int, str]] = {}

    def load(self, tray: str, wanted: list[tuple[int, int, str]], may_move: bool) -> bool:
        after = dict(self.place)
        for unit, slot, channel in wanted:
            here = self.place.get(unit)
            if here is not None and here[:2] != (tray, slot) and not may_move:
                return False
            after[unit] = (tray, slot, channel or (here[2] if here and here[:2] == (tray, slot) else ""))
        places = [place[:2] for place in after.values()]
        channels = [place[2] for place in after.values() if place[2]]
        if len(set(places)) < len(places) or len(set(channels)) < len(channels):
            return False
        self.place = after
        return True

    def unload(self, tray: str, units: list[int]) -> bool:
        if any(unit in self.place and self.place[unit][0] != tray for unit in units):
            return False
        for unit in units:
            self.place.pop(unit, None)
        return True

    def swap(self, tray: str, first: int, second: int) -> bool:
        at = {place[1]: unit for unit, place in self.place.items() if place[0] == tray}
        if first == second or first not in at or second not in at:
            return False
        one, other = at[first], at[second]
        self.place[one], self.place[other] = self.place[other], self.place[one]
        return True


@pytest.mark.django_db
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(STEPS, min_size=1, max_size=12))
def test_trays_are_what_the_plain_rules_say(hand: Hand, steps: list[tuple[Any, ...]]) -> None:
    with transaction.atomic():
        Product.objects.update(tray_slots=None)
        cells = cells_before(hand, "OCV1", 5)
        ids = {unit.serial: unit.pk for unit in Unit.objects.filter(serial__in=cells)}
        model = Model()
        for verb, tray, *rest in steps:
            if verb == "load":
                wanted, may_move = rest
                channels = [channel for *_, channel in wanted if channel]
                if len(set(channels)) < len(channels):
                    continue
                items = [{"serial": cells[unit], "slot": slot, "channel": channel} for unit, slot, channel in wanted]
                body, expected = {"items": items, "move": may_move}, model.load(tray, wanted, may_move)
            elif verb == "unload":
                body, expected = {"serials": [cells[unit] for unit in rest[0]]}, model.unload(tray, rest[0])
            elif verb == "undock":
                body, expected = {}, True
                model.place = {
                    u: (t, slot, "" if t == tray else channel) for u, (t, slot, channel) in model.place.items()
                }
            else:
                first, second = rest[0]
                at = {place[1]: cells[unit] for unit, place in model.place.items() if place[0] == tray}
                if first == second or first not in at or second not in at:
                    continue
                body, expected = {"slots": rest[0], "serials": [at[first], at[second]]}, model.swap(tray, first, second)
            for _ in range(2):  # the same again changes nothing
                response = change(hand, tray, verb, body)
                assert response.status_code == (200 if expected else 409), response.content
            if expected:
                assert response.json()["n_changed"] == 0
            known = {ids[cells[unit]]: place for unit, place in model.place.items()}
            assert now_in(ids.values()) == known
            assert {(s.unit_id, s.slot, s.channel) for s in slots(tray)} == {
                (unit, slot, channel) for unit, (t, slot, channel) in known.items() if t == tray
            }
        transaction.set_rollback(True)


def test_each_refusal_has_its_code_and_loads_nothing(hand: Hand) -> None:
    cells = cells_before(hand, "OCV1", 4)
    body = {"items": [{"serial": cells[0], "slot": 1, "channel": "C-1"}, {"serial": cells[1], "slot": 2}]}
    assert change(hand, "T-1", "load", body).json()["n_changed"] == 2
    assert change(hand, "T-1", "load", body).json()["n_changed"] == 0
    Unit.objects.filter(serial=cells[3]).update(state="CONSUMED")
    wrong: list[tuple[str, dict[str, Any], str]] = [
        ("T-1", {"serial": cells[2], "slot": 1}, errors.SLOT_TAKEN.code),
        ("T-2", {"serial": cells[0], "slot": 3}, errors.UNIT_ELSEWHERE.code),
        ("T-1", {"serial": cells[0], "slot": 3}, errors.UNIT_ELSEWHERE.code),
        ("T-2", {"serial": cells[2], "slot": 1, "channel": "C-1"}, errors.CHANNEL_TAKEN.code),
        ("T-2", {"serial": cells[2], "slot": 17}, errors.SLOT_BEYOND.code),
        ("T-2", {"serial": cells[3], "slot": 5}, errors.UNIT_GONE.code),
        ("T-2", {"serial": "NOBODY", "slot": 5}, UNIT_NOT_FOUND.code),
    ]
    for where, item, code in wrong:
        fresh = {"serial": cells_before(hand, "OCV1", 1)[0], "slot": 9}
        response = change(hand, where, "load", {"items": [fresh, item]})
        assert response.json()["code"] == code, item
        assert [each["serial"] for each in response.json()["items"]] == [item["serial"]]
        assert 400 <= response.status_code < 500
    assert content(hand, "T-2") == {}
    assert QuarantinedPost.objects.filter(path="/api/v1/trays/T-2/load").exists()
    # Moving says that it moves; the formation chamber frees its channels for the next tray.
    assert change(hand, "T-2", "move", {"serial": cells[0], "slot": 3}).status_code == 200
    assert content(hand, "T-1") == {2: (cells[1], "")}
    swapped = {"slots": [2, 3], "serials": [cells[1], cells[0]]}
    assert change(hand, "T-1", "swap", swapped).json()["code"] == errors.SLOTS_DIFFER.code
    assert change(hand, "T-1", "unload", {}).json()["code"] == errors.NOTHING_NAMED.code
    assert change(hand, "T-1", "unload", {"serials": [cells[0]]}).json()["code"] == errors.UNIT_ELSEWHERE.code
    assert change(hand, "T-2", "unload", {"all": True}).json()["slots"] == []
    history = TrayLoad.objects.filter(unit__serial=cells[0]).order_by("id")
    assert [(load.tray, load.slot, load.unloaded_by) for load in history] == [
        ("T-1", 1, "station:OCV-1"),
        ("T-2", 3, "station:OCV-1"),
    ]


def test_a_tray_of_512_and_who_may_load_it(hand: Hand) -> None:
    Product.objects.update(tray_slots=512)
    cells = cells_before(hand, "OCV1", 512)
    items = [{"serial": cell, "slot": slot, "channel": f"F-{slot}"} for slot, cell in enumerate(cells, 1)]
    with CaptureQueriesContext(connection) as few:
        change(hand, "T-2", "load", {"items": [{"serial": cells_before(hand, "OCV1", 1)[0], "slot": 1}]})
    with CaptureQueriesContext(connection) as many:
        full = change(hand, "T-1", "load", {"items": items})
    assert len(many) <= len(few)  # the first one also prepares its connection
    assert (full.status_code, full.json()["n_changed"]) == (200, 512)
    fits(schemas.ChangedTrayShape(), full.json())
    fits(schemas.TrayShape(), hand.get("trays/T-1").json())
    assert not full.json()["slots"][0]["is_held"]
    assert change(hand, "T-1", "undock", {}).json()["n_changed"] == 512
    assert hand.post("trays/T-1/undock", {}, hand.person_token).status_code == 403  # an auditor
    operator = Person.objects.filter(role=Role.SUPERVISOR).first()
    assert operator
    assert hand.post("trays/T-1/undock", {}, issue_person_token(operator)).json()["n_changed"] == 0
    assert change(hand, "T-1", "load", {"items": [*items, items[0]]}).json()["code"] == "MES-L-0211"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"items": [{"serial": "A"}]},
        {"items": [{"serial": "A", "slot": 0}]},
        {"items": [{"serial": "A", "slot": True}]},
        {"items": [{"serial": "A", "slot": 1}, {"serial": "a", "slot": 2}]},
        {"items": [{"serial": ["A"], "slot": 1}]},
        {"items": [{"serial": "A", "slot": 1}], "move": "yes"},
        {"items": 7},
    ],
)
def test_what_cannot_be_understood(hand: Hand, body: dict[str, Any]) -> None:
    response = change(hand, "T-1", "load", body)
    assert response.status_code == 422
    assert response.json()["code"].startswith("MES-L-02")


def test_a_unit_built_into_another_one_leaves_its_tray(hand: Hand) -> None:
    jelly = hand.make("LFP-JELLY")
    assert change(hand, "T-1", "load", {"items": [{"serial": jelly, "slot": 1}]}).status_code == 200
    cell = hand.serial("CLF")
    step = hand.step(cell, "WELD")
    assert step
    hand.tell(hand.body(cell, "WELD", components=[{"serial": jelly, "position": 1}]))
    assert content(hand, "T-1") == {}
    assert not HoldUnit.objects.filter(unit__serial=jelly).exists()


def test_what_left_its_tray_in_the_same_moment_does_not_come_back(hand: Hand, monkeypatch: pytest.MonkeyPatch) -> None:
    (cell,) = cells_before(hand, "OCV1", 1)
    change(hand, "T-1", "load", {"items": [{"serial": cell, "slot": 1, "channel": "C-1"}]})
    real = loading._open

    def read(*arguments: Any) -> Any:
        found = real(*arguments)
        TrayLoad.objects.update(unloaded_at=timezone.now())
        return found

    monkeypatch.setattr(loading, "_open", read)
    for verb, body in [("undock", {}), ("unload", {"all": True})]:
        told = change(hand, "T-1", verb, body)
        assert (told.status_code, told.json()["code"]) == (409, BUSY.code)


def test_a_result_from_another_place_than_the_one_loaded_deviates(hand: Hand) -> None:
    Product.objects.update(tray_slots=512)
    cells = cells_before(hand, "OCV1", 4)
    body = tray(hand, cells)  # T-0007, slots 1 to 4, channels C-1 to C-4
    loaded = [
        {"serial": cells[0], "slot": 1, "channel": "C-1"},
        {"serial": cells[1], "slot": 9, "channel": "C-2"},
        {"serial": cells_before(hand, "OCV1", 1)[0], "slot": 4},
    ]
    assert change(hand, "T-0007", "load", {"items": loaded}).status_code == 200
    assert change(hand, "T-0008", "load", {"items": [{"serial": cells[2], "slot": 3}]}).status_code == 200
    items = hand.post("stations/OCV-1/results", body, "OCV-1", "K").json()["items"]
    told = [[d["detail"] for d in item["deviations"] if d["code"] == errors.TRAY_DIFFERS.code] for item in items]
    assert told[0] == []
    assert "slot 2, loaded into 9" in told[1][0] and "channel" not in told[1][0]
    assert "tray T-0007, loaded into T-0008" in told[2][0]
    assert f"slot 4 of T-0007 holds {loaded[2]['serial']}" in told[3][0]
    assert all(item["disposition"] == "HOLD" for item, wrong in zip(items, told, strict=True) if wrong)
    # Where nobody loaded anything, a result is what it always was.
    again = tray(hand, cells_before(hand, "OCV1", 2)) | {"tray": "T-0099"}
    fresh = hand.post("stations/OCV-1/results", again, "OCV-1", "K-2").json()["items"]
    assert errors.TRAY_DIFFERS.code not in str(fresh)
