"""What the gateway asks the database: whom to follow, and which batches have arrived."""

from dataclasses import dataclass

from django.db.models import Max

from lines.plant.models import Interface, OpcUaServer, Signal, SignalKind
from lines.plant.opcua_files import TELEMETRY_COUNT
from lines.telemetry.models import CommittedRange, TelemetryBatch


@dataclass(frozen=True)
class Followed:
    """One variable to follow: one monitored item, whose value is one number, an array or a structure of them."""

    station: str
    node: str  # path in the stations' namespace, nsu=<uri>;s=<id>, nsu=<uri>;i=<id> or /Objects/<name>/...
    is_measurement: bool
    # The signal of a plain number; or by the index in the array; or by the place in `fields`.
    signal_ids: tuple[int, ...]
    is_array: bool = False
    fields: tuple[str, ...] = ()  # of a structure, names with dots; empty: the value is none
    sampling_ms: int = 0  # 0: each write
    queue_size: int = 2000
    deadband: float | None = None
    is_optional: bool = False  # a station may lack it

    @property
    def signal_id(self) -> int:
        """Of its first number: the client handle of the monitored item, so that it outlives every restart."""
        return self.signal_ids[0]


@dataclass(frozen=True)
class Server:
    """One OPC UA server, its variables, and the stations that ask by handshake."""

    code: str
    endpoint_url: str
    is_demo: bool
    variables: tuple[Followed, ...]
    handshakes: tuple[str, ...]
    publishing_ms: int = 100
    lifetime_s: int = 120
    historises: bool = False
    security_policy: str = "None"
    authentication: str = "ANONYMOUS"
    user_name: str = ""


def server_codes(line_code: str) -> list[str]:
    servers = OpcUaServer.objects.filter(production_line__code=line_code)
    return list(servers.order_by("code").values_list("code", flat=True))


def server(code: str) -> Server:
    row = OpcUaServer.objects.get(code=code)
    handshakes = row.stations.filter(interface=Interface.OPCUA).order_by("sequence").values_list("code", flat=True)
    return Server(
        code=row.code,
        endpoint_url=row.endpoint_url,
        is_demo=row.is_demo,
        variables=_variables(row),
        handshakes=tuple(handshakes),
        publishing_ms=row.publishing_ms,
        lifetime_s=row.lifetime_s,
        historises=row.historises,
        security_policy=row.security_policy,
        authentication=row.authentication,
        user_name=row.user_name,
    )


def _variables(server: OpcUaServer) -> tuple[Followed, ...]:
    """In the order of their signals. Signals of one node and shape are numbers of one variable."""
    signals = Signal.objects.filter(station__opcua_server=server).select_related("station").order_by("id")
    found: dict[tuple[str, str, bool], list[Signal]] = {}
    for signal in signals:
        is_alone = not signal.elements and not signal.field
        node = _node(signal)
        found.setdefault((node, f"{signal.pk}" if is_alone else "", bool(signal.field)), []).append(signal)
    return tuple(_followed(node, numbers, server) for (node, _, _), numbers in found.items())


def _followed(node: str, signals: list[Signal], server: OpcUaServer) -> Followed:
    first = signals[0]
    if first.elements:
        signals = sorted(signals, key=_element)[: max(each.elements for each in signals)]
    return Followed(
        station=first.station.code,
        node=node,
        is_measurement=first.kind == SignalKind.MEASUREMENT,
        signal_ids=tuple(each.pk for each in signals),
        is_array=bool(first.elements),
        fields=tuple(each.field for each in signals if each.field),
        sampling_ms=server.sampling_ms if first.sampling_ms is None else first.sampling_ms,
        queue_size=server.queue_size if first.queue_size is None else first.queue_size,
        deadband=first.deadband,
        is_optional=first.code == TELEMETRY_COUNT,
    )


def _element(signal: Signal) -> int:
    """The index at the end of its code; a constraint of the table holds it there."""
    return int(signal.code[signal.code.rindex("[") + 1 : -1])


def _node(signal: Signal) -> str:
    if signal.node:
        return signal.node
    folder = "Telemetry" if signal.kind == SignalKind.MEASUREMENT else "Status"
    name = signal.code[: signal.code.rindex("[")] if signal.elements else signal.code
    return f"{signal.station.code}/{folder}/{name}"


def highest_sequence(source: str) -> int:
    """0 where the source has sent nothing yet."""
    newest = TelemetryBatch.objects.filter(source=source).aggregate(highest=Max("sequence"))["highest"] or 0
    pruned = CommittedRange.objects.filter(source=source).aggregate(highest=Max("last"))["highest"] or 0
    return max(newest, pruned)


def committed(source: str, sequences: list[int]) -> set[int]:
    found = TelemetryBatch.objects.filter(source=source, sequence__in=sequences)
    known = set(found.values_list("sequence", flat=True))
    if missing := set(sequences) - known:
        # Asked second: what is pruned meanwhile is in one of the two.
        ranges = CommittedRange.objects.filter(source=source, first__lte=max(missing), last__gte=min(missing))
        for first, last in ranges.values_list("first", "last"):
            known |= {sequence for sequence in missing if first <= sequence <= last}
    return known
