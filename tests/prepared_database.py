"""A database with all migrations applied, made once for all test runs with the same migrations, and copied by each.

Applying them takes more than ten seconds of a core, and every worker of pytest-xdist has a server of its own.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SETTINGS = {"fsync": "off", "full_page_writes": "off"}
_NAME = "denchi-test-database-"
_KEPT_S = 2 * 86_400.0


def copy_into(folder: Path) -> None:
    """Lay a data folder for mes.embedded.EmbeddedPostgres there."""
    shelf = Path(tempfile.gettempdir()) / f"{_NAME}{os.geteuid()}"
    shelf.mkdir(mode=0o755, exist_ok=True)
    if shelf.stat().st_uid != os.geteuid():
        return  # somebody else's: then this run makes its own
    with (shelf / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        ready = shelf / _key()
        if not ready.exists():
            _forget_old(shelf)
            _make(ready)
        os.utime(ready)
    # Not shutil: the files belong to the user that PostgreSQL runs as.
    subprocess.run(["cp", "-a", f"{ready}/.", str(folder)], check=True)  # noqa: S607 - the system's own


def _key() -> str:
    """Changes with whatever makes the database another one."""
    parts = [ROOT / "requirements-dev.lock", Path(__file__), *sorted(ROOT.glob("*/migrations/*.py"))]
    digest = hashlib.sha256(sys.version.encode())
    for part in parts:
        digest.update(part.name.encode() + part.read_bytes())
    return digest.hexdigest()[:16]


def _forget_old(shelf: Path) -> None:
    for each in shelf.iterdir():
        if each.is_dir() and each.stat().st_mtime < time.time() - _KEPT_S:
            shutil.rmtree(each, ignore_errors=True)


def _make(ready: Path) -> None:
    half = Path(tempfile.mkdtemp(dir=ready.parent))
    half.chmod(0o755)
    try:
        subprocess.run([sys.executable, "-m", "tests.prepared_database", str(half)], cwd=ROOT, check=True)
        half.rename(ready)
    finally:
        shutil.rmtree(half, ignore_errors=True)


def main(folder: Path) -> None:
    from mes.embedded import EmbeddedPostgres

    with EmbeddedPostgres(folder, SETTINGS) as postgres:
        os.environ |= {
            "DJANGO_SETTINGS_MODULE": "tests.settings",
            "DENCHI_DATABASE_URL": postgres.url,
            "DENCHI_REDIS_URL": "redis://127.0.0.1:1/0",  # nobody asks it
        }
        import django
        from django.db import connection

        django.setup()
        connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
        connection.close()


if __name__ == "__main__":
    os.environ.pop("PYTEST_XDIST_WORKER", None)
    os.environ.pop("DENCHI_TEST_SERVERS_OF", None)
    main(Path(sys.argv[1]))
