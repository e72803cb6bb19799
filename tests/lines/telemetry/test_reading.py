"""Thinning keeps what matters; the API's view of stored values; the news that a batch is to the ledger."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from django.core.management import call_command
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from lines.people.models import Person
from lines.plant.models import Signal
from lines.telemetry import batches, news, services
from lines.telemetry.cold import Rows
from lines.telemetry.thinning import BAD, Thinner
from tests.plant_copies import load_once

NOW = datetime.now(UTC).replace(microsecond=0)
NOW_US = int(NOW.timestamp()) * 1_000_000


def rows(values: list[tuple[int, float, bool]]) -> Rows:
    """Of (time, value, is bad)."""
    times = np.array([at for at, _, _ in values], np.int64)
    numbers = np.array([value for _, value, _ in values], np.float64)
    status = np.array([BAD if is_bad else 0 for _, _, is_bad in values], np.uint32)
    return Rows(np.ones(len(values), np.int32), times, times, numbers, status)


points = st.lists(st.tuples(st.integers(0, 999), st.integers(-5, 5).map(float), st.booleans()), max_size=60)


@given(st.lists(points, max_size=4), st.integers(4, 40))
def test_thinning_keeps_the_extremes_and_its_bound(pieces: list[list[tuple[int, float, bool]]], most: int) -> None:
    thinner = Thinner(0, 1000, most)
    for piece in pieces:
        if piece:
            thinner.add(rows(piece))
    everything = [value for piece in pieces for value in piece]
    kept = thinner.rows()
    told = list(zip(kept.source_time_us.tolist(), kept.value.tolist(), (kept.status != 0).tolist(), strict=True))
    assert len(told) <= most
    assert [at for at, _, _ in told] == sorted(at for at, _, _ in told)
    assert thinner.is_thinned == (len(everything) > most)
    if not thinner.is_thinned:
        assert sorted(told) == sorted(everything)
    for is_bad in (False, True):
        values, left = ([v for _, v, bad in each if bad == is_bad] for each in (everything, told))
        assert (min(values), max(values)) == (min(left), max(left)) if values else not left
    assert set(told) <= set(everything)


@pytest.fixture
def auditor(db: None, client: Client) -> Client:  # noqa: ARG001 - makes the database
    load_once("osaka", lambda: call_command("load_plant", verbosity=0))
    client.force_login(Person.objects.get(username="auditor"))
    return client


def test_the_api_tells_a_signals_values(auditor: Client) -> None:
    signal = Signal.objects.get(station__code="COAT-1", code="WebSpeed")
    count = 300
    services.store(
        "L1-x",
        1,
        batches.encode(
            batches.make(
                NOW_US,
                [signal.id] * count,
                [NOW_US - 1000 * n for n in range(count)],
                [60.0 + n % 7 for n in range(count)],
                [BAD if n == 4 else 0 for n in range(count)],
            )
        ),
    )
    address = "/api/v1/stations/COAT-1/signals/WebSpeed/samples"
    until = (NOW + timedelta(seconds=1)).isoformat()
    whole = auditor.get(address, {"until": until}).json()
    assert (whole["unit"], whole["thinned"], whole["complete"], len(whole["items"])) == ("m/min", False, True, count)
    newest = whole["items"][-1]
    assert newest["value"] == 60.0
    assert datetime.fromisoformat(newest["source_time"]) == datetime.fromisoformat(newest["received_at"]) == NOW
    assert [item["status"] for item in whole["items"] if item["status"]] == [BAD]
    thinned = auditor.get(address, {"until": until, "max_points": "20"}).json()
    assert thinned["thinned"]
    assert {60.0, 66.0} <= {item["value"] for item in thinned["items"]}
    for wrong in (
        {"until": "yesterday"},
        {"max_points": "3"},
        {"max_points": "000001000999999"},
        {"max_points": "1" * 5000},
        {"since": until, "until": until},
        {"until": "2026-01-01"},
    ):
        assert auditor.get(address, wrong).status_code == 400, wrong
    missing = auditor.get("/api/v1/stations/COAT-1/signals/Nothing/samples")
    assert (missing.status_code, missing.json()["code"]) == (404, "MES-L-0953")
    assert Client().get(address).status_code == 401


def test_a_batch_is_news_of_each_station() -> None:
    signals = {
        1: news.SignalRow(1, "Speed", "MEASUREMENT", False, 7, "A"),
        2: news.SignalRow(2, "Damped", "MEASUREMENT", True, 7, "A"),
        3: news.SignalRow(3, "TelemetryCount", "COUNTER", False, 7, "A"),
        4: news.SignalRow(4, "Speed", "MEASUREMENT", False, 8, "B"),
    }
    ids, times = [1, 1, 1, 2, 3, 3, 4, 99], [10, 30, 20, 40, 41, 35, 50, 60]
    values = [1.0, 2.0, 3.0, 4.0, 12.0, 9.0, float("nan"), 1.0]
    batch = batches.make(1_000, ids, times, values, [0] * 8)
    accepted = np.array([True] * 6 + [False, False])
    kept = accepted & (np.arange(8) != 0)
    told = news.station_news(
        batch,
        signals,
        {2: news.Known(45, 0.0, 0)},
        is_accepted=accepted,
        is_kept=kept,
        is_believable=np.ones(8, np.bool_),
    )
    assert set(told) == {7, 8}
    here = told[7]
    assert here.source_time_us.tolist() == [30, 20, 40]
    assert here.is_counted.tolist() == [True, True, False]
    assert here.is_late.tolist() == [False, True, True]
    assert (here.duplicates, here.rejected, here.counter) == (1, 0, [(35, 9), (41, 12)])
    assert (told[8].rejected, told[8].rejected_us.tolist()) == (1, [50])
