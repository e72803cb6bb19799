"""The screens in a real browser: live, honest when it grows silent, usable by keyboard and scanner, in both sizes."""

import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.test import override_settings
from django.utils import timezone

from lines.alarms.models import AlarmPriority
from lines.alarms.services import raise_alarm
from lines.events.models import EventKind
from lines.events.services import emit
from lines.models import Sample, Signal, Station
from lines.people.services import keep_password
from lines.states.packml import PackMLState
from tests.mes.plant_rows import hear, load_osaka, person, post
from tests.web import serving, session_of

sync_api = pytest.importorskip("playwright.sync_api", reason="the wheel playwright is not installed")
CHROMIUM = shutil.which("chromium") or ""
pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(not CHROMIUM, reason="needs Debian's chromium (apt-get install chromium)"),
    pytest.mark.xdist_group("browser"),
]
SIZES = [(1366, 768), (1920, 1080)]


@pytest.fixture(scope="module")
def var(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("var")


@pytest.fixture(scope="module")
def url(var: Path, django_db_setup: None) -> Iterator[str]:  # noqa: ARG001 - see serving
    with override_settings(DENCHI_VAR=var):
        call_command("build_assets", verbosity=0)
    with serving(var) as address:
        yield address


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    # Playwright keeps an event loop in this thread, in which Django would refuse the tests' own queries.
    patch = pytest.MonkeyPatch()
    patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        )
        yield browser
        browser.close()
    patch.undo()


@pytest.fixture
def tab(url: str, chromium: Any, transactional_db: None) -> Iterator[Any]:  # noqa: ARG001 - asks for the database
    """Signed in as the supervisor. Whatever the browser complains of, the content security policy first, fails."""
    load_osaka()
    context = chromium.new_context(viewport={"width": 1366, "height": 768}, base_url=url)
    context.add_cookies([{"name": k, "value": v, "url": url} for k, v in session_of(person("supervisor")).items()])
    tab = context.new_page()
    complaints: list[str] = []
    tab.on("console", lambda m: complaints.append(m.text) if m.type in ("error", "warning") else None)
    tab.on("pageerror", lambda error: complaints.append(str(error)))
    yield tab
    context.close()
    assert complaints == []


def _change_state(code: str, state: PackMLState) -> None:
    hear(code, state)
    emit(EventKind.STATE, code, state=state)


def test_the_overview_follows_without_a_reload(tab: Any) -> None:
    hear("COAT-1")
    tab.goto("/")
    tab.evaluate("window.sameDocument = true")
    tile = tab.locator("#tile-COAT-1")
    sync_api.expect(tile.locator(".word").first).to_have_text("Running")
    tab.locator("#tile-COAT-1 h3 a").focus()
    _change_state("COAT-1", PackMLState.ABORTED)
    sync_api.expect(tile.locator(".word").first).to_have_text("Aborted", timeout=4000)
    assert tab.evaluate("window.sameDocument") is True
    assert tab.evaluate("document.activeElement.textContent") == "COAT-1"  # the keyboard stays where it was


def test_the_documentation_of_the_api_shows_its_operations(tab: Any) -> None:
    tab.goto("/api/docs/")
    permit = tab.locator(".opblock-post", has_text="/stations/{station}/permits").first
    sync_api.expect(permit).to_be_visible(timeout=15000)


def test_silence_turns_into_no_data_by_itself(tab: Any) -> None:
    station = hear("COAT-1")
    Station.objects.filter(pk=station.pk).update(stale_after_s=3)
    hear("COAT-1")
    tab.goto("/")
    tile = tab.locator("#tile-COAT-1")
    sync_api.expect(tile.locator(".when-known .word")).to_be_visible()
    sync_api.expect(tile.locator(".when-nodata .word")).to_be_visible(timeout=6000)
    sync_api.expect(tile.locator(".when-known .word")).to_be_hidden()
    sync_api.expect(tile.locator(".tile-values dd").first).to_have_text("–", use_inner_text=True)


def test_a_scan_needs_no_focus_and_slash_finds_the_box(tab: Any) -> None:
    tab.goto("/")
    tab.keyboard.type("COAT-1", delay=5)
    tab.keyboard.press("Enter")
    tab.wait_for_url("**/stations/COAT-1/")
    tab.keyboard.press("/")
    assert tab.evaluate("document.activeElement.id") == "finder"
    assert tab.locator("#finder").input_value() == ""


def test_slow_typing_is_no_scan(tab: Any) -> None:
    tab.goto("/alarms/")
    tab.keyboard.type("COAT-1", delay=120)
    tab.keyboard.press("Enter")
    tab.wait_for_timeout(300)
    assert tab.url.endswith("/alarms/")


def test_an_alarm_comes_is_answered_and_goes(tab: Any) -> None:
    station = hear("COAT-1")
    tab.goto("/alarms/")
    raise_alarm(
        station, "SPC-RULE-1", priority=AlarmPriority.HIGH, message_en="Point outside", message_ja="管理外れ",
        subject_kind="station", subject_id="COAT-1", source_time=timezone.now(),
    )  # fmt: skip
    row = tab.locator(".alarm-table tbody tr")
    sync_api.expect(row).to_contain_text("Point outside", timeout=4000)
    row.get_by_role("textbox").fill("Nozzle cleaned.")
    row.get_by_role("button").click()
    sync_api.expect(tab.locator("#alarm-list")).to_contain_text("Nothing waits for an answer.", timeout=6000)


def test_a_trend_draws_its_gap_and_goes_on(tab: Any) -> None:
    hear("COAT-1")
    signal = Signal.objects.get(station__code="COAT-1", code="WebSpeed")
    now = timezone.now()
    Sample.objects.bulk_create(
        Sample(received_at=now, signal=signal, source_time=now - timedelta(seconds=ago), value=60, status=0)
        for ago in [*range(400, 300, -2), *range(150, 1, -2)]
    )
    tab.goto("/stations/COAT-1/")
    figure = tab.locator('.trend[data-code="WebSpeed"]')
    line = figure.locator("path[aria-roledescription='line mark']")
    sync_api.expect(line).to_have_count(1, timeout=10_000)
    assert line.get_attribute("d").count("M") == 2
    sync_api.expect(figure.locator(".reading")).to_have_text("60.0")
    emit(EventKind.VALUES, "COAT-1", values={"WebSpeed": [timezone.now().isoformat(), 61.5, 0]})
    sync_api.expect(figure.locator(".reading")).to_have_text("61.5", timeout=4000)


def test_the_whole_language_changes(tab: Any) -> None:
    hear("COAT-1")
    tab.goto("/stations/COAT-1/")
    tab.get_by_role("button", name="日本語").click()
    tab.wait_for_url("**/stations/COAT-1/")
    assert tab.locator("html").get_attribute("lang") == "ja"
    sync_api.expect(tab.locator("h1")).to_contain_text("塗工機")
    sync_api.expect(tab.locator("#now .when-known")).to_contain_text("稼働中")


@pytest.mark.parametrize("language", ["en", "ja"])
def test_every_page_fits_both_screens(tab: Any, url: str, language: str) -> None:
    tab.context.add_cookies([{"name": "django_language", "value": language, "url": url}])
    for station in Station.objects.all():
        hear(station.code)
        post(station.code, [f"SK1CLF6AB{n:06d}XX" for n in range(1, 17)], tray="T-0001")
    addresses = ["/", "/alarms/", *(f"/stations/{code}/" for code in ("COAT-1", "WIND-1", "FORM-1", "EOL-1"))]
    for width, height in SIZES:
        tab.set_viewport_size({"width": width, "height": height})
        for address in addresses:
            tab.goto(address)
            tab.wait_for_timeout(200)
            assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth"), (address, width)
        tab.goto("/")
        assert tab.evaluate("document.documentElement.scrollHeight <= innerHeight"), ("one glance", width)


def test_signing_in_by_keyboard_alone(tab: Any) -> None:
    keep_password(person("supervisor"), "a-long-password")
    tab.context.clear_cookies()
    tab.goto("/alarms/")
    tab.keyboard.type("supervisor")
    tab.keyboard.press("Tab")
    tab.keyboard.type("a-long-password")
    tab.keyboard.press("Enter")
    tab.wait_for_url("**/alarms/")


def test_targets_are_large_enough_for_gloves(tab: Any) -> None:
    tab.goto("/alarms/")
    small = tab.evaluate(
        """[...document.querySelectorAll('.frame nav a, .frame button, .brand, .tabs a, main .button')]
           .map((e) => [e.textContent.trim(), e.getBoundingClientRect().height]).filter(([, h]) => h < 44)"""
    )
    assert small == []
