"""A small line in the database: what ingest needs of a plant."""

from dataclasses import dataclass

from lines.plant.models import Area, OpcUaServer, ProductionLine, Signal, SignalKind, Site, Station

CODES = {
    "StateCurrent": SignalKind.STATE,
    "ProdProcessedCount": SignalKind.COUNTER,
    "ProdDefectiveCount": SignalKind.COUNTER,
}


@dataclass(frozen=True)
class Row:
    station: Station
    signals: dict[str, Signal]


def make_line(code: str = "L1") -> ProductionLine:
    site = Site.objects.create(code=f"S-{code}", name_en="Site", name_ja="拠点")
    Area.objects.create(site=site, code=f"A-{code}", sequence=1, name_en="Area", name_ja="エリア")
    return ProductionLine.objects.create(site=site, code=code, name_en="Line", name_ja="ライン")


def make_server(line: ProductionLine, code: str, endpoint_url: str = "opc.tcp://127.0.0.1:1") -> OpcUaServer:
    return OpcUaServer.objects.create(code=code, production_line=line, endpoint_url=endpoint_url, is_demo=True)


def make_station(server: OpcUaServer, code: str, measurements: int = 2, interface: str = "HTTP") -> Row:
    line = server.production_line
    station = Station.objects.create(
        code=code,
        kind="PACK_TEST",
        area=line.site.areas.get(),
        production_line=line,
        sequence=Station.objects.count(),
        interface=interface,
        opcua_server=server,
        name_en=code,
        name_ja=code,
    )
    codes = {**CODES, **{f"Value{n}": SignalKind.MEASUREMENT for n in range(measurements)}}
    signals = {
        name: Signal.objects.create(station=station, code=name, kind=kind, name_en=name, name_ja=name)
        for name, kind in codes.items()
    }
    return Row(station, signals)
