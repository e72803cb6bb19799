"""How pages write metres of rolls and what became of them."""

from typing import Protocol

from django import template
from django.utils.translation import gettext as _

from lines.orders.models import Tracking
from traceability.rolls.drawing import Sign
from traceability.rolls.shown import fate_word, metres

register = template.Library()


class _Metres(Protocol):
    from_m: float
    to_m: float


@register.filter
def piece_metres(piece: _Metres) -> str:
    """From where to where, with the uncertainty where it matters."""
    return metres(piece.from_m, piece.to_m, getattr(piece, "delta_m", 0.0))


@register.filter
def fate(value: str) -> str:
    return fate_word(value)


@register.filter
def source_kind(tracking: str) -> str:
    words = {Tracking.SLURRY_BATCH: _("slurry batch"), Tracking.ROLL: _("roll"), Tracking.LOT: _("material lot")}
    return words.get(Tracking(tracking), tracking) if tracking in Tracking.values else tracking


@register.filter
def first_part(title: str) -> str:
    """What stands before the first point of a tooltip."""
    return title.partition(" · ")[0]


@register.filter
def plain_metre(value: float) -> str:
    """For an address: no grouping, no locale, centimetres."""
    return f"{value:.2f}"


@register.simple_tag
def sign_end(sign: Sign) -> str:
    """px where a mark that has a length ends."""
    return f"{sign.x + sign.width:.1f}"
