"""How pages write reactions."""

from datetime import timedelta
from typing import Any

from django import template

from quality.reactions.models import Reaction

register = template.Library()


@register.inclusion_tag("quality/reactions/_clock.html")
def reaction_clock(reaction: Reaction, left: timedelta) -> dict[str, Any]:
    """What is left of the time, or how late it is."""
    return {"reaction": reaction, "left": left, "overdue": -left}
