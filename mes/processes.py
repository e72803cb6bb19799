"""Child processes of one parent: started in order, watched, restarted, stopped, none left behind.

Each child leads a session of its own, so Ctrl-C in the terminal reaches only the parent, which stops things in
order. Should the parent be killed outright, the kernel ends each child (PR_SET_PDEATHSIG), and the next start
ends whatever of it still runs by the list in `pids.json`.

Processes are started by the caller's thread, which must outlive them: PR_SET_PDEATHSIG means the thread.
"""

import json
import os
import signal
import subprocess
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from mes.embedded import die_with_parent

RESTARTS_ALLOWED = 5
RESTART_WINDOW_S = 120.0
STOP_TIMEOUT_S = 15.0
GROUP_ATTEMPTS, GROUP_WAIT_S = 20, 0.05


class ProcessError(Exception):
    """A process can't be kept running; the message is one line that says where to look."""


@dataclass(frozen=True)
class Command:
    """One child: its name (also its log's), its words, what the environment adds."""

    name: str
    words: list[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    # What asks it to end in good order.
    stop_signal: int = signal.SIGTERM
    # Above 0: others of this machine that want its processor at the same time go first.
    niceness: int = 0


@dataclass
class _Child:
    command: Command
    process: subprocess.Popen[bytes]
    starts: deque[float]


def _start_tick(pid: int) -> int | None:
    """When the process started, in ticks since boot: with the pid it names one process for ever. None: not running."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] == "Z" else int(fields[19])


def _signal_group(pid: int, signal_number: int) -> None:
    """To the child and all it started: it leads its session."""
    try:
        os.killpg(pid, signal_number)
    except (ProcessLookupError, PermissionError):
        return


def _begin(niceness: int) -> None:
    """What a child does before it is what it will be."""
    # Asked in good order, some would wait for others that end with the same parent. Each of them may be killed at any
    # instruction, so they are.
    die_with_parent(signal.SIGKILL)
    if niceness:
        os.nice(niceness)
        _let_others_go_first(niceness)


def _let_others_go_first(niceness: int) -> None:
    """Linux can share the processor between sessions first, and only then, by niceness, within each."""
    for _ in range(GROUP_ATTEMPTS):
        try:
            Path("/proc/self/autogroup").write_text(str(niceness))
        except BlockingIOError:
            time.sleep(GROUP_WAIT_S)  # it takes one such wish in a tenth of a second
        except OSError:
            return  # it does not, or may not be asked
        else:
            return


class Supervisor:
    """Keeps commands running. `say` takes one line for the person who watches."""

    def __init__(self, logs: Path, pids: Path, say: Callable[[str], None]) -> None:
        self.logs = logs
        self._pids = pids
        self._say = say
        self._children: dict[str, _Child] = {}
        logs.mkdir(parents=True, exist_ok=True)

    def log_of(self, name: str) -> Path:
        return self.logs / f"{name}.log"

    def tail_of(self, name: str, lines: int = 30) -> str:
        """The last lines of a child's log."""
        try:
            return "\n".join(self.log_of(name).read_text(errors="replace").splitlines()[-lines:])
        except OSError:
            return ""

    def start(self, command: Command) -> None:
        """Start a child; raises ProcessError where there is nothing to start."""
        known = self._children.get(command.name)
        starts = known.starts if known else deque(maxlen=RESTARTS_ALLOWED)
        try:
            with self.log_of(command.name).open("ab") as log:
                process = subprocess.Popen(  # noqa: S603 - the commands are ours
                    command.words,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    env={**os.environ, **command.environment},
                    start_new_session=True,
                    preexec_fn=lambda: _begin(command.niceness),  # noqa: PLW1509 - system calls, no lock
                )
        except OSError as error:
            raise ProcessError(f"{command.name} could not be started: {error}.") from error
        starts.append(time.monotonic())
        self._children[command.name] = _Child(command, process, starts)
        self._write_pids()

    def run(self, command: Command, timeout_s: float = 300) -> None:
        """Start a child and wait for its end; raises ProcessError unless it ended well."""
        self.start(command)
        code = self.wait(command.name, timeout_s)
        if code != 0:
            last = self.tail_of(command.name, 1)
            raise ProcessError(f"{command.name} failed ({last}); {self.log_of(command.name)} says why.")

    def wait(self, name: str, timeout_s: float) -> int:
        """The exit code of a child that ends by itself."""
        child = self._children[name]
        try:
            return child.process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            raise ProcessError(f"{name} did not end in {timeout_s:.0f} s; see {self.log_of(name)}.") from None
        finally:
            self.stop(name)

    def pid_of(self, name: str) -> int:
        return self._children[name].process.pid

    def is_running(self, name: str) -> bool:
        child = self._children.get(name)
        return child is not None and child.process.poll() is None

    def restart_crashed(self) -> None:
        """Start again what ended by itself; raises ProcessError for one that ends again and again."""
        for name, child in list(self._children.items()):
            code = child.process.poll()
            if code is None:
                continue
            _signal_group(child.process.pid, signal.SIGKILL)
            full = len(child.starts) == RESTARTS_ALLOWED
            if full and time.monotonic() - child.starts[0] < RESTART_WINDOW_S:
                raise ProcessError(f"{name} ended {RESTARTS_ALLOWED} times in a row; {self.log_of(name)} says why.")
            how = f"was ended by signal {-code}" if code < 0 else f"ended with code {code}"
            self._say(f"{name} {how}; starting it again (log: {self.log_of(name)})")
            self.start(child.command)

    def stop(self, *names: str, timeout_s: float = STOP_TIMEOUT_S) -> None:
        """End children together in good order, then by force, with all they started; they are not started again."""
        children = {name: self._children[name] for name in names if name in self._children}
        for child in children.values():
            if child.process.poll() is None:
                child.process.send_signal(child.command.stop_signal)
        deadline = time.monotonic() + timeout_s
        for name, child in children.items():
            try:
                child.process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                self._say(f"{name} does not end by itself; ending it by force")
            self.kill(name)

    def kill(self, name: str) -> None:
        """End a child and all it started by SIGKILL; it is not started again."""
        child = self._children.pop(name, None)
        if child is None:
            return
        # The group may outlive its leader, so it is asked for even when the leader has ended.
        _signal_group(child.process.pid, signal.SIGKILL)
        child.process.wait()
        self._write_pids()

    def stop_all(self) -> None:
        self.stop(*self._children)

    def force_all(self) -> None:
        """Send SIGKILL to all and wait for nothing: for a signal handler, while `stop_all` waits below it."""
        for child in list(self._children.values()):
            _signal_group(child.process.pid, signal.SIGKILL)

    def _write_pids(self) -> None:
        running = {name: [c.process.pid, _start_tick(c.process.pid)] for name, c in self._children.items()}
        try:
            self._pids.write_text(json.dumps(running))
        except OSError:
            # A full disk must not keep anything from being stopped.
            return

    def end_left_over(self) -> None:
        """End what a parent that was killed left running, by the pids it wrote down."""
        try:
            noted: dict[str, list[int]] = json.loads(self._pids.read_text())
        except (OSError, ValueError):
            return
        alive = {name: pid for name, (pid, tick) in noted.items() if tick is not None and _start_tick(pid) == tick}
        for name, pid in alive.items():
            self._say(f"ending {name}, left over from a run that was killed")
            _signal_group(pid, signal.SIGTERM)
        deadline = time.monotonic() + STOP_TIMEOUT_S
        while alive and time.monotonic() < deadline:
            alive = {name: pid for name, pid in alive.items() if _start_tick(pid) == noted[name][1]}
            time.sleep(0.05)
        for pid in alive.values():
            _signal_group(pid, signal.SIGKILL)
