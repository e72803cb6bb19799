"""Real servers of both makes, the real gateway, broker, worker and database: each value arrives exactly once."""

import re
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from lines.opcua.remembering import Memory
from lines.opcua.spool import Spool
from lines.plant.models import OpcUaServer
from lines.states.models import StateChange, StationStatus
from lines.telemetry import batches
from lines.telemetry.models import Sample, SignalLatest, TelemetryBatch
from tests.lines.opcua.peers import Peer
from tests.lines.rows import Row, make_line, make_server, make_station
from tests.processes import Processes, processes, wait_for

__all__ = ["processes"]

Truth = set[tuple[int, datetime, float, int]]


class Plant:
    """Two servers, one of each make, and everything that was written to them."""

    def __init__(self) -> None:
        line = make_line()
        self.rows: dict[str, Row] = {}
        self.peers: dict[str, Peer] = {}
        self.sent: Truth = set()
        for make, code in (("asyncua", "COAT-1"), ("opcua", "EOL-1")):
            server = make_server(line, make)
            self.rows[make] = make_station(server, code)
            self.peers[make] = Peer(make, [self.rows[make]])
            OpcUaServer.objects.filter(code=make).update(endpoint_url=self.peers[make].url)

    def send(self, make: str, name: str, value: float, status: int = 0) -> None:
        at = round(time.time(), 3)
        row = self.rows[make]
        folder = "Telemetry" if name.startswith("Value") else "Status"
        self.peers[make].write(
            f"{row.station.code}/{folder}/{name}", value if folder == "Telemetry" else int(value), at, status
        )
        self.sent.add((row.signals[name].id, datetime.fromtimestamp(at, UTC), float(value), status))

    def run(self, rounds: range, pause_s: float = 0.01, each: Callable[[int], None] = lambda _: None) -> None:
        """Every round writes one value of each measurement, with its own time; some are uncertain."""
        for n in rounds:
            each(n)
            for make in self.peers:
                self.send(make, "Value0", n + 0.5, 0x40000000 if n % 10 == 0 else 0)
                # The same value again and again is a measurement each time; python-opcua tells only of changes.
                self.send(make, "Value1", 7.0 if make == "asyncua" else n * 2.0)
                if n % 20 == 0:
                    self.send(make, "StateCurrent", 6 if n % 40 else 11)
                    self.send(make, "ProdProcessedCount", n)
            time.sleep(pause_s)

    def stop(self) -> None:
        for peer in self.peers.values():
            peer.stop()


@pytest.fixture
def plant(processes: Processes) -> Iterator[Plant]:
    found = Plant()
    yield found
    for name in ("gateway", "gateway again"):
        processes.stop(name)
    found.stop()


def arrived() -> list[tuple[int, datetime, float, int]]:
    return list(Sample.objects.values_list("signal_id", "source_time", "value", "status"))


def expect_all_once(plant: Plant) -> None:
    try:
        wait_for("all values", lambda: not missing(plant), 60)
    finally:
        print("missing:", missing(plant))
    found = arrived()
    assert len(found) == len(set(found)), "values came twice"
    assert set(found) == plant.sent


def missing(plant: Plant) -> dict[str, int]:
    """How many values of each signal have not arrived."""
    names = {signal.id: str(signal) for row in plant.rows.values() for signal in row.signals.values()}
    return dict(Counter(names[each[0]] for each in plant.sent - set(arrived())))


def is_emptied(folder: Path) -> bool:
    """The newest file stays, to say its number; it is committed like all before it."""
    left = [int(path.stem) for path in folder.glob("*.arrow")]
    return len(left) <= 1 and TelemetryBatch.objects.filter(sequence__in=left).count() == len(left)


def following(processes: Processes, name: str = "gateway") -> bool:
    return processes.log(name).count("following") == 2


@pytest.mark.slow
def test_every_value_arrives_once_though_the_worker_is_killed(processes: Processes, plant: Plant) -> None:
    processes.start_worker("worker")
    processes.start_gateway()
    wait_for("both sessions", lambda: following(processes))

    def kill_in_the_middle(n: int) -> None:
        if n == 100:
            wait_for("the first samples", Sample.objects.exists)
            processes.kill("worker")
        if n == 200:
            processes.start_worker("worker again")

    plant.run(range(300), each=kill_in_the_middle)
    expect_all_once(plant)

    for make, row in plant.rows.items():
        status = StationStatus.objects.get(station=row.station)
        newest = max(at for i, at, *_ in plant.sent if i == row.signals["StateCurrent"].id)
        assert (status.state, status.state_since, status.processed_count) == (11, newest, 280), make
        assert StateChange.objects.filter(station=row.station).count() == 15
        latest = SignalLatest.objects.get(signal=row.signals["Value0"])
        assert latest.value == 299.5
    wait_for("an empty spool", lambda: is_emptied(processes.var / "spool" / "L1"))


@pytest.mark.slow
def test_the_spool_survives_a_killed_gateway_and_a_dead_worker(processes: Processes, plant: Plant) -> None:
    processes.start_gateway()
    wait_for("both sessions", lambda: following(processes))
    plant.run(range(60), pause_s=0.02)
    folder = processes.var / "spool" / "L1"

    def spooled() -> int:
        return sum(len(batches.decode(path.read_bytes())) for path in folder.glob("*.arrow"))

    wait_for("all values on disk", lambda: spooled() == len(plant.sent))
    newest = max(round(at.timestamp() * 1_000_000) for _, at, *_ in plant.sent)

    def noted() -> bool:
        positions = [Memory(folder / "sessions").position(make) for make in plant.peers]
        return all(each and newest - each.last.source_time_us.max() < 100_000 for each in positions)

    wait_for("where it is noted", noted)
    processes.kill("gateway")
    before = {path.name for path in folder.glob("*.arrow")}
    source = (folder / "source").read_text()

    processes.start_gateway("gateway again")
    wait_for("both sessions again", lambda: following(processes, "gateway again"))
    plant.run(range(60, 90), pause_s=0.02)
    assert not Sample.objects.exists()
    processes.start_worker()
    expect_all_once(plant)
    # One server kept the subscription; of the other's new one, what the first gateway had seen last was known.
    wait_for("an empty spool", lambda: is_emptied(folder))
    assert set(TelemetryBatch.objects.values_list("source", flat=True)) == {source}
    assert {int(name.split(".")[0]) for name in before} <= set(
        TelemetryBatch.objects.values_list("sequence", flat=True)
    )
    assert sum(TelemetryBatch.objects.values_list("duplicates", flat=True)) == 0


@pytest.mark.slow
def test_what_is_there_is_followed_when_something_is_missing(processes: Processes, plant: Plant) -> None:
    plant.peers.pop("opcua").stop()
    plant.rows["asyncua"].station.signals.create(code="Nowhere", name_en="x", name_ja="x")
    processes.start_worker()
    processes.start_gateway()
    wait_for("the other session", lambda: processes.log("gateway").count("following") == 1)
    assert re.search(r"MES-L-0305: asyncua: .* COAT-1/Telemetry/Nowhere$", processes.log("gateway"), re.MULTILINE)
    plant.send("asyncua", "Value0", 1.0)
    plant.peers["opcua"] = Peer("opcua", [plant.rows["opcua"]])
    OpcUaServer.objects.filter(code="opcua").update(endpoint_url=plant.peers["opcua"].url)
    wait_for("both sessions", lambda: following(processes))
    plant.send("opcua", "Value0", 2.0)
    expect_all_once(plant)


def test_the_spool_keeps_its_name_and_only_whole_files(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool", "L1")
    spool.write(7, b"seven")
    spool.write(12, b"twelve")
    (tmp_path / "spool" / "00000000000000000013.tmp").write_bytes(b"half")
    again = Spool(tmp_path / "spool", "L1")
    assert (again.source, again.sequences(), again.read(7)) == (spool.source, [7, 12], b"seven")
    assert not list((tmp_path / "spool").glob("*.tmp"))
    again.remove(7)
    again.remove(7)
    assert again.sequences() == [12]
