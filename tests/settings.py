"""Settings of the tests: the real ones, on servers of the tests' own.

Importing this starts PostgreSQL and Valkey in a folder of their own unless DENCHI_DATABASE_URL and DENCHI_REDIS_URL are
set; each worker of pytest-xdist starts its own.
"""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

_here = os.environ.get("PYTEST_XDIST_WORKER", "main")
_started_by = os.environ.get("DENCHI_TEST_SERVERS_OF")
_are_missing = "DENCHI_DATABASE_URL" not in os.environ or "DENCHI_REDIS_URL" not in os.environ
# A worker of pytest-xdist has servers of its own: a transaction open in any database of a server holds new events back
# from the readers of all. Its child processes use its.
if _are_missing or (_here != "main" and _started_by not in (None, _here)):
    from mes.embedded import EmbeddedPostgres, EmbeddedValkey
    from tests import prepared_database

    _folder = Path(tempfile.mkdtemp(prefix="denchi-test-"))
    _folder.chmod(0o755)
    # Durability is the faults tests' business; they start servers of their own.
    (_folder / "postgres").mkdir(mode=0o755)
    prepared_database.copy_into(_folder / "postgres")
    _postgres = EmbeddedPostgres(_folder / "postgres", prepared_database.SETTINGS)
    _valkey = EmbeddedValkey(_folder / "valkey")
    os.environ["DENCHI_DATABASE_URL"] = _postgres.start()
    os.environ["DENCHI_REDIS_URL"] = _valkey.start()
    os.environ["DENCHI_TEST_SERVERS_OF"] = _here

    def _stop() -> None:
        _valkey.stop()
        _postgres.stop()
        shutil.rmtree(_folder, ignore_errors=True)

    atexit.register(_stop)

if "DENCHI_VAR" not in os.environ:
    # Never ./var: there lies the data of a demo.
    _var = Path(tempfile.mkdtemp(prefix="denchi-test-var-"))
    (_var / "static").mkdir()
    os.environ["DENCHI_VAR"] = str(_var)
    atexit.register(shutil.rmtree, _var, ignore_errors=True)

from mes.settings import *  # noqa: E402, F403 - the servers first

SECRET_KEY = "only-for-tests"
# Tests ask as fast as they can; the throttle's own test sets a rate.
DENCHI_STATION_RATE = DENCHI_PERSON_RATE = 0.0
# Argon2 is slow on purpose; the tests log in hundreds of times.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {
    **STORAGES,  # noqa: F405 - the star import above
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = True
INSTALLED_APPS = [*INSTALLED_APPS, "django_migration_linter"]  # noqa: F405 - the star import above
