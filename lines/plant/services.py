"""Writing the plant as equipment: site, areas, line, servers, stations, signals, shifts, reason codes."""

from collections.abc import Mapping
from datetime import time

from lines.people.actors import acting
from lines.plant.files import Name, PlantFiles, StationFile
from lines.plant.master import Changes, Rows
from lines.plant.models import (
    Area,
    DataCentreSite,
    OpcUaServer,
    ProductionLine,
    ReasonCode,
    Shift,
    Signal,
    Site,
    Station,
)


def names(name: Name) -> dict[str, str]:
    """A file's name as the two columns of Bilingual."""
    return {"name_en": name.en, "name_ja": name.ja}


def load_equipment(plant: PlantFiles, changes: Changes) -> None:
    """Inside the loader's transaction."""
    site = Rows(Site, changes, "code").keep(
        plant.site_code, time_zone=plant.time_zone, serial_code=plant.serial_site, **names(plant.site_name)
    )
    areas = Rows(Area, changes, "code")
    for area in plant.areas:
        areas.keep(area.code, site_id=site.pk, sequence=area.sequence, **names(area.name))
    line = Rows(ProductionLine, changes, "code").keep(
        plant.line_code, site_id=site.pk, serial_code=plant.serial_line, **names(plant.line_name)
    )
    shifts = Rows(Shift, changes, "production_line_id", "code")
    for shift in plant.shifts:
        shifts.keep(
            line.pk,
            shift.code,
            starts_at=time.fromisoformat(shift.starts_at),
            ends_at=time.fromisoformat(shift.ends_at),
            **names(shift.name),
        )
    reasons = Rows(ReasonCode, changes, "code")
    for reason in plant.reason_codes:
        reasons.keep(
            reason.code,
            group=reason.group,
            severity=reason.severity,
            station_kinds=list(reason.station_kinds),
            **names(reason.name),
        )
    sites = Rows(DataCentreSite, changes, "code")
    for data_centre in plant.data_centres:
        sites.keep(
            data_centre.code,
            country=data_centre.country,
            latitude=data_centre.latitude,
            longitude=data_centre.longitude,
            **names(data_centre.name),
        )
    _load_stations(plant, line, changes)


def _load_stations(plant: PlantFiles, line: ProductionLine, changes: Changes) -> None:
    servers = Rows(OpcUaServer, changes, "code")
    for server in plant.opcua_servers:
        known = servers.found.get((server.code,))
        # A demo server binds whatever port is free; set_endpoints wrote where it is.
        url = known.endpoint_url if known and server.is_demo else server.endpoint_url
        servers.keep(
            server.code,
            production_line_id=line.pk,
            endpoint_url=url,
            is_demo=server.is_demo,
            publishing_ms=server.publishing_ms,
            sampling_ms=server.sampling_ms,
            queue_size=server.queue_size,
            lifetime_s=server.lifetime_s,
            historises=server.historises,
            security_policy=server.security_policy,
            authentication=server.authentication,
            user_name=server.user_name,
        )
    area_ids = {area.code: area.pk for area in Area.objects.all()}
    stations = Rows(Station, changes, "code")
    signals = Rows(Signal, changes, "station_id", "code")
    for station in plant.stations:
        row = stations.keep(
            station.code,
            kind=station.kind,
            area_id=area_ids[station.area],
            production_line_id=line.pk,
            sequence=station.sequence,
            interface=station.interface,
            opcua_server_id=servers.found[station.opcua_server,].pk,
            stale_after_s=station.stale_after_s,
            target_per_shift=station.target_per_shift,
            offline_policy=station.offline_policy,
            offline_units=station.offline_units,
            ahead_tolerance_s=station.ahead_tolerance_s,
            behind_tolerance_s=station.behind_tolerance_s,
            **names(station.name),
        )
        _load_signals(station, row.pk, signals)


def _load_signals(station: StationFile, station_id: int, signals: Rows[Signal]) -> None:
    for signal in station.signals:
        signals.keep(
            station_id,
            signal.code,
            kind=signal.kind,
            unit=signal.unit,
            decimals=signal.decimals,
            low=signal.low,
            high=signal.high,
            node=signal.node,
            elements=signal.elements,
            field=signal.field,
            sampling_ms=signal.sampling_ms,
            queue_size=signal.queue_size,
            deadband=signal.deadband,
            **names(signal.name),
        )


def set_endpoints(endpoints: Mapping[str, str]) -> list[str]:
    """Write where the OPC UA servers listen. Returns the codes that no server has; then nothing was written."""
    with acting("task:set_endpoints"):
        servers = {server.code: server for server in OpcUaServer.objects.filter(code__in=endpoints)}
        unknown = sorted(set(endpoints) - set(servers))
        if unknown:
            return unknown
        for code, url in endpoints.items():
            OpcUaServer.objects.filter(pk=servers[code].pk).update(endpoint_url=url)
    return []
