"""How pages write what units have in common."""

from collections.abc import Mapping
from typing import Any

from django import template
from django.utils.translation import gettext as _

register = template.Library()


@register.filter
def cause_word(kind: str) -> str:
    return {
        "lot": _("Material lot"),
        "batch": _("Slurry batch"),
        "mark": _("Mark on the roll"),
        "range": _("Metres of a roll"),
        "lane": _("Lane"),
        "side": _("Side"),
        "roll": _("Roll"),
        "rack": _("Rack"),
        "channel": _("Channel"),
        "slot": _("Tray position"),
        "tray": _("Tray"),
        "station": _("Station"),
        "recipe": _("Recipe"),
        "shift": _("Shift"),
        "certification": _("Certification level"),
    }.get(kind, kind)


@register.filter
def level_word(name: dict[str, Any], names: Mapping[str, str]) -> str:
    """Of a mark its name and side; other levels are codes and serials as they are."""
    if name["kind"] != "mark":
        return str(name["level"])
    code, _blank, side = name["level"].partition(" ")
    return f"{names.get(code, code)} {side}".strip()


@register.filter
def metres(name: dict[str, Any]) -> str:
    """Lane and metres of a name, as far as it has them."""
    said = []
    if name["from_m"] is not None:
        said.append(
            f"{name['from_m']:.0f}–{name['to_m']:.0f} m"
            if name["to_m"] - name["from_m"] >= 1
            else f"{name['from_m']:.1f} m"
        )
    if name["lane"] is not None:
        said.append(_("lane %(lane)s") % {"lane": name["lane"]})
    return ", ".join(said)


@register.filter
def times(lift: float) -> str:
    """A ratio, as exact as it deserves."""
    if lift >= 1000:
        return "> 1000"
    return f"{lift:.0f}" if lift >= 10 else f"{lift:.1f}"


@register.filter
def chance(p: float | None) -> str:
    """A probability."""
    if p is None:
        return ""
    if p < 0.0001:
        return "< 0.0001"
    return f"{p:.4f}" if p < 0.01 else f"{p:.2f}"


@register.filter
def share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.0f} %" if whole else ""


@register.filter
def within_word(within: str) -> str:
    return {"SPAN": _("all of the span"), "DAY": _("of the same day")}.get(within, within)


@register.filter
def analysis_state(state: str) -> str:
    return {
        "QUEUED": _("Waiting"),
        "RUNNING": _("Being made"),
        "DONE": _("Done"),
        "FAILED": _("Failed"),
        "CANCELLED": _("Cancelled"),
    }.get(state, state)


@register.filter
def significant(value: float | None) -> str:
    """Four figures; empty for nothing."""
    return "" if value is None else f"{value:.4g}"
