"""The newest value of each measured signal, as screens show it."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext

from lines.errors import NODE_MISSING
from lines.opcua.errors import NODE_GONE
from lines.plant.models import NodeFault, Signal, SignalKind
from lines.states.models import StationStatus
from lines.states.packml import RUNNING
from lines.telemetry.batches import is_good
from lines.telemetry.models import SignalLatest


@dataclass(frozen=True)
class LiveValue:
    signal: Signal
    value: float | None  # None: never heard, or the machine itself calls it bad
    source_time: datetime | None
    is_running: bool  # the band is that of production; an idle machine may be anywhere
    fault: "SignalFault | None" = None
    elements: tuple["LiveValue", ...] = ()  # of an array, whose mean this is

    @property
    def name(self) -> str:
        """An array's without the mark of its first element."""
        return self.signal.name.removesuffix("[0]").rstrip() if self.elements else self.signal.name

    @property
    def out_of_band(self) -> int:
        """How many elements are."""
        return sum(each.side != 0 for each in self.elements)

    @property
    def side(self) -> int:
        """-1 below the normal band, +1 above, 0 inside or unknown; as rounded on the screen."""
        if self.value is None or not self.is_running:
            return 0
        shown = round(self.value, self.signal.decimals)
        if self.signal.low is not None and shown < self.signal.low:
            return -1
        return 1 if self.signal.high is not None and shown > self.signal.high else 0

    @property
    def place_pct(self) -> float | None:
        """Where the value stands on a scale whose middle half is the normal band; None without band or value."""
        low, high = self.signal.low, self.signal.high
        if self.value is None or low is None or high is None or high <= low:
            return None
        return min(100.0, max(0.0, 25 + 50 * (self.value - low) / (high - low)))


@dataclass(frozen=True)
class SignalFault:
    """Why nothing is heard of a signal."""

    signal: Signal
    code: str

    @property
    def words(self) -> str:
        return gettext("no such node") if self.code in _NO_NODE else gettext("no readable value")


_NO_NODE = frozenset({NODE_MISSING.code, NODE_GONE.code})


def other_faults(station_id: int) -> list[SignalFault]:
    """Of the state and the counters, which are shown elsewhere."""
    faults = NodeFault.objects.filter(signal__station=station_id).exclude(signal__kind=SignalKind.MEASUREMENT)
    return [fault for each in faults.select_related("signal__latest") if (fault := _fault(each.signal, each))]


def _fault(signal: Signal, fault: NodeFault | None) -> SignalFault | None:
    """None where a value came since."""
    latest: SignalLatest | None = getattr(signal, "latest", None)
    if fault is None or (latest is not None and latest.received_at > fault.since):
        return None
    return SignalFault(signal, fault.code)


def latest_values(station_id: int | None = None) -> dict[int, list[LiveValue]]:
    """Of one station or all, by station id, in plant order; one query."""
    signals = Signal.objects.filter(kind=SignalKind.MEASUREMENT)
    signals = signals.select_related("latest", "station__status", "fault").order_by("id")
    if station_id is not None:
        signals = signals.filter(station=station_id)
    found: dict[tuple[int, str], list[LiveValue]] = {}
    for signal in signals:
        variable = signal.code.partition("[")[0] if signal.elements else signal.code
        found.setdefault((signal.station_id, variable), []).append(_live(signal))
    values: dict[int, list[LiveValue]] = {}
    for (station, _), lives in found.items():
        values.setdefault(station, []).append(_array(lives) if lives[0].signal.elements else lives[0])
    return values


def _live(signal: Signal) -> LiveValue:
    latest: SignalLatest | None = getattr(signal, "latest", None)
    is_known = latest is not None and is_good(latest.status)
    status: StationStatus | None = getattr(signal.station, "status", None)
    return LiveValue(
        signal,
        latest.value if latest is not None and is_known else None,
        latest.source_time if latest is not None else None,
        status is not None and status.state in RUNNING,
        _fault(signal, getattr(signal, "fault", None)),
    )


def _array(elements: list[LiveValue]) -> LiveValue:
    known = [each.value for each in elements if each.value is not None]
    faults = [each.fault for each in elements if each.fault is not None]
    mean = sum(known) / len(known) if known else None
    first = elements[0]
    return LiveValue(
        first.signal, mean, first.source_time, first.is_running, faults[0] if faults else None, tuple(elements)
    )
