"""Shipments: what may leave, where it is then, and what comes back."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from lines.models import MaterialDefinition, OperationRecord, Person
from lines.people.models import Role
from lines.people.services import issue_person_token
from tests.traceability.conftest import Hand
from tests.traceability.test_units_api import fits
from traceability.genealogy.services import NewLink, add_links
from traceability.holds.services import hold_unit
from traceability.models import Shipment, ShippedUnit, Unit
from traceability.shipping import errors, schemas
from traceability.shipping.queries import site_of

Post = Callable[..., tuple[int, dict[str, Any]]]


@pytest.fixture
def post(hand: Hand) -> Post:
    person = Person.objects.filter(role=Role.SUPERVISOR).first()
    assert person
    token = issue_person_token(person)

    def send(path: str = "shipments", **body: Any) -> tuple[int, dict[str, Any]]:
        response = hand.post(path, body, token)
        answer: dict[str, Any] = response.json()
        return response.status_code, answer

    return send


def container(hand: Hand, n: int = 1) -> tuple[Unit, Unit, Unit, Unit]:
    """A finished container with a pack, a cell and a jelly roll in it."""
    wound = Unit.objects.get(serial=hand.make("LFP-JELLY"))
    record = OperationRecord.objects.filter(serial=wound.serial).last()
    assert record
    inner = wound
    made = [wound]
    codes = {d.design_code: d.code for p in hand.plant.products for d in p.definitions}
    for design in ("CLF", "PLF", "XLF"):
        Unit.objects.filter(pk=inner.pk).update(state="CONSUMED")
        serial = hand.serial(design)
        outer = Unit.objects.create(
            serial=serial,
            definition=MaterialDefinition.objects.get(code=codes[design]),
            product=wound.product,
            state="COMPLETED",
            created_at=record.source_time,
            updated_at=wound.updated_at,
        )
        add_links([NewLink(outer.pk, record.pk, input_unit_id=inner.pk, position=n)])
        made.append(outer)
        inner = outer
    return made[0], made[1], made[2], made[3]


def test_a_container_is_shipped_once_and_everything_in_it_is_at_the_site(hand: Hand, post: Post) -> None:
    wound, cell, pack, box = container(hand)
    shipped_at = timezone.now() - timedelta(days=1)
    body = {"number": "S-1", "site": "DC-SAKAI", "serials": [box.serial], "shipped_at": shipped_at.isoformat()}
    status, answer = post(**body)
    assert status == 201, answer
    fits(schemas.ShipmentShape(), answer)
    assert {each["definition"]: each["n_units"] for each in answer["contents"]} == dict.fromkeys(
        ["LFP-CONTAINER", "LFP-PACK", "LFP-CELL", "LFP-JELLY"], 1
    )
    assert post(**body) == (200, answer)
    box.refresh_from_db()
    assert box.state == "SHIPPED"
    roll = cell.inputs.get().input_unit
    assert roll
    lane = wound.inputs.filter(input_unit__definition__tracking="ROLL").first()
    assert lane and lane.input_unit
    # The roll it was wound from stays here.
    there = site_of([wound.pk, cell.pk, pack.pk, box.pk, lane.input_unit.pk])
    assert {key: (away.site, away.serial, away.shipment) for key, away in there.items()} == dict.fromkeys(
        [wound.pk, cell.pk, pack.pk, box.pk], ("DC-SAKAI", box.serial, "S-1")
    )
    fits(schemas.ShipmentPage(), hand.get("shipments", site="DC-SAKAI").json())
    assert hand.get("shipments", serial=box.serial).json()["items"][0]["number"] == "S-1"
    assert hand.get("shipments", site="DC-INZAI").json()["items"] == []
    sites = hand.get("data-centres").json()
    fits(schemas.DataCentreList(), sites)
    assert {each["site"]: each["n_units"] for each in sites["items"]}["DC-SAKAI"] == 1
    # A machine that asks for it is told where it is.
    assert errors.UNIT_AWAY.code in {reason["code"] for reason in hand.ask(box.serial, "CONT")["reasons"]}


def test_what_must_not_leave_is_refused_with_the_whole_shipment(hand: Hand, post: Post) -> None:
    _, cell, pack, box = container(hand)
    free = container(hand)[3]

    def refused(**changed: Any) -> tuple[int, str]:
        body = {"number": "S-2", "site": "DC-SAKAI", "serials": [free.serial, box.serial], **changed}
        status, answer = post(**body)
        assert not Shipment.objects.exists() and not Unit.objects.filter(state="SHIPPED").exists()
        return status, answer["code"]

    def code(of: Any) -> tuple[int, str]:
        return of.status, of.code

    assert refused(site="DC-MARS") == code(errors.SITE_UNKNOWN)
    assert refused(serials=[pack.serial]) == code(errors.NOT_SHIPPABLE)
    lane = hand.make("ANODE-SLURRY")
    assert refused(serials=[free.serial, lane]) == code(errors.NOT_SHIPPABLE)
    assert refused(serials=[]) == code(errors.NOTHING_SHIPPED)
    assert refused(number="S 2") == code(errors.NUMBER_MALFORMED)
    late = (timezone.now() + timedelta(days=1)).isoformat()
    assert refused(shipped_at=late) == code(errors.TOO_EARLY_TO_SHIP)
    assert refused(shipped_at="2001-01-01T00:00:00+00:00") == code(errors.NOT_MADE_YET)
    assert refused(serials=[free.serial, "NOBODY"])[0] == 404
    Unit.objects.filter(pk=box.pk).update(state="IN_PROCESS")
    assert refused() == code(errors.NOT_FINISHED)
    Unit.objects.filter(pk=box.pk).update(state="COMPLETED", last_test_passed=False)
    assert refused() == code(errors.UNIT_FAILED)
    Unit.objects.filter(pk=box.pk).update(last_test_passed=True)
    hold = hold_unit(cell.pk, reason="Leak", by="person:q", now=timezone.now())  # deep inside
    assert refused() == code(errors.UNIT_HELD)
    hold.members.update(released_at=timezone.now())
    for role in (Role.AUDITOR, Role.QUALITY):
        person = Person.objects.filter(role=role).first()
        assert person
        assert hand.post("shipments", {}, issue_person_token(person)).status_code == 403
    assert hand.post("shipments", {}, "MIX-1").status_code == 403
    assert post(number="S-2", site="DC-SAKAI", serials=[free.serial, box.serial])[0] == 201
    assert post(number="S-3", site="DC-SAKAI", serials=[box.serial])[1]["code"] == errors.SHIPPED_BEFORE.code
    assert post(number="S-2", site="DC-INZAI", serials=[box.serial])[1]["code"] == errors.SHIPMENT_DIFFERS.code


def test_what_comes_back_is_here_and_held_and_may_go_again(hand: Hand, post: Post) -> None:
    _, cell, _, box = container(hand)
    other = container(hand)[3]
    post(number="S-1", site="DC-SAKAI", serials=[box.serial, other.serial])
    back = "shipments/S-1/return"
    assert post(back, serials=[box.serial], reason="")[1]["code"] == errors.RETURN_REASON.code
    assert post(back, serials=[cell.serial], reason="Alarm")[1]["code"] == errors.NOT_IN_SHIPMENT.code
    assert post("shipments/S-9/return", serials=[box.serial], reason="Alarm")[0] == 404
    early = (timezone.now() - timedelta(days=3)).isoformat()
    answer = post(back, serials=[box.serial], reason="Alarm", returned_at=early)[1]
    assert answer["code"] == errors.TOO_EARLY_TO_SHIP.code
    status, answer = post(back, serials=[box.serial], reason="Insulation alarm")
    assert (status, answer["n_there"]) == (200, 1)
    assert post(back, serials=[box.serial], reason="Again")[1]["code"] == errors.NOT_IN_SHIPMENT.code
    box.refresh_from_db()
    assert box.state == "COMPLETED" and cell.pk not in site_of([cell.pk])
    again = {"number": "S-2", "site": "DC-INZAI", "serials": [box.serial]}
    assert post(**again)[1]["code"] == errors.UNIT_HELD.code
    box.held_by.update(released_at=timezone.now())
    assert post(**again)[0] == 201
    assert site_of([cell.pk])[cell.pk].site == "DC-INZAI"
    assert ShippedUnit.objects.filter(unit=box).count() == 2


def test_the_pages_ship_take_back_and_keep_what_was_typed(hand: Hand) -> None:
    _, _, _, box = container(hand)

    def client(role: str) -> Client:
        signed = Client()
        person = Person.objects.filter(role=role).first()
        assert person
        signed.force_login(person)
        return signed

    supervisor, auditor = client(Role.SUPERVISOR), client(Role.AUDITOR)
    assert box.serial in supervisor.get("/shipments/new/").content.decode()
    body = {"number": "S 1", "site": "DC-SAKAI", "scanned": f"\n{box.serial}\n"}
    wrong = supervisor.post("/shipments/new/", body)
    assert wrong.status_code == 422 and errors.NUMBER_MALFORMED.code in wrong.content.decode()
    assert box.serial in wrong.content.decode()
    assert supervisor.post("/shipments/new/", body | {"number": "S-1"}).headers["Location"] == "/shipments/S-1/"
    assert auditor.get("/shipments/new/").status_code == 403
    assert auditor.post("/shipments/S-1/return/", {}).status_code == 403
    page = auditor.get("/shipments/S-1/", headers={"Accept-Language": "ja"}).content.decode()
    assert "LFPパック" in page and "堺AIデータセンター" in page
    assert "S-1" in auditor.get("/shipments/?site=DC-SAKAI&text=s-1").content.decode()
    assert "S-1" not in auditor.get("/shipments/?site=DC-INZAI").content.decode()
    assert auditor.get("/shipments/S-2/").status_code == 404
    refused = supervisor.post("/shipments/S-1/return/", {"serial": box.serial, "reason": ""})
    assert refused.status_code == 422 and errors.RETURN_REASON.code in refused.content.decode()
    done = supervisor.post("/shipments/S-1/return/", {"serial": box.serial, "reason": "Insulation alarm"})
    assert done.status_code == 302
    assert "Insulation alarm" in supervisor.get("/shipments/S-1/").content.decode()
