"""`make demo`: the whole plant on one machine, until Ctrl-C."""

import contextlib
import errno
import os
import signal
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from mes.demo import before
from mes.demo.options import DemoError, Options, options_from
from mes.demo.plant import RunningPlant
from mes.demo.progress import ProgressReader
from mes.embedded import EmbeddedServerError, die_with_parent
from mes.processes import ProcessError

STATUS_EVERY_S = 10.0
STATUS_EVERY_S_IN_A_FILE = 30.0


class _StopAsked(BaseException):
    """By Ctrl-C, SIGTERM, a closed terminal; the message says which."""


def _ask_to_stop(signal_number: int, _frame: FrameType | None) -> None:
    # Once: what follows must not be interrupted. The second Ctrl-C is for the impatient (see _stop).
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    raise _StopAsked(signal.Signals(signal_number).name)


def _catches_interrupts(pid: int) -> bool:
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False
    caught = next((line.split()[1] for line in status.splitlines() if line.startswith("SigCgt")), "0")
    return bool(int(caught, 16) >> (signal.SIGINT - 1) & 1)


def _is_make(pid: int) -> bool:
    try:
        return "make" in Path(f"/proc/{pid}/comm").read_text()
    except OSError:
        return False


class Command(BaseCommand):
    help = "Run the whole plant on this machine until Ctrl-C."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            chosen = options_from()
            try:
                self._run(chosen)
            except (ProcessError, EmbeddedServerError):
                # Most of what fails without room says so in words of its own.
                before.check_space(chosen.var, before.SPACE_TO_GO_ON_MB)
                raise
        except (DemoError, ProcessError, EmbeddedServerError) as error:
            raise CommandError(str(error)) from error
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                raise
            raise CommandError("The disk is full: free some space, then `make demo` goes on.") from error

    def _run(self, chosen: Options) -> None:
        before.make_folder(chosen)
        before.check_wheels(chosen)
        held = before.lock(chosen)
        before.check_space(chosen.var, before.SPACE_TO_START_MB)
        before.check_port(chosen)
        if _is_make(os.getppid()):
            # A killed `make` must not leave the demo behind; a shell that ends may.
            die_with_parent(signal.SIGTERM)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, _ask_to_stop)
        plant = RunningPlant(chosen, self._say)
        try:
            self._say(f"Denchi MES: a battery plant in {chosen.var}")
            plant.start()
            self._tell_how_to_enter(plant)
            self._watch(plant)
        except _StopAsked as asked:
            self._say(f"\nStopping ({asked}); what was stored stays, `make demo` goes on from here.")
        finally:
            self._stop(plant)
            held.close()
        self._say("Stopped.")

    def _say(self, line: str) -> None:
        # Whoever reads may have gone; that is no reason to leave processes behind.
        with contextlib.suppress(OSError):
            self.stdout.write(line)
            self.stdout.flush()

    def _tell_how_to_enter(self, plant: RunningPlant) -> None:
        people = "\n".join(
            f"    {role.replace('_', ' ').capitalize():<16} {entry['user']:<12} {entry['password']}"
            for role, entry in plant.people().items()
        )
        self._say(
            f"\n  {plant.options.url}        start at {plant.options.url}/tour/ once the first pack has passed"
            f"\n{people}\n  For scripts: {plant.demo_json}    Logs: {plant.processes.logs}"
            "\n  Ctrl-C stops everything.\n"
        )

    def _watch(self, plant: RunningPlant) -> None:
        reader = ProgressReader(plant.database_url)
        parent = os.getppid()
        make_listens = _is_make(parent) and _catches_interrupts(parent)
        every = STATUS_EVERY_S if sys.stdout.isatty() else STATUS_EVERY_S_IN_A_FILE
        next_status = 0.0
        while True:
            # `make` that is sent SIGINT alone does not hand it on, but waits for us with its handler taken off.
            if make_listens and os.getppid() == parent and not _catches_interrupts(parent):
                raise _StopAsked("make was interrupted")
            before.check_space(plant.options.var, before.SPACE_TO_GO_ON_MB)
            plant.keep()
            if time.monotonic() >= next_status:
                next_status = time.monotonic() + every
                progress = reader.read()
                now = datetime.now(UTC)
                self._say(
                    f"{now.astimezone():%H:%M:%S}  {progress.line(now) if progress else 'no answer from the database'}"
                )
            time.sleep(1)

    def _stop(self, plant: RunningPlant) -> None:
        def at_once(_number: int, _frame: FrameType | None) -> None:
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            plant.processes.force_all()

        # Ctrl-C again ends what is left without waiting.
        signal.signal(signal.SIGINT, at_once)
        plant.stop()
