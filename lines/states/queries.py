"""Where stations were."""

from datetime import datetime
from typing import NamedTuple

from lines.plant.models import Station
from lines.states.models import StateChange


class StateSpan(NamedTuple):
    state: int
    starts_at: datetime
    ends_at: datetime


def state_history(station: Station, since: datetime, until: datetime) -> list[StateSpan]:
    """The states of [since, until) in order, without gaps from the first known on; equal neighbours merged."""
    changes = StateChange.objects.filter(station=station).values_list("state", "source_time")
    before = changes.filter(source_time__lte=since).order_by("-source_time")[:1]
    within = changes.filter(source_time__gt=since, source_time__lt=until).order_by("source_time")
    spans: list[StateSpan] = []
    for state, at in [*before, *within]:
        starts_at = max(at, since)
        if spans and spans[-1].state == state:
            continue
        if spans:
            spans[-1] = spans[-1]._replace(ends_at=starts_at)
        spans.append(StateSpan(state, starts_at, until))
    return spans
