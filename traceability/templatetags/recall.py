"""How pages write recalls: kinds of suspect, how sure a unit is affected, where it is, and names behind codes."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from lines.templatetags.denchi import icon

register = template.Library()


@register.filter
def suspect_word(kind: str) -> str:
    return {
        "LOT": _("Material lot"),
        "ROLL_RANGE": _("Metres of a roll"),
        "UNITS": _("Units"),
        "TRAY": _("Tray"),
        "STATION": _("Station, for some time"),
        "CHANNEL": _("Channel, for some time"),
        "GAUGE": _("Gauge"),
        "RECIPE": _("Recipe version"),
        "SIGNAL": _("Signal of a chart"),
    }.get(kind, kind)


@register.simple_tag
def certainty(name: str) -> SafeString:
    kind, shape, word = {
        "RECORDED": ("bad", "link", _("Affected, recorded")),
        "INFERRED": ("warn", "deviation", _("Affected, inferred")),
    }.get(name, ("warn", "info", _("Possibly affected")))
    return format_html('<span class="badge {}">{} {}</span>', kind, icon(shape), word)


@register.filter
def place_word(place: str) -> str:
    return {
        "SHIPPED": _("Shipped to a site"),
        "RETURNED": _("Returned"),
        "BUILT_IN": _("Built in, here"),
        "TRAY": _("In a tray"),
        "LINE": _("On the line"),
        "FINISHED": _("Finished, here"),
        "USED_UP": _("Used up, but for a rest"),
        "SCRAPPED": _("Scrapped"),
    }.get(place, place)


@register.filter
def metres(pieces: list[list[float]]) -> str:
    """The first of them."""
    shown = ", ".join(f"{start:g}–{end:g} m" for start, end in pieces[:3])
    return f"{shown} …" if len(pieces) > 3 else shown


@register.filter
def suspect_query(asked: Mapping[str, Any]) -> str:
    """The same suspect as an address asks for it."""
    shown = {name: " ".join(value) if isinstance(value, list) else value for name, value in asked.items()}
    return urlencode(shown)
