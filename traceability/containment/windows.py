"""From a signal to what is suspect: a station's visits from a moment on, alike in product, recipe, channel, position.

The first suspect point is quality's to say (quality/reactions/changes.py); here it becomes a time of the station, so
that units which nobody measured lie behind it too, less the plan's margin: units of the station, or values of a signal
that is charted from telemetry.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from lines.telemetry.news import EPOCH
from quality.models import Signal
from quality.plans.models import Source, StreamBy
from quality.reactions.changes import Behind, behind
from traceability.holds.reach import CLOCKS_AGREE, Suspect
from traceability.holds.signalled import SuspectWindow

_JUST_AFTER = timedelta(microseconds=1)
_ENDED = "r.source_time - make_interval(secs => coalesce(r.clock_offset_s, 0))"
# When the last visit of the point before the first suspect one ended, and the first one of the suspect point.
_EDGE = f"""
select max({_ENDED}) filter (where r.id <> all(%(first)s)), min({_ENDED}) filter (where r.id = any(%(first)s))
from lines_operationrecord r where r.id = any(%(before)s) or r.id = any(%(first)s)
"""  # noqa: S608 - a constant of this module
# The last visits by the machine's time; the time of arrival, which has the index, only bounds how far they are sought.
_MARGIN = f"""
select count(*), min(ended) from (
    select {_ENDED} as ended from lines_operationrecord r
    where r.station_id = %(station)s and r.received_at >= %(received_from)s and {_ENDED} between %(since)s and %(edge)s
        and %(product)s in ('', r.product) and %(recipe)s in ('', r.recipe) and %(channel)s in ('', r.channel)
    order by 1 desc limit %(margin)s
) as m
"""  # noqa: S608 - a constant of this module
# How far back a margin's visits are sought: wider each time that there are too few.
_SOUGHT = (timedelta(hours=2), timedelta(days=2), timedelta(days=60), timedelta(days=3650))
_RECIPES = "select distinct recipe from lines_operationrecord where id = any(%s)"


@dataclass(frozen=True)
class Found:
    """What a signal makes suspect, and how that was told."""

    window: SuspectWindow
    behind: Behind


def window_behind(signal: Signal) -> Found:
    """Of a signal with its plan (with characteristic, product and station), limits and point."""
    plan, found = signal.plan, behind(signal)
    if plan.source == Source.TELEMETRY:
        # The value before was good at its time; what is on the machine then is suspect from there on.
        edge = found.before.source_time if found.before else found.first.source_time
        margin_s = min(plan.margin_units * (plan.period_s or 0), max((edge - EPOCH).total_seconds(), 0.0))
        begins = edge - timedelta(seconds=margin_s)
        suspect = Suspect(product=plan.product.code, by_overlap=True)
        return Found(SuspectWindow(plan.station, begins, suspect), found)
    recipes = [row[0] for row in _rows(_RECIPES, [signal.point.records])]
    of = Suspect(
        product=plan.product.code,
        recipe=recipes[0] if len(recipes) == 1 else "",
        channel=signal.stream if plan.stream_by == StreamBy.CHANNEL else "",
        characteristic=plan.characteristic.code if plan.stream_by == StreamBy.POSITION else "",
        position=signal.stream if plan.stream_by == StreamBy.POSITION else "",
    )
    return Found(SuspectWindow(plan.station, _begins(signal, found, of), of), found)


def _begins(signal: Signal, found: Behind, of: Suspect) -> datetime:
    before = found.before.records if found.before else []
    ((good, first),) = _rows(_EDGE, {"before": before, "first": found.first.records})
    first = first or found.first.source_time
    edge = good if good is not None and good < first else first - _JUST_AFTER
    begins: datetime = edge + _JUST_AFTER
    if signal.plan.margin_units:
        asked = {
            "station": signal.plan.station_id, "edge": edge, "product": of.product, "recipe": of.recipe,
            "channel": of.channel, "margin": signal.plan.margin_units,
        }  # fmt: skip
        for span in _SOUGHT:
            since = edge - span
            times = {"since": since, "received_from": since - CLOCKS_AGREE}
            ((n, oldest),) = _rows(_MARGIN, asked | times)
            if n == signal.plan.margin_units:
                break
        begins = min(begins, oldest or begins)
    return begins


def _rows(statement: str, parameters: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows
