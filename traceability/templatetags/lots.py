"""How pages write lots: states and events in words, and what a form refused at which field."""

from collections.abc import Mapping
from typing import TypeVar

from django import template
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from traceability.units.models import LotEventKind, LotState

register = template.Library()
Value = TypeVar("Value")


@register.filter
def at(values: Mapping[str, Value], key: str) -> Value | None:
    """One entry of a mapping whose keys are no names."""
    return values.get(key)


@register.filter
def lot_state_word(state: str) -> str:
    """As `lot_state`, without shape and colour: for a choice in a list."""
    return {
        LotState.RELEASED: _("Released"),
        LotState.QUARANTINE: _("In quarantine"),
        LotState.BLOCKED: _("Blocked"),
        LotState.UNKNOWN: _("Never announced"),
    }.get(LotState(state), state)


@register.filter
def lot_event_word(kind: str) -> str:
    return {
        LotEventKind.RECEIVED: pgettext("lot event", "Received"),
        LotEventKind.RELEASED: pgettext("lot event", "Released"),
        LotEventKind.BLOCKED: pgettext("lot event", "Blocked"),
        LotEventKind.EXPIRY: pgettext("lot event", "Expiry changed"),
        LotEventKind.SPLIT: pgettext("lot event", "Split"),
        LotEventKind.MERGED: pgettext("lot event", "Merged"),
    }.get(LotEventKind(kind), kind)
