"""What the sensors say: one value per signal and period, with the faults that real telemetry has.

The declared rate is one value in 600 simulated seconds while the plant catches up, one a second when it is live.
"""

from dataclasses import dataclass

from lines.plant.files import SignalFile
from lines.plant.opcua_files import TELEMETRY_COUNT
from lines.simulator.chance import dice
from lines.simulator.floor import Floor
from lines.simulator.machines import Machine
from lines.simulator.nodes import measured
from lines.states.packml import PackMLState

CATCH_UP_PERIOD_S = 600.0
LIVE_PERIOD_S = 1.0
BEHIND_PERIODS = 5  # a loop that was kept from running for longer leaves a gap rather than a burst
UNCERTAIN = 0x40930000  # UncertainSensorNotAccurate
UNCERTAIN_SHARE = 0.0005
_DRIVEN = ("speed", "power", "force", "current", "flow", "torque", "dose")  # nothing when it stands still
_PHI = {CATCH_UP_PERIOD_S: 0.6, LIVE_PERIOD_S: 0.995}


@dataclass(slots=True)
class Sensor:
    """One measured signal: an AR(1) wander around the middle of its band."""

    signal: SignalFile
    path: str
    wander: float = 0.0
    last: float | None = None
    held_back: tuple[float, float] | None = None  # source time, value
    previous: tuple[float, float, int] | None = None  # source time, value, status
    count: int = 0
    first_s: float = 0.0
    last_s: float = 0.0


class Telemetry:
    """All sensors of one machine, and its counters and PackML state as signals."""

    def __init__(self, floor: Floor, machine: Machine, run: str) -> None:
        self._floor = floor
        self._machine = machine
        self._rng = dice(floor.seed, machine.code, "telemetry", run)
        variables = {
            path: [Sensor(signal, path) for signal in signals] for path, signals in measured(machine.station).items()
        }
        self._together = [each for each in variables.values() if each[0].signal.elements or each[0].signal.field]
        self._alone = [each[0] for each in variables.values() if each not in self._together]
        self.sensors = [sensor for each in variables.values() for sensor in each]
        self._counters = (-1, -1)
        self._run = run

    @property
    def is_subscribed(self) -> bool:
        return all(self._machine.server.is_subscribed(sensor.path) for sensor in self.sensors)

    async def switch_on(self, t: float) -> None:
        machine = self._machine
        await machine.server.write(f"{machine.code}/Status/StateCurrent", int(machine.state), machine.stamp(t))
        await self._count(t)
        for sensor in self._alone:
            await self._write(sensor, t, self._value(sensor, CATCH_UP_PERIOD_S), 0)
        for sensors in self._together:
            await self._sense_together(sensors, t, CATCH_UP_PERIOD_S)
        await self._tell_given(t)

    async def run(self) -> None:
        clock = self._floor.clock
        due = clock.now() + (0.0 if clock.is_live else self._rng.random() * CATCH_UP_PERIOD_S)
        while True:
            # The long period is over when the clocks meet: from then on a screen expects a value each second.
            due = min(due, clock.meets_wall_at)
            await clock.sleep_until(due)
            await self._show_idle()
            await self._count(due)
            period = LIVE_PERIOD_S if clock.is_live else CATCH_UP_PERIOD_S
            for sensor in self._alone:
                await self._sense(sensor, due, period)
            for sensors in self._together:
                await self._sense_together(sensors, due, period)
            await self._tell_given(due)
            following = due + period
            now = clock.now()
            due = following if now - following < BEHIND_PERIODS * period else now

    async def _show_idle(self) -> None:
        machine = self._machine
        if not machine.busy and machine.state == PackMLState.EXECUTE:
            await machine.show(PackMLState.IDLE, "DT-STARVED", machine.idle_since)

    async def _count(self, t: float) -> None:
        machine = self._machine
        counters = machine.processed, machine.defective
        if counters != self._counters:
            self._counters = counters
            stamp = machine.stamp(t)
            await machine.server.write(f"{machine.code}/Status/ProdProcessedCount", counters[0], stamp)
            await machine.server.write(f"{machine.code}/Status/ProdDefectiveCount", counters[1], stamp)

    async def _tell_given(self, t: float) -> None:
        """Behind the values of time t, so that none of them is older than the count that holds them."""
        machine = self._machine
        await machine.server.write(f"{machine.code}/Status/{TELEMETRY_COUNT}", machine.given % 2**32, machine.stamp(t))

    async def _sense(self, sensor: Sensor, t: float, period: float) -> None:
        plantings, rng = self._floor.plantings, self._rng
        value = self._value(sensor, period)
        chance = rng.random()
        if chance < plantings.missing:
            self._tell("telemetry_missing", sensor, t)
        elif chance < plantings.missing + plantings.late and sensor.held_back is None:
            sensor.held_back = t, value
        else:
            status = UNCERTAIN if rng.random() < UNCERTAIN_SHARE else 0
            value = await self._write(sensor, t, value, status)
            if sensor.held_back is not None:
                late, sensor.held_back = sensor.held_back, None
                self._tell("telemetry_late", sensor, late[0])
                await self._write(sensor, *late, 0)
            elif chance > 1 - plantings.doubled and sensor.previous is not None and sensor.previous[1] != value:
                self._tell("telemetry_doubled", sensor, sensor.previous[0])
                # Said once more, not given once more.
                await self._write(sensor, *sensor.previous, is_new=False)
            sensor.previous = t, value, status

    async def _sense_together(self, sensors: list[Sensor], t: float, period: float) -> None:
        """An array or a structure: one variable, written as a whole. No faults are planted in these."""
        values = [self._value(sensor, period) for sensor in sensors]
        if values == [sensor.last for sensor in sensors]:
            values[0] = _flickering(sensors[0], values[0])
        stamp = self._machine.stamp(t)
        for sensor, value in zip(sensors, values, strict=True):
            self._count_one(sensor, value, stamp)
        first = sensors[0]
        by_field = dict(zip([sensor.signal.field for sensor in sensors], values, strict=True))
        await self._machine.server.write(first.path, by_field if first.signal.field else values, stamp)

    def _value(self, sensor: Sensor, period: float) -> float:
        """At the sensor's resolution."""
        signal, rng = sensor.signal, self._rng
        low = signal.low if signal.low is not None else 0.0
        high = signal.high if signal.high is not None else low + 1.0
        phi = _PHI[period]
        sensor.wander = phi * sensor.wander + rng.gauss(0, (1 - phi * phi) ** 0.5)
        width = high - low
        middle = (low + high) / 2
        stands = self._machine.state != PackMLState.EXECUTE
        if stands and any(word in signal.code.lower() for word in _DRIVEN):
            middle, width = 0.0, 0.02 * width
        value = middle + sensor.wander * width / 8
        return float(round(value, signal.decimals))

    async def _write(self, sensor: Sensor, t: float, value: float, status: int, *, is_new: bool = True) -> float:
        """Never the same twice in a row, as servers do not report that. Returns the value as it was written."""
        stamp = self._machine.stamp(t)
        if value == sensor.last:
            value = _flickering(sensor, value)
        await self._machine.server.write(sensor.path, value, stamp, status)
        self._count_one(sensor, value, stamp, is_new=is_new)
        return value

    def _count_one(self, sensor: Sensor, value: float, stamp: float, *, is_new: bool = True) -> None:
        sensor.last = value
        sensor.count += 1
        self._machine.given += is_new and sensor.signal.deadband is None
        sensor.first_s = min(sensor.first_s or stamp, stamp)
        sensor.last_s = max(sensor.last_s, stamp)

    def _tell(self, what: str, sensor: Sensor, t: float) -> None:
        self._floor.planted(
            what, station=self._machine.code, signal=sensor.signal.code, source_time=self._machine.iso(t)
        )

    def tell_counts(self) -> None:
        """The truth's line on each signal: values written in this run, doubled ones included."""
        for sensor in self.sensors:
            self._floor.truth.write(
                "sample_count",
                station=self._machine.code,
                signal=sensor.signal.code,
                run=self._run,
                count=sensor.count,
                first=self._machine.clock_iso(sensor.first_s),
                last=self._machine.clock_iso(sensor.last_s),
            )


def _flickering(sensor: Sensor, value: float) -> float:
    """The next value up, as a sensor's last digit does without end."""
    return round(value + 10.0**-sensor.signal.decimals, sensor.signal.decimals)
