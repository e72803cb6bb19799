"""Who may post: tokens are made, replaced and ended; a certificate binds one; the throttle says when to come again."""

import hashlib
import ssl
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import psycopg
import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from lines.errors import Code
from lines.models import Alarm, Operation, Person, Station, StationToken
from lines.people import errors
from lines.people.certificates import fingerprint
from lines.people.models import Role
from lines.people.services import issue_person_token, issue_station_token
from lines.tokens.queries import TokenState, state_of
from lines.tokens.services import rotate_token, warn_of_expiry
from tests.lines.rows import make_line, make_server, make_station
from tests.processes import database_url

pytestmark = pytest.mark.django_db
PEM = ssl.DER_cert_to_PEM_cert(b"a certificate of a station")
SHA256 = hashlib.sha256(b"a certificate of a station").hexdigest()


@pytest.fixture
def station() -> Station:
    found = make_station(make_server(make_line(), "SRV"), "EOL-9").station
    for code in ("EOL", "EOL-B"):
        found.operations.add(Operation.objects.create(code=code, kind="PACK_TEST", name_en=code, name_ja=code))
    return found


@pytest.fixture
def administrator() -> Person:
    return Person.objects.create(username="root", role=Role.ADMINISTRATOR, name_en="Root", name_ja="管理")


def _status(token: str, **headers: str) -> int:
    answer = Client().get("/api/v1/stations/EOL-9", headers={"Authorization": f"Token {token}", **headers})
    return answer.status_code


@pytest.mark.usefixtures("station")
def test_a_token_is_made_replaced_and_ended_over_the_api(administrator: Person) -> None:
    client = Client(headers={"Authorization": f"Token {issue_person_token(administrator)}"})
    ends = (timezone.now() + timedelta(days=20)).isoformat()
    made = client.post(
        "/api/v1/stations/EOL-9/tokens",
        {"expires_at": ends, "operations": ["EOL"], "certificate_sha256": ""},
        content_type="application/json",
    ).json()
    assert (made["state"], made["operations"], made["made_by"]) == ("EXPIRES_SOON", ["EOL"], "person:root")
    assert _status(made["token"]) == 200
    assert not StationToken.objects.filter(sha256=made["token"]).exists()  # only the hash is kept

    own = Client(headers={"Authorization": f"Token {made['token']}"})
    assert own.post("/api/v1/stations/OTHER/tokens/rotate").status_code == 403
    rotated = own.post("/api/v1/stations/EOL-9/tokens/rotate").json()
    assert (rotated["operations"], rotated["replaces"]) == (["EOL"], made["id"])
    lives = timedelta(days=20)
    new, old = (StationToken.objects.get(pk=token["id"]) for token in (rotated, made))
    assert new.expires_at and abs(new.expires_at - timezone.now() - lives) < timedelta(minutes=1)
    assert old.expires_at and old.expires_at - timezone.now() < timedelta(minutes=10)
    assert _status(made["token"]) == _status(rotated["token"]) == 200  # the grace
    # The answer was lost: the station asks again with the one it has.
    again = own.post("/api/v1/stations/EOL-9/tokens/rotate").json()
    assert again["expires_at"] == rotated["expires_at"] and again["token"] != rotated["token"]

    gone = f"/api/v1/stations/EOL-9/tokens/{rotated['id']}"
    assert client.delete(gone).status_code == 204
    assert _status(rotated["token"]) == 401  # with the next request
    assert client.delete(gone).json()["code"] == errors.TOKEN_ENDED.code
    old.expires_at = timezone.now() - timedelta(seconds=1)
    old.save()
    assert _status(made["token"]) == 401
    assert {item["state"] for item in client.get("/api/v1/stations/EOL-9/tokens").json()["items"]} == {
        "EXPIRES_SOON", "EXPIRED", "REVOKED"
    }  # fmt: skip


@pytest.mark.django_db(transaction=True)
def test_a_station_is_answered_after_the_database_ended_its_connection(station: Station) -> None:
    token = issue_station_token(station)
    assert _status(token) == 200
    pid = connection.connection.info.backend_pid
    with psycopg.connect(database_url(), autocommit=True) as other:
        other.execute("select pg_terminate_backend(%s, 5000)", [pid])
    assert _status(token) == 200
    assert connection.connection.info.backend_pid != pid


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"operations": ["WELD"]}, errors.TOKEN_OPERATIONS),
        ({"expires_at": "2020-01-01T00:00:00Z"}, errors.TOKEN_EXPIRY),
        ({"certificate_sha256": "12:34"}, errors.TOKEN_CERTIFICATE),
    ],
)
def test_what_no_token_can_be(station: Station, administrator: Person, body: dict[str, object], code: Code) -> None:
    client = Client(headers={"Authorization": f"Token {issue_person_token(administrator)}"})
    answer = client.post("/api/v1/stations/EOL-9/tokens", body, content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (422, code.code)
    administrator.role = Role.SUPERVISOR
    administrator.save()
    answer = client.post("/api/v1/stations/EOL-9/tokens", {}, content_type="application/json")
    assert answer.status_code == 403
    assert not StationToken.objects.filter(station=station).exists()


def test_somebody_is_told_before_a_token_ends(station: Station) -> None:
    soon = timezone.now() + timedelta(days=20)
    issue_station_token(station, soon)
    issue_station_token(station, timezone.now() + timedelta(days=90))
    warn_of_expiry()
    assert not Alarm.objects.exists()  # it is just made, and lives for 20 days
    StationToken.objects.update(created_at=timezone.now() - timedelta(days=100))
    warn_of_expiry()
    warn_of_expiry()
    alarm = Alarm.objects.get()
    assert (alarm.station, alarm.code, alarm.cleared_at) == (station, errors.TOKEN_EXPIRES.code, None)
    token = StationToken.objects.get(expires_at=soon)
    rotate_token(station, token.pk, by="person:root")
    StationToken.objects.filter(replaces=token).update(expires_at=None)
    warn_of_expiry()
    alarm.refresh_from_db()
    assert alarm.cleared_at is not None and Alarm.objects.count() == 1


def test_a_bound_token_counts_with_its_certificate_alone(station: Station, settings: Any) -> None:
    plain = issue_station_token(station)
    StationToken.objects.update(certificate_sha256=SHA256)
    told = {"X-Client-Certificate": quote(PEM)}
    assert _status(plain, **told) == 403  # no proxy is said to check it
    settings.DENCHI_CLIENT_CERTIFICATE_HEADER = "X-Client-Certificate"
    assert _status(plain) == 403
    assert _status(plain, **{"X-Client-Certificate": "00" * 32}) == 403
    assert _status(plain, **told) == 200
    assert _status(plain, **{"X-Client-Certificate": SHA256.upper()}) == 200
    assert fingerprint("no certificate") == ""


def test_the_throttle_says_when_to_come_again(station: Station, settings: Any) -> None:
    settings.DENCHI_STATION_BURST, settings.DENCHI_STATION_RATE = 3.0, 0.1
    plain, other = issue_station_token(station), issue_station_token(station)
    assert [_status(plain) for _ in range(4)] == [200, 200, 200, 429]
    assert _status(other) == 200
    answer = Client().get("/api/v1/stations/EOL-9", headers={"Authorization": f"Token {plain}"})
    assert answer.json()["code"] == errors.THROTTLED.code
    assert 8 <= int(answer["Retry-After"]) <= 10


@pytest.mark.usefixtures("station")
def test_the_administrators_page(administrator: Person, caplog: pytest.LogCaptureFixture) -> None:
    client = Client()
    client.force_login(administrator)
    url = "/stations/EOL-9/tokens/"
    assert "This station has no token." in client.get(url).content.decode()
    refused = client.post(url, {"expires_on": "2020-01-01", "certificate": "x"})
    assert refused.status_code == 422 and "expires_on-error" in refused.content.decode()
    page = client.post(url, {"expires_on": str(timezone.localdate() + timedelta(days=5)), "operations": ["EOL"]})
    token = StationToken.objects.get()
    plain = page.content.decode().split("<output")[1].split(">")[1].split("<")[0]
    assert page["Cache-Control"] == "no-store" and _status(plain) == 200
    shown = client.get(url, headers={"accept-language": "ja"}).content.decode()
    assert plain not in shown and "まもなく期限切れ" in shown and "1 件" in shown
    assert client.post(f"{url}{token.pk}/rotate/").status_code == 200
    assert client.post(f"{url}{token.pk}/revoke/").status_code == 302
    assert client.post(f"{url}{token.pk}/revoke/").status_code == 409
    token.refresh_from_db()
    assert state_of(token, timezone.now()) == TokenState.REVOKED and _status(plain) == 401
    auditor = Person.objects.create(username="a", role=Role.AUDITOR, name_en="A", name_ja="A")
    client.force_login(auditor)
    assert client.get(url).status_code == 403
    (logged,) = [record for record in caplog.records if url in record.getMessage() and "Forbidden" in record.msg]
    assert not logged.exc_info  # one line, no traceback
