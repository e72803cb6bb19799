"""Faults put into the plant on purpose, each written into the truth, for tests and benchmarks to look for. Pure.

They sit early in the first campaign of the first product, so that a demo meets all of them within its first minutes:
by the number of the cell, counted from 0.
"""

from dataclasses import dataclass, field
from math import ceil

REWORK_CELL = 2  # fails its first operation once and passes the second time
BYPASS_CELL = 4  # skips an operation; the station goes on although entry was denied
LOT_CELL = 6  # gets a part from a lot that was never received
DRIFT_CELLS = 12  # how long the drift lasts
DRIFT_RISES = 6  # after so many it has come to its full size

# Questions that are asked wrongly once and then as they should be: for this cell, or the next for which it can be done.
EARLY_CELL = 0  # its tray asks before its rest is over
ELSEWHERE_CELL = 1  # at a station that does not do it
UNCERTIFIED_CELL = 3  # by an operator without certification
RECIPE_CELL = 5  # with the recipe of another version
MOUNTED_CELL = 7  # while a lot past its date is mounted

UNRELEASED_CELL = 12  # while a lot that waits for its release is mounted
GARBLED_CELL = 10  # its result is first sent with a number as a word
LATE_CELL = 8  # lies about until it is too late for its next operation
GRADE_CELL = 3  # gets a grade that is not for packs
OFFLINE_CELL = 11  # made during an outage with the wrong recipe
REWORKED_PACK = 0  # of the second product: fails its end-of-line test, and gets another cell in the place of one
BY_HAND = 10  # every n-th cell, from the fifth on, is sorted by hand


@dataclass(frozen=True, slots=True)
class Outage:
    """A station hears nothing from the MES for some time, from the first cell on that is at least `cell`."""

    operation: str
    cell: int
    minutes: float
    runs_on: bool  # beyond the number of units that it may make


OUTAGES = (Outage("FILL", 10, 45, False), Outage("DEGAS", 16, 45, True))


@dataclass(frozen=True, slots=True)
class Plantings:
    """What goes wrong where. Empty codes plant nothing."""

    product: str  # whose cells carry the numbered faults
    cells: int  # of the first campaign
    reworked: str = ""  # the product whose pack gets another cell
    drift_characteristic: str = ""
    drift_sigmas: float = 3.0
    slow_clock: str = ""  # a station
    slow_clock_s: float = 240.0
    biased_rack: int = 2  # of the formation tower
    biased_slot: int = 7
    bias_ce_pct: float = -0.8  # points of coulombic efficiency
    bias_mohm: float = 0.6  # of contact resistance
    missing: float = 0.003  # shares of telemetry values
    late: float = 0.001
    doubled: float = 0.001
    seen: set[str] = field(default_factory=set)  # told to the truth in this run
    postponed: set[str] = field(default_factory=set)  # not for the cell it was meant for, but for one after it

    @property
    def drift_from(self) -> int:
        return ceil(self.cells / 3)

    @property
    def drift_until(self) -> int:
        return self.drift_from + DRIFT_CELLS

    def drifts(self, characteristic: str, product: str, cell: int) -> bool:
        return (
            characteristic == self.drift_characteristic
            and product == self.product
            and self.drift_from <= cell < self.drift_until
        )

    def drift(self, cell: int) -> float:
        """How far a drifting cell is off, in sigmas: it grows from cell to cell, and stays."""
        return self.drift_sigmas * min(1.0, (cell - self.drift_from + 1) / DRIFT_RISES)

    def once(self, what: str) -> bool:
        """Whether this is the first time it is asked for."""
        if what in self.seen:
            return False
        self.seen.add(what)
        return True

    def put_off(self, what: str) -> None:
        """It could not be done after all: the next cell will do."""
        self.seen.discard(what)
        self.postponed.add(what)
