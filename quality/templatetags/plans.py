"""How pages write control plans: run rules, columns, rates, who made a change."""

import json
from typing import Any

from django import template
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from lines.templatetags.denchi import number

register = template.Library()


@register.filter
def rule_text(rule: int) -> str:
    """Nelson's rule in a few words."""
    return {
        1: _("1 point beyond a control limit"),
        2: _("9 points in a row on one side of the centre"),
        3: _("6 points in a row rising or falling"),
        4: _("14 points alternating up and down"),
        5: _("2 of 3 points beyond 2 sigma, same side"),
        6: _("4 of 5 points beyond 1 sigma, same side"),
        7: _("15 points in a row within 1 sigma"),
        8: _("8 points in a row beyond 1 sigma, either side"),
    }.get(rule, str(rule))


@register.filter
def column_word(name: str) -> str:
    """A column of a plan, as forms and the history call it."""
    name = name.removesuffix("_id")
    return {
        "code": _("Code"),
        "name_en": _("Name (English)"),
        "name_ja": _("Name (Japanese)"),
        "characteristic": _("Characteristic"),
        "product": _("Product"),
        "station": _("Station"),
        "source": pgettext("of values", "Source"),
        "signal_code": pgettext("of a station", "Signal"),
        "summary": _("Summary"),
        "stream_by": _("Charted apart by"),
        "chart": _("Chart"),
        "subgroup_by": _("Subgroups"),
        "subgroup_size": _("Subgroup size"),
        "period_s": _("Period, s"),
        "every_nth": _("Every nth value"),
        "rules": _("Rules"),
        "run_lengths": _("Run lengths"),
        "sigma_method": _("Sigma method"),
        "options": _("Options"),
        "response": _("Response"),
        "margin_units": _("Margin, units"),
        "verify_points": _("Points that verify"),
        "reaction_en": _("Reaction plan (English)"),
        "reaction_ja": _("Reaction plan (Japanese)"),
        "reaction_due_min": _("To be worked within, min"),
        "is_active": pgettext("control plan", "Active"),
        "center": _("Mean"),
        "sigma_within": _("Sigma within"),
        "sigma_mean": _("Sigma of the means"),
        "sigma_between": _("Sigma between"),
        "sigma_z": _("Sigma z (Laney)"),
        "n_values": _("Values it rests on"),
    }.get(name, name)


@register.filter
def chart_name(chart: str) -> str:
    """A kind of chart in the reader's words."""
    return {
        "I-MR": _("I-MR: individuals and moving ranges"),
        "XBAR-R": _("Xbar-R: means and ranges"),
        "XBAR-S": _("Xbar-S: means and standard deviations"),
        "I-MR-R": _("I-MR-R: three-way, between and within (range)"),
        "I-MR-S": _("I-MR-S: three-way, between and within (standard deviation)"),
        "EWMA": _("EWMA: exponentially weighted moving average"),
        "CUSUM": _("CUSUM: cumulative sums"),
        "P": _("p: share nonconforming"),
        "NP": _("np: number nonconforming"),
        "C": _("c: count of nonconformities"),
        "U": _("u: nonconformities per unit"),
        "LANEY-P": _("p': share nonconforming, overdispersed"),
        "LANEY-U": _("u': nonconformities per unit, overdispersed"),
        "G": _("g: units between rare events"),
        "T": _("t: time between rare events"),
    }.get(chart, chart)


@register.filter
def choice_word(value: str) -> str:
    """Any other choice of a plan in the reader's words; codes of sigma methods stay, with their formula."""
    return {
        "": "–",
        "RECORD": _("The values of one record"),
        "CONSECUTIVE": _("n values in order of time"),
        "PERIOD": _("The values of a period"),
        "TELEMETRY": _("A signal of the station"),
        "CHANNEL": _("Formation channel"),
        "POSITION": _("Position: lane, side, cavity, joint"),
        "LOG": pgettext("response", "Log"),
        "ALARM": pgettext("response", "Alarm"),
        "CONTAIN": pgettext("response", "Alarm and hold units"),
        "MEAN": _("Mean"),
        "RANGE": _("Range"),
        "RANGE_PCT": _("Range in percent of the mean"),
        "SD": _("Standard deviation"),
        "MIN": _("Least"),
        "MAX": _("Greatest"),
        "MR-MEAN": _("MR-MEAN: mean moving range / d2"),
        "MR-MEDIAN": _("MR-MEDIAN: median moving range / 0.9539"),
        "UWAVE-R": _("UWAVE-R: mean of R / d2(n)"),
        "UWAVE-SD": _("UWAVE-SD: mean of S / c4(n)"),
        "MVLUE-R": _("MVLUE-R: R / d2(n) with least-variance weights"),
        "MVLUE-SD": _("MVLUE-SD: S / c4(n) with least-variance weights"),
        "RMSDF": _("RMSDF: pooled sd / c4"),
        "POOLED": _("POOLED: pooled sd, uncorrected"),
        "NONE": _("From the distribution"),
    }.get(value, value)


@register.filter
def source_word(value: str) -> str:
    return _("A signal of the station") if value == "TELEMETRY" else _("Results of the station")


@register.filter
def rate(value: float | None) -> str:
    """So many a shift: two significant digits of what is small."""
    if value is None:
        return "–"
    if value >= 100:
        return number(value, 0)
    if value >= 10:
        return number(value, 1)
    return number(value, 2 if value >= 0.1 or value == 0 else 3)


@register.filter
def one_in(value: float) -> str:
    """0.0027 as "1 in 370"."""
    return _("1 in %(n)s") % {"n": number(1 / value, 0)} if value > 0 else _("never")


@register.filter
def actor_word(actor: str) -> str:
    """Who made a change."""
    return actor.partition(":")[2] or actor or _("unknown")


@register.filter
def written(value: Any) -> str:
    """A value of the history as text."""
    if value is None or value == "":
        return "–"
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, list):
        return ", ".join(str(each) for each in value)
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else str(value)


@register.filter
def lookup(rows: Any, name: str) -> Any:
    """The entry of that name; nothing where there is none."""
    return rows.get(name) if rows else None
