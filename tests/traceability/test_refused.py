"""Refused posts: looked through, replayed as the station's own, corrected or dismissed; and a token's scope."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from lines import errors as l_errors
from lines.models import OperationRecord, Person, QuarantinedPost, StationClock, StationPost, StationToken
from lines.people.errors import TOKEN_SCOPE
from lines.people.models import Role
from lines.people.services import issue_person_token
from lines.records import errors
from quality import errors as q_errors
from tests.traceability.conftest import Hand
from traceability.refused.bodies import readable, replay_key
from traceability.refused.services import dismiss, replay


@pytest.fixture
def engineer(hand: Hand) -> Person:  # noqa: ARG001 - order
    return Person.objects.create(username="engineer", role=Role.QUALITY, name_en="Engineer", name_ja="品質担当")


def _refused(hand: Hand, serial: str, **changed: Any) -> QuarantinedPost:
    body = hand.body(serial, "MIX-A", **changed)
    assert hand.post("stations/MIX-1/results", body, "MIX-1", "K-9").status_code == 422
    return QuarantinedPost.objects.get(settled_at=None)


def test_a_replay_is_the_stations_own_post(hand: Hand, engineer: Person) -> None:
    """Corrected by an engineer days later: stored under the station's key, with its times as of when it came."""
    serial = hand.serial("SLA")
    post = _refused(hand, serial, colour="blue")
    long_ago = timezone.now() - timedelta(days=25)
    body = {k: v for k, v in json.loads(bytes(post.body)).items() if k != "colour"}
    body["finished_at"] = (long_ago - timedelta(days=20)).isoformat()
    body["started_at"] = (long_ago - timedelta(days=21)).isoformat()
    QuarantinedPost.objects.update(received_at=long_ago)
    client = Client(headers={"Authorization": f"Token {issue_person_token(engineer)}"})
    url = f"/api/v1/refused-posts/{post.pk}"

    again = client.post(f"{url}/replay", "", content_type="application/json")
    assert (again.status_code, again.json()["code"]) == (422, l_errors.UNKNOWN_FIELD.code)
    kept = QuarantinedPost.objects.get()  # no second one
    assert kept.settled_at is None and not StationPost.objects.exists()

    answer = client.post(f"{url}/replay", {"body": body}, content_type="application/json")
    assert answer.status_code == 200, answer.content
    kept.refresh_from_db()
    assert (kept.settlement, kept.settled_by) == ("REPLAYED", "engineer")
    assert b"colour" in bytes(kept.body) and json.loads(bytes(kept.replayed_body or b"")) == body
    stored = StationPost.objects.get(key="K-9")
    assert kept.replayed_as == stored and OperationRecord.objects.get(serial=serial).post == stored
    # The station's repeat of what was stored finds it.
    repeat = hand.post("stations/MIX-1/results", bytes(kept.replayed_body or b""), "MIX-1", "K-9")
    assert (repeat.status_code, repeat.json()) == (201, answer.json()["answer"])
    assert client.post(f"{url}/replay", "", content_type="application/json").json()["code"] == (
        errors.REFUSED_SETTLED.code
    )
    assert client.get(url).json()["serials"] == [serial]


def test_one_unit_of_a_tray(hand: Hand, engineer: Person) -> None:
    serials = [hand.make("LFP-CELL", until="FORM") for _ in range(2)]
    body = hand.body(serials[0], "FORM", tray="T-1")
    items = [
        {"serial": s, "slot": n + 1, "outcome": "PASS", "measurements": hand.values(s, "FORM")}
        for n, s in enumerate(serials)
    ]
    items[1]["measurements"] = [{"code": "NO-1", "value": 1.0, "unit": "g"}]
    head = {k: v for k, v in body.items() if k not in ("serial", "outcome", "measurements", "slot")}
    told = hand.tell({**head, "operation": "FORM", "items": items}, "TRAY")
    assert told.status_code == 201, told.content
    post = QuarantinedPost.objects.get()
    assert (post.path, post.code) == (
        "/api/v1/stations/FORM-1/results#items[1]",
        q_errors.UNKNOWN_CHARACTERISTIC.code,
    )
    edited = json.loads(bytes(post.body))
    assert edited["tray"] == "T-1" and len(edited["items"]) == 1
    edited["items"][0]["measurements"] = hand.values(serials[1], "FORM")
    taken = replay(post.pk, engineer, json.dumps(edited).encode())
    assert taken.answer["items"][0]["serial"] == serials[1]
    record = OperationRecord.objects.get(serial=serials[1], operation="FORM")
    assert (record.post.key, record.tray, record.slot) == ("TRAY#1", "T-1", 2)


def test_a_body_that_broke_off_is_repaired(hand: Hand, engineer: Person) -> None:
    """Its own id is the key, as if it had come whole, and the station's clock is not measured by what came long ago."""
    body = hand.body(hand.serial("SLA"), "MIX-A", result_id="R-7", sent_at=timezone.now().isoformat())
    whole = json.dumps(body).encode()
    assert hand.post("stations/MIX-1/results", whole[:-9], "MIX-1").status_code == 400
    post = QuarantinedPost.objects.get()
    QuarantinedPost.objects.update(received_at=timezone.now() - timedelta(seconds=90))
    replay(post.pk, engineer, whole)
    post.refresh_from_db()
    assert post.replayed_as is not None and post.replayed_as.key == "R-7"
    assert not StationClock.objects.exists()
    repeat = hand.post("stations/MIX-1/results", whole, "MIX-1")
    assert (repeat.status_code, repeat.headers["Idempotency-Replayed"]) == (201, "true")


def test_a_station_that_speaks_for_another_is_throttled(hand: Hand, settings: Any) -> None:
    settings.DENCHI_STATION_BURST, settings.DENCHI_STATION_RATE = 2.0, 0.001
    answers = [hand.post("stations/MIX-1/permits", {"serial": "X"}, "EOL-1").status_code for _ in range(4)]
    assert answers == [403, 403, 429, 429]
    assert QuarantinedPost.objects.count() == 2


def test_what_cannot_be_replayed_and_who_may_not(hand: Hand, engineer: Person) -> None:
    hand.post("stations/MIX-1/permits", {"serial": "X", "operation": "JUGGLE"}, "MIX-1")
    hand.post("stations/MIX-1/results", hand.body(hand.serial("SLA"), "MIX-A"), "WIND-1", "K")
    client = Client(headers={"Authorization": f"Token {issue_person_token(engineer)}"})
    listed = client.get("/api/v1/refused-posts").json()["items"]
    assert [item["is_replayable"] for item in listed] == [False, False]
    for item in listed:
        answer = client.post(f"/api/v1/refused-posts/{item['id']}/replay", "", content_type="application/json")
        assert answer.json()["code"] == errors.NOT_REPLAYABLE.code
    note = f"/api/v1/refused-posts/{listed[1]['id']}/dismiss"
    assert client.post(note, {"note": " "}, content_type="application/json").status_code == 422
    with pytest.raises(l_errors.Refusal) as bad_note:
        dismiss(listed[1]["id"], engineer, "A\x00test.")
    assert bad_note.value.code == errors.DISMISS_NOTE
    assert client.post(note, {"note": "A test."}, content_type="application/json").json()["settlement"] == "DISMISSED"
    assert len(client.get("/api/v1/refused-posts?state=open&code=MES-L-0002").json()["items"]) == 1
    assert client.get("/api/v1/refused-posts/99999").json()["code"] == errors.REFUSED_UNKNOWN.code
    auditor = Person.objects.get(role=Role.AUDITOR)
    with pytest.raises(l_errors.Refusal) as refused:
        dismiss(listed[0]["id"], auditor, "Why not.")
    assert refused.value.code == errors.REFUSED_NOT_YOURS


def test_the_pages(hand: Hand, engineer: Person) -> None:
    first, second = hand.serial("SLA"), hand.serial("SLA")
    post = _refused(hand, first, colour="<b>blue")
    hand.post("stations/MIX-1/results", hand.body(second, "MIX-A"), "MIX-1", "k" * 129)  # no key that counts
    client = Client()
    client.force_login(engineer)
    page = client.get("/refused/", headers={"accept-language": "ja"}).content.decode()
    assert l_errors.UNKNOWN_FIELD.what_ja in page and "MIX-1" in page
    page = client.get(f"/refused/{post.pk}/").content.decode()
    assert "&lt;b&gt;blue" in page and "Leave out the field" in page
    answer = client.post("/refused/replay/", {"post": [p.pk for p in QuarantinedPost.objects.all()]})
    assert answer.content.decode().count("Refused again") == 1
    assert OperationRecord.objects.get().serial == second  # under a key of ours
    refused = client.post(f"/refused/{post.pk}/replay/", {"body": "{not"})
    assert refused.status_code == 400 and "{not" in refused.content.decode()
    text = readable(bytes(post.body)).replace('"colour": "<b>blue"', '"mass_kg": 900.0').replace("\n", "\r\n")
    assert client.post(f"/refused/{post.pk}/dismiss/", {"note": ""}).status_code == 422
    assert client.post(f"/refused/{post.pk}/replay/", {"body": text}).status_code == 302
    page = client.get(f"/refused/{post.pk}/").content.decode()
    assert first in page and "What was replayed" in page
    client.force_login(Person.objects.create(username="o", role=Role.OPERATOR, name_en="O", name_ja="O"))
    assert client.get("/refused/").status_code == 403
    assert "/refused/" not in client.get("/").content.decode()


def test_a_token_of_some_operations(hand: Hand) -> None:
    StationToken.objects.filter(station__code="MIX-1").update(operations=["MIX-C"])
    serial = hand.serial("SLA")
    told = hand.tell(hand.body(serial, "MIX-A"), "K-1")
    assert (told.status_code, told.json()["code"]) == (403, TOKEN_SCOPE.code)
    asked = hand.post("stations/MIX-1/permits", {"serial": serial, "operation": "MIX-A"}, "MIX-1")
    assert (asked.status_code, asked.json()["code"]) == (403, TOKEN_SCOPE.code)
    assert QuarantinedPost.objects.filter(code=TOKEN_SCOPE.code, station__code="MIX-1").count() == 2
    assert not StationPost.objects.exists()
    StationToken.objects.filter(station__code="MIX-1").update(operations=[])
    permit = hand.ask(serial, "MIX-A")["permit"]
    StationToken.objects.filter(station__code="MIX-1").update(operations=["MIX-C"])
    headers = {"Authorization": f"Token {hand.tokens['MIX-1']}"}
    cancelled = hand.client.delete(f"/api/v1/stations/MIX-1/permits/{permit}", headers=headers)
    assert (cancelled.status_code, cancelled.json()["code"]) == (403, TOKEN_SCOPE.code)
    StationToken.objects.filter(station__code="MIX-1").update(operations=["MIX-A"])
    assert hand.tell(hand.body(serial, "MIX-A"), "K-1").status_code == 201


def test_bodies_are_shown_as_they_came() -> None:
    assert readable(b'{"a":1.50,"b":[],"a":1e400,"c":NaN,"d":"\\u0000"}') == (
        '{\n  "a": 1.50,\n  "b": [],\n  "a": 1e400,\n  "c": NaN,\n  "d": "\\u0000"\n}'
    )
    assert readable(b"\xff\x00{") == "\\xff\\u0000{"
    for deep in (b"[" * 21 + b"]" * 21, b"[" * 900 + b"1," * 9_000 + b"1" + b"]" * 900, b"[" + b"1," * 400_000 + b"1]"):
        assert readable(deep) == deep.decode()  # indented, it would be many times as long
    assert replay_key("K", "/p#items[3]", 7, True) == "K#3"
    assert replay_key("", "/p", 7, True) == "" and replay_key("", "/p", 7, False) == "refused-7"
