"""Corrections: new rows with person and reason. Nothing is overwritten, and either state can be asked for."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client
from django.utils import timezone

from lines.errors import BUSY, Refusal
from lines.models import Measurement, Person
from lines.people.models import Role
from lines.people.services import issue_person_token
from lines.records.services import LOCKED
from tests.traceability.conftest import Hand
from traceability.corrections import errors, services
from traceability.entry.entries import EnteredValue, Entry
from traceability.errors import LOT_NOT_RELEASED
from traceability.holds.models import HoldUnit, Nonconformance
from traceability.models import Correction, GenealogyLink, Lot, Unit
from traceability.samples import services as samples


@pytest.fixture
def quality(hand: Hand) -> str:  # noqa: ARG001 - the plant comes first
    """The token of a quality engineer."""
    return issue_person_token(Person.objects.get(role=Role.QUALITY))


def correct(hand: Hand, token: str, status: int = 201, **body: Any) -> dict[str, Any]:
    response = hand.post("corrections", {"reason": "label misread", **body}, token)
    assert response.status_code == status, response.content
    answer: dict[str, Any] = response.json()
    return answer


def told(hand: Hand, serial: str, as_of: str = "") -> dict[str, Any]:
    answer: dict[str, Any] = hand.get(f"units/{serial}", **({"as_of": as_of} if as_of else {})).json()
    return answer


def before_now() -> str:
    """Between what was stored until here and what will be."""
    return timezone.now().isoformat()


def slurry(hand: Hand) -> tuple[str, dict[str, Any]]:
    """A batch with its only record, as the API tells it."""
    serial = hand.make("CATHODE-SLURRY")
    return serial, told(hand, serial)["records"][0]


def is_held(serial: str) -> bool:
    return HoldUnit.objects.filter(unit__serial=serial, released_at=None).exists()


def test_a_value_is_judged_again_by_the_limits_of_then(hand: Hand, quality: str) -> None:
    serial, record = slurry(hand)
    first = record["measurements"][0]
    then = before_now()
    answer = correct(hand, quality, record=record["record"], kind="VALUE", sequence=first["sequence"], value=1e6)
    assert answer["verdict"] == "FAIL"
    assert (answer["before"]["value"], answer["after"]["value"]) == (first["value"], 1e6)
    now, was = told(hand, serial)["records"][0], told(hand, serial, then)["records"][0]
    assert (now["verdict"], now["recorded_verdict"]) == ("FAIL", "PASS")
    assert (now["measurements"][0]["value"], now["measurements"][0]["judgement"]) == (1e6, "FAIL_HIGH")
    assert was == {**record, "corrections": []}
    # What was recorded stays as it was; the unit is held for a person to decide.
    assert Measurement.objects.get(record=record["record"], sequence=0).value == first["value"]
    assert is_held(serial)
    assert errors.VALUE_FAILS.code in Nonconformance.objects.get(unit__serial=serial).codes
    # Put back: another row, and the verdict of the record is as it was.
    correct(hand, quality, record=record["record"], kind="VALUE", sequence=0, value=first["value"])
    assert told(hand, serial)["records"][0]["verdict"] == "PASS"
    again = correct(hand, quality, 422, record=record["record"], kind="VALUE", sequence=0, value=first["value"])
    assert again["code"] == errors.NOTHING_TO_CORRECT.code
    assert Correction.objects.count() == 2


def test_a_record_is_given_to_the_unit_it_belongs_to(hand: Hand, quality: str) -> None:
    wrong, record = slurry(hand)
    right = hand.serial(hand.design("CATHODE-SLURRY"))
    lots = {link["lot"]["number"] for link in told(hand, wrong)["made_of"]["links"]}
    then = before_now()
    answer = correct(hand, quality, record=record["record"], kind="SERIAL", serial=right.lower())
    copied = told(hand, right)["records"][0]
    assert copied["record"] == answer["new_record"]
    assert copied["moved_from"] == {"serial": wrong, "record": record["record"]}
    assert copied["entered_by"] == "quality"
    same = ("operation", "source_time", "verdict", "attempt", "machine_outcome")
    assert {name: copied[name] for name in same} == {name: record[name] for name in same}
    values = [(m["code"], m["value"], m["judgement"]) for m in record["measurements"]]
    assert [(m["code"], m["value"], m["judgement"]) for m in copied["measurements"]] == values
    # The lots went with it, and each state can be asked for.
    assert {link["lot"]["number"] for link in told(hand, right)["made_of"]["links"]} == lots
    assert told(hand, wrong)["made_of"]["links"] == []
    assert told(hand, wrong)["records"][0]["moved_to"] == {"serial": right, "record": copied["record"]}
    was = told(hand, wrong, then)
    assert was["records"] == [record]
    assert {link["lot"]["number"] for link in was["made_of"]["links"]} == lots
    assert told(hand, right, then)["records"] == []
    # Nobody moved: both are held, and what the wrong one stood on counts no more.
    assert is_held(wrong) and is_held(right)
    assert Unit.objects.get(serial=wrong).state == "COMPLETED"
    assert Unit.objects.get(serial=right).next_step is not None
    assert answer["followed"]["holds"]
    twice = correct(hand, quality, 409, record=record["record"], kind="SERIAL", serial=right)
    assert twice["code"] == errors.RECORD_WITHDRAWN.code


def test_a_wrong_lot_is_gone_now_and_was_there_before(hand: Hand, quality: str) -> None:
    serial, record = slurry(hand)
    link = told(hand, serial)["made_of"]["links"][0]
    hand.receive(link["material"], "RIGHT-1")
    right = Lot.objects.get(number="RIGHT-1")
    Lot.objects.filter(pk=right.pk).update(state="BLOCKED")
    then = before_now()
    answer = correct(
        hand,
        quality,
        record=record["record"],
        kind="LOT",
        link=link["link"],
        right={"supplier": "ACME", "lot": "RIGHT-1"},
    )
    assert answer["after"]["lot"]["number"] == "RIGHT-1"
    now = {each["lot"]["number"]: each for each in told(hand, serial)["made_of"]["links"]}
    assert link["lot"]["number"] not in now
    assert (now["RIGHT-1"]["basis"], now["RIGHT-1"]["quantity"]) == ("CORRECTED", link["quantity"])
    assert link in told(hand, serial, then)["made_of"]["links"]
    assert "RIGHT-1" not in {each["lot"]["number"] for each in told(hand, serial, then)["made_of"]["links"]}
    # Where the lots are used says the same, and a blocked lot holds the unit.
    assert hand.get(f"lots/{link['lot']['id']}").json()["n_units"] == 0
    assert hand.get(f"lots/{right.pk}").json()["n_units"] == 1
    assert LOT_NOT_RELEASED.code in Nonconformance.objects.get(unit__serial=serial).codes
    assert is_held(serial)
    gone = correct(hand, quality, 422, record=record["record"], kind="LOT", link=link["link"])
    assert gone["code"] == errors.LINK_NOT_FOUND.code
    assert GenealogyLink.objects.filter(pk=link["link"]).exists()


def test_a_wrong_component_comes_free_and_the_right_one_is_built_in(hand: Hand, quality: str) -> None:
    cell = hand.make("LFP-CELL", until="CAN")
    link = next(each for each in told(hand, cell)["made_of"]["links"] if each["serial"])
    wrong, right = link["serial"], hand.make("LFP-JELLY")
    then = before_now()
    correct(hand, quality, record=link["record"], kind="LINK", link=link["link"], right={"serial": right})
    now = {each["serial"]: each for each in told(hand, cell)["made_of"]["links"]}
    assert wrong not in now
    assert now[right]["position"] == link["position"]
    assert link in told(hand, cell, then)["made_of"]["links"]
    assert [each["output"] for each in told(hand, right)["used_in"]["links"]] == [cell]
    assert told(hand, wrong)["used_in"]["links"] == []
    assert [each["output"] for each in told(hand, wrong, then)["used_in"]["links"]] == [cell]
    states = dict(Unit.objects.filter(serial__in=[wrong, right]).values_list("serial", "state"))
    assert states == {wrong: "COMPLETED", right: "CONSUMED"}
    assert is_held(wrong) and not is_held(cell)
    # Taken out altogether.
    correct(hand, quality, record=link["record"], kind="LINK", link=now[right]["link"])
    assert right not in {each["serial"] for each in told(hand, cell)["made_of"]["links"]}


def test_a_link_that_was_missing_is_added_once(hand: Hand, quality: str) -> None:
    serial, record = slurry(hand)
    hand.receive(told(hand, serial)["made_of"]["links"][0]["material"], "MISSED-1")
    right = {"supplier": "ACME", "lot": "MISSED-1", "quantity": 2}
    asked = {"record": record["record"], "kind": "LINK", "right": right}
    correct(hand, quality, **asked)
    assert correct(hand, quality, 422, **asked)["code"] == errors.NOTHING_TO_CORRECT.code
    assert GenealogyLink.objects.filter(input_lot__number="MISSED-1").count() == 1


def test_what_a_unit_went_into_is_held_with_it(hand: Hand, quality: str) -> None:
    roll = hand.make("CATHODE-ROLL")
    batch = Unit.objects.filter(outputs__output__serial=roll)[0].serial
    record, link = told(hand, batch)["records"][0], told(hand, batch)["made_of"]["links"][0]
    hand.receive(link["material"], "BAD-1")
    Lot.objects.filter(number="BAD-1").update(state="BLOCKED")
    bad = {"supplier": "ACME", "lot": "BAD-1"}
    correct(hand, quality, record=record["record"], kind="LOT", link=link["link"], right=bad)
    correct(hand, quality, record=record["record"], kind="VALUE", sequence=0, value=1e6)
    holds = [held.hold.reason for held in HoldUnit.objects.filter(unit__serial=roll).order_by("pk")]
    assert len(holds) == 2 and all(batch in reason for reason in holds)
    assert "BAD-1" in holds[0] and "FAIL" in holds[1]


def test_a_failed_sample_holds_the_unit_it_was_really_taken_from(hand: Hand, quality: str) -> None:
    wrong, right = hand.make("CATHODE-SLURRY"), hand.make("CATHODE-SLURRY")
    person = Person.objects.get(role=Role.QUALITY)
    value = hand.values(wrong, "MIX-C")[0]
    entered = Entry(wrong, "FAIL", timezone.now(), [EnteredValue(value["code"], value["value"], value["unit"])])
    sample = samples.take_sample(person, wrong, operation="MIX-C")
    record = samples.enter_sample(person, sample.code, entered, "entry:token-0001")["record"]
    answer = correct(hand, quality, record=record, kind="SERIAL", serial=right)
    assert is_held(right)
    found = Nonconformance.objects.get(unit__serial=right)
    assert (found.record_id, found.codes) == (answer["new_record"], [errors.RECORD_GIVEN.code])


@pytest.mark.parametrize("cause", LOCKED)
def test_who_meets_another_transaction_is_told_to_come_again(
    hand: Hand, quality: str, cause: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    def give_up(*_: object) -> None:
        raise OperationalError from cause()

    _, record = slurry(hand)
    monkeypatch.setattr(services, "record_by_id", give_up)
    monkeypatch.setattr(samples, "_unit_locked", give_up)
    said = correct(hand, quality, 409, record=record["record"], kind="VALUE", sequence=0, value=1.0)
    assert said["code"] == BUSY.code
    with pytest.raises(Refusal) as caught:
        samples.take_sample(Person.objects.get(role=Role.QUALITY), "X", operation="MIX-C")
    assert caught.value.code == BUSY


def test_what_followed_is_listed_before_anybody_confirms(hand: Hand) -> None:
    lane = hand.make("CATHODE-LANE")
    records = told(hand, lane)["records"]
    client = Client()
    client.force_login(Person.objects.get(role=Role.QUALITY))
    path = f"/records/{records[0]['record']}/correct/"
    sent = {"kind": "VALUE", "sequence": "0", "value": "１２３", "reason": "typing error"}
    shown = client.post(path, sent)
    page = shown.content.decode()
    assert shown.status_code == 200, page
    assert f"#record-{records[1]['record']}" in page[page.index('id="followed"') :]
    assert not Correction.objects.exists() and not is_held(lane)
    done = client.post(path, sent | {"confirm": "1"})
    assert done.status_code == 302
    correction = Correction.objects.get()
    assert (correction.after["value"], correction.by, correction.reason) == (123.0, "quality", "typing error")
    page = client.get(done["Location"]).content.decode()
    assert f"#record-{records[1]['record']}" in page[page.index('id="followed"') :]
    unit = client.get(f"/units/{lane}/").content.decode()
    for word in ("<del", "typing error", f"/corrections/{correction.pk}/"):
        assert word in unit
    assert client.get("/corrections/").status_code == 200
    assert client.post(path, sent | {"value": "much"}).status_code == 422
    assert client.get("/corrections/999999/").status_code == client.get("/records/999999/correct/").status_code == 404


def test_only_quality_and_administrators_correct(hand: Hand) -> None:
    serial, record = slurry(hand)
    body = {"record": record["record"], "kind": "VALUE", "sequence": 0, "value": 1.0, "reason": "x"}
    for role in Role:
        person, _ = Person.objects.get_or_create(username=f"p-{role.lower()}", defaults={"role": role})
        may = role in (Role.QUALITY, Role.ADMINISTRATOR)
        response = hand.post("corrections", body | {"value": 2.0 + len(role)}, issue_person_token(person))
        assert response.status_code == (201 if may else 403), role
        client = Client()
        client.force_login(person)
        assert client.get(f"/records/{record['record']}/correct/").status_code == (200 if may else 403), role
        assert (">Correct</a>" in client.get(f"/units/{serial}/").content.decode()) == may, role
    assert hand.post("corrections", body, "MIX-1").status_code == 403


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"kind": "SPELLING"}, 422),
        ({"record": 10**18}, 404),
        ({"record": 10**20}, 422),
        ({"record": "1"}, 422),
        ({"reason": " "}, 422),
        ({"sequence": 999}, 422),
        ({"sequence": None}, 422),
        ({"value": "1"}, 422),
        ({"colour": "red"}, 422),
        ({"kind": "SERIAL"}, 422),
    ],
)
def test_what_makes_no_sense_is_refused(hand: Hand, quality: str, changed: dict[str, Any], status: int) -> None:
    body = {"record": slurry(hand)[1]["record"], "kind": "VALUE", "sequence": 0, "value": 1.0}
    correct(hand, quality, status, **body | changed)
    assert not Correction.objects.exists()


def test_as_of_takes_only_a_time(hand: Hand) -> None:
    serial, _ = slurry(hand)
    for text in ("yesterday", "2026-11-22T10:00:00", "0001-01-01T00:00:00+14:00"):
        assert hand.get(f"units/{serial}", as_of=text).status_code == 400, text
    early = (timezone.now() - timedelta(days=1)).isoformat()
    assert told(hand, serial, early)["records"] == []
