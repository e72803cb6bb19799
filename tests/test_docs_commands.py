"""The curl commands of docs/stations.md, run as they stand there against a web process; their answers are as shown."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from lines.models import Station
from lines.people.services import issue_station_token
from mes.loading.services import load_plant
from tests.web import ROOT, serving

DOCUMENT = ROOT / "docs" / "stations.md"
pytestmark = pytest.mark.skipif(not shutil.which("curl"), reason="curl is not installed")


def commands() -> list[tuple[str, Any]]:
    """Each command with the answer shown below it."""
    blocks = [
        "\n".join(line[4:] for line in block.splitlines())
        for block in re.findall(r"(?:^    .*\n)+", DOCUMENT.read_text(), re.MULTILINE)
    ]
    asked = [n for n, block in enumerate(blocks) if block.startswith("curl")]
    return [(blocks[n], json.loads(blocks[n + 1])) for n in asked]


def holds(shown: Any, answer: Any, path: str = "$") -> None:
    """What is shown is there; the answer may say more."""
    if isinstance(shown, dict):
        for name, value in shown.items():
            assert name in answer, f"{path}.{name} of {answer}"
            holds(value, answer[name], f"{path}.{name}")
    elif isinstance(shown, list) and shown and isinstance(shown[0], dict):
        assert len(shown) == len(answer), f"{path}: {answer}"
        for number, pair in enumerate(zip(shown, answer, strict=True)):
            holds(*pair, f"{path}[{number}]")
    else:
        assert shown == answer, path


@pytest.mark.slow
def test_the_commands_answer_as_shown(transactional_db: None, tmp_path: Path) -> None:  # noqa: ARG001 - the web process sees it
    load_plant(ROOT / "fixtures" / "plant" / "osaka")
    token = issue_station_token(Station.objects.get(code="MIX-1"))
    found = commands()
    assert len(found) >= 6
    with serving(tmp_path) as url:
        for command, shown in found:
            done = subprocess.run(
                ["bash", "-euc", command],  # noqa: S607 - the reader's own
                env={"MES": url, "TOKEN": token, "PATH": "/usr/bin:/bin"},
                capture_output=True,
                text=True,
                check=False,
            )
            assert done.returncode == 0, done.stderr
            try:
                holds(shown, json.loads(done.stdout))
            except AssertionError:
                print(command, done.stdout)
                raise
