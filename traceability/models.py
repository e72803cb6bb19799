"""Django looks for models here; each lives in its folder."""

from traceability.genealogy.models import GenealogyLink
from traceability.holds.models import Hold, Nonconformance
from traceability.interlock.models import Permit
from traceability.trays.models import TrayPlacement
from traceability.units.models import Lot, Unit

__all__ = ["GenealogyLink", "Hold", "Lot", "Nonconformance", "Permit", "TrayPlacement", "Unit"]
