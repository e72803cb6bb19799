"""What the gateway asks the database: whom to follow, and which batches have arrived."""

from dataclasses import dataclass

from django.db.models import Max

from lines.plant.models import Interface, OpcUaServer, Signal, SignalKind
from lines.telemetry.models import TelemetryBatch


@dataclass(frozen=True)
class Followed:
    """One variable to follow."""

    signal_id: int
    node: str  # string node id in the stations' namespace
    is_measurement: bool


@dataclass(frozen=True)
class Server:
    """One OPC UA server, its variables, and the stations that ask by handshake."""

    code: str
    endpoint_url: str
    is_demo: bool
    variables: tuple[Followed, ...]
    handshakes: tuple[str, ...]


def server_codes(line_code: str) -> list[str]:
    servers = OpcUaServer.objects.filter(production_line__code=line_code)
    return list(servers.order_by("code").values_list("code", flat=True))


def server(code: str) -> Server:
    row = OpcUaServer.objects.get(code=code)
    signals = Signal.objects.filter(station__opcua_server=row).select_related("station").order_by("id")
    handshakes = row.stations.filter(interface=Interface.OPCUA).order_by("sequence").values_list("code", flat=True)
    return Server(
        row.code,
        row.endpoint_url,
        row.is_demo,
        tuple(Followed(each.id, _node(each), each.kind == SignalKind.MEASUREMENT) for each in signals),
        tuple(handshakes),
    )


def _node(signal: Signal) -> str:
    folder = "Telemetry" if signal.kind == SignalKind.MEASUREMENT else "Status"
    return f"{signal.station.code}/{folder}/{signal.code}"


def highest_sequence(source: str) -> int:
    """0 where the source has sent nothing yet."""
    return TelemetryBatch.objects.filter(source=source).aggregate(highest=Max("sequence"))["highest"] or 0


def committed(source: str, sequences: list[int]) -> set[int]:
    found = TelemetryBatch.objects.filter(source=source, sequence__in=sequences)
    return set(found.values_list("sequence", flat=True))
