"""The commands of docs/plc.md as they stand there: a station on another make of server, answered by the real API."""

import json
import re
import shlex
from pathlib import Path

import pytest

from lines.models import OperationRecord, Station
from lines.people.services import issue_station_token
from mes.embedded import free_port
from mes.loading.services import load_plant
from tests.processes import Processes, processes, wait_for
from tests.web import ROOT, serving

__all__ = ["processes"]

PLC = ROOT / "docs" / "plc.md"


def commands() -> list[list[str]]:
    """The words after python of each command in the document's blocks."""
    lines = re.findall(r"^    \.venv/bin/python (.+)$", PLC.read_text(), re.MULTILINE)
    return [shlex.split(line) for line in lines]


@pytest.mark.slow
def test_the_example_runs_as_documented(processes: Processes, tmp_path: Path) -> None:
    load_plant(ROOT / "fixtures" / "plant" / "osaka")
    tokens = tmp_path / "tokens.json"
    tokens.write_text(json.dumps({"MIX-1": issue_station_token(Station.objects.get(code="MIX-1"))}))
    example, follow = commands()
    assert example[0] == "examples/plc_station.py"
    assert follow[:3] == ["manage.py", "follow_station", "MIX-1"]
    serial, port = example[1], free_port()
    follow[follow.index("opc.tcp://127.0.0.1:48401")] = f"opc.tcp://127.0.0.1:{port}"
    follow[follow.index("var/station_tokens.json")] = str(tokens)
    with serving(tmp_path) as url:
        processes.start("station", *example, "--port", str(port), "--memory", str(tmp_path / "plc.json"))
        processes.start("follow", *follow, DENCHI_API_URL=url)
        wait_for("the result", lambda: "result 1" in processes.log("station"), 60)
        wait_for("its end", lambda: not processes.supervisor.is_running("station"))
    said = processes.log("station")
    assert re.search(rf"^permit 1 {serial} ALLOW$", said, re.MULTILINE), said
    assert re.search(rf"^result 1 {serial} PASS ", said, re.MULTILINE), said
    record = OperationRecord.objects.get()
    assert (record.serial, record.station.code, record.operation) == (serial, "MIX-1", "MIX-A")
    assert record.measurements.count() == 2
