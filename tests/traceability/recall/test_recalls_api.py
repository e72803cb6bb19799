"""Recalls over the API: counted, kept with their hash, held, exported; and what is refused."""

import hashlib
import io
import json
from datetime import timedelta
from typing import Any
from zipfile import ZipFile

import pytest
from django.db import connection
from django.utils import timezone

from lines.models import MaterialDefinition, OperationRecord, Person
from lines.orders.models import Tracking
from lines.people.models import Role
from lines.people.services import issue_person_token
from tests.traceability.conftest import Hand
from tests.traceability.rolls.test_posts import Web
from tests.traceability.test_units_api import fits
from traceability.models import GenealogyLink, HoldUnit, Recall, Unit
from traceability.recall import schemas
from traceability.trays.models import TrayLoad

LOT = {"kind": "LOT", "supplier": "ACME", "lot": "LOT-GRAPHITE"}


def token(role: str) -> str:
    return issue_person_token(Person.objects.filter(role=role)[0])


def post(hand: Hand, path: str, body: dict[str, Any], status: int, role: str = Role.QUALITY) -> dict[str, Any]:
    response = hand.post(path, body, token(role), f"K-{hand.made}-{len(str(body))}")
    assert response.status_code == status, response.content
    found: dict[str, Any] = response.json()
    return found


def ship(hand: Hand, serial: str) -> None:
    body = {"site": first_site(), "serials": [serial], "number": f"S-{serial}"}
    response = hand.post("shipments", body, token(Role.SUPERVISOR))
    assert response.status_code == 201, response.content


def first_site() -> str:
    with connection.cursor() as cursor:
        cursor.execute("select code from lines_datacentresite order by code limit 1")
        return str(cursor.fetchone()[0])


def test_a_recall_holds_what_is_here_and_lists_what_was_shipped(hand: Hand) -> None:
    shipped, here = hand.make("LFP-CELL"), hand.make("LFP-CELL")
    ship(hand, shipped)
    preview = post(hand, "recalls/preview", LOT, 200, Role.AUDITOR)
    fits(schemas.RecallPreviewShape(), preview)
    assert preview["completeness"]["is_complete"] and preview["n_possible"] == 0
    inside = Unit.objects.filter(outputs__output__serial=shipped).count()
    assert preview["n_shipped"] == 1 + inside
    assert [(row["site"], row["serial"], row["n_units"]) for row in preview["shipped"]] == [
        (first_site(), shipped, 1 + inside)
    ]
    made = post(hand, "recalls", LOT | {"reason": "Iron"}, 201)
    fits(schemas.RecallShape(), made)
    again = post(hand, "recalls", LOT | {"reason": "Iron"}, 200)
    assert again["recall"] == made["recall"]
    held = set(HoldUnit.objects.filter(hold=made["hold"]).values_list("unit__serial", flat=True))
    assert here in held and shipped not in held
    assert len(held) == made["n_units"] - made["n_shipped"]
    # What is made of the lot from now on is held too.
    later = hand.make("ANODE-SLURRY")
    assert HoldUnit.objects.filter(hold=made["hold"], unit__serial=later).exists()
    units = hand.get(f"recalls/{made['recall']}/units", limit=3).json()
    fits(schemas.RecalledUnitPage(), units)
    fits(schemas.MissingLinkPage(), hand.get(f"recalls/{made['recall']}/missing-links").json())
    fits(schemas.RecallPage(), hand.get("recalls").json())
    seen = [each["serial"] for each in units["items"]]
    while units["next_cursor"]:
        units = hand.get(f"recalls/{made['recall']}/units", limit=3, cursor=units["next_cursor"]).json()
        seen += [each["serial"] for each in units["items"]]
    assert len(seen) == len(set(seen)) == made["n_units"]


def test_the_files_are_of_one_content_with_its_hash(hand: Hand) -> None:
    jelly = hand.make("LFP-JELLY")
    GenealogyLink.objects.get(output__serial=jelly, input_unit__definition__code="ANODE-LANE").delete()
    made = post(hand, "recalls", LOT | {"reason": "=1+1", "hold": False}, 201)
    assert made["hold"] is None and made["n_possible"] == 1

    def file(kind: str, **more: str) -> bytes:
        response: Any = hand.get(f"recalls/{made['recall']}/{kind}", **more)
        assert response.status_code == 200, response.content
        return b"".join(response.streaming_content) if response.streaming else response.content

    content = file("json")
    assert hashlib.sha256(content).hexdigest() == made["content_sha256"]
    document = json.loads(content)
    assert [each["serial"] for each in document["missing"]] == [jelly]
    assert len(document["units"]) == made["n_units"] == document["n_units"]
    with ZipFile(io.BytesIO(file("xlsx"))) as book:
        sheets = "".join(book.read(name).decode() for name in book.namelist() if "sheet" in name)
    assert made["content_sha256"] in sheets and jelly in sheets and "<f>" not in sheets and "'=1+1" in sheets
    assert file("pdf").startswith(b"%PDF") and file("pdf", language="ja").startswith(b"%PDF")
    assert file("pdf") == file("pdf")
    assert hand.get(f"recalls/{made['recall']}/exe").status_code == 404
    # Whoever changes what was kept is found out.
    with connection.cursor() as cursor:
        cursor.execute("set constraints all immediate")
        cursor.execute("alter table traceability_recallcontent disable trigger refuse_update")
        cursor.execute("update traceability_recallcontent set compressed = substr(compressed, 1, 100)")
    assert hand.get(f"recalls/{made['recall']}/json").json()["code"] == "MES-T-0960"


@pytest.mark.parametrize(
    ("suspect", "code"),
    [
        ({"kind": "MOON"}, "MES-T-0950"),
        ({"kind": "LOT", "supplier": "ACME", "lot": "NONE"}, "MES-T-0951"),
        ({"kind": "ROLL_RANGE", "serial": "SK1RLC6BL000999XX"}, "MES-T-0951"),
        ({"kind": "CHANNEL", "channel": "X-99", "window_from": "2026-11-01T00:00:00Z"}, "MES-T-0951"),
        ({"kind": "TRAY", "tray": "T-NONE"}, "MES-T-0951"),
        ({"kind": "GAUGE", "gauge": "NONE"}, "MES-T-0951"),
        ({"kind": "RECIPE", "recipe": "LFP-314/WELD/v99"}, "MES-T-0951"),
        ({"kind": "SIGNAL", "signal": 2**61}, "MES-T-0951"),
        ({"kind": "UNITS", "serials": ["NONE-1"]}, "MES-T-0951"),
        ({"kind": "UNITS", "serials": []}, "MES-T-0953"),
        ({"kind": "STATION", "station": "MIX-1"}, "MES-T-0304"),
    ],
)
def test_a_suspect_that_does_not_exist_is_refused(hand: Hand, suspect: dict[str, Any], code: str) -> None:
    for path in ("recalls/preview", "recalls"):
        body = suspect if path.endswith("preview") else suspect | {"reason": "why"}
        response = hand.post(path, body, token(Role.QUALITY))
        assert 400 <= response.status_code < 500, response.content
        assert response.json()["code"] == code, response.content
    assert not Recall.objects.exists()


def test_a_tray_is_recalled_with_what_is_in_it_and_no_emptied_one_looks_clean(hand: Hand) -> None:
    unit = Unit.objects.get(serial=hand.make("LFP-CELL"))
    now = timezone.now()
    load = TrayLoad.objects.create(tray="T-7", slot=1, unit=unit, loaded_at=now, loaded_by="a test")
    tray = {"kind": "TRAY", "tray": "T-7"}
    assert post(hand, "recalls/preview", tray, 200)["n_units"] == 1
    load.unloaded_at = now
    load.save()
    assert post(hand, "recalls/preview", tray, 422)["code"] == "MES-T-0961"


def test_a_window_is_named_in_the_zone_that_it_says(hand: Hand) -> None:
    window = {"window_from": "2026-11-01T08:00:00+09:00", "window_to": "2026-11-01T12:00:00+09:00"}
    told = post(hand, "recalls/preview", {"kind": "STATION", "station": "FILL-1", **window}, 200)
    assert told["subject"] == "FILL-1 2026-10-31 23:00–2026-11-01 03:00 UTC"


def test_who_may_confirm_and_what_it_needs(hand: Hand) -> None:
    hand.make("ANODE-SLURRY")
    for role in (Role.AUDITOR, Role.OPERATOR):
        assert post(hand, "recalls/preview", LOT, 200, role)["n_units"] == 1
        assert post(hand, "recalls", LOT | {"reason": "x"}, 403, role)["code"] == "MES-T-0957"
    assert post(hand, "recalls", LOT, 422)["code"] == "MES-T-0955"
    assert hand.post("recalls/preview", LOT, "MIX-1").status_code == 403
    assert hand.get("recalls/1").status_code == 404
    assert not Recall.objects.exists()


def test_what_matches_everything_must_be_confirmed_expressly(hand: Hand) -> None:
    now = timezone.now()
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into traceability_unit (serial, state, accepted, created_at, updated_at, extra_passes, grade)"
            " select 'E' || n, 'IN_PROCESS', '{}', %(now)s, %(now)s, 0, '' from generate_series(1, 1200) as n",
            {"now": now - timedelta(days=9)},
        )
        cursor.execute(
            "insert into traceability_genealogylink (output_id, input_unit_id, record_id, uom, basis)"
            " select id, %(first)s, %(record)s, '', 'RECORDED' from traceability_unit where serial like 'E%%'",
            first_unit(hand),
        )
    body = {"kind": "UNITS", "serials": [hand.lots["made"]]}
    preview = post(hand, "recalls/preview", body, 200)
    assert preview["is_everything"] and [each["code"] for each in preview["warnings"]] == ["MES-T-0954"]
    assert post(hand, "recalls", body | {"reason": "all"}, 409)["code"] == "MES-T-0954"
    assert post(hand, "recalls", body | {"reason": "all", "expressly": True}, 201)["n_units"] == 1201


def first_unit(hand: Hand) -> dict[str, int]:
    serial = hand.make("ANODE-SLURRY")
    hand.lots["made"] = serial
    link = GenealogyLink.objects.filter(output__serial=serial)[0]
    return {"first": link.output_id, "record": link.record_id}


def recalled(hand: Hand, serial: str) -> dict[str, dict[str, Any]]:
    """What a recall from a unit finds, by serial."""
    made = post(hand, "recalls", {"kind": "UNITS", "serials": [serial], "reason": "Fire"}, 201)
    return {each["serial"]: each for each in hand.get(f"recalls/{made['recall']}/units", limit=200).json()["items"]}


def test_a_container_is_recalled_with_what_is_in_it(hand: Hand) -> None:
    part, container = hand.make("LFP-CELL"), hand.make("ANODE-SLURRY")
    # A container by its definition; what it is packed with is a link as any other.
    definition = MaterialDefinition.objects.filter(tracking=Tracking.CONTAINER)[0]
    Unit.objects.filter(serial=container).update(definition=definition)
    GenealogyLink.objects.create(
        output=Unit.objects.get(serial=container),
        input_unit=Unit.objects.get(serial=part),
        record=OperationRecord.objects.filter(serial=container)[0],
    )
    ship(hand, container)
    found = recalled(hand, container)
    assert set(found) == {container, part}
    assert {each["place"] for each in found.values()} == {"SHIPPED"}
    assert found[part]["built_into"] == container


def test_rolls_and_batches_that_were_used_up_are_not_told_as_here(hand: Hand) -> None:
    web = Web(hand)
    web.wind()
    found = recalled(hand, web.slurries[0])
    assert {serial: found[serial]["place"] for serial in (web.coated, web.pressed, web.slit)} == {
        web.coated: "USED_UP",  # all of it went through the calender
        web.pressed: "FINISHED",  # one of its lanes was cut
        web.slit: "LINE",
    }
    (jelly,) = web.jellies
    assert found[jelly]["built_into"] is None
