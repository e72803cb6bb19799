"""A station's page: the panel of its kind, what it refused and why, how well it is heard."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from lines.models import Sample, Signal, Station
from lines.opcua import services
from lines.states.packml import PackMLState
from lines.telemetry.queries import TrendPoint
from mes.errors import ALL_CODES
from mes.station.queries import station_by_code, view
from mes.station.trends import with_gaps
from tests.mes.plant_rows import deny, hear, load_osaka, person, post

T0 = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture
def visitor(db: None) -> Client:  # noqa: ARG001 - asks for the database
    load_osaka()
    client = Client()
    client.force_login(person("supervisor"))
    return client


def page_of(client: Client, code: str, language: str = "en") -> str:
    answer = client.get(f"/stations/{code}/", headers={"accept-language": language})
    assert answer.status_code == 200
    return answer.content.decode()


def test_every_station_has_a_page_in_both_languages(visitor: Client) -> None:
    for station in Station.objects.all():
        hear(station.code)
        post(station.code, ["SK1CLF6AB000001XX"])
        assert station.name_en in page_of(visitor, station.code)
        assert station.name_ja in page_of(visitor, station.code, "ja")


def test_an_unknown_station_is_not_found(visitor: Client) -> None:
    for address in ("/stations/NONE-9/", "/stations/NONE-9/parts/", "/stations/NONE-9/trend.json"):
        assert visitor.get(address).status_code == 404


def test_the_last_tray_is_a_map_of_its_slots(visitor: Client) -> None:
    hear("FORM-1")
    post("FORM-1", [f"SK1CLF6AB{n:06d}XX" for n in range(1, 12)], tray="T-0007", characteristic="FOR-03")
    station = station_by_code("FORM-1")
    assert station is not None
    tray = view(station).panel.tray
    assert tray is not None
    assert (tray.code, tray.n, len(tray.slots)) == ("T-0007", 11, 16)
    assert [slot.number for slot in tray.slots if slot.record] == list(range(1, 12))
    assert len(tray.spreads[0].measured.values) == 11
    assert "T-0007" in page_of(visitor, "FORM-1")


def test_a_refusal_says_why_in_the_readers_language(visitor: Client) -> None:
    hear("WIND-1")
    deny("WIND-1", "SK1JRL6AB000001XX", "MES-T-0101")
    code = ALL_CODES["MES-T-0101"]
    assert code.what_en in page_of(visitor, "WIND-1")
    assert code.what_ja in page_of(visitor, "WIND-1", "ja")


def test_a_deviation_is_marked_and_named(visitor: Client) -> None:
    hear("EOL-1")
    post("EOL-1", ["SK1PLF6AB000001XX"], deviations=["MES-T-0203", "MES-X-9999"])
    page = page_of(visitor, "EOL-1")
    assert "Not conforming" in page and "MES-T-0203" in page and "MES-X-9999" in page


@pytest.mark.usefixtures("visitor")
def test_a_silent_station_shows_no_data() -> None:
    station = hear("COAT-1", PackMLState.EXECUTE, ago_s=45)
    station = station_by_code("COAT-1") or station
    shown = view(station)
    assert (shown.is_stale, shown.level) == (True, "nodata")
    assert shown.link.age_s == pytest.approx(45, abs=5)


@pytest.mark.usefixtures("visitor")
def test_a_page_needs_a_constant_number_of_queries() -> None:
    def n_queries() -> int:
        station = station_by_code("GRADE-1")
        assert station is not None
        with CaptureQueriesContext(connection) as captured:
            view(station)
        return len(captured)

    hear("GRADE-1")
    post("GRADE-1", ["SK1CLF6AB000001XX"], tray="T-1")
    few = n_queries()
    post("GRADE-1", [f"SK1CLF6AB{n:06d}XX" for n in range(1, 40)], tray="T-2")
    for n in range(6):
        deny("GRADE-1", f"SK1CLF6AB{n:06d}XX", "MES-T-0101")
    assert n_queries() == few <= 20


def test_a_trend_is_sent_in_machine_time_with_its_gaps(visitor: Client) -> None:
    hear("COAT-1")
    signal = Signal.objects.get(station__code="COAT-1", code="WebSpeed")
    now = timezone.now()
    Sample.objects.bulk_create(
        Sample(received_at=now, signal=signal, source_time=now - timedelta(seconds=ago), value=60, status=0)
        for ago in (200, 199, 198, 100, 99)
    )
    answer = visitor.get("/stations/COAT-1/trend.json?window_s=600").json()
    points = next(each["points"] for each in answer["signals"] if each["code"] == "WebSpeed")
    assert [value for _, value in points] == [60, 60, 60, None, 60, 60]
    assert answer["zone_offset_ms"] == 9 * 3600 * 1000
    assert abs(answer["until"] - now.timestamp() * 1000) < 30_000


def _points(seconds: list[float], bad: tuple[int, ...] = ()) -> list[TrendPoint]:
    return [TrendPoint(T0 + timedelta(seconds=s), s, n not in bad) for n, s in enumerate(seconds)]


def test_a_line_is_never_drawn_over_silence() -> None:
    drawn = with_gaps(_points([0, 1, 2, 40, 41]), timedelta(seconds=30))
    assert [value for _, value in drawn] == [0, 1, 2, None, 40, 41]


def test_thinned_out_points_are_no_gaps() -> None:
    drawn = with_gaps(_points([0, 60, 120, 180, 900, 960]), timedelta(seconds=30))
    assert [value for _, value in drawn] == [0, 60, 120, 180, None, 900, 960]


def test_a_bad_value_is_a_gap() -> None:
    assert [value for _, value in with_gaps(_points([0, 1, 2], bad=(1,)), timedelta(seconds=30))] == [0, None, 2]


def test_a_signal_without_a_node_says_so_until_it_is_heard(visitor: Client) -> None:
    speed = Signal.objects.get(station__code="COAT-1", code="WebSpeed")
    count = Signal.objects.get(station__code="COAT-1", code="ProdProcessedCount")
    services.report_nodes(
        "COATING", {speed.pk: ("MES-L-0305", "COAT-1/Telemetry/WebSpeed"), count.pk: ("MES-L-0323", "")}
    )
    assert page_of(visitor, "COAT-1").count("no such node") == 2
    assert page_of(visitor, "COAT-1", "ja").count("ノードがありません") == 2
    services.report_nodes("COATING", {count.pk: ("MES-L-0323", "")})
    services.add_faults({speed.pk: ("MES-L-0321", "")})
    assert "no readable value" in page_of(visitor, "COAT-1")
    hear("COAT-1")
    page = page_of(visitor, "COAT-1")
    assert "no readable value" not in page and "no such node" in page


def test_an_array_is_one_value_with_its_profile(visitor: Client) -> None:
    hear("COAT-1")
    page = page_of(visitor, "COAT-1")
    assert "16 elements, 0 of them outside the band" in page
    assert page.count('class="trend"') == 9
