"""Live objects worth showing to whoever has ten minutes. Each is found when asked for, or not there yet."""

from dataclasses import dataclass

from django.db.models import Exists, F, OuterRef

from lines.models import OperationRecord
from lines.orders.models import Tracking
from lines.records.models import Verdict
from quality.models import Signal
from traceability.models import GenealogyLink, Lot, Nonconformance, Unit
from traceability.units.models import UnitState

_EXAMPLE = "SK1CLF6B30000426S"


@dataclass(frozen=True)
class Tour:
    """What there is to show now; None: does not exist yet."""

    pack: Unit | None
    lot: Lot | None
    signal: Signal | None
    nonconformance: Nonconformance | None
    rework: OperationRecord | None

    @property
    def misread(self) -> str:
        """A serial as a tired eye reads it: O for the first 0 of its running number."""
        serial = self.pack.serial if self.pack else _EXAMPLE
        return serial[:9] + serial[9:].replace("0", "O", 1)


def _pack() -> Unit | None:
    """The pack with a passed end-of-line test that is furthest along its route, the newest of them."""
    end_of_line = OperationRecord.objects.filter(serial=OuterRef("serial"), operation="EOL", verdict=Verdict.PASS)
    packs = Unit.objects.filter(Exists(end_of_line), definition__tracking=Tracking.PACK, last_test_passed=True)
    furthest = F("next_step__sequence").desc(nulls_first=True)
    return packs.exclude(state=UnitState.SCRAPPED).select_related("definition").order_by(furthest, "-id").first()


def _lot() -> Lot | None:
    """The lot that was used first has come furthest."""
    link = GenealogyLink.objects.exclude(input_lot=None).order_by("id").select_related("input_lot__material").first()
    return link.input_lot if link else None


def tour() -> Tour:
    signals = Signal.objects.select_related("plan__station", "plan__characteristic", "alarm")
    not_conforming = Nonconformance.objects.filter(record__is_conforming=False)
    reworked = OperationRecord.objects.filter(attempt__gte=2, verdict=Verdict.PASS)
    return Tour(
        pack=_pack(),
        lot=_lot(),
        signal=signals.exclude(alarm=None).first(),
        nonconformance=not_conforming.select_related("unit", "record__station").order_by("-id").first(),
        rework=reworked.select_related("station").order_by("-id").first(),
    )
