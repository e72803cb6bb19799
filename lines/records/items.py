"""One unit of a tray's post as a post of its own. Pure."""

from collections.abc import Mapping
from typing import Any


def tray_of_one(body: Mapping[str, Any], index: int) -> dict[str, Any]:
    """The head of a tray's post with the unit at `index` alone. The tray's own id stays with the tray."""
    return {
        **{name: value for name, value in body.items() if name not in ("items", "result_id")},
        "items": [body["items"][index]],
    }
