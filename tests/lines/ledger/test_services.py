"""The ledger in PostgreSQL: every batch by the worker's own way, then what the ledger says of it."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries

from lines.alarms.models import Alarm
from lines.ledger import digesting
from lines.ledger import services as ledger
from lines.ledger.models import Gap, LedgerHour, LedgerNews, LedgerRun, LedgerSource, Loss, StationTally
from lines.models import Sample, Signal, SignalLatest, TelemetryBatch
from lines.people.models import Person
from lines.telemetry import batches, services
from tests.lines.rows import Row, make_line, make_server, make_station

pytestmark = pytest.mark.django_db

NOW = datetime.now(UTC).replace(microsecond=0)
NOW_US = int(NOW.timestamp()) * 1_000_000
S = 1_000_000
NAN = float("nan")
HEARTBEAT = {"kind": "heartbeat", "backlog": 0, "spool_bytes": 0, "spool_share": 0.5, "servers": {"PACK": {}}}


@pytest.fixture
def row() -> Row:
    made = make_station(make_server(make_line(), "PACK"), "EOL-1")
    made.signals["TelemetryCount"] = Signal.objects.create(
        station=made.station, code="TelemetryCount", kind="COUNTER", name_en="Values sent", name_ja="送信値数"
    )
    return made


class Line:
    """A gateway's batches: values as (signal, seconds from now, value), received so many seconds from now."""

    def __init__(self, row: Row) -> None:
        self.row = row
        self.sequence = 0

    def send(self, at_s: float, *values: tuple[str, float, float], notes: tuple[Any, ...] = ()) -> None:
        self.sequence += 1
        columns = [self.row.signals[code].id for code, _, _ in values], [NOW_US + int(s * S) for _, s, _ in values]
        whole = batches.make(
            NOW_US + int(at_s * S), *columns, [value for _, _, value in values], [0] * len(values), notes=notes
        )
        services.store("L1-x", self.sequence, batches.encode(whole))

    def tick(self, at_s: float, count: int, *values: float, notes: tuple[Any, ...] = ()) -> None:
        """Values of a second, and the station's count behind them."""
        told = [("Value0", at_s + n / 100, value) for n, value in enumerate(values)]
        self.send(at_s + 1, *told, ("TelemetryCount", at_s + 0.5, count), notes=notes)


def a_break(state: str, at_s: float, recovered: str | None = None, cause: str = "CUT") -> dict[str, Any]:
    return {
        **{"kind": "break", "id": "b1", "server": "PACK", "state": state, "cause": cause},
        **{"at_us": NOW_US + int(at_s * S), "recovered": recovered},
    }


# Whatever a gateway may say, it does not stop what comes behind it.
UNREADABLE = (
    *(
        {"kind": "nonsense"},
        {"kind": "break", "at_us": "x"},
        {"kind": "nodes"},
        {"kind": "nodes", "server": 1, "faults": 2},
    ),
    {"kind": "refused", "signal_id": 2**70, "code": "x" * 99},
    {"kind": "heartbeat", "backlog": 2**80, "spool_share": "x", "servers": None},
)


def alarms() -> list[tuple[str, bool]]:
    return [(alarm.code, alarm.cleared_at is None) for alarm in Alarm.objects.order_by("pk")]


fates = st.lists(st.sampled_from(["comes"] * 5 + ["late", "lost", "doubled", "nan"]), max_size=4)


@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(fates, min_size=1, max_size=7), st.data())
def test_the_ledger_is_what_a_count_by_hand_gives(row: Row, story: list[list[str]], data: st.DataObject) -> None:
    for model in (Loss, Gap, LedgerHour, LedgerNews, LedgerSource, StationTally, Sample, SignalLatest, TelemetryBatch):
        model._default_manager.all().delete()
    count, truth, value, held = 0, Counter[str](), 0.0, list[tuple[str, float, float]]()
    sent: list[list[tuple[str, float, float]]] = [[("TelemetryCount", -120.0, 0)]]
    for tick, ticked in enumerate(story):
        batch, held = list(held), []
        for n, fate in enumerate(ticked):
            count, value, at = count + 1, value + 1, tick - 100 + n / 100
            truth[{"nan": "rejected", "lost": "lost"}.get(fate, "received")] += 1
            if fate == "late":
                held.append(("Value0", at, value))
            elif fate != "lost":
                batch += [("Value0", at, NAN if fate == "nan" else value)] * (2 if fate == "doubled" else 1)
            truth["duplicates"] += fate == "doubled"
        sent.append([*batch, ("TelemetryCount", tick - 99.5, count)])
    sent += [held, [], [], []]
    order = data.draw(st.permutations(range(len(sent)))) if len(sent) < 6 else list(range(len(sent)))
    line = Line(row)
    for number in [0, *[n for n in order if n]]:
        line.sequence = number
        line.send(number, *sent[number])
        if data.draw(st.booleans()):
            ledger.evaluate()
    ledger.evaluate()
    told: Counter[str] = Counter()
    for hour in LedgerHour.objects.all():
        told.update({name: getattr(hour, name) for name in ("received", "duplicates", "rejected")})
    told["lost"] = sum(Loss.objects.values_list("lost", flat=True))
    assert told == truth
    assert sum(gap.lost or 0 for gap in Gap.objects.all()) == truth["lost"]
    assert LedgerNews.objects.count() == 0


def test_a_loss_has_its_cut_and_an_alarm_until_the_values_come(row: Row) -> None:
    line = Line(row)
    line.tick(-60, 2, 1.0, 2.0)
    line.tick(-59, 4, 3.0, 4.0, notes=(a_break("OPEN", -57),))
    ledger.evaluate()
    (gap,) = Gap.objects.all()
    assert (gap.closed_at, gap.lost, gap.decided_at) == (None, None, None)
    assert alarms() == [("MES-L-0972", True)]
    line.tick(-50, 9, 8.0, notes=(a_break("CLOSED", -50, "TRANSFERRED"),))
    line.tick(-40, 9)
    ledger.evaluate()
    gap.refresh_from_db()
    assert (gap.cause, gap.recovered, gap.lost) == ("CUT", "TRANSFERRED", 4)
    assert alarms() == [("MES-L-0972", False), ("MES-L-0971", True)]
    assert Alarm.objects.order_by("pk").last() == gap.alarm
    line.send(-30, ("Value0", -55.0, 5.0), ("Value0", -54.0, 6.0), ("Value0", -53.0, 7.0), ("Value0", -52.0, 7.5))
    ledger.evaluate()
    gap.refresh_from_db()
    assert gap.lost == 0
    assert alarms() == [("MES-L-0972", False), ("MES-L-0971", False)]
    assert sum(LedgerHour.objects.values_list("late", flat=True)) == 4


def test_what_nobody_explains_is_a_gap_and_a_person_ends_its_alarm(row: Row) -> None:
    line = Line(row)
    for n, values in enumerate([(1.0, 2.0), (3.0,), (5.0, 6.0), (), ()]):
        line.tick(n - 60, min(2 * n + 2, 6), *values)
    ledger.evaluate()
    (gap,) = Gap.objects.all()
    assert (gap.cause, gap.lost, gap.is_exact) == ("UNEXPLAINED", 1, True)
    assert gap.since < NOW - timedelta(seconds=59) < (gap.until or NOW) < NOW - timedelta(seconds=58)
    assert alarms() == [("MES-L-0971", True)]
    person = Person.objects.create(username="qa")
    Alarm.objects.update(acknowledged_at=NOW, acknowledged_by=person)
    ledger.evaluate()
    assert alarms() == [("MES-L-0971", False)]


@pytest.mark.parametrize(("recovered", "lost"), [("HISTORY", 0), ("REACTIVATED", 0), ("NONE", None)])
def test_of_a_station_that_does_not_count_the_gateway_is_believed(row: Row, recovered: str, lost: int | None) -> None:
    line = Line(row)
    line.send(-10, ("Value0", -11, 1.0), notes=(a_break("OPEN", -9),))
    line.send(-2, notes=(a_break("CLOSED", -3, recovered), *UNREADABLE))
    ledger.evaluate()
    (gap,) = Gap.objects.all()
    assert (gap.lost, gap.recovered, gap.decided_at is not None) == (lost, recovered, True)
    assert alarms() == ([] if lost == 0 else [("MES-L-0971", True)])


def test_a_gateway_that_falls_silent_is_a_gap_of_all_its_stations(row: Row) -> None:
    make_station(row.station.opcua_server, "EOL-2")
    line = Line(row)
    line.send(-10, notes=(HEARTBEAT,))
    ledger.evaluate()
    assert not Gap.objects.exists()
    past = NOW - timedelta(seconds=60)
    LedgerSource.objects.update(heard_at=past)
    ledger.evaluate()
    assert not Gap.objects.exists()  # nobody has listened for so long yet
    LedgerRun.objects.update(listening_since=past)
    ledger.evaluate()
    assert sorted(Gap.objects.values_list("cause", "closed_at", "station__code")) == [
        ("SILENT", None, "EOL-1"),
        ("SILENT", None, "EOL-2"),
    ]
    (alarm,) = Alarm.objects.all()
    assert "EOL-1 and 1 other station" in alarm.message_en
    line.send(0, notes=(HEARTBEAT,))
    ledger.evaluate()
    assert set(Gap.objects.values_list("lost", "recovered")) == {(0, "SPOOL")}
    assert alarms() == [("MES-L-0972", False)]


def test_a_cut_in_which_the_gateway_is_started_anew_is_one_gap(row: Row) -> None:
    """Told to end, it may not have noted that it had told of the cut."""
    line = Line(row)
    line.tick(-60, 1, 1.0)
    cut = a_break("OPEN", -50)
    restart = cut | {"id": "of the next run", "cause": "GATEWAY_RESTART", "at_us": cut["at_us"] + 1_000_000}
    line.send(-49, notes=(HEARTBEAT, cut))
    ledger.evaluate()
    past = NOW - timedelta(seconds=60)
    LedgerSource.objects.update(heard_at=past)
    LedgerRun.objects.update(listening_since=past)
    ledger.evaluate()  # nothing is heard of the gateway meanwhile
    line.send(
        -20,
        notes=(
            HEARTBEAT,
            restart,
            restart | {"state": "CLOSED", "at_us": cut["at_us"] + 30_000_000, "recovered": "NONE"},
        ),
    )
    line.tick(-15, 2, 2.0)
    line.tick(-10, 2)
    ledger.evaluate()
    assert list(Gap.objects.values_list("cause", "lost", "recovered")) == [("CUT", 0, "NONE")]
    assert not any(stands for _, stands in alarms())


def test_a_gap_waits_for_the_count_however_long_a_spool_held_it_back(row: Row) -> None:
    line = Line(row)
    line.tick(-400, 1, 1.0)
    ledger.evaluate()
    line.send(-396, notes=(a_break("OPEN", -397), a_break("CLOSED", -396, "NONE")))
    ledger.evaluate()
    assert Gap.objects.get().decided_at is None
    line.tick(-390, 2, 2.0)
    line.tick(-380, 2)
    ledger.evaluate()
    assert Gap.objects.values_list("lost", "is_exact").get() == (0, True)
    assert alarms() == []


def test_a_gateways_clock_that_was_ahead_holds_up_no_loss_and_no_gap(row: Row) -> None:
    line = Line(row)
    line.tick(-60, 1, 1.0)
    # Ten minutes ahead, for two batches: a break and a loss that it tells of then, ...
    line.send(541, ("Value0", -59, 2.0), ("TelemetryCount", -58.9, 2), notes=(a_break("OPEN", 541),))
    line.send(543, ("TelemetryCount", -57, 4), notes=(a_break("CLOSED", 542, "NONE"),))
    ledger.evaluate()
    # ... and one behind it.
    line.tick(-50, 5, 5.0)
    ledger.evaluate()
    line.tick(-42, 6, 6.0)
    line.tick(-40, 9, 9.0)
    line.tick(-36, 10, 10.0)
    ledger.evaluate()
    losses = Loss.objects.order_by("since").values_list("lost", "gap__cause")
    assert list(losses) == [(2, "CUT"), (2, "UNEXPLAINED")]
    assert list(Gap.objects.order_by("since").values_list("lost", "is_exact")) == [(2, True), (2, True)]


def test_a_station_that_stops_counting_is_not_waited_for(row: Row) -> None:
    line = Line(row)
    line.tick(-400, 1, 1.0, notes=(a_break("OPEN", -397), a_break("CLOSED", -396, "NONE")))
    line.send(-336, ("Value0", -336, 2.0))
    ledger.evaluate()
    assert Gap.objects.get().decided_at is None
    line.send(-330, ("Value0", -330, 3.0))
    ledger.evaluate()
    assert Gap.objects.values_list("lost", "is_exact").get() == (None, False)


def test_a_batch_that_never_comes_is_given_up_and_told(row: Row, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(digesting, "MOST_AHEAD", 3)
    line = Line(row)
    line.send(-50, ("Value0", -51, 1.0), notes=(HEARTBEAT,))
    line.sequence += 1
    for n in range(3):
        line.send(n - 48, ("Value0", n - 49, 1.0))
    ledger.evaluate()
    assert (LedgerSource.objects.get().contiguous_to, Gap.objects.count()) == (1, 0)
    line.send(-45, ("Value0", -46, 1.0))
    ledger.evaluate()
    assert LedgerSource.objects.values_list("contiguous_to", "ahead").get() == (6, {})
    (gap,) = Gap.objects.all()
    assert (gap.cause, gap.opened_at, gap.closed_at) == (
        *("UNEXPLAINED", NOW - timedelta(seconds=50), NOW - timedelta(seconds=48)),
    )
    assert (gap.lost, gap.decided_at is not None) == (None, True)


def test_the_one_that_speaks_for_its_servers_is_current_and_a_silence_of_another_ends(row: Row) -> None:
    past = NOW - timedelta(seconds=60)
    old, new = (
        LedgerSource.objects.create(source=name, contiguous_to=0, settled_us=0, heard_at=past, servers={"PACK": {}})
        for name in ("L1-a", "L1-b")
    )
    Gap.objects.create(station=row.station, cause="SILENT", event="SILENT-L1-a-1", since=past, opened_at=past)
    LedgerSource.objects.filter(pk=new.pk).update(heard_at=NOW)
    LedgerSource.objects.filter(pk=old.pk).update(servers={"PACK": {}, "GONE": {}})
    ledger.evaluate()
    assert list(LedgerSource.objects.order_by("source").values_list("is_current", flat=True)) == [False, True]
    gap = Gap.objects.get()
    assert (gap.recovered, gap.closed_at) == ("NONE", past)
    LedgerSource.objects.filter(pk=old.pk).update(heard_at=NOW + timedelta(seconds=1))  # a spool that comes back
    ledger.evaluate()
    assert list(LedgerSource.objects.order_by("source").values_list("is_current", flat=True)) == [True, False]


def test_a_second_in_which_nothing_happens_costs_few_queries(
    row: Row, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for n in range(6):
        LedgerSource.objects.create(
            **{"source": f"L1-{n}", "contiguous_to": 0, "settled_us": 0, "heard_at": NOW - timedelta(days=n)},
            **{"servers": {"PACK": {}}},
        )
        line = Line(row)
        line.sequence = 10 * n
        line.tick(n - 60, n, 1.0)
    ledger.evaluate()
    with django_assert_max_num_queries(20):
        ledger.evaluate()


def test_what_still_lies_in_the_inbox_is_waited_for(row: Row, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger, "MOST_AT_ONCE", 2)
    line = Line(row)
    for sequence in (1, 3, 4, 5, 6, 2):
        line.sequence = sequence - 1
        line.send(sequence - 50, ("Value0", sequence - 51, 1.0))
    for _ in range(2):
        ledger._evaluate_once()
        assert LedgerSource.objects.get().contiguous_to == 1
    ledger.evaluate()
    assert LedgerSource.objects.get().contiguous_to == 6
