"""PackML states (ISA-TR88.00.02) by number, as stations send them."""

from enum import IntEnum


class PackMLState(IntEnum):
    CLEARING = 1
    STOPPED = 2
    STARTING = 3
    IDLE = 4
    SUSPENDED = 5
    EXECUTE = 6
    STOPPING = 7
    ABORTING = 8
    ABORTED = 9
    HOLDING = 10
    HELD = 11
    UNHOLDING = 12
    SUSPENDING = 13
    UNSUSPENDING = 14
    RESETTING = 15
    COMPLETING = 16
    COMPLETE = 17


RUNNING = frozenset({PackMLState.EXECUTE, PackMLState.COMPLETING, PackMLState.COMPLETE, PackMLState.STARTING})
# Counters every station has, as signals.
PROCESSED = "ProdProcessedCount"
DEFECTIVE = "ProdDefectiveCount"
