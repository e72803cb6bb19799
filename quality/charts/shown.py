"""What the chart pages show beside the drawing: the list with its sparklines, signals with their units, limits."""

from dataclasses import dataclass

from django.utils import timezone
from django.utils.translation import get_language

from lines.alarms.queries import AlarmState, state_of
from quality.charts.attention import ChartState, Glance, active_plans, chart_states, glances, most_needed
from quality.charts.drawn import StreamRow, cause_of, streams_of
from quality.charts.models import ChartPoint, ProcessChange, Signal
from quality.charts.plotted import SpecLimits
from quality.charts.process_changes import changes_of
from quality.charts.queries import measurements_of, serials_of, signals_of, specification
from quality.plans.models import ControlLimits, ControlPlan

SPARKLINE_POINTS = 40
NEWEST_SIGNALS, NEWEST_CHANGES = 25, 8
ON_WALL = 20
WALL_POINTS, WALL_WIDTH, WALL_HEIGHT = 60, 320, 112


@dataclass(frozen=True)
class ChartRow:
    """One plan in the list: of its streams the one that needs somebody most. `glance` is None without points."""

    state: ChartState
    glance: Glance | None
    n_streams: int = 1
    points: int = 0
    open_alarms: int = 0

    @property
    def plan(self) -> ControlPlan:
        return self.state.plan


def chart_rows() -> list[ChartRow]:
    """All active plans in the order of the flow; the number of queries does not depend on how many."""
    by_plan: dict[int, list[ChartState]] = {}
    for state in chart_states():
        by_plan.setdefault(state.plan.pk, []).append(state)
    rows = []
    for plan in active_plans():
        streams = by_plan.get(plan.pk) or [ChartState(plan, "", 0, None)]
        points, open_alarms = (sum(getattr(state, name) for state in streams) for name in ("points", "open_alarms"))
        rows.append((most_needed(streams, 1)[0], len(streams), points, open_alarms))
    drawn = glances([state for state, *_ in rows], SPARKLINE_POINTS, 160, 36)
    return [ChartRow(state, drawn.get(state.key), *counts) for state, *counts in rows]


@dataclass(frozen=True)
class Tile:
    state: ChartState
    glance: Glance | None


def wall_tiles(count: int = ON_WALL) -> list[Tile]:
    """The charts that need somebody most, the most urgent first."""
    states = most_needed(chart_states(), count)
    drawn = glances(states, WALL_POINTS, WALL_WIDTH, WALL_HEIGHT)
    return [Tile(state, drawn.get(state.key)) for state in states]


@dataclass(frozen=True)
class SignalRow:
    signal: Signal
    state: AlarmState | None  # of its alarm
    serials: list[str]  # of the units in the point

    @property
    def first_serial(self) -> str:
        return self.serials[0] if self.serials else ""

    @property
    def n_more(self) -> int:
        return len(self.serials) - 1

    @property
    def is_open(self) -> bool:
        return self.state not in (None, AlarmState.NORMAL)

    @property
    def cause(self) -> str:
        return cause_of(self.signal)[(get_language() or "en").startswith("ja")]

    @property
    def reaction(self) -> int | None:
        answered = getattr(self.signal, "answered_by", None)
        return answered.reaction_id if answered else None


@dataclass(frozen=True)
class ChartView:
    state: ChartState
    streams: list[StreamRow]
    signals: list[SignalRow]
    n_signals: int
    versions: list[ControlLimits]  # newest first; the stream's own before those of all
    spec: SpecLimits | None
    changes: list[ProcessChange]  # newest first

    @property
    def plan(self) -> ControlPlan:
        return self.state.plan


def chart_view(plan: ControlPlan, stream: str = "") -> ChartView:
    valid = plan.limits.filter(valid_from__lte=timezone.now(), stream__in={"", stream})
    all_signals = signals_of(plan, stream)
    newest = list(all_signals[:NEWEST_SIGNALS])
    serials = serials_of(record for signal in newest for record in signal.point.records)
    signals = [
        SignalRow(
            signal,
            state_of(signal.alarm) if signal.alarm else None,
            [serials[record] for record in signal.point.records if record in serials],
        )
        for signal in newest
    ]
    # A plan that is not active any more has no state, but its chart can still be read.
    state = next((state for state in chart_states(plan) if state.stream == stream), ChartState(plan, stream, 0, None))
    return ChartView(
        state,
        streams_of(plan),
        signals,
        all_signals.count(),
        list(valid.order_by("-stream", "-version")),
        specification(plan),
        changes_of(plan, NEWEST_CHANGES),
    )


def stream_to_show(plan: ControlPlan, asked: str) -> str:
    """The stream of that name; else, where none is charted for all together, the one that needs somebody most."""
    streams = [row.stream for row in streams_of(plan)]
    if asked in streams or not streams or "" in streams:
        return asked if asked in streams else ""
    states = chart_states(plan)
    return most_needed(states, 1)[0].stream if states else streams[0]


@dataclass(frozen=True)
class PointMember:
    """One record in a point, with its values in the order they were posted."""

    record: int
    serial: str
    values: list[float]


@dataclass(frozen=True)
class PointView:
    point: ChartPoint
    members: list[PointMember]
    signals: list[SignalRow]


def point_view(plan: ControlPlan, number: int, stream: str = "") -> PointView | None:
    point = plan.points.select_related("limits").filter(stream=stream, number=number).first()
    if point is None:
        return None
    ids = list(dict.fromkeys(point.records))
    serials = serials_of(ids)
    values: dict[int, list[float]] = {}
    measured = measurements_of(ids, plan.characteristic.code).order_by("sequence")
    for record, value in measured.values_list("record_id", "value"):
        values.setdefault(record, []).append(value)
    members = [PointMember(record, serials[record], values.get(record, [])) for record in ids if record in serials]
    signals = point.signals.select_related("alarm", "answered_by__reaction__cause").order_by("chart", "rule")
    rows = [SignalRow(signal, state_of(signal.alarm) if signal.alarm else None, []) for signal in signals]
    return PointView(point, members, rows)
