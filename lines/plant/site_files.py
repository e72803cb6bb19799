"""site.toml, stations.toml, operations.toml, materials.toml and people.toml as records. Pure."""

from dataclasses import dataclass
from datetime import time
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from lines.orders.serials import ALPHABET
from lines.plant.entries import Entry, read_toml, refuse_doubles
from lines.plant.opcua_files import opcua_server, signals_of
from lines.plant.shapes import (
    AreaFile,
    CertificationFile,
    FeedPointFile,
    GaugeFile,
    MaterialFile,
    Name,
    OpcUaServerFile,
    OperationFile,
    PersonFile,
    ShiftFile,
    StationFile,
)

KINDS = ("ELECTRODE_COATING", "CELL_ASSEMBLY", "FORMATION", "PACK_TEST")
INTERFACES = ("HTTP", "OPCUA")
MOST_SECONDS = 366 * 86_400
POLICIES = ("STOP", "RUN_ON")
ROLES = ("OPERATOR", "SUPERVISOR", "QUALITY", "AUDITOR", "ADMINISTRATOR")


@dataclass(frozen=True)
class SiteParts:
    """What site.toml says."""

    code: str
    name: Name
    time_zone: str
    serial_site: str
    serial_line: str
    line_code: str
    line_name: Name
    areas: tuple[AreaFile, ...]
    shifts: tuple[ShiftFile, ...]
    opcua_servers: tuple[OpcUaServerFile, ...]


def serial_characters(entry: Entry, key: str, length: int) -> str:
    value = entry.text(key)
    if len(value) != length or any(c not in ALPHABET for c in value):
        raise entry.refuse(key, f"is {value!r}.", f"Use {length} of the characters {ALPHABET}.")
    return value


def _clock(entry: Entry, key: str) -> str:
    value = entry.text(key)
    try:
        return time.fromisoformat(value).strftime("%H:%M")
    except ValueError:
        raise entry.refuse(key, f"is {value!r}.", 'Write hours and minutes: "08:00".') from None


def read_site(folder: Path) -> SiteParts:
    root = read_toml(folder, "site.toml")
    site, line = root.entry("site"), root.entry("line")
    time_zone = site.text("time_zone")
    try:
        ZoneInfo(time_zone)
    except (ZoneInfoNotFoundError, ValueError):
        raise site.refuse("time_zone", f"is {time_zone!r}.", "Use an IANA name such as Asia/Tokyo.") from None
    areas, shifts = [], []
    for entry in root.entries("areas"):
        areas.append(AreaFile(entry.code("code"), entry.name(), entry.integer("sequence")))
        entry.done()
    for entry in root.entries("shifts"):
        shifts.append(
            ShiftFile(entry.code("code", 16), entry.name(), _clock(entry, "starts_at"), _clock(entry, "ends_at"))
        )
        entry.done()
    servers = [opcua_server(entry) for entry in root.entries("opcua_servers")]
    parts = SiteParts(
        code=site.code("code"),
        name=site.name(),
        time_zone=time_zone,
        serial_site=serial_characters(site, "serial_code", 2),
        serial_line=serial_characters(line, "serial_code", 1),
        line_code=line.code("code"),
        line_name=line.name(),
        areas=tuple(areas),
        shifts=tuple(shifts),
        opcua_servers=tuple(servers),
    )
    for entry in (site, line, root):
        entry.done()
    refuse_doubles("site.toml", "areas", [area.code for area in areas])
    refuse_doubles("site.toml", "shifts", [shift.code for shift in shifts])
    refuse_doubles("site.toml", "opcua_servers", [server.code for server in servers])
    return parts


def _feed_points(station: Entry) -> tuple[FeedPointFile, ...]:
    points = []
    for entry in station.entries("feed_points", may_miss=True):
        materials = entry.texts("materials")
        if not materials:
            raise entry.refuse("materials", "is empty.", "Name what may be mounted there.")
        points.append(FeedPointFile(entry.code("code", 32), entry.name(), materials))
        entry.done()
    refuse_doubles(station.file, f"{station.where}.feed_points", [point.code for point in points])
    return tuple(points)


def _gauges(station: Entry) -> tuple[GaugeFile, ...]:
    """A gauge with `racks` and `slots` stands for one in each channel <station>-R<rack>-C<slot>."""
    gauges: list[GaugeFile] = []
    for entry in station.entries("gauges", may_miss=True):
        code, name = entry.code("code", 40), entry.name()
        days = entry.integer("interval_days", least=1, most=3650)
        ago = entry.integer("calibrated_days_ago", 0, least=0, most=3650)
        measured = entry.texts("characteristics", ())
        if entry.has("racks") or entry.has("slots"):
            racks, slots = entry.integer("racks", least=1, most=99), entry.integer("slots", least=1, most=99)
            for place in (f"R{rack:02d}-C{slot:02d}" for rack in range(1, racks + 1) for slot in range(1, slots + 1)):
                channel = f"{station.code('code')}-{place}"
                of_place = Name(f"{name.en} {place}", f"{name.ja} {place}")
                gauges.append(GaugeFile(f"{code}-{place}", of_place, channel, days, ago, measured))
        else:
            gauges.append(GaugeFile(code, name, entry.text("channel", "", longest=48), days, ago, measured))
        entry.done()
    # A gauge named by itself speaks for its channel, whatever stands for all channels.
    by_channel = {gauge.channel or gauge.code: gauge for gauge in gauges}
    return tuple(by_channel.values())


def read_stations(folder: Path) -> tuple[StationFile, ...]:
    root = read_toml(folder, "stations.toml")
    stations = []
    for entry in root.entries("stations"):
        policy, offline_units = entry.choice("offline_policy", POLICIES, "STOP"), entry.integer("offline_units", 0)
        if (policy == "RUN_ON") != (offline_units > 0):
            raise entry.refuse(
                "offline_units",
                f"is {offline_units} with the policy {policy}.",
                "Give RUN_ON the units it may make in one outage, and STOP none.",
            )
        stations.append(
            StationFile(
                code=entry.code("code"),
                name=entry.name(),
                kind=entry.choice("kind", KINDS),
                area=entry.text("area"),
                sequence=entry.integer("sequence"),
                interface=entry.choice("interface", INTERFACES),
                opcua_server=entry.text("opcua_server"),
                operations=entry.texts("operations"),
                stale_after_s=entry.integer("stale_after_s", 30, least=1),
                target_per_shift=entry.integer("target_per_shift", 0),
                signals=signals_of(entry),
                offline_policy=policy,
                offline_units=offline_units,
                ahead_tolerance_s=entry.integer("ahead_tolerance_s", 900, least=1, most=MOST_SECONDS),
                behind_tolerance_s=entry.integer("behind_tolerance_s", 2_592_000, least=1, most=MOST_SECONDS),
                feed_points=_feed_points(entry),
                gauges=_gauges(entry),
            )
        )
        entry.done()
    root.done()
    refuse_doubles("stations.toml", "stations", [station.code for station in stations])
    refuse_doubles("stations.toml", "gauges", [gauge.code for station in stations for gauge in station.gauges])
    return tuple(sorted(stations, key=lambda station: station.sequence))


def read_operations(folder: Path) -> tuple[OperationFile, ...]:
    root = read_toml(folder, "operations.toml")
    operations = []
    for entry in root.entries("operations"):
        operations.append(
            OperationFile(
                code=entry.code("code"),
                name=entry.name(),
                kind=entry.choice("kind", KINDS),
                is_test=entry.flag("is_test"),
                needs_certification=entry.flag("needs_certification"),
            )
        )
        entry.done()
    root.done()
    refuse_doubles("operations.toml", "operations", [operation.code for operation in operations])
    return tuple(operations)


def read_materials(folder: Path) -> tuple[MaterialFile, ...]:
    root = read_toml(folder, "materials.toml")
    materials = []
    for entry in root.entries("materials"):
        lot_size = entry.number("lot_size")
        if lot_size <= 0:
            raise entry.refuse("lot_size", f"is {lot_size:g}.", "Write the quantity of one lot, above 0.")
        suppliers = entry.texts("suppliers")
        if not suppliers:
            raise entry.refuse("suppliers", "is empty.", "Name at least one supplier.")
        materials.append(
            MaterialFile(
                code=entry.code("code", 32),
                name=entry.name(),
                uom=entry.text("uom", longest=8),
                suppliers=suppliers,
                lot_size=lot_size,
                shelf_life_days=entry.integer("shelf_life_days", least=1),
                release_on_receipt=entry.flag("release_on_receipt", default=True),
            )
        )
        entry.done()
    root.done()
    refuse_doubles("materials.toml", "materials", [material.code for material in materials])
    return tuple(materials)


def _certifications(person: Entry) -> tuple[CertificationFile, ...]:
    found = []
    for entry in person.entries("certifications", "operation", may_miss=True):
        days = entry.integer("valid_days", least=-3650, most=3650)
        found.append(CertificationFile(entry.text("operation"), entry.integer("level", 1, least=1, most=9), days))
        entry.done()
    refuse_doubles(person.file, f"{person.where}.certifications", [one.operation for one in found])
    return tuple(found)


def read_people(folder: Path) -> tuple[PersonFile, ...]:
    root = read_toml(folder, "people.toml")
    people = []
    for entry in root.entries("people", "username"):
        people.append(
            PersonFile(entry.code("username", 150), entry.name(), entry.choice("role", ROLES), _certifications(entry))
        )
        entry.done()
    root.done()
    refuse_doubles("people.toml", "people", [person.username for person in people])
    return tuple(people)
