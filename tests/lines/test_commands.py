"""Commands of an installation, run by a person: what they say when something is not there."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import call_command

from mes.embedded import free_port

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.slow
@pytest.mark.parametrize("command", ["seal_telemetry", "seal_telemetry --verify", "opcua_certificate --login ASSEMBLY"])
def test_a_database_that_does_not_answer_is_told_in_one_line(command: str, tmp_path: Path) -> None:
    address = f"postgres://denchi@127.0.0.1:{free_port()}/denchi"
    done = subprocess.run(
        [sys.executable, "manage.py", *command.split()],
        env={**os.environ, "DENCHI_DATABASE_URL": address, "DENCHI_VAR": str(tmp_path)},
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("CommandError: The database does not answer: ") and "DENCHI_DATABASE_URL" in line


@pytest.mark.django_db
def test_nothing_sealed_is_not_told_as_all_well(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("seal_telemetry", "--verify")
    assert capsys.readouterr().out == "Nothing is sealed yet, so there is nothing to compare.\n"
