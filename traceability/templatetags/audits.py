"""Words of audits."""

from datetime import datetime
from typing import Any

from django import template
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from traceability.audits.models import AuditQuery
from traceability.templatetags.units import site_time

register = template.Library()


@register.filter
def filter_word(name: str) -> str:
    """A field of the filter."""
    words = {
        "kinds": _("Kind"),
        "products": _("Product"),
        "states": _("State now"),
        "held": _("On hold now"),
        "serial_from": _("Serial from"),
        "serial_to": _("Serial to"),
        "lots": _("Material lot inside"),
        "sites": _("Data centre"),
        "stations": _("Station"),
        "operations": _("Operation"),
        "characteristics": _("Characteristic"),
        "outside": _("A value outside its limits"),
        "verdict": _("Verdict"),
        "deviations": _("Deviation code"),
        "since": pgettext("time", "From"),
        "until": pgettext("time", "Until"),
    }
    return words.get(name, name)


@register.filter
def choice_word(each: Any, name: str) -> str:
    """What may be chosen: a row of the plant's data, or a code."""
    if not isinstance(each, str):
        return each.name if name == "products" else f"{each.code} {each.name}"
    return kind_word(each) if name == "kinds" else unit_state_word(each)


@register.filter
def kind_word(kind: str) -> str:
    words = {
        "slurry_batch": _("Slurry batch"),
        "roll": _("Roll"),
        "jelly_roll": _("Jelly roll"),
        "stack": _("Stack"),
        "cell": _("Cell"),
        "module": _("Module"),
        "pack": _("Pack"),
        "container": _("Container"),
    }
    return words.get(kind, kind)


@register.filter
def unit_state_word(state: str) -> str:
    words = {
        "IN_PROCESS": _("In process"),
        "COMPLETED": _("Completed its route"),
        "CONSUMED": _("Built into another unit"),
        "SCRAPPED": _("Scrapped"),
        "RETURNED": _("Returned to the supplier"),
        "SHIPPED": _("Shipped to a data centre"),
    }
    return words.get(state.upper(), state)


@register.filter
def told_word(value: Any, name: str) -> str:
    """What a field of the filter says, of the filter itself or of its stored form."""
    if name in ("since", "until"):
        return iso_time(str(value))
    if value is True or value == "True":
        return _("yes")
    parts = value if isinstance(value, list) else str(value).split(", ")
    words = {"kinds": kind_word, "states": unit_state_word, "verdict": _verdict}.get(name)
    return ", ".join(words(part) if words else part for part in parts)


def _verdict(verdict: str) -> str:
    return {"PASS": _("Pass"), "FAIL": _("Fail")}.get(verdict, verdict)


@register.filter
def query_word(kind: str) -> str:
    words = {
        "LIST": _("List of units"),
        "SAMPLE": _("Sample"),
        "HISTORY": _("History file"),
        "BUNDLE": _("Archive"),
        "VERIFY": _("Verified"),
    }
    return words.get(kind, kind)


@register.filter
def proof_word(kind: str) -> str:
    words = {
        "HISTORY": _("This system handed this history out, and it was not changed."),
        "PRINT": _("This system handed this printed history out, and it was not changed."),
        "ARCHIVE": _("This system handed this archive out, and it was not changed."),
    }
    return words.get(kind, kind)


@register.filter
def asked_words(query: AuditQuery) -> list[tuple[str, str]]:
    """What was asked, a pair a field, the filter's own fields first."""
    asked = query.asked
    of_filter = asked.get("filter", {}) if "filter" in asked else asked if query.kind == "LIST" else {}
    found = [(filter_word(name), told_word(value, name)) for name, value in of_filter.items()]
    if query.kind == "LIST":
        return found
    words = {
        "serial": _("Serial"),
        "code": _("Verify code"),
        "sha256": "SHA-256",
        "seed": _("Seed"),
        "size": pgettext("of a sample", "Size"),
        "is_genuine": _("Genuine"),
    }
    return found + [
        (words[name], (_("yes") if value else _("no")) if name == "is_genuine" else str(value)[:64])
        for name, value in asked.items()
        if name in words and value is not None
    ]


@register.filter
def iso_time(text: str) -> str:
    """A time in ISO 8601 as the pages of units write it."""
    try:
        return site_time(datetime.fromisoformat(text))
    except ValueError:
        return text
