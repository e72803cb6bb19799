"""How pages write holds and dispositions."""

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from lines.templatetags.denchi import icon

register = template.Library()


@register.filter
def scope_word(scope: str) -> str:
    return {
        "UNIT": _("Unit"),
        "LOT": _("Material lot"),
        "TRAY": _("Tray"),
        "ROLL_RANGE": _("Metres of a roll"),
        "STATION": _("Station, for some time"),
        "CHANNEL": _("Channel, for some time"),
        "UNITS": _("Units behind a signal"),
        "SIGNAL": _("Made while a control chart signalled"),
    }.get(scope, scope)


@register.filter
def tab_word(tab: str) -> str:
    return {
        "placed": _("Placed by people and signals"),
        "nonconformance": _("From nonconformances"),
        "released": pgettext("hold", "Released"),
        "open": _("Open"),
        "waiting": _("Waiting for a second person"),
        "closed": _("Decided"),
    }[tab]


@register.filter
def disposition_word(disposition: str) -> str:
    return {
        "USE_AS_IS": _("Use as is"),
        "DOWNGRADE": _("Downgrade"),
        "REWORK": _("Rework"),
        "SCRAP": _("Scrap"),
        "RETURN": _("Return to the supplier"),
    }.get(disposition, disposition)


@register.filter
def disposition_effect(disposition: str) -> str:
    """What follows from it, for the one who decides."""
    return {
        "USE_AS_IS": _("Its hold ends and it goes on past this operation. The record stays as it is."),
        "DOWNGRADE": _("The same, with the grade below."),
        "REWORK": _("It begins again at the operation below, with one pass more than the route allows."),
        "SCRAP": _("It is out of the line. What it was built into is held."),
        "RETURN": _("It is out of the line and goes back."),
    }.get(disposition, "")


@register.simple_tag
def hold_state(is_released: bool) -> SafeString:
    kind, shape, word = ("ok", "pass", pgettext("hold", "Released")) if is_released else ("warn", "hold", _("On hold"))
    return format_html('<span class="badge {}">{} {}</span>', kind, icon(shape), word)
