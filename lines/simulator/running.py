"""The plant simulator as a process: servers up, floor running, state saved, stopped cleanly."""

import asyncio
import contextlib
import json
import logging
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from lines.plant.files import PlantFiles, read_plant
from lines.simulator.asyncua_server import AsyncuaServer
from lines.simulator.campaigns import Campaigns, campaign_size
from lines.simulator.clock import SimulatedClock, iso
from lines.simulator.floor import Floor
from lines.simulator.flows import carry, go_on, leave_unfilled, load
from lines.simulator.handling import HttpHandling
from lines.simulator.handshake import HandshakeLink
from lines.simulator.http_link import HttpLink
from lines.simulator.machines import Machine
from lines.simulator.making import start_makers
from lines.simulator.nodes import station_nodes
from lines.simulator.opcua_server import OpcuaServer
from lines.simulator.people import People
from lines.simulator.plantings import Plantings
from lines.simulator.reacting import react
from lines.simulator.routes import Plant
from lines.simulator.server_security import from_folder
from lines.simulator.servers import StationServer
from lines.simulator.state import MAX_BEHIND_S, numbers_used, read_state, restore, save
from lines.simulator.telemetry import Telemetry
from lines.simulator.truth import TruthFile
from lines.simulator.units import FLOW, Store, Unit

log = logging.getLogger(__name__)
SAVE_EVERY_S = 5.0
COUNT_EVERY_S = 60.0
SLOW_AFTER_S, FAST_BEFORE_S = 3.0, 0.5  # an open question to the MES, in real seconds
SLOW_SHARE = 0.05
LAST_WORDS_S = 0.6  # for the last values to be published


@dataclass(frozen=True, slots=True)
class Options:
    plant: Path
    api: str
    tokens: Mapping[str, str]  # by station
    truth: Path
    endpoints: Path
    people: Mapping[str, str] = field(default_factory=dict)  # their tokens, by role
    seed: int = 1
    speed: float = 3600.0
    days_back: float = 9.5
    cells_per_day: float = 100.0
    wait_for_client_s: float = 0.0  # how long to hold the clock until somebody subscribes to every signal
    pki: Path | None = None  # certificates of the servers that the plant secures; without it none is


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Simulator:
    """One run. `run` returns when it is cancelled, with everything saved."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.files: PlantFiles = read_plant(options.plant)
        self.servers: dict[str, StationServer] = {}
        self.floor: Floor
        self.telemetry: list[Telemetry] = []

    async def run(self) -> None:
        options = self.options
        saved = read_state(options.truth)
        had_truth = options.truth.exists()
        truth = TruthFile(options.truth)
        await self._start_servers()
        limits = httpx.Limits(max_connections=40, max_keepalive_connections=40)
        client = httpx.AsyncClient(base_url=options.api, timeout=30.0, limits=limits)
        try:
            starts_at = time.time() - options.days_back * 86_400
            if saved:
                starts_at = min(max(saved["now"], time.time() - MAX_BEHIND_S), time.time())
            self.floor = self._floor(SimulatedClock(starts_at, options.speed), truth, client)
            if saved:
                restore(self.floor, saved)
            elif had_truth:
                self.floor.store.sequences, self.floor.store.lot_count = numbers_used(options.truth)
            await self._switch_on()
            await self._write_endpoints()
            await self._wait_for_clients()
            self.floor.clock.restart()
            await self._live(is_first=not saved)
        finally:
            await self._end(client, truth)

    async def _start_servers(self) -> None:
        for server in self.files.opcua_servers:
            port = free_port()  # and listened on at once, before somebody else takes it
            nodes = [n for s in self.files.stations if s.opcua_server == server.code for n in station_nodes(s)]
            if server.stack == "opcua":
                made: StationServer = OpcuaServer(server.code, port, nodes)
            else:
                pki = self.options.pki if server.security_policy != "None" else None
                security = from_folder(pki, server.code, server.security_policy) if pki is not None else None
                made = AsyncuaServer(server.code, port, nodes, security=security)
            self.servers[server.code] = made
            await made.start()

    def _floor(self, clock: SimulatedClock, truth: TruthFile, client: httpx.AsyncClient) -> Floor:
        options, plant = self.options, Plant(self.files)
        sizes = {code: campaign_size(route) for code, route in plant.routes.items()}
        first = next(iter(sizes))
        plan = next((p for p in self.files.control_plans if p.product == first and p.characteristic == "FIL-01"), None)
        plantings = Plantings(
            product=first,
            cells=sizes[first],
            reworked=next((code for code in sizes if code != first), ""),
            drift_characteristic=plan.characteristic if plan else "",
            slow_clock="CAN-1" if "CAN-1" in plant.stations else "",
        )
        boot_id = f"{int(time.time()):x}"
        handling = HttpHandling(client, dict(options.tokens))
        machines = {}
        for station in self.files.stations:
            server = self.servers[station.opcua_server]
            offset_s = -plantings.slow_clock_s if station.code == plantings.slow_clock else 0.0
            link = (
                HandshakeLink(server, station, clock, offset_s)
                if station.interface == "OPCUA"
                else HttpLink(client, station.code, options.tokens.get(station.code, ""), offset_s)
            )
            machines[station.code] = Machine(station, link, server, clock, handling, boot_id=boot_id, offset_s=offset_s)
        return Floor(
            plant=plant,
            clock=clock,
            store=Store(plant.serial_head, self.files.time_zone),
            machines=machines,
            truth=truth,
            plantings=plantings,
            campaigns=Campaigns(sizes),
            handling=handling,
            people=People(client, options.people),
            seed=options.seed,
            takt_s=86_400 / options.cells_per_day,
        )

    async def _switch_on(self) -> None:
        """Give every signal a value of the machine's own time before anybody can read it."""
        run = iso(time.time())
        for machine in self.floor.machines.values():
            machine.idle_since = self.floor.clock.now()
            telemetry = Telemetry(self.floor, machine, run)
            self.telemetry.append(telemetry)
            await telemetry.switch_on(self.floor.clock.now())

    async def _write_endpoints(self) -> None:
        draft = self.options.endpoints.with_name(self.options.endpoints.name + ".new")
        draft.write_text(json.dumps({code: server.url for code, server in self.servers.items()}), encoding="utf-8")
        draft.replace(self.options.endpoints)

    async def _wait_for_clients(self) -> None:
        deadline = time.monotonic() + self.options.wait_for_client_s
        while time.monotonic() < deadline and not all(telemetry.is_subscribed for telemetry in self.telemetry):
            await asyncio.sleep(0.1)

    async def _live(self, is_first: bool) -> None:
        floor, clock = self.floor, self.floor.clock
        floor.failure = asyncio.get_running_loop().create_future()
        floor.truth.write("clock", sim=iso(clock.now()), wall=iso(time.time()), speed=clock.speed)
        if is_first and floor.plantings.slow_clock:
            station = floor.plantings.slow_clock
            floor.planted("clock_fault", station=station, offset_s=floor.machines[station].offset_s)
        for machine, telemetry in zip(floor.machines.values(), self.telemetry, strict=True):
            floor.spawn(machine.run_outbox())
            floor.spawn(telemetry.run())
        floor.next_cell_at = floor.next_cell_at or clock.now()
        _send_on(floor)
        start_makers(floor)
        floor.spawn(leave_unfilled(floor))
        if floor.people.do_react:
            floor.spawn(react(floor))
        floor.spawn(self._keep_books())
        floor.spawn(self._govern())
        await floor.failure

    async def _keep_books(self) -> None:
        counted = time.monotonic()
        while True:
            await asyncio.sleep(SAVE_EVERY_S)
            save(self.floor, is_clean=False)
            if time.monotonic() - counted >= COUNT_EVERY_S:
                counted = time.monotonic()
                self._count()

    def _count(self) -> None:
        for telemetry in self.telemetry:
            telemetry.tell_counts()

    async def _govern(self) -> None:
        """Slow the catch-up down while the MES is behind, so that work does not pile up in front of it."""
        clock, full = self.floor.clock, self.options.speed
        while not clock.is_live:
            await asyncio.sleep(0.2)
            waits_s = max(machine.waits_since_s for machine in self.floor.machines.values())
            speed = clock.speed
            if waits_s > SLOW_AFTER_S:
                speed = max(1.0, full * SLOW_SHARE)
            elif waits_s < FAST_BEFORE_S:
                speed = full
            if speed != clock.speed:
                log.info("the oldest question to the MES is open for %.1f s: clock at %.0fx", waits_s, speed)
                clock.set_speed(speed)
                self.floor.truth.write("clock", sim=iso(clock.now()), wall=iso(time.time()), speed=speed)
        self.floor.truth.write("clock", sim=iso(clock.now()), wall=iso(time.time()), speed=1.0)

    async def _end(self, client: httpx.AsyncClient, truth: TruthFile) -> None:
        if hasattr(self, "floor"):
            await self.floor.stop()
            if self.telemetry:
                self._count()
                save(self.floor, is_clean=True)
                await asyncio.sleep(LAST_WORDS_S)
        await client.aclose()
        truth.close()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(1.0):
                await asyncio.gather(*(s.stop() for s in self.servers.values()), return_exceptions=True)


def _send_on(floor: Floor) -> None:
    """Units of an earlier run go on where they stood."""
    trays: dict[str, list[Unit]] = {}
    for unit in floor.store.units.values():
        if unit.place != FLOW:
            continue
        if unit.rack:
            floor.machine(floor.route(unit).by_sequence[unit.step or 0]).hold_rack(unit.rack)
        if unit.tray:
            trays.setdefault(unit.tray, []).append(unit)
        elif unit.step is not None and floor.route(unit).by_sequence[unit.step].by_tray:
            load(floor, unit)
        else:
            floor.spawn(go_on(floor, unit))
    for tray, units in trays.items():
        floor.free_trays.remove(tray)
        floor.spawn(carry(floor, tray, units))
