"""The newest value of each measured signal, as screens show it."""

from dataclasses import dataclass
from datetime import datetime

from lines.plant.models import Signal, SignalKind
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


def latest_values(station_id: int | None = None) -> dict[int, list[LiveValue]]:
    """Of one station or all, by station id, in plant order; one query."""
    signals = Signal.objects.filter(kind=SignalKind.MEASUREMENT).select_related("latest", "station__status")
    signals = signals.order_by("id")
    if station_id is not None:
        signals = signals.filter(station=station_id)
    values: dict[int, list[LiveValue]] = {}
    for signal in signals:
        latest: SignalLatest | None = getattr(signal, "latest", None)
        is_known = latest is not None and is_good(latest.status)
        status: StationStatus | None = getattr(signal.station, "status", None)
        values.setdefault(signal.station_id, []).append(
            LiveValue(
                signal,
                latest.value if latest is not None and is_known else None,
                latest.source_time if latest is not None else None,
                status is not None and status.state in RUNNING,
            )
        )
    return values
