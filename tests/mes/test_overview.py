"""The line at a glance: what is normal is grey, what is old is no data, and more rows need no more queries."""

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from lines.alarms.models import AlarmPriority
from lines.alarms.services import raise_alarm
from lines.events.models import EventKind
from lines.events.queries import Position, current_position, events_after
from lines.events.services import emit
from lines.models import Station
from lines.states.packml import PackMLState
from mes.overview import queries
from tests.mes.plant_rows import hear, load_osaka, person, post
from tests.processes import wait_for

pytestmark = pytest.mark.django_db


@pytest.fixture
def visitor() -> Client:
    load_osaka()
    client = Client()
    client.force_login(person("supervisor"))
    return client


def tile_of(page: str, code: str) -> str:
    found = re.search(rf'<article[^>]*id="tile-{code}".*?</article>', page, re.DOTALL)
    assert found, f"no tile of {code}"
    return found.group()


def page_of(client: Client, language: str = "en") -> str:
    return client.get("/", headers={"accept-language": language}).content.decode()


def test_every_station_has_a_tile_in_the_order_of_the_flow(visitor: Client) -> None:
    page = page_of(visitor)
    codes = re.findall(r'<article[^>]*id="tile-([A-Z0-9-]+)"', page)
    assert codes == list(Station.objects.order_by("sequence").values_list("code", flat=True))
    assert len(codes) == 21


def test_state_is_a_word_a_shape_and_a_level(visitor: Client) -> None:
    hear("CAL-1", PackMLState.HELD)
    hear("COAT-1")
    page = page_of(visitor)
    held, running = tile_of(page, "CAL-1"), tile_of(page, "COAT-1")
    assert "is-warn" in held and "Held" in held and "<svg" in held
    assert "is-normal" in running and "Running" in running
    assert "保留" in tile_of(page_of(visitor, "ja"), "CAL-1")


def test_a_silent_station_shows_no_data(visitor: Client) -> None:
    hear("COAT-1", ago_s=31)
    hear("CAL-1", ago_s=20)
    overview = {tile.station.code: tile for tile in queries.overview().tiles}
    assert (overview["COAT-1"].is_stale, overview["COAT-1"].level) == (True, "nodata")
    assert (overview["CAL-1"].is_stale, overview["CAL-1"].level) == (False, "normal")
    assert overview["SLIT-1"].is_stale  # never heard of
    assert "is-nodata" in tile_of(page_of(visitor), "COAT-1")


def test_a_value_outside_its_band_stands_out(visitor: Client) -> None:
    hear("COAT-1", value=10_000)
    assert "is-out" in tile_of(page_of(visitor), "COAT-1")
    assert "is-out" not in tile_of(page_of(visitor), "CAL-1")


@pytest.mark.usefixtures("visitor")
def test_counts_of_the_shift_and_the_last_scan() -> None:
    hear("WELD-1")
    post("WELD-1", ["SK1CLF6AB000001XX", "SK1CLF6AB000002XX"])
    post("WELD-1", ["SK1CLF6AB000003XX"], verdict="FAIL")
    tile = next(tile for tile in queries.overview().tiles if tile.station.code == "WELD-1")
    assert (tile.counts.good, tile.counts.ng) == (2, 1)
    assert tile.last is not None and tile.last.serial == "SK1CLF6AB000003XX"
    assert queries.overview().strip.first_pass_pct == pytest.approx(200 / 3)


def test_open_alarms_are_counted_on_the_tile_and_in_the_frame(visitor: Client) -> None:
    station = hear("COAT-1")
    raise_alarm(
        station, "SPC-RULE-1", priority=AlarmPriority.HIGH, message_en="m", message_ja="言", subject_kind="chart",
        subject_id="P", source_time=timezone.now(),
    )  # fmt: skip
    page = page_of(visitor)
    assert "tile-alarms p1" in tile_of(page, "COAT-1")
    assert re.search(r'id="alarm-count"[^>]*>\s*1\s*<', page)


@pytest.mark.usefixtures("visitor")
def test_the_number_of_queries_is_the_same_for_a_full_line() -> None:
    with CaptureQueriesContext(connection) as few:
        queries.overview()
    for code in Station.objects.values_list("code", flat=True):
        hear(code)
        post(code, [f"{code}-{n}" for n in range(5)])
    with CaptureQueriesContext(connection) as many:
        queries.overview()
    assert len(many) == len(few) <= 11


def test_tiles_are_drawn_again_alone(visitor: Client) -> None:
    answer = visitor.get("/overview/tiles/?stations=COAT-1,CAL-1,NONE&seen=0-0").content.decode()
    assert re.findall(r'id="tile-([A-Z0-9-]+)"', answer) == ["COAT-1", "CAL-1"]
    assert 'id="strip"' in answer
    assert visitor.get("/overview/tiles/?stations=COAT-1&seen=x").status_code == 400


@pytest.mark.django_db(transaction=True)
def test_one_drawing_serves_many_screens_but_never_hides_an_event(visitor: Client) -> None:
    def state_shown(seen: Position) -> str:
        page = visitor.get(f"/overview/tiles/?stations=COAT-1&seen={seen}").content.decode()
        return str(re.findall(r'class="word">([^<]+)<', tile_of(page, "COAT-1"))[0])

    hear("COAT-1")
    before = current_position()
    emit(EventKind.STATE, "COAT-1", state=6)
    first = wait_for("the event", lambda: events_after(before, 1))[0].position
    assert state_shown(first) == "Running"
    with CaptureQueriesContext(connection) as captured:
        state_shown(first)
    assert not [query for query in captured if "lines_stationstatus" in query["sql"]]
    hear("COAT-1", PackMLState.HELD)
    emit(EventKind.STATE, "COAT-1", state=11)
    second = wait_for("the next event", lambda: events_after(first, 1))[0].position
    assert state_shown(second) == "Held"
