"""How every screen writes icons, states, verdicts, times and numbers. Shapes differ, so colour is never alone."""

from datetime import UTC, datetime, timedelta

from django import template
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, ngettext, pgettext
from django.utils.translation import gettext as _

from lines.alarms.models import Alarm
from lines.alarms.queries import AlarmState, state_of
from lines.errors import Code
from lines.people.models import Role
from lines.records.models import OperationRecord
from lines.states.words import NO_DATA, StateLook, state_look
from lines.tokens.queries import TokenState

register = template.Library()

# 16x16 drawings. An outline, a bar, a triangle, a cross, an octagon: told apart without colour.
_ICONS = {
    "running": '<path d="M4 2.5v11l9-5.5z"/>',
    "idle": '<circle cx="8" cy="8" r="5.2" fill="none" stroke="currentColor" stroke-width="2"/>',
    "waiting": '<path d="M4 2h8v2L9.2 8 12 12v2H4v-2l2.8-4L4 4z"/>',
    "changing": '<path d="M8 2.2A5.8 5.8 0 1 0 13.8 8h-2.1A3.7 3.7 0 1 1 8 4.3V7l4.2-3.7L8 0z"/>',
    "done": '<path d="M3 2.5v11L9.5 8zM10.5 2.5h3v11h-3z"/>',
    "held": '<path d="M3.5 2.5h3.3v11H3.5zM9.2 2.5h3.3v11H9.2z"/>',
    "stopped": '<path d="M2.8 2.8h10.4v10.4H2.8z"/>',
    "aborted": '<path d="M5 1h6l4 4v6l-4 4H5l-4-4V5z"/><path d="M5 5l6 6M11 5l-6 6" stroke="#fff" stroke-width="1.8"/>',
    "nodata": '<path d="M8 2a6 6 0 1 1 0 12A6 6 0 0 1 8 2z" fill="none" stroke="currentColor" stroke-width="1.8"'
    ' stroke-dasharray="2.6 2"/><path d="M6.2 6.3a1.9 1.9 0 1 1 2.4 1.9c-.5.2-.6.4-.6 1M8 11.2v.2" fill="none"'
    ' stroke="currentColor" stroke-width="1.5"/>',
    "pass": '<path d="M2.5 8.5l3.6 3.6L13.6 4" fill="none" stroke="currentColor" stroke-width="2.2"/>',
    "fail": '<path d="M3 3l10 10M13 3L3 13" fill="none" stroke="currentColor" stroke-width="2.6"/>',
    "low": '<path d="M8 13.5L2.5 5.5h11z"/>',
    "high": '<path d="M8 2.5l5.5 8h-11z"/>',
    "deviation": '<path d="M8 1l7 13H1z"/><path d="M8 5.6v4M8 11v1.6" stroke="#fff" stroke-width="1.7"/>',
    "hold": '<path d="M4.2 7V5a3.8 3.8 0 0 1 7.6 0v2H13v7H3V7zm2 0h3.6V5a1.8 1.8 0 0 0-3.6 0z"/>',
    "priority-1": '<path d="M8 1l7.2 13.5H.8z"/><path d="M7 6.5l1.4-.9v6.6" fill="none" stroke="#fff"'
    ' stroke-width="1.6"/>',
    "priority-2": '<path d="M8 .8L15.2 8 8 15.2.8 8z"/><path d="M6.2 6.4c.4-1.6 3.6-1.5 3.4.4C9.5 8.2 6.4 9.6 6.2'
    ' 11h3.7" fill="none" stroke="#fff" stroke-width="1.4"/>',
    "priority-3": '<circle cx="8" cy="8" r="6.6"/><path d="M6.2 5.4h3.4L7.9 7.6c2.4 0 2.2 3 0 3-.8 0-1.5-.4-1.8-1"'
    ' fill="none" stroke="#fff" stroke-width="1.4"/>',
    "search": '<circle cx="6.8" cy="6.8" r="4.6" fill="none" stroke="currentColor" stroke-width="1.8"/>'
    '<path d="M10.3 10.3l4 4" stroke="currentColor" stroke-width="2"/>',
    "empty": '<path d="M1.5 9l2.2-6h8.6l2.2 6v4.5h-13zm1.4 0h3.2c.2 2.4 3.6 2.4 3.8 0h3.2L11.4 4.3H4.6z"/>',
    "arrow": '<path d="M5.5 2.5L11 8l-5.5 5.5" fill="none" stroke="currentColor" stroke-width="2"/>',
    "link": '<path d="M9 2h5v5l-1.8-1.8-5 5-1.4-1.4 5-5zM2 4h5v2H4v6h6V9h2v5H2z"/>',
    "clock": '<circle cx="8" cy="8" r="6" fill="none" stroke="currentColor" stroke-width="1.7"/>'
    '<path d="M8 4.3V8l2.6 1.7" fill="none" stroke="currentColor" stroke-width="1.7"/>',
    "info": '<circle cx="8" cy="8" r="7"/><path d="M8 7v5M8 4v1.8" stroke="#fff" stroke-width="1.9"/>',
    "bell": '<path d="M8 1.2c2.7 0 4.3 2 4.3 4.6 0 3.6 1.7 4.7 1.7 5.9H2c0-1.2 1.7-2.3 1.7-5.9C3.7 3.200 5.3 1.2 8 1.2z'
    'M6 13h4a2 2 0 0 1-4 0z"/>',
    "dot": '<circle cx="8" cy="8" r="4"/>',
}


@register.simple_tag
def icon(name: str) -> SafeString:
    """An inline drawing; the word stands beside it, so readers of screens skip it."""
    drawing = _ICONS[name]
    return mark_safe(f'<svg class="icon" viewBox="0 0 16 16" aria-hidden="true">{drawing}</svg>')  # noqa: S308 - ours


def _badge(kind: str, shape: str, word: str) -> SafeString:
    return format_html('<span class="badge {}">{} {}</span>', kind, icon(shape), word)


@register.simple_tag
def verdict(value: str) -> SafeString:
    """PASS or FAIL of a record, a permit's ALLOW or DENY; anything else as it is."""
    if value in ("PASS", "ALLOW"):
        return _badge("ok", "pass", _("Pass") if value == "PASS" else _("Allowed"))
    if value in ("FAIL", "DENY"):
        return _badge("bad", "fail", _("Fail") if value == "FAIL" else _("Denied"))
    return _badge("quiet", "idle", value or _("None"))


@register.simple_tag
def conforming(is_conforming: bool) -> SafeString | str:
    """Nothing when all is well: only the exception is marked."""
    return "" if is_conforming else _badge("warn", "deviation", _("Not conforming"))


@register.simple_tag
def judgement(value: int) -> SafeString:
    """A Measurement.judgement: 0 no limits, 1 pass, 2 below, 3 above."""
    if value == 0:
        return _badge("quiet", "idle", _("No limits"))
    if value == 1:
        return _badge("ok", "pass", _("Pass"))
    return _badge("bad", "low", _("Below limit")) if value == 2 else _badge("bad", "high", _("Above limit"))


@register.simple_tag
def token_state(state: TokenState) -> SafeString:
    """Whether a station's token counts."""
    kind, shape = {
        TokenState.VALID: ("ok", "pass"),
        TokenState.EXPIRES_SOON: ("warn", "clock"),
        TokenState.REPLACED: ("quiet", "changing"),
        TokenState.EXPIRED: ("quiet", "clock"),
        TokenState.REVOKED: ("quiet", "fail"),
    }[state]
    return _badge(kind, shape, str(state.label))


@register.simple_tag
def priority(value: int) -> SafeString:
    words = {
        1: pgettext("alarm priority", "High"),
        2: pgettext("alarm priority", "Medium"),
        3: pgettext("alarm priority", "Low"),
    }
    return _badge({1: "bad", 2: "warn", 3: "info"}[value], f"priority-{value}", words[value])


@register.simple_tag
def packml(state: int | None, is_stale: bool = False) -> SafeString:
    """A PackML state as word, shape and, when somebody should look, colour."""
    look: StateLook = NO_DATA if is_stale else state_look(state)
    kind = {"normal": "quiet", "warn": "warn", "alert": "bad", "nodata": "nodata"}[look.level]
    return _badge(kind, look.icon, str(look.word))


@register.filter
def mode_word(mode: str) -> str:
    """A station's mode (UnitMode)."""
    words = {
        "PRODUCTION": pgettext("station mode", "Production"),
        "MAINTENANCE": pgettext("station mode", "Maintenance"),
        "MANUAL": pgettext("station mode", "Manual"),
    }
    return words.get(mode, mode)


@register.simple_tag
def mode_badge(mode: str) -> SafeString:
    if mode == "PRODUCTION":
        return _badge("ok", "running", mode_word(mode))
    return _badge("warn", "held", mode_word(mode))


@register.filter
def role(value: str) -> str:
    words = {
        Role.OPERATOR: _("Operator"),
        Role.SUPERVISOR: _("Line supervisor"),
        Role.QUALITY: _("Quality engineer"),
        Role.AUDITOR: _("Auditor"),
        Role.ADMINISTRATOR: _("Administrator"),
    }
    return words.get(Role(value), value) if value in Role.values else value


@register.filter
def number(value: float | None, decimals: int | None = None) -> str:
    """A figure with thousands separated by a narrow space and a true minus; at most 4 significant digits by default.

    What rounds to nothing has no sign.
    """
    if value is None:
        return "–"
    if decimals is None:
        text = f"{value:z,.4g}" if abs(value) < 1000 else f"{value:z,.0f}"
        if "e" in text:
            mantissa, exponent = text.split("e")
            text = f"{mantissa}×10{_superscript(int(exponent))}"
    else:
        text = f"{value:z,.{decimals}f}"
    return text.replace(",", "\u202f").replace("-", "\u2212")


def _superscript(value: int) -> str:
    return str(value).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))


@register.filter
def when(value: datetime | None) -> str:
    """Wall clock of the site: only the time today, with the day before that, always with seconds."""
    if value is None:
        return "–"
    local = timezone.localtime(value)
    clock = f"{local:%H:%M:%S}"
    if local.date() == timezone.localdate():
        return clock
    return f"{day(value)} {clock}"


@register.filter
def clock_or_day(value: datetime | None) -> str:
    """As much of a time as there is room for on a tile: the clock today, the day before that."""
    if value is None:
        return "–"
    return clock(value) if timezone.localtime(value).date() == timezone.localdate() else day(value)


@register.filter
def day(value: datetime) -> str:
    local = timezone.localtime(value)
    if (get_language() or "en").startswith("ja"):
        return f"{local.month}/{local.day}" if local.year == timezone.localdate().year else f"{local:%Y/%m/%d}"
    return date_format(local, "j M" if local.year == timezone.localdate().year else "j M Y")


@register.filter
def moment(value: datetime | None) -> SafeString | str:
    """`when` as a <time> element whose title is the full time in UTC."""
    if value is None:
        return "–"
    return format_html(
        '<time class="nowrap" datetime="{}" title="{} UTC">{}</time>',
        value.isoformat(),
        f"{value.astimezone(UTC):%Y-%m-%d %H:%M:%S}",
        when(value),
    )


@register.filter
def duration(value: timedelta | float | None) -> str:
    """The two largest units of a span: 2 d 4 h, 3 h 12 min, 4 min, 25 s. app.js counts on in the same way."""
    if value is None:
        return "–"
    seconds = int(value.total_seconds() if isinstance(value, timedelta) else value)
    seconds = max(seconds, 0)
    days, hours, minutes = seconds // 86400, seconds // 3600 % 24, seconds // 60 % 60
    if days:
        return _("%(d)d d %(h)d h") % {"d": days, "h": hours}
    if hours:
        return _("%(h)d h %(m)d min") % {"h": hours, "m": minutes}
    if minutes:
        return _("%(m)d min") % {"m": minutes}
    return ngettext("%(s)d s", "%(s)d s", seconds) % {"s": seconds}


@register.filter
def clock(value: datetime | None) -> str:
    """Hours and minutes on the site's wall clock."""
    return "–" if value is None else f"{timezone.localtime(value):%H:%M}"


@register.filter
def priority_shape(value: int) -> str:
    return f"priority-{value}"


# Units come in ASCII, as machines write them; people read the real signs.
_UNITS = {"degC": "°C", "um": "µm", "mOhm": "mΩ", "MOhm": "MΩ", "Ohm": "Ω", "mOhm.cm2": "mΩ·cm²"}


@register.filter
def unit(value: str) -> str:
    """A unit of measure with its signs: degC becomes °C, mg/cm2 mg/cm²."""
    return _UNITS.get(value, value.replace("cm2", "cm²").replace("cm3", "cm³").replace("m3", "m³").replace(".", "·"))


@register.filter
def plain(value: float | None) -> str:
    """For attributes that scripts read: no grouping, no locale; empty for None."""
    return "" if value is None else f"{value:.1f}"


@register.filter
def offset(value: float) -> str:
    """A machine's clock against ours, in words."""
    if abs(value) < 2:
        return _("as ours")
    span = duration(abs(value))
    return _("%(span)s ahead") % {"span": span} if value > 0 else _("%(span)s behind") % {"span": span}


@register.filter
def window_words(seconds: int) -> str:
    """A stretch of time on a button: 10 min, 8 h, 3 d."""
    if seconds % 86400 == 0:
        return _("%(n)d d") % {"n": seconds // 86400}
    if seconds % 3600 == 0:
        return _("%(n)d h") % {"n": seconds // 3600}
    return _("%(n)d min") % {"n": seconds // 60}


@register.filter
def took(record: OperationRecord) -> timedelta | None:
    return record.source_time - record.started_at if record.started_at else None


@register.filter
def alarm_message(alarm: Alarm) -> str:
    return alarm.message_ja if (get_language() or "en").startswith("ja") else alarm.message_en


@register.filter
def subject_word(kind: str) -> str:
    """What an alarm is about, as the text of its link."""
    words = {
        "chart": _("Chart"),
        "unit": _("Unit"),
        "lot": _("Lot"),
        "station": _("Station"),
        "record": _("Result"),
        "quarantine": _("Quarantine"),
        "gap": _("Gap"),
        "reaction": _("Reaction"),
    }
    return words.get(kind, kind)


@register.filter
def alarm_state(alarm: Alarm) -> SafeString:
    """The ISA-18.2 state; only what waits for somebody stands out."""
    state = state_of(alarm)
    kind, shape = {
        AlarmState.UNACKNOWLEDGED: ("warn", "bell"),
        AlarmState.RETURNED: ("warn", "bell"),
        AlarmState.ACKNOWLEDGED: ("quiet", "dot"),
        AlarmState.NORMAL: ("ok", "pass"),
    }[state]
    return _badge(kind, shape, str(state.label))


@register.filter
def what(code: Code) -> str:
    """What happened, of an error code, in the reader's language."""
    return code.what_ja if (get_language() or "en").startswith("ja") else code.what_en


@register.filter
def cure(code: Code) -> str:
    """What to do; the API's `detail` is a word of the screen here."""
    text = code.cure_ja if (get_language() or "en").startswith("ja") else code.cure_en
    return text.replace("`detail`", pgettext("of a code", "the detail"))
