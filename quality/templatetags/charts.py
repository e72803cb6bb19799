"""How pages write charts: rules in words, alarm states, sparklines."""

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from lines.alarms.queries import AlarmState
from lines.templatetags.denchi import icon, number
from quality.charts.decimals import decimals_for
from quality.charts.models import Signal
from quality.charts.sparkline import Sparkline

register = template.Library()

TREND = 3  # the rule whose side is a direction


@register.filter
def rule_words(rule: int) -> str:
    """Nelson's rules, as evaluated here where the plan gives no other run lengths."""
    words = {
        1: _("One point beyond a control limit"),
        2: _("Nine points in a row on one side of the centre"),
        3: _("Six points in a row rising or falling"),
        4: _("Fourteen points in a row up and down in turn"),
        5: _("Two of three points beyond 2 sigma on one side"),
        6: _("Four of five points beyond 1 sigma on one side"),
        7: _("Fifteen points in a row within 1 sigma"),
        8: _("Eight points in a row beyond 1 sigma, on either side"),
    }
    return words.get(rule, "")


@register.filter
def side_words(side: int) -> str:
    return {1: _("above"), -1: _("below")}.get(side, "")


@register.filter
def side_of(signal: Signal) -> str:
    """Where a signal lies, or where it goes."""
    if signal.rule == TREND:
        return {1: _("rising"), -1: _("falling")}.get(signal.side, "")
    return side_words(signal.side)


@register.filter
def chart_words(chart: str) -> str:
    """Which panel of the chart."""
    words = {
        "I": _("value"), "MR": _("moving range"), "XBAR": _("mean"), "R": _("range"), "S": _("standard deviation"),
        "EWMA": "EWMA", "CUSUM": "CUSUM", "P": _("share"), "NP": _("number"), "C": _("count"), "U": _("count per unit"),
        "G": _("units between"), "T": _("time between"),
    }  # fmt: skip
    return words.get(chart, chart)


@register.filter
def kind_words(kind: str) -> str:
    """4M."""
    words = {"MAN": _("Man"), "MACHINE": _("Machine"), "MATERIAL": _("Material"), "METHOD": _("Method")}
    return words.get(kind, kind)


@register.simple_tag
def alarm_state(state: AlarmState | None) -> SafeString | str:
    if state is None:
        return ""
    kind, shape, word = {
        AlarmState.UNACKNOWLEDGED: ("bad", "bell", _("Unacknowledged")),
        AlarmState.ACKNOWLEDGED: ("warn", "bell", _("Acknowledged")),
        AlarmState.RETURNED: ("warn", "changing", _("Returned, unacknowledged")),
        AlarmState.NORMAL: ("ok", "pass", _("Closed")),
    }[state]
    return format_html('<span class="badge {}">{} {}</span>', kind, icon(shape), word)


@register.filter
def to_sigma(value: float | None, sigma: float | None) -> str:
    """A value as finely as its chart's sigma asks."""
    return number(value, decimals_for(sigma or 0.0))


@register.simple_tag
def spark_svg(spark: Sparkline | None) -> SafeString | str:
    """The last points against the control limits; a point beyond is a diamond."""
    if spark is None:
        return ""
    beyond = format_html_join(
        "", '<path class="beyond" d="M{} {}l4 4-4 4-4-4z"/>', ((x, y - 4) for x, y in spark.beyond)
    )
    end = format_html('<circle class="end" cx="{}" cy="{}" r="2.6"/>', *spark.last) if spark.last else ""
    return format_html(
        '<svg class="spark" viewBox="0 0 {w} {h}" width="{w}" height="{h}" aria-hidden="true">'
        '<rect class="within" x="0" y="{upper}" width="{w}" height="{band}"/>'
        '<line class="center" x1="0" x2="{w}" y1="{center}" y2="{center}"/>'
        '<path class="points" d="{path}"/>{end}{beyond}</svg>',
        w=spark.width,
        h=spark.height,
        upper=spark.upper_y,
        band=round(spark.lower_y - spark.upper_y, 1),
        center=spark.center_y,
        path=spark.path,
        end=end,
        beyond=beyond,
    )
