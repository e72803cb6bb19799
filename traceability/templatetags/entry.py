"""How forms of entered results write back what was typed, and what is wrong with it beside its field."""

from typing import Any

from django import template
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from lines.errors import Refusal
from lines.records.models import Judgement
from lines.templatetags.denchi import judgement
from traceability.entry.forms import Posted

register = template.Library()


@register.filter
def word(posted: Posted, name: str) -> str:
    """What stands in the field."""
    return posted.word(name)


@register.filter
def problem(posted: Posted, name: str) -> Refusal | None:
    """What is wrong with the field, None for nothing."""
    return posted.problems.get(name)


@register.filter
def disposition_word(value: str) -> str:
    """What becomes of the unit, as the answer to a result says it."""
    words = {
        "CONTINUE": _("Goes on"),
        "REWORK": _("Rework"),
        "SCRAP": _("Scrapped"),
        "HOLD": _("On hold"),
        "COMPLETE": _("Completed its route"),
    }
    return words.get(value, value)


@register.filter
def judgement_word(value: str) -> SafeString:
    """The judgement of one value in an answer."""
    return judgement(Judgement[value])


@register.filter
def said(error: dict[str, Any], part: str) -> str:
    """`what` or `cure` of a code in an answer, in the reader's language."""
    words: dict[str, str] = error[part]
    return words["ja" if (get_language() or "en").startswith("ja") else "en"]
