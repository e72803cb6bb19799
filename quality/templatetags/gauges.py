"""How pages write gauges: states, verdicts of studies, sources of variation."""

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from lines.templatetags.denchi import icon
from quality.gauges import standing
from quality.spc.gauge_rr import ACCEPTABLE, MARGINAL, UNACCEPTABLE

register = template.Library()


def _badge(kind: str, shape: str, word: str) -> SafeString:
    return format_html('<span class="badge {}">{} {}</span>', kind, icon(shape), word)


@register.filter
def gauge_state_word(state: str) -> str:
    words = {
        "": _("All"),
        standing.GOOD: _("In order"),
        standing.DUE_SOON: _("Due soon"),
        standing.OVERDUE: _("Overdue"),
        standing.OUT_OF_ORDER: _("Out of order"),
    }
    return words[state]


@register.simple_tag
def gauge_state(state: str) -> SafeString:
    kind, shape = {
        standing.GOOD: ("ok", "pass"),
        standing.DUE_SOON: ("warn", "clock"),
        standing.OVERDUE: ("bad", "clock"),
        standing.OUT_OF_ORDER: ("bad", "fail"),
    }[state]
    return _badge(kind, shape, gauge_state_word(state))


@register.simple_tag
def study_verdict(verdict: str) -> SafeString:
    kind, shape, word = {
        ACCEPTABLE: ("ok", "pass", _("Acceptable")),
        MARGINAL: ("warn", "deviation", _("Marginal")),
        UNACCEPTABLE: ("bad", "fail", _("Not acceptable")),
    }[verdict]
    return _badge(kind, shape, word)


@register.simple_tag
def found_verdict(passed: bool) -> SafeString:
    return _badge("ok", "pass", _("In order")) if passed else _badge("bad", "fail", _("Out of order"))


@register.filter
def variation_word(source: str) -> str:
    words = {
        "gage_rr": _("Gauge R&R"),
        "repeatability": _("Repeatability"),
        "reproducibility": _("Reproducibility"),
        "operator": _("Operators"),
        "interaction": _("Operator × part"),
        "part": _("Part to part"),
        "total": _("Total variation"),
    }
    return words[source]


@register.filter
def calibration_word(kind: str) -> str:
    return _("Calibration") if kind == "CALIBRATION" else _("Check")


@register.filter
def width_of(tolerances: dict[str, float], code: str) -> float | str:
    return tolerances.get(code, "")


@register.filter
def percent(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f} %"


@register.simple_tag
def study_example() -> str:
    """A table of measurements as it may be pasted: names of columns are the same in every language."""
    return "part,operator,value\n1,A,0.182\n1,A,0.181\n1,B,0.183"
