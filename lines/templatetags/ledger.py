"""How pages write the gap ledger: causes, states, hours of a strip."""

from django import template
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from lines.ledger.models import Gap, GapCause, Recovery
from lines.ledger.queries import GapState, HourLine, StationLines, state_of
from lines.templatetags.denchi import day, icon, number

register = template.Library()


@register.filter
def cause_word(cause: str) -> str:
    words = {
        GapCause.CUT: _("Connection cut"),
        GapCause.SERVER_RESTART: _("OPC UA server restarted"),
        GapCause.GATEWAY_RESTART: _("Gateway restarted"),
        GapCause.SEQUENCE: _("Notification missing"),
        GapCause.OVERFLOW: _("Server’s queue ran over"),
        GapCause.SPOOL_FULL: _("Gateway’s spool full"),
        GapCause.NODE_GONE: _("Node gone"),
        GapCause.SILENT: _("No news of the gateway"),
        GapCause.UNEXPLAINED: _("Cause not known"),
    }
    return words.get(GapCause(cause), cause) if cause in GapCause.values else cause


@register.filter
def recovery_word(gap: Gap) -> str:
    """A dash where there was nothing to recover: nothing is missing, or nobody knows of a cut."""
    if gap.recovered == Recovery.NONE and (gap.cause == GapCause.UNEXPLAINED or state_of(gap) == GapState.RECOVERED):
        return "–"
    words = {
        Recovery.NONE: _("not recovered"),
        Recovery.REACTIVATED: _("session taken up again"),
        Recovery.TRANSFERRED: _("subscriptions transferred"),
        Recovery.HISTORY: _("read from the server’s history"),
        Recovery.SPOOL: _("delivered late by the gateway"),
    }
    return words[Recovery(gap.recovered)] if gap.recovered in Recovery.values else "–"


@register.filter
def gap_state(gap: Gap) -> SafeString:
    """Only what costs something, or may, stands out."""
    kind, shape, word = {
        GapState.OPEN: ("bad", "nodata", _("Open")),
        GapState.CHECKING: ("warn", "waiting", _("Being checked")),
        GapState.RECOVERED: ("ok", "pass", _("Nothing missing")),
        GapState.LOST: ("bad", "fail", _("Values missing")),
        GapState.UNKNOWN: ("warn", "nodata", _("Not known what is missing")),
    }[state_of(gap)]
    return format_html('<span class="badge {}">{} {}</span>', kind, icon(shape), word)


@register.filter
def lost_words(gap: Gap) -> str:
    """How many values are missing, or that nobody knows."""
    if gap.lost is None:
        return _("not known") if gap.decided_at else "–"
    return number(gap.lost, 0) if gap.is_exact else _("at least %(n)s") % {"n": number(gap.lost, 0)}


@register.filter
def missing_words(gap: Gap) -> str:
    """One sentence for those who look at a unit."""
    where = {"station": gap.station.code}
    if gap.lost is None:
        return _("Values of %(station)s may be missing from this time") % where
    text = ngettext(
        "%(n)s value of %(station)s is missing from this time",
        "%(n)s values of %(station)s are missing from this time",
        gap.lost,
    )
    return text % {**where, "n": number(gap.lost, 0)}


_STATES = ("lost", "doubt", "rejected", "whole", "none")


@register.simple_tag
def legend() -> SafeString:
    words = (_("values missing"), _("in doubt"), _("values rejected"), _("complete"), _("nothing came"))
    return format_html_join("", '<span><i class="hour is-{}"></i> {}</span>', zip(_STATES, words, strict=True))


@register.simple_tag
def strip(lines: StationLines) -> SafeString:
    """A cell for each hour: height and pattern tell its state, the title its figures."""
    cells = format_html_join("", '<i class="hour is-{}" title="{}"></i>', ((h.state, _told(h)) for h in lines.hours))
    total = lines.total
    label = _("%(station)s: %(received)s values received, %(lost)s lost") % {
        "station": lines.station.code,
        "received": number(total.received, 0),
        "lost": number(total.lost, 0),
    }
    return format_html('<div class="strip" role="img" aria-label="{}">{}</div>', label, cells)


def _told(hour: HourLine) -> str:
    local = timezone.localtime(hour.hour)
    text = _("%(day)s %(hour)s: %(received)s received, %(lost)s lost, %(late)s late") % {
        "day": day(hour.hour),
        "hour": f"{local:%H:%M}",
        "received": number(hour.received, 0),
        "lost": number(hour.lost, 0),
        "late": number(hour.late, 0),
    }
    return f"{text} · {_('in doubt')}" if hour.is_in_doubt else text


@register.filter
def hours_word(hours: int) -> str:
    """A span on a tab."""
    return _("%(n)d h") % {"n": hours} if hours <= 24 else _("%(n)d d") % {"n": hours // 24}


@register.filter
def share(value: float) -> str:
    return f"{100 * value:.0f} %"
