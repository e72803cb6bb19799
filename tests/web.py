"""The web process as it is in the demo: uvicorn with mes.asgi, on the tests' database, as a child process."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections, connection

from lines.models import Person
from mes.embedded import die_with_parent, free_port

ROOT = Path(__file__).resolve().parent.parent


@contextmanager
def serving(var: Path) -> Iterator[str]:
    """The address of a web process that answers; it ends with the block. Rows must be committed to be seen there."""
    port = free_port()
    database = connection.settings_dict
    user, password = (quote(str(database[key]), safe="") for key in ("USER", "PASSWORD"))
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "DENCHI_DATABASE_URL": f"postgres://{user}:{password}@{database['HOST']}:{database['PORT']}/{database['NAME']}",
        "DENCHI_VAR": str(var),
    }
    command = [sys.executable, "-m", "uvicorn", "mes.asgi:application", "--port", str(port), "--log-level", "warning"]
    with (var / "web.log").open("ab") as log:
        web = subprocess.Popen(
            [*command, "--timeout-graceful-shutdown", "1"],
            cwd=ROOT,
            env=environment,
            stdout=log,
            stderr=log,
            preexec_fn=lambda: die_with_parent(9),  # noqa: PLW1509 - one prctl, no lock
        )
    url = f"http://127.0.0.1:{port}"
    try:
        _wait(url, web, var / "web.log")
        yield url
    finally:
        web.terminate()
        web.wait(20)


def _wait(url: str, web: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            if httpx.get(f"{url}/healthz").status_code == 200:
                return
        except httpx.HTTPError:
            pass
        assert web.poll() is None and time.monotonic() < deadline, log.read_text()[-3000:]
        time.sleep(0.1)


def application(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    """The product as a WSGI application inside the test's transaction, as Django's test client calls it."""
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    try:
        response: Any = get_wsgi_application()(environ, start_response)
        body = b"".join(response)
        response.close()
        return [body]
    finally:
        for signal in signals:
            signal.connect(close_old_connections)


def session_of(person: Person) -> dict[str, str]:
    """The cookie of a person who has signed in."""
    session = import_module(settings.SESSION_ENGINE).SessionStore()
    session[SESSION_KEY] = str(person.pk)
    session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    session[HASH_SESSION_KEY] = person.get_session_auth_hash()
    session.save()
    return {settings.SESSION_COOKIE_NAME: str(session.session_key)}
