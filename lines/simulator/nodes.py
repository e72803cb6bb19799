"""The address space of a station, as data for both OPC UA server libraries. Pure.

Node ids are strings in the namespace urn:denchi:station and equal the path below Objects:
<STATION>/Status/..., <STATION>/Telemetry/<signal>, and for stations that do the handshake Permit/... and Result/....
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from lines.plant.files import SignalFile, StationFile

NAMESPACE = "urn:denchi:station"
STRUCTURE = "Structure"
# OPC UA Bad_WaitingForInitialData. Both libraries stamp a new variable with the wall clock, which would make "no
# value yet" newer than all that a station says while the simulated clock is behind.
NO_VALUE_YET = 0x80320000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NOTHING: dict[str, Any] = {
    "Boolean": False,
    "Int32": 0,
    "UInt32": 0,
    "Double": 0.0,
    "String": "",
    "DateTime": _EPOCH,
}


@dataclass(frozen=True, slots=True)
class NodeSpec:
    """One variable. `kind` is the name of an OPC UA built-in type, or STRUCTURE."""

    path: str
    kind: str
    is_array: bool = False
    by_client: bool = False  # the MES writes it
    fields: tuple[str, ...] = ()  # of a structure of Doubles, in their order; names with dots lie in a nested one

    @property
    def is_signal(self) -> bool:
        return self.path.split("/")[1] in ("Status", "Telemetry")

    @property
    def initial(self) -> Any:
        if self.kind == STRUCTURE:
            return dict.fromkeys(self.fields, 0.0)
        return [] if self.is_array else _NOTHING[self.kind]


PERMIT_FIELDS = {
    "BootId": "String",
    "Sequence": "UInt32",
    "Serial": "String",
    "Operation": "String",
    "Recipe": "String",
    "Operator": "String",
    "Channel": "String",
    "SourceTime": "DateTime",
}
PERMIT_ANSWER = {
    "AnsweredBootId": "String",
    "AnsweredSequence": "UInt32",
    "Verdict": "String",
    "ReasonCodes": "String[]",
    "ExpectedRecipe": "String",
    "RetryAfterS": "UInt32",
    "Accepted": "Boolean",
}
RESULT_FIELDS = {
    "BootId": "String",
    "Sequence": "UInt32",
    "Serial": "String",
    "Operation": "String",
    "Outcome": "String",
    "ReasonCodes": "String[]",
    "StartedAt": "DateTime",
    "FinishedAt": "DateTime",
    "Recipe": "String",
    "Operator": "String",
    "LengthM": "Double",
    "MassKg": "Double",
    "MeasurementCode": "String[]",
    "MeasurementValue": "Double[]",
    "MeasurementUnit": "String[]",
    "MeasurementPosition": "String[]",
    "ConsumedMaterial": "String[]",
    "ConsumedSupplier": "String[]",
    "ConsumedLot": "String[]",
    "ConsumedQuantity": "Double[]",
    "ConsumedUnit": "String[]",
    "ComponentSerial": "String[]",
    "ComponentPosition": "UInt32[]",
    "ComponentQuantity": "Double[]",
    "RangeSerial": "String[]",
    "RangeLane": "UInt32[]",
    "RangeFromM": "Double[]",
    "RangeToM": "Double[]",
    "Grade": "String",
    "Offline": "Boolean",
    "CountCode": "String[]",
    "CountValue": "UInt32[]",
    "CountInspected": "Double[]",
}
_OWN_FIELDS = {
    f"{head}{name}": "Double[]"
    for head in ("Range", "Component", "Consumed")
    for name in ("OwnFromM", "OwnToM", "DeltaM")
}
# What only stations of one kind have to say.
MORE_FIELDS: dict[str, dict[str, str]] = {
    "ELECTRODE_COATING": {
        **_OWN_FIELDS,
        **dict.fromkeys(("RangeReversed", "RangeFlipped", "RangeMirrored"), "Boolean[]"),
        "Lanes": "UInt32",
        **dict.fromkeys(("MarkCode", "MarkSide", "ScanCharacteristic", "ScanSide", "ScanGauge"), "String[]"),
        **dict.fromkeys(("MarkFromM", "MarkToM", "MarkYMm", "MarkSizeMm", "ScanAtM", "ScanValue"), "Double[]"),
        **dict.fromkeys(("CutSerial", "CutCode"), "String[]"),
        **dict.fromkeys(("CutFromM", "CutToM"), "Double[]"),
        **dict.fromkeys(("MarkLane", "CutLane"), "UInt32[]"),
    },
    "PACK_TEST": {"RemovedSerial": "String[]", "RemovedPosition": "UInt32[]", "RemovedReason": "String[]"},
}
RESULT_ANSWER = {
    "AnsweredBootId": "String",
    "AnsweredSequence": "UInt32",
    "Verdict": "String",
    "Disposition": "String",
    "NextOperation": "String",
    "DeviationCodes": "String[]",
    "Accepted": "Boolean",
}


def signal_path(station: str, signal: SignalFile) -> str:
    """Of the variable that holds it; elements of an array and fields of a structure share one."""
    if signal.node:
        head = f"nsu={NAMESPACE};s="
        if not signal.node.startswith(head):
            raise ValueError(f"{station}/{signal.code}: the simulator has no node {signal.node}")
        return signal.node.removeprefix(head)
    folder = "Telemetry" if signal.kind == "MEASUREMENT" else "Status"
    return f"{station}/{folder}/{signal.code.partition('[')[0]}"


def station_nodes(station: StationFile) -> list[NodeSpec]:
    """Every variable of one station."""
    code = station.code
    nodes = [
        NodeSpec(f"{code}/Status/StateCurrent", "Int32"),
        NodeSpec(f"{code}/Status/ProdProcessedCount", "UInt32"),
        NodeSpec(f"{code}/Status/ProdDefectiveCount", "UInt32"),
        NodeSpec(f"{code}/Status/TelemetryCount", "UInt32"),
        NodeSpec(f"{code}/Status/StateReason", "String"),
    ]
    nodes += [_measured(path, signals) for path, signals in measured(station).items()]
    if station.interface == "OPCUA":
        for folder, fields, answer in (
            ("Permit", PERMIT_FIELDS, PERMIT_ANSWER),
            ("Result", result_fields_of(station), RESULT_ANSWER),
        ):
            nodes += [_field(f"{code}/{folder}/{name}", kind, False) for name, kind in fields.items()]
            nodes.append(NodeSpec(f"{code}/{folder}/Ready", "Boolean"))
            nodes += [_field(f"{code}/{folder}/{name}", kind, True) for name, kind in answer.items()]
    return nodes


def result_fields_of(station: StationFile) -> dict[str, str]:
    """Variables of a station's result with their types."""
    return RESULT_FIELDS | MORE_FIELDS.get(station.kind, {})


def measured(station: StationFile) -> dict[str, list[SignalFile]]:
    """The measured signals by the path of their variable: one, or all elements or fields of it in their order."""
    found: dict[str, list[SignalFile]] = {}
    for signal in station.signals:
        if signal.kind == "MEASUREMENT":
            found.setdefault(signal_path(station.code, signal), []).append(signal)
    return found


def _measured(path: str, signals: list[SignalFile]) -> NodeSpec:
    if signals[0].field:
        return NodeSpec(path, STRUCTURE, fields=tuple(signal.field for signal in signals))
    return NodeSpec(path, "Double", is_array=bool(signals[0].elements))


def _field(path: str, kind: str, by_client: bool) -> NodeSpec:
    return NodeSpec(path, kind.removesuffix("[]"), kind.endswith("[]"), by_client)
