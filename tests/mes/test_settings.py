"""A server that signs sessions with a published key must not start."""

import os
import subprocess
import sys

import pytest


@pytest.mark.parametrize("key", [None, "change-me-to-50-random-characters"])
def test_the_web_refuses_a_published_key(key: str | None) -> None:
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "mes.settings"}
    environment.pop("DENCHI_SECRET_KEY", None)
    if key:
        environment["DENCHI_SECRET_KEY"] = key
    done = subprocess.run(
        [sys.executable, "-c", "import mes.wsgi"], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode != 0
    assert "DENCHI_SECRET_KEY" in done.stderr.splitlines()[-1]
