"""How pages write names behind codes, and links that are missing."""

from collections.abc import Mapping
from typing import Any

from django import template
from django.utils.translation import gettext as _

register = template.Library()


@register.filter
def named(names: Mapping[str, str], code: str | None) -> str:
    """The name behind a code; the code itself where nobody gave one."""
    return names.get(code, code) if code else "–"


@register.filter
def why_word(why: str) -> str:
    """From what it is known that a link is missing."""
    return {"LOST": _("a link that was deleted"), "METRES": _("metres of the roll without any")}.get(
        why, _("its bill or route")
    )


@register.filter
def lacking(names: Mapping[str, str], link: Any) -> str:
    """What is missing: a material, or the record of an operation."""
    operation, material = (
        (link["operation"], link["material"]) if isinstance(link, dict) else (link.operation, link.material)
    )
    if material:
        return named(names, material)
    return _("A record that says where it was") if operation else "–"
