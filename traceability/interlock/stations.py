"""A station as the API tells it: what it is, and what is mounted at it."""

from typing import Any

from lines.stations.queries import show_station
from traceability.feeding.queries import list_feed_points


def station_answer(code: str, token_id: int | None) -> dict[str, Any]:
    """`token_id`: of the station's own token, where it asks about itself. Raises Refusal UNKNOWN_STATION."""
    return {**show_station(code, token_id), "feed_points": list_feed_points(code)["items"]}
