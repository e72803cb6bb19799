"""The ledger as people and programs read it: strips, gaps, exports, API, and the visits that a gap touches."""

import io
import zipfile
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries
from python_calamine import CalamineWorkbook

from lines.ledger.models import Gap, LedgerHour, Loss, StationTally
from lines.ledger.queries import gaps_of, records_in
from lines.models import OperationRecord, Station, StationPost
from lines.people.models import Person, Role
from lines.people.services import issue_person_token
from lines.spreadsheets import as_csv, as_xlsx
from tests.lines.rows import make_line, make_server, make_station

pytestmark = pytest.mark.django_db

HOUR = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(hours=2)


def at(minute: float) -> datetime:
    return HOUR + timedelta(minutes=minute)


@pytest.fixture
def station() -> Station:
    server = make_server(make_line(), "PACK")
    made = make_station(server, "EOL-1").station
    make_station(server, "=EOL-2")
    LedgerHour.objects.create(station=made, hour=HOUR, received=90, late=3, duplicates=2, rejected=1)
    LedgerHour.objects.create(station=Station.objects.get(code="=EOL-2"), hour=HOUR, received=1)
    StationTally.objects.create(station=made, source="L1-x", state=b"", counting_since=HOUR - timedelta(days=1))
    return made


def a_gap(station: Station, since: float, until: float | None, lost: int | None = None, **more: object) -> Gap:
    gap = Gap.objects.create(
        **{"station": station, "cause": "CUT", "since": at(since), "opened_at": at(since)},
        **{"until": at(until) if until is not None else None, "closed_at": at(until) if until is not None else None},
        **{"decided_at": at(until) if until is not None else None, "lost": lost},
        **({"event": f"e{since}"} | more),
    )
    if lost and until is not None:
        Loss.objects.create(gap=gap, station=station, since=at(since + 1), until=at(until), lost=lost)
    return gap


def a_record(station: Station, serial: str, began: float | None, ended: float) -> OperationRecord:
    post = StationPost.objects.create(station=station, key=serial, body_sha256="", received_at=at(ended))
    return OperationRecord.objects.create(
        **{"post": post, "station": station, "operation": "EOL", "serial": serial, "attempt": 1},
        **{"started_at": at(began) if began is not None else None, "source_time": at(ended)},
        **{"received_at": at(ended + 5), "machine_outcome": "PASS", "verdict": "PASS", "is_conforming": True},
    )


def test_the_api_tells_hours_and_gaps(station: Station) -> None:
    lost, unknown = a_gap(station, 10, 20, 9), a_gap(station, 100, 101)
    a_record(station, "A", 12, 13)
    person = Person.objects.create(username="p", role=Role.OPERATOR)
    client = Client(headers={"Authorization": f"Token {issue_person_token(person)}"})
    told = client.get("/api/v1/telemetry/ledger", {"station": "EOL-1"}).json()
    hours = {hour["hour"]: hour for hour in told["items"][0]["hours"]}
    assert len(told["items"]) == 1
    assert hours[HOUR.isoformat()] == {
        **{"hour": HOUR.isoformat(), "expected": 100, "received": 90, "late": 3, "duplicates": 2, "rejected": 1},
        **{"lost": 9, "in_doubt": False},
    }
    assert hours[at(60).isoformat()]["in_doubt"]
    gaps = client.get("/api/v1/telemetry/gaps").json()["items"]
    assert [(gap["id"], gap["state"], gap["lost"]) for gap in gaps] == [
        (unknown.pk, "UNKNOWN", None),
        (lost.pk, "LOST", 9),
    ]
    assert [gap["id"] for gap in client.get("/api/v1/telemetry/gaps", {"state": "LOST"}).json()["items"]] == [lost.pk]
    one = client.get(f"/api/v1/telemetry/gaps/{lost.pk}").json()
    assert [record["serial"] for record in one["records"]] == ["A"]
    for wrong in ({"state": "x"}, {"since": "yesterday"}, {"limit": "0"}, {"since": at(60 * 24).isoformat()}):
        assert client.get("/api/v1/telemetry/gaps", wrong).json()["code"] == "MES-L-0007"
    assert client.get("/api/v1/telemetry/gaps/999999").json()["code"] == "MES-L-0973"


def test_the_visits_that_a_gap_touches_are_marked_whenever_they_are_posted(station: Station) -> None:
    lost, open_gap, recovered = a_gap(station, 10, 20, 9), a_gap(station, 50, None), a_gap(station, 30, 40, 0)
    before, edge, within, at_end, between, later = (
        *(a_record(station, "A", 5, 10.5), a_record(station, "B", 5, 11), a_record(station, "C", 12, 13)),
        *(a_record(station, "D", None, 20), a_record(station, "E", 31, 39), a_record(station, "F", 45, 55)),
    )
    other = a_record(Station.objects.get(code="=EOL-2"), "G", 12, 13)
    assert [record.serial for record in records_in(lost)] == ["B", "C", "D"]
    assert [record.serial for record in records_in(open_gap)] == ["F"]
    assert records_in(recovered) == []
    marked = gaps_of([before, edge, within, at_end, between, later, other])
    assert marked == {edge.pk: [lost], within.pk: [lost], at_end.pk: [lost], later.pk: [open_gap]}


@pytest.mark.parametrize(("language", "words"), [("en", "Telemetry ledger"), ("ja", "テレメトリー台帳")])
def test_the_pages_are_shown_in_both_languages(station: Station, language: str, words: str) -> None:
    gap = a_gap(station, 10, 20, 9)
    a_record(station, "A", 12, 13)
    client = Client(headers={"Accept-Language": language})
    client.force_login(Person.objects.create(username="p", role=Role.OPERATOR))
    page = client.get("/ledger/").content.decode()
    assert words in page and 'class="hour is-lost"' in page and f"/ledger/gaps/{gap.pk}/" in page
    assert page.count('class="hour') == 2 * 24 + 5
    assert client.get("/ledger/?station=EOL-1&hours=168").content.decode().count('class="hour') == 7 * 24 + 5
    assert client.get("/ledger/parts/?hours=x&until=y&station=x&page=z").status_code == 200
    assert "/go/record/" in client.get(f"/ledger/gaps/{gap.pk}/").content.decode()
    assert client.get(f"/go/gap/{gap.pk}/").headers["Location"] == f"/ledger/gaps/{gap.pk}/"


def test_a_page_without_gaps_leads_to_the_newest_one_before(station: Station) -> None:
    a_gap(station, 10, 20, 0)
    newest = a_gap(station, 30, 40, 0, recovered="NONE")
    client = Client()
    client.force_login(Person.objects.create(username="p", role=Role.OPERATOR))
    later = client.get("/ledger/", {"until": (HOUR + timedelta(days=9)).isoformat(), "station": "EOL-1"})
    assert f'<a href="/ledger/gaps/{newest.pk}/">The last one before was at' in later.content.decode()
    earlier = client.get("/ledger/", {"until": (HOUR - timedelta(days=9)).isoformat()}).content.decode()
    assert "No gap in this time." in earlier and "The last one before" not in earlier
    # "Not recovered" beside "nothing missing" would make a person look for what is not there.
    assert "not recovered" not in client.get(f"/ledger/gaps/{newest.pk}/").content.decode()


def test_more_stations_and_gaps_cost_no_more_queries(
    station: Station, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    client = Client()
    client.force_login(Person.objects.create(username="p", role=Role.OPERATOR))
    for n in range(15):
        other = make_station(station.opcua_server, f"MORE-{n}").station
        for gap in (a_gap(other, 10 + n, 20 + n, 9), a_gap(other, 40 + n, 41 + n)):
            a_record(other, f"{n}-{gap.pk}", 12, 45 + n)
    for address in ("/ledger/", "/ledger/hours.csv", "/ledger/ledger.xlsx", f"/ledger/gaps/{gap.pk}/"):
        with django_assert_max_num_queries(14):
            assert client.get(address).status_code == 200
    for address in ("ledger", "gaps", f"gaps/{gap.pk}"):
        with django_assert_max_num_queries(9):
            assert client.get(f"/api/v1/telemetry/{address}").status_code == 200
    records = list(OperationRecord.objects.all())
    with django_assert_max_num_queries(3):
        assert len(gaps_of(records)) == 30


def test_no_cell_of_an_export_is_a_formula(station: Station) -> None:
    a_gap(station, 10, 20, 9, event='=HYPERLINK("http://x")')
    client = Client()
    client.force_login(Person.objects.create(username="p", role=Role.OPERATOR))
    lines = client.get("/ledger/hours.csv").content.decode("utf-8-sig").splitlines()
    assert lines[0] == "station,hour,expected,received,late,duplicates,rejected,lost,in_doubt"
    assert lines[1] == f"EOL-1,{HOUR.isoformat()},100,90,3,2,1,9,0"
    assert lines[2].startswith("'=EOL-2,")
    book = zipfile.ZipFile(io.BytesIO(client.get("/ledger/ledger.xlsx").content))
    sheets = [book.read(name).decode() for name in book.namelist() if "worksheets/sheet" in name]
    texts = "".join(sheets)
    assert "'=EOL-2" in texts and "'=HYPERLINK" in texts
    assert "<f>" not in texts
    cells: list[str | int | None] = ["=1", "+1", "-1", "@x", "\tx", "plain", -5, None]
    assert as_csv(["a"], [cells]).splitlines()[1] == "'=1,'+1,'-1,'@x,'\tx,plain,-5,"
    assert as_xlsx([("t", ["a"], [cells])])[:2] == b"PK"


def test_a_text_longer_than_a_cell_is_cut_where_no_sign_of_it_breaks() -> None:
    book = as_xlsx([("t", ["a"], [["&" * 40_000]])])
    assert CalamineWorkbook.from_filelike(io.BytesIO(book)).get_sheet_by_index(0).to_python()[1] == ["&" * 32_767]
