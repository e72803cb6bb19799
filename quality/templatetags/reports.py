"""How pages write reports: states, spans and names in words."""

from datetime import datetime

from django import template
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from quality.reports.models import Every, ReportState

register = template.Library()


@register.filter
def report_state(state: str) -> str:
    words = {
        ReportState.QUEUED: _("Waiting"),
        ReportState.RUNNING: _("Being made"),
        ReportState.DONE: _("Ready"),
        ReportState.FAILED: pgettext("report", "Failed"),
        ReportState.CANCELLED: pgettext("report", "Cancelled"),
    }
    return words.get(ReportState(state), state)


@register.filter
def span_words(name: str) -> str:
    words = {
        "shift": _("This shift"),
        "day": _("24 hours"),
        "week": _("7 days"),
        "days30": _("30 days"),
        "own": _("From and until"),
    }
    return words.get(name, name)


@register.filter
def span_time(value: datetime) -> str:
    """With its day, also today: a span is read long after it was asked for."""
    return f"{timezone.localtime(value):%Y-%m-%d %H:%M}"


@register.filter
def every_words(every: str) -> str:
    words = {
        Every.SHIFT: _("every shift"),
        Every.DAY: _("every day"),
        Every.WEEK: _("every week"),
        Every.MONTH: _("every month"),
    }
    return words.get(Every(every), every) if every in Every.values else every


@register.filter
def list_words(name: str) -> str:
    words = {
        "plans": _("Control plans"),
        "characteristics": _("Characteristics"),
        "products": _("Products"),
        "stations": _("Stations"),
        "lines": pgettext("production", "Lines"),
        "serials": _("Serials"),
    }
    return words.get(name, name)


@register.filter
def naming_words(name: str) -> str:
    words = {
        "AIAG2005": "AIAG SPC 2005: Cp, Cpk, Pp, Ppk",
        "AIAG-VDA2026": "AIAG-VDA 2026: Cp / Pp, Cw",
        "Minitab": "Minitab: Cp, Cpk, Pp, Ppk",
    }
    return words.get(name, name)


@register.filter
def language_name(code: str) -> str:
    return {"en": "English", "ja": "日本語"}.get(code, code)


@register.filter
def percent_words(share: float | str) -> str:
    return f"{float(share):.0%}".replace("%", " %")


@register.filter
def size_words(n_bytes: int) -> str:
    return f"{n_bytes / 1e6:.1f} MB" if n_bytes >= 1e6 else f"{max(n_bytes / 1e3, 0.1):.1f} kB"
