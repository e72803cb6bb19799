"""From what arrived to rows of signals: which number of which variable is which signal. Pure."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lines.opcua.arrivals import SCALAR, Arrived
from lines.opcua.errors import NODE_GONE, VALUE_SHAPE

BAD_WAITING_FOR_INITIAL_DATA = 0x80320000
_GONE = (0x80330000, 0x80340000, 0x803F0000)  # BadNodeIdInvalid, BadNodeIdUnknown, BadObjectDeleted
_CODE = 0xFFFF0000
_LONGEST_TABLE = 1_000_000
# Of a status code what says something about the value. The rest says how it was sent: overflow, read from history.
_MEANING, _LIMITS, _INFO_TYPE = 0xFFFF0300, 0x0300, 0x0400


@dataclass(frozen=True, slots=True)
class Numbers:
    """One followed variable: its client handle and the signal of each of its numbers."""

    handle: int
    signal_ids: tuple[int, ...]
    is_scalar: bool


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Values of signals, in the order of arrival. All columns have one length."""

    signal_id: NDArray[np.int32]
    source_time_us: NDArray[np.int64]
    value: NDArray[np.float64]
    status: NDArray[np.uint32]  # without the bits that only say how it was sent
    refused: tuple[tuple[int, str], ...]  # (signal, error code)
    unknown: int  # values of handles that nobody follows (any more)

    def __len__(self) -> int:
        return len(self.signal_id)


def meaning(status: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """What the codes (n,) say about their values: the same whether a value was sent at once, late or from history."""
    bare: NDArray[np.uint32] = status & np.uint32(_MEANING)
    return np.where(bare & np.uint32(_LIMITS), bare | np.uint32(_INFO_TYPE), bare).astype(np.uint32)


class Handles:
    """Looks up signals for what one server sends."""

    def __init__(self, followed: Iterable[Numbers]) -> None:
        variables = sorted(followed, key=lambda each: each.handle)
        self._handle = np.array([each.handle for each in variables], np.uint32)
        self._length = np.array([SCALAR if each.is_scalar else len(each.signal_ids) for each in variables], np.int64)
        counts = [len(each.signal_ids) for each in variables]
        self._first = np.cumsum([0, *counts])[:-1].astype(np.int64)
        self._signal = np.array([signal for each in variables for signal in each.signal_ids], np.int32)
        # By handle, the signal of each variable that is a plain number, else -1. Handles are ids of a table, so this is
        # short; where one is not, the long way serves.
        highest = min(max((each.handle for each in variables), default=0), _LONGEST_TABLE)
        self._scalar = np.full(highest + 1, -1, np.int32)
        for each in variables:
            if each.is_scalar and each.signal_ids and each.handle <= highest:
                self._scalar[each.handle] = each.signal_ids[0]

    def rows(self, arrived: Arrived) -> Rows:
        """The values as rows of signals. A variable without a value yet gives none.

        A value of the wrong shape becomes one row without a number, so that it is counted as one that came and could
        not be stored; so does one that is no number. A variable that is gone gives no row: nobody measured anything.
        """
        if not len(self._handle):
            none = np.zeros(0, np.intp)
            empty = none.astype(np.int32), none.astype(np.int64), none.astype(np.float64), none.astype(np.uint32)
            return Rows(*empty, refused=(), unknown=len(arrived))
        if not (arrived.refused or arrived.status.any()) and arrived.handle.max(initial=0) < len(self._scalar):
            # Good plain numbers, which is nearly every message: a fifth of the work.
            signal_id = self._scalar[arrived.handle]
            if signal_id.min(initial=0) >= 0 and arrived.element.max(initial=SCALAR) == SCALAR:
                time, value, status = arrived.source_time_us, arrived.value, arrived.status
                return Rows(signal_id, time, value, status, refused=(), unknown=0)
        at = np.minimum(self._handle.searchsorted(arrived.handle), len(self._handle) - 1)
        is_known = self._handle[at] == arrived.handle
        length, element = self._length[at], arrived.element.astype(np.int64)
        is_right = np.where(length == SCALAR, element == SCALAR, (element >= 0) & (element < length))
        # One row stands for a value of the wrong shape: its first number, or the first beyond the planned length.
        is_wrong = ~is_right & ((element == SCALAR) | (element == np.maximum(length, 0)))
        code = arrived.status & np.uint32(_CODE)
        is_gone = is_known & np.isin(code, _GONE)
        is_row = is_known & (is_right | is_wrong) & (code != BAD_WAITING_FOR_INITIAL_DATA) & ~is_gone
        value = np.where(is_right, arrived.value, math.nan)
        place = self._first[at] + np.where(is_right, np.maximum(element, 0), 0)
        refused = [(int(handle), code) for handle, code in arrived.refused]
        # An array variable without any number arrives as a scalar without one; that is told already, or just empty.
        is_told = is_row & is_wrong & ~np.isnan(arrived.value)
        refused += [(int(handle), VALUE_SHAPE.code) for handle in arrived.handle[is_told]]
        refused += [(int(handle), NODE_GONE.code) for handle in np.unique(arrived.handle[is_gone])]
        kept = np.flatnonzero(is_row)
        return Rows(
            signal_id=self._signal[place[kept]],
            source_time_us=arrived.source_time_us[kept],
            value=value[kept],
            status=meaning(arrived.status[kept]),
            refused=tuple((signal, code) for handle, code in refused if (signal := self._of(handle)) is not None),
            unknown=int(np.count_nonzero(~is_known)),
        )

    def _of(self, handle: int) -> int | None:
        """The first signal of the variable with this handle."""
        at = int(np.searchsorted(self._handle, handle))
        if at < len(self._handle) and self._handle[at] == handle:
            return int(self._signal[self._first[at]])
        return None
