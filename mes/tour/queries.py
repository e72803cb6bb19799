"""Live objects worth showing to whoever has ten minutes. Each is found when asked for, or not there yet."""

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Count, Exists, F, Max, Min, OuterRef
from django.utils.timezone import localtime

from lines.errors import Code
from lines.models import OperationRecord
from lines.orders.models import Tracking
from lines.records.models import QuarantinedPost, Verdict
from quality.models import Signal
from traceability.causes.asked import LONGEST
from traceability.codes import described
from traceability.interlock.models import PermitVerdict
from traceability.models import (
    CertificateValue,
    GenealogyLink,
    Hold,
    Lot,
    Nonconformance,
    Permit,
    RollMark,
    TrayLoad,
    Unit,
)
from traceability.units.models import UnitState

_EXAMPLE = "SK1CLF6B30000426S"


@dataclass(frozen=True)
class Failing:
    """The operation with the most failed visits, and from when to when. As a form's field has times."""

    operation: str
    since: str
    until: str


@dataclass(frozen=True)
class Tour:
    """What there is to show now; None: does not exist yet."""

    pack: Unit | None
    lot: Lot | None
    signal: Signal | None
    denial: Permit | None
    nonconformance: Nonconformance | None
    hold: Hold | None
    rework: OperationRecord | None
    tray: TrayLoad | None
    offline: OperationRecord | None
    refused: QuarantinedPost | None
    roll: Unit | None
    failing: Failing | None

    @property
    def denial_reasons(self) -> list[Code]:
        return [described(code) for code in self.denial.reasons] if self.denial else []

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
    """The lot with a certificate that was used first has come furthest."""
    links = GenealogyLink.objects.exclude(input_lot=None).order_by("id").select_related("input_lot__material")
    certified = CertificateValue.objects.filter(lot=OuterRef("input_lot"))
    link = links.filter(Exists(certified)).first() or links.first()
    return link.input_lot if link else None


def _denial() -> Permit | None:
    """Of the newest, the one with the rarest word: most are about a wrong order of steps."""
    denied = Permit.objects.filter(verdict=PermitVerdict.DENY).select_related("station").order_by("-id")
    newest = list(denied[:100])
    often = Counter(code for permit in newest for code in permit.reasons)
    return min(newest, key=lambda permit: min((often[code] for code in permit.reasons), default=0), default=None)


def _hold() -> Hold | None:
    """The open one with the most units of the newest hundred."""
    newest = Hold.objects.filter(released_at=None).order_by("-id")[:100]
    counted = Hold.objects.filter(pk__in=[hold.pk for hold in newest]).annotate(n=Count("members"))
    return counted.filter(n__gt=0).order_by("-n", "-id").first()


def _roll() -> Unit | None:
    """The one with the most marks."""
    marked = RollMark.objects.values("roll").annotate(n=Count("id")).order_by("-n", "-roll").first()
    return Unit.objects.select_related("definition").get(pk=marked["roll"]) if marked else None


def _failing() -> Failing | None:
    failed = OperationRecord.objects.filter(verdict=Verdict.FAIL, attempt__gt=0)
    counted = failed.values("operation").annotate(n=Count("id"), first=Min("source_time"), last=Max("source_time"))
    found = counted.order_by("-n").first()
    if found is None:
        return None
    # Good ones from a day before and after, to compare with.
    since, until = found["first"] - timedelta(days=1), found["last"] + timedelta(days=1)
    since = max(since, until - LONGEST)
    return Failing(found["operation"], *(localtime(at).strftime("%Y-%m-%dT%H:%M") for at in (since, until)))


def tour() -> Tour:
    signals = Signal.objects.select_related(
        "plan__station", "plan__characteristic", "alarm", "answered_by", "containment"
    )
    real = signals.filter(answered_by__reaction__cause__is_false_alarm=False)
    not_conforming = Nonconformance.objects.filter(record__is_conforming=False)
    reworked = OperationRecord.objects.filter(attempt__gte=2, verdict=Verdict.PASS)
    return Tour(
        pack=_pack(),
        lot=_lot(),
        # One that was real tells the whole story: held, worked, released.
        signal=real.exclude(containment=None).first() or real.first() or signals.exclude(alarm=None).first(),
        denial=_denial(),
        nonconformance=not_conforming.select_related("unit", "record__station").order_by("-id").first(),
        hold=_hold(),
        rework=reworked.select_related("station").order_by("-id").first(),
        tray=TrayLoad.objects.order_by(F("unloaded_at").desc(nulls_first=True), "-id").first(),
        offline=OperationRecord.objects.filter(is_offline=True)
        .select_related("station")
        .order_by("is_conforming", "-id")
        .first(),
        refused=QuarantinedPost.objects.filter(settled_at=None).select_related("station").order_by("-id").first(),
        roll=_roll(),
        failing=_failing(),
    )
