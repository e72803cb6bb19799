"""Django looks for models here; each lives in its folder."""

from lines.alarms.models import Alarm
from lines.events.models import Event
from lines.ledger.models import Gap, LedgerHour, LedgerNews, LedgerRun, LedgerSource, Loss, StationTally
from lines.modes.models import ModeChange
from lines.orders.models import BillItem, MaterialDefinition, Operation, Product, Recipe, Route, RouteStep, WorkOrder
from lines.people.models import Certification, Person, PersonToken, StationToken
from lines.plant.models import (
    Area,
    DataCentreSite,
    NodeFault,
    OpcUaServer,
    ProductionLine,
    ReasonCode,
    Shift,
    Signal,
    Site,
    Station,
    StationClock,
)
from lines.quarantine.models import QuarantinedBatch
from lines.records.models import (
    AttributeCount,
    Measurement,
    OperationRecord,
    Pending,
    QuarantinedPost,
    StationPost,
    WithdrawnRecord,
)
from lines.states.models import StateChange, StationStatus
from lines.telemetry.models import CommittedRange, Sample, SealedPartition, SignalLatest, TelemetryBatch

__all__ = [
    "Alarm",
    "Area",
    "AttributeCount",
    "BillItem",
    "Certification",
    "CommittedRange",
    "DataCentreSite",
    "Event",
    "Gap",
    "LedgerHour",
    "LedgerNews",
    "LedgerRun",
    "LedgerSource",
    "Loss",
    "MaterialDefinition",
    "Measurement",
    "ModeChange",
    "NodeFault",
    "OpcUaServer",
    "Operation",
    "OperationRecord",
    "Pending",
    "Person",
    "PersonToken",
    "Product",
    "ProductionLine",
    "QuarantinedBatch",
    "QuarantinedPost",
    "ReasonCode",
    "Recipe",
    "Route",
    "RouteStep",
    "Sample",
    "SealedPartition",
    "Shift",
    "Signal",
    "SignalLatest",
    "Site",
    "StateChange",
    "Station",
    "StationClock",
    "StationPost",
    "StationStatus",
    "StationTally",
    "StationToken",
    "TelemetryBatch",
    "WithdrawnRecord",
    "WorkOrder",
]
