"""Signing in, both languages from the first page, and pages that say what went wrong."""

import psycopg
import pytest
from django.db import connection
from django.test import Client

from lines.models import Person
from tests.processes import database_url

pytestmark = pytest.mark.django_db


@pytest.fixture
def reader() -> Person:
    return Person.objects.create_user("reader", password="a-long-password", name_en="Reader", name_ja="閲覧者")


@pytest.mark.parametrize("address", ["/", "/stations/COAT-1/", "/alarms/", "/go/unit/X/", "/stations/COAT-1/parts/"])
def test_pages_ask_for_a_sign_in(client: Client, address: str) -> None:
    answer = client.get(address)
    assert (answer.status_code, answer["Location"]) == (302, f"/login/?next={address}")


def test_health_asks_for_none(client: Client) -> None:
    assert client.get("/healthz").json() == {"status": "ok"}


@pytest.mark.django_db(transaction=True)
def test_health_is_ill_without_the_database(client: Client) -> None:
    with psycopg.connect(database_url(), autocommit=True) as other:
        connection.ensure_connection()
        pid = connection.connection.info.backend_pid
        other.execute("select pg_terminate_backend(%s, 5000)", [pid])
    assert client.get("/healthz").status_code == 503
    assert client.get("/healthz").status_code == 200


@pytest.mark.parametrize(
    "address", ["/stations/%00/", "/alarms/?station=%00", "/charts/A%00B/", "/api/v1/units?kind=%00"]
)
def test_a_nul_in_an_address_is_refused(client: Client, address: str) -> None:
    assert client.get(address).status_code == 400


def test_signing_in_leads_to_what_was_asked_for(client: Client, reader: Person) -> None:
    words = {"username": reader.username, "password": "a-long-password", "next": "/alarms/"}
    assert client.post("/login/", words)["Location"] == "/alarms/"


def test_a_wrong_password_is_told_without_telling_which(client: Client, reader: Person) -> None:
    for username in (reader.username, "nobody"):
        page = client.post("/login/", {"username": username, "password": "wrong"}).content.decode()
        assert "User name and password do not match" in page


def test_the_language_is_chosen_before_signing_in_and_stays(client: Client, reader: Person) -> None:
    assert "Sign in" in client.get("/login/").content.decode()
    client.post("/i18n/setlang/", {"language": "ja", "next": "/login/"})
    assert "利用者名" in client.get("/login/").content.decode()
    client.force_login(reader)
    page = client.get("/").content.decode()
    assert '<html lang="ja">' in page and "閲覧者" in page


def test_an_unknown_address_says_so_in_both_languages(client: Client, reader: Person) -> None:
    client.force_login(reader)
    for language, word in (("en", "There is nothing at this address"), ("ja", "このアドレスには何もありません")):
        answer = client.get("/nothing/", headers={"accept-language": language})
        assert answer.status_code == 404
        assert word in answer.content.decode()


def test_a_form_from_elsewhere_is_refused(reader: Person) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(reader)
    answer = client.post("/alarms/1/acknowledge/", {"note": "x"})
    assert answer.status_code == 403
    assert "The page was open for too long" in answer.content.decode()


def test_an_error_of_ours_shows_no_detail(reader: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr("mes.overview.queries.overview", broken)
    client = Client(raise_request_exception=False)
    client.force_login(reader)
    answer = client.get("/")
    assert answer.status_code == 500
    page = answer.content.decode()
    assert "Something went wrong here, not with you" in page and "secret detail" not in page


def test_no_page_may_run_foreign_or_inline_script(client: Client) -> None:
    policy = client.get("/login/")["Content-Security-Policy"]
    assert "default-src 'self'" in policy and "unsafe-eval" not in policy and "script-src" not in policy
