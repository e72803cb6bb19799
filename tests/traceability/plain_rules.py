"""The rules of the interlock in plain Python, written from the rules and not from the code, for one small route."""

from __future__ import annotations

from dataclasses import dataclass, field

# Which station does what: the second can do an operation in place of M-D.
STATIONS = {"WELD-1": ("M-A", "M-B"), "CAN-1": ("M-C", "M-D", "M-D2", "M-E"), "PACK-1": ("M-F",)}
OPERATIONS = tuple(operation for operations in STATIONS.values() for operation in operations)


@dataclass(frozen=True)
class Rule:
    """One step of the route."""

    operation: str
    passes: int
    on_fail: str
    back_to: str = ""
    every: int = 1
    once: bool = False
    instead: str = ""


ROUTE = (
    Rule("M-A", 1, "SCRAP"),
    Rule("M-B", 2, "HOLD"),
    Rule("M-E", 1, "HOLD", once=True),
    Rule("M-C", 1, "HOLD", every=2),
    Rule("M-D", 3, "SCRAP", back_to="M-B", instead="M-D2"),
    Rule("M-F", 1, "HOLD"),
)


@dataclass
class Model:
    """What the rules know of one unit."""

    number: int
    serial: str
    visits: list[tuple[str, str]] = field(default_factory=list)  # step's operation, verdict; in order of acceptance
    is_known: bool = False
    state: str = "IN_PROCESS"
    by_person: int = 0  # open holds
    open: list[bool] = field(default_factory=list)  # nonconformances not decided, each: with a hold?
    was_held_then: bool = False  # by a visit made in an outage, from then on
    extra: int = 0  # passes granted by decisions
    slot: int | None = None
    permit: tuple[str, str] | None = None  # station, operation
    next: str | None = ""

    def __post_init__(self) -> None:
        self.next = self.route[0].operation

    @property
    def is_held(self) -> bool:
        return bool(self.by_person or any(self.open))

    @property
    def route(self) -> list[Rule]:
        return [step for step in ROUTE if self.number % step.every == 0]

    def verdicts(self, operation: str) -> list[str]:
        return [verdict for visited, verdict in self.visits if visited == operation]

    def reasons(self, operation: str, station: str) -> set[str]:  # noqa: PLR0912 - one branch for each rule
        """Why it may not enter."""
        step = step_of(operation)
        own = [s.operation for s in self.route]
        found = set()
        if operation not in STATIONS[station]:
            found.add("NOT_AT_THIS_STATION")
        is_next = self.next == step.operation
        before = self.verdicts(step.operation)
        is_unknown = not self.is_known and step.operation != own[0]
        is_done = bool(before) and before[-1] == "PASS" and not is_next
        if is_unknown:
            found.add("SERIAL_UNKNOWN")
        if step.operation not in own:
            found.add("NOT_IN_SAMPLE")
        if is_done:
            found.add("ALREADY_DONE")
        if not (is_next or is_unknown or is_done or step.operation not in own) and (
            self.next or self.state == "COMPLETED"
        ):
            found.add("WRONG_STEP")
        if self.is_known:
            for earlier in ROUTE[: ROUTE.index(step)]:
                if earlier.operation in own:
                    verdicts = self.verdicts(earlier.operation)
                    if not verdicts:
                        found.add("EARLIER_MISSING")
                    elif verdicts[-1] == "FAIL":
                        found.add("EARLIER_FAILED")
        if self.is_held:
            found.add("HELD")
        if self.state == "SCRAPPED":
            found.add("SCRAPPED")
        if before and before[-1] == "FAIL" and before.count("FAIL") >= step.passes + self.extra:
            found.add("MAX_PASSES")
        if self.permit and self.permit[0] != station:
            found.add("PERMIT_ELSEWHERE")
        return found

    def visit(self, operation: str, verdict: str, deviations: set[str], offline: bool) -> str:
        """A visit happened; what becomes of the unit."""
        step = step_of(operation)
        was_held = self.is_held
        moves = self.next == step.operation
        self.is_known = True
        self.visits.append((step.operation, verdict))
        if not moves:
            self._hold(offline)
            return "HOLD"
        disposition = self._pass(step) if verdict == "PASS" else self._fail(step)
        if disposition == "SCRAP":
            self.open.append(False)
            return disposition
        if disposition == "HOLD" or deviations:
            self._hold(offline)
            return "HOLD"
        return "HOLD" if was_held else disposition

    def _hold(self, offline: bool) -> None:
        self.open.append(True)
        self.was_held_then |= offline

    def _pass(self, step: Rule) -> str:
        later = self.route[self.route.index(step) + 1 :]
        for after in later:
            if after.once and self._passed_in_turn(after):
                continue
            self.next = after.operation
            return "CONTINUE"
        self.next, self.state = None, "COMPLETED"
        return "COMPLETE"

    def _passed_in_turn(self, step: Rule) -> bool:
        """Passed the last time, and by then every earlier step had been passed."""
        places = [place for place, (operation, _) in enumerate(self.visits) if operation == step.operation]
        if not places or self.visits[places[-1]][1] != "PASS":
            return False
        passed = {operation for operation, verdict in self.visits[: places[-1]] if verdict == "PASS"}
        return all(s.operation in passed for s in self.route[: self.route.index(step)])

    def _fail(self, step: Rule) -> str:
        if self.verdicts(step.operation).count("FAIL") < step.passes + self.extra:
            back = step.back_to or step.operation
            self.next = next(s.operation for s in self.route if ROUTE.index(s) >= ROUTE.index(step_of(back)))
            return "REWORK"
        if step.on_fail == "SCRAP":
            self.next, self.state = None, "SCRAPPED"
            return "SCRAP"
        return "HOLD"

    def rework(self, operation: str) -> None:
        """Somebody decided: begin again here."""
        self.next, self.state = operation, "IN_PROCESS"
        self.extra += 1

    @property
    def reached(self) -> list[str]:
        return [s.operation for s in self.route if self.verdicts(s.operation) or s.operation == self.next]


def step_of(operation: str) -> Rule:
    return next(step for step in ROUTE if operation in (step.operation, step.instead))
