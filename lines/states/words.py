"""PackML states in people's words, with the shape and the level of attention that screens give them."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import pgettext_lazy

from lines.states.packml import PackMLState


@dataclass(frozen=True, slots=True)
class StateLook:
    """`level`: normal (grey), warn, alert, nodata."""

    word: str | Promise
    icon: str
    level: str


NO_DATA = StateLook(pgettext_lazy("machine state", "No data"), "nodata", "nodata")

_LOOKS: dict[int, StateLook] = {
    PackMLState.CLEARING: StateLook(pgettext_lazy("machine state", "Clearing"), "changing", "normal"),
    PackMLState.STOPPED: StateLook(pgettext_lazy("machine state", "Stopped"), "stopped", "warn"),
    PackMLState.STARTING: StateLook(pgettext_lazy("machine state", "Starting"), "changing", "normal"),
    PackMLState.IDLE: StateLook(pgettext_lazy("machine state", "Idle"), "idle", "normal"),
    PackMLState.SUSPENDED: StateLook(pgettext_lazy("machine state", "Waiting"), "waiting", "normal"),
    PackMLState.EXECUTE: StateLook(pgettext_lazy("machine state", "Running"), "running", "normal"),
    PackMLState.STOPPING: StateLook(pgettext_lazy("machine state", "Stopping"), "changing", "normal"),
    PackMLState.ABORTING: StateLook(pgettext_lazy("machine state", "Aborting"), "aborted", "alert"),
    PackMLState.ABORTED: StateLook(pgettext_lazy("machine state", "Aborted"), "aborted", "alert"),
    PackMLState.HOLDING: StateLook(pgettext_lazy("machine state", "Going on hold"), "held", "warn"),
    PackMLState.HELD: StateLook(pgettext_lazy("machine state", "Held"), "held", "warn"),
    PackMLState.UNHOLDING: StateLook(pgettext_lazy("machine state", "Leaving hold"), "changing", "normal"),
    PackMLState.SUSPENDING: StateLook(pgettext_lazy("machine state", "Running dry"), "waiting", "normal"),
    PackMLState.UNSUSPENDING: StateLook(pgettext_lazy("machine state", "Resuming"), "changing", "normal"),
    PackMLState.RESETTING: StateLook(pgettext_lazy("machine state", "Resetting"), "changing", "normal"),
    PackMLState.COMPLETING: StateLook(pgettext_lazy("machine state", "Completing"), "done", "normal"),
    PackMLState.COMPLETE: StateLook(pgettext_lazy("machine state", "Complete"), "done", "normal"),
}


def state_look(state: int | None) -> StateLook:
    """How a state is shown; a number PackML does not know is no data, never a guess."""
    return NO_DATA if state is None or state not in _LOOKS else _LOOKS[state]
