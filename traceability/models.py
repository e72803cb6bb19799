"""Django looks for models here; each lives in its folder."""

from traceability.audits.models import AuditQuery, Bundle, HistoryFile, IssuedPrint
from traceability.causes.models import CauseAnalysis
from traceability.completeness.models import LinkCheck, LinkToCheck, LostLink, MissingLink
from traceability.containment.models import Containment
from traceability.corrections.models import Correction
from traceability.feeding.models import FeedPoint, Mounting
from traceability.genealogy.models import GenealogyLink, LinkEnd
from traceability.holds.models import DispositionDecision, Hold, HoldUnit, Nonconformance
from traceability.interlock.models import Permit, Rejudgement
from traceability.issuing.models import SerialBlock, SerialCounter
from traceability.recall.models import Recall, RecallContent
from traceability.rolls.models import RollCut, RollMark, RollScan
from traceability.samples.models import Sample
from traceability.shipping.models import Shipment, ShippedUnit
from traceability.trays.models import TrayLoad, TrayPlacement
from traceability.units.models import CertificateValue, Lot, LotEvent, LotPart, Unit

__all__ = [
    "AuditQuery",
    "Bundle",
    "CauseAnalysis",
    "CertificateValue",
    "Containment",
    "Correction",
    "DispositionDecision",
    "FeedPoint",
    "GenealogyLink",
    "HistoryFile",
    "Hold",
    "HoldUnit",
    "IssuedPrint",
    "LinkCheck",
    "LinkEnd",
    "LinkToCheck",
    "LostLink",
    "Lot",
    "LotEvent",
    "LotPart",
    "MissingLink",
    "Mounting",
    "Nonconformance",
    "Permit",
    "Recall",
    "RecallContent",
    "Rejudgement",
    "RollCut",
    "RollMark",
    "RollScan",
    "Sample",
    "SerialBlock",
    "SerialCounter",
    "Shipment",
    "ShippedUnit",
    "TrayLoad",
    "TrayPlacement",
    "Unit",
]
