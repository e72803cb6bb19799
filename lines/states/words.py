"""PackML states in people's words, with the shape and the level of attention that screens give them."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from lines.states.packml import PackMLState


@dataclass(frozen=True, slots=True)
class StateLook:
    """`level`: normal (grey), warn, alert, nodata."""

    word: str | Promise
    icon: str
    level: str


NO_DATA = StateLook(_("No data"), "nodata", "nodata")

_LOOKS: dict[int, StateLook] = {
    PackMLState.CLEARING: StateLook(_("Clearing"), "changing", "normal"),
    PackMLState.STOPPED: StateLook(_("Stopped"), "stopped", "warn"),
    PackMLState.STARTING: StateLook(_("Starting"), "changing", "normal"),
    PackMLState.IDLE: StateLook(_("Idle"), "idle", "normal"),
    PackMLState.SUSPENDED: StateLook(_("Waiting"), "waiting", "normal"),
    PackMLState.EXECUTE: StateLook(_("Running"), "running", "normal"),
    PackMLState.STOPPING: StateLook(_("Stopping"), "changing", "normal"),
    PackMLState.ABORTING: StateLook(_("Aborting"), "aborted", "alert"),
    PackMLState.ABORTED: StateLook(_("Aborted"), "aborted", "alert"),
    PackMLState.HOLDING: StateLook(_("Going on hold"), "held", "warn"),
    PackMLState.HELD: StateLook(_("Held"), "held", "warn"),
    PackMLState.UNHOLDING: StateLook(_("Leaving hold"), "changing", "normal"),
    PackMLState.SUSPENDING: StateLook(_("Running dry"), "waiting", "normal"),
    PackMLState.UNSUSPENDING: StateLook(_("Resuming"), "changing", "normal"),
    PackMLState.RESETTING: StateLook(_("Resetting"), "changing", "normal"),
    PackMLState.COMPLETING: StateLook(_("Completing"), "done", "normal"),
    PackMLState.COMPLETE: StateLook(_("Complete"), "done", "normal"),
}


def state_look(state: int | None) -> StateLook:
    """How a state is shown; a number PackML does not know is no data, never a guess."""
    return NO_DATA if state is None or state not in _LOOKS else _LOOKS[state]
