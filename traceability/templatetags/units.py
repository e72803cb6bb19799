"""How pages write units and lots: serials, states, values within their limits, the machine's time."""

from datetime import datetime

from django import template
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from lines.errors import Code
from lines.orders.serials import LENGTH
from lines.templatetags.denchi import icon, number
from traceability.units.bars import Bar
from traceability.units.history import Measured, Value, what
from traceability.units.models import LotState, UnitState

register = template.Library()

BAR_WIDTH, BAR_HEIGHT = 132, 18
_BASE = BAR_HEIGHT / 2


@register.filter
def serial_parts(serial: str) -> SafeString | str:
    """Site and line, design, date, sequence and check stand apart for the eye; copied, it is one word."""
    if len(serial) != LENGTH:
        return serial
    parts = (serial[:3], serial[3:6], serial[6:9], serial[9:15], serial[15:])
    return format_html('<span class="serial">{}</span>', format_html_join("", "<span>{}</span>", ((p,) for p in parts)))


@register.filter
def serial_lead(serial: str) -> SafeString | str:
    """Site, line and design in a span of their own: where a card names the design, a narrow screen leaves them out."""
    if len(serial) != LENGTH:
        return serial
    return format_html('<span class="lead">{}</span>{}', serial[:6], serial[6:])


@register.simple_tag
def unit_state(state: str) -> SafeString:
    kind, shape, word = {
        UnitState.IN_PROCESS: ("quiet", "running", _("In process")),
        UnitState.COMPLETED: ("ok", "done", _("Completed its route")),
        UnitState.CONSUMED: ("ok", "link", _("Built into another unit")),
        UnitState.SCRAPPED: ("bad", "aborted", _("Scrapped")),
        UnitState.RETURNED: ("quiet", "link", _("Returned to the supplier")),
        UnitState.SHIPPED: ("ok", "link", _("Shipped to a data centre")),
    }.get(UnitState(state), ("quiet", "idle", state))
    return format_html('<span class="badge {}">{} {}</span>', kind, icon(shape), word)


@register.simple_tag
def lot_state(state: str) -> SafeString:
    kind, shape, word = {
        LotState.RELEASED: ("ok", "pass", _("Released")),
        LotState.QUARANTINE: ("warn", "hold", _("In quarantine")),
        LotState.BLOCKED: ("bad", "stopped", _("Blocked")),
        LotState.UNKNOWN: ("warn", "deviation", _("Never announced")),
    }.get(LotState(state), ("quiet", "idle", state))
    return format_html('<span class="badge {}">{} {}</span>', kind, icon(shape), word)


@register.filter
def code_what(code: Code) -> str:
    return what(code)


@register.filter
def code_cure(code: Code) -> str:
    return code.cure_ja if _is_japanese() else code.cure_en


def _is_japanese() -> bool:
    return (get_language() or "en").startswith("ja")


@register.filter
def site_time(value: datetime | None) -> str:
    """Date and wall clock of the site, the same in both languages; for pages that are printed and filed."""
    return f"{timezone.localtime(value):%Y-%m-%d %H:%M:%S}" if value else "–"


@register.simple_tag
def machine_time(source_time: datetime, received_at: datetime) -> SafeString:
    """The machine's clock, with ours in the tooltip; the two are never mixed."""
    note = _("Machine's clock. Received here at %(at)s.") % {"at": site_time(received_at)}
    return format_html(
        '<time class="nowrap" datetime="{}" title="{}">{}</time>', source_time.isoformat(), note, site_time(source_time)
    )


@register.filter
def actor(value: str) -> str:
    """`station:FORM-1`, `person:quality`, `task:...`: the name without what it is."""
    return value.partition(":")[2] or value


def _band(bar: Bar) -> SafeString:
    """Track, specification band, its ends and the target."""
    left = (bar.lsl if bar.lsl is not None else 0.0) * BAR_WIDTH
    right = (bar.usl if bar.usl is not None else 1.0) * BAR_WIDTH
    marks = [(f"{x * BAR_WIDTH:.1f}", "limit", 2, 16) for x in (bar.lsl, bar.usl) if x is not None]
    if bar.target is not None:
        marks.append((f"{bar.target * BAR_WIDTH:.1f}", "target", 5, 13))
    return format_html(
        '<rect class="track" x="0" y="7" width="{}" height="4"/>'
        '<rect class="band" x="{}" y="5" width="{}" height="8"/>{}',
        BAR_WIDTH,
        f"{left:.1f}",
        f"{right - left:.1f}",
        format_html_join("", '<line class="{1}" x1="{0}" x2="{0}" y1="{2}" y2="{3}"/>', marks),
    )


def _marker(bar: Bar, is_failed: bool) -> SafeString:
    """A dot within, a diamond outside, an arrowhead where the value lies beyond the bar's end."""
    x = bar.value * BAR_WIDTH
    if not is_failed:
        return format_html('<circle class="within" cx="{}" cy="9" r="4"/>', f"{min(max(x, 4), BAR_WIDTH - 4):.1f}")
    if bar.is_clipped:
        path = "M0 9l8-6v12z" if bar.value < 0.5 else f"M{BAR_WIDTH} 9l-8-6v12z"
        return format_html('<path class="outside" d="{}"/>', path)
    x = min(max(x, 6), BAR_WIDTH - 6)
    return format_html('<path class="outside" d="M{} 3l6 6-6 6-6-6z"/>', f"{x:.1f}")


def _svg(inner: SafeString) -> SafeString:
    return format_html(
        '<svg class="limit-bar" viewBox="0 0 {0} {1}" width="{0}" height="{1}" aria-hidden="true">{2}</svg>',
        BAR_WIDTH,
        BAR_HEIGHT,
        inner,
    )


@register.simple_tag
def limit_bar(value: Value) -> SafeString | str:
    """The value within LSL..USL; nothing where there are no limits."""
    if value.bar is None:
        return ""
    return _svg(format_html("{}{}", _band(value.bar), _marker(value.bar, value.is_failed)))


@register.simple_tag
def strip_bar(measured: Measured) -> SafeString | str:
    """Many values of one characteristic on one bar."""
    if measured.first.bar is None:
        return ""
    ticks = [
        ("outside" if value.is_failed else "tick", f"{value.bar.value * BAR_WIDTH:.1f}")
        for value in measured.values
        if value.bar
    ]
    marks = format_html_join("", '<line class="{0}" x1="{1}" x2="{1}" y1="4" y2="14"/>', ticks)
    return _svg(format_html("{}{}", _band(measured.first.bar), marks))


@register.filter
def figure(value: float | None, decimals: int | None) -> str:
    """A value as finely as its tolerance asks."""
    return number(value, decimals)
