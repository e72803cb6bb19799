"""Pages of recalls, and suspects of every kind."""

from datetime import timedelta
from typing import Any

from django.test import Client

from lines.models import OperationRecord, Person
from lines.people.models import Role
from quality.models import Gauge
from tests.traceability.conftest import Hand
from traceability.models import Hold, Recall, Unit
from traceability.recall.asked import AskedSuspect, from_form, from_json
from traceability.recall.queries import traced
from traceability.recall.suspects import look_up


def page(role: str) -> Client:
    client = Client()
    client.force_login(Person.objects.filter(role=role)[0])
    return client


def test_from_the_address_to_the_kept_recall(hand: Hand) -> None:
    roll = hand.make("ANODE-ROLL")
    client, asked = page(Role.QUALITY), "/recall/?kind=LOT&supplier=ACME&lot=LOT-GRAPHITE"
    shown = client.get(asked)
    assert shown.status_code == 200 and roll in shown.content.decode()
    assert client.get("/recall/?kind=LOT&supplier=ACME&lot=NONE").status_code == 422
    assert client.get("/recall/?kind=SIGNAL&signal=99999999999999999999").status_code == 422
    assert b"Keep it and hold" not in page(Role.AUDITOR).get(asked).content
    form = {"kind": "LOT", "supplier": "ACME", "lot": "LOT-GRAPHITE", "token": "T-1"}
    assert client.post("/recall/", form).status_code == 422 and not Recall.objects.exists()
    assert page(Role.AUDITOR).post("/recall/", form | {"reason": "Iron"}).status_code == 403
    first, again = (client.post("/recall/", form | {"reason": "Iron"}) for _ in range(2))
    assert first.status_code == again.status_code == 302 and first.headers["Location"] == again.headers["Location"]
    recall = Recall.objects.get()
    assert recall.hold is not None and recall.hold.scope == "LOT"
    kept = page(Role.AUDITOR).get(first.headers["Location"])
    assert kept.status_code == 200 and recall.content_sha256 in kept.content.decode()
    for kind in ("pdf", "xlsx", "json"):
        assert page(Role.AUDITOR).get(f"{first.headers['Location']}recall.{kind}").status_code == 200
    assert client.get("/recall/999/").status_code == client.get(f"/recall/{recall.pk}/recall.exe").status_code == 404
    # The same suspect again, by the link of the page.
    assert from_form({**recall.asked}) == from_json(recall.asked)


def units_of(asked: AskedSuspect) -> set[str]:
    with traced(look_up(asked)) as answer:
        return {each.unit.serial for each in answer.units()}


def test_suspects_of_every_kind_reach_what_they_touched(hand: Hand) -> None:
    batch, other = hand.make("ANODE-SLURRY"), hand.make("CATHODE-SLURRY")
    roll = hand.make("CATHODE-ROLL")
    record = OperationRecord.objects.get(serial=batch)
    station, since = record.station.code, record.source_time - timedelta(minutes=5)
    assert {batch, other} <= units_of(AskedSuspect("STATION", station=station, window_from=since))
    assert units_of(AskedSuspect("UNITS", serials=(batch,))) == {batch}
    gauge = Gauge.objects.create(
        code="MIX-SCALE", name_en="Scale", name_ja="はかり", station=record.station,
        calibrated_at=since - timedelta(days=30), valid_until=since + timedelta(days=30),
    )  # fmt: skip
    assert {batch, other, roll} <= units_of(AskedSuspect("GAUGE", gauge=gauge.code, window_from=since))
    recipe = "LFP-314/MIX-A/v1"
    with_recipe = hand.serial("SLA")
    assert hand.tell(hand.body(with_recipe, "MIX-A", recipe=recipe)).status_code == 201
    with traced(look_up(AskedSuspect("RECIPE", recipe=recipe))) as answer:
        found = {each.unit.serial: each.certainty for each in answer.units()}
    # What did not say by which recipe it was made may have been made by this one.
    assert found[with_recipe] == "RECORDED" and found[batch] == "POSSIBLE" and other not in found
    cell = hand.serial("CLF")
    assert hand.tell(hand.body(cell, "FORM", tray="T-1", slot=1, channel="F-01")).status_code == 201
    asked: dict[str, Any] = {"kind": "CHANNEL", "channel": "F-01", "window_from": since.isoformat()}
    assert cell in units_of(from_json(asked))
    assert Unit.objects.filter(serial=cell).exists() and not Hold.objects.filter(scope="CHANNEL").exists()
