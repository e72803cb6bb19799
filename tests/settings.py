"""Settings of the tests: the real ones, on servers of the tests' own.

Importing this starts PostgreSQL and Valkey in a folder of their own unless DENCHI_DATABASE_URL and DENCHI_REDIS_URL are
set. pytest's first process starts them and hands both addresses to its workers by the environment.
"""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

if "DENCHI_DATABASE_URL" not in os.environ or "DENCHI_REDIS_URL" not in os.environ:
    from mes.embedded import EmbeddedPostgres, EmbeddedValkey

    _folder = Path(tempfile.mkdtemp(prefix="denchi-test-"))
    _folder.chmod(0o755)
    # Durability is the faults tests' business; they start servers of their own.
    _postgres = EmbeddedPostgres(_folder / "postgres", {"fsync": "off", "full_page_writes": "off"})
    _valkey = EmbeddedValkey(_folder / "valkey")
    os.environ["DENCHI_DATABASE_URL"] = _postgres.start()
    os.environ["DENCHI_REDIS_URL"] = _valkey.start()

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

from mes.settings import *  # noqa: F403

SECRET_KEY = "only-for-tests"
# Tests ask as fast as they can; the throttle's own test sets a rate.
DENCHI_STATION_RATE = DENCHI_PERSON_RATE = 0.0
# Argon2 is slow on purpose; the tests log in hundreds of times.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = True
INSTALLED_APPS = [*INSTALLED_APPS, "django_migration_linter"]  # noqa: F405 - the star import above
