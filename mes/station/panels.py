"""What matters at a station of each kind: the roll, what a cell was made of, the tray, the test."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from lines.models import OperationRecord, Station
from lines.plant.models import StationKind
from lines.records.models import Judgement
from traceability.interlock.models import PermitVerdict
from traceability.models import GenealogyLink, Permit, Unit
from traceability.units.history import Measured, measured_by_record

# Most inputs of one unit that the panel lists; a pack has more cells, which its own page lists.
INPUTS = 12
SLOTS_A_ROW = 8
# Trays are squares of paper to people: an unknown layout is shown in rows of eight.
LEAST_SLOTS = 16


@dataclass(frozen=True)
class Slot:
    number: int
    record: OperationRecord | None  # None: empty


@dataclass(frozen=True)
class Spread:
    """One characteristic over all cells of a tray."""

    name: str
    code: str
    measured: Measured

    @property
    def n(self) -> int:
        return len(self.measured.values)


@dataclass(frozen=True)
class Tray:
    code: str
    slots: list[Slot]
    spreads: list[Spread]

    @property
    def n(self) -> int:
        return sum(1 for slot in self.slots if slot.record)

    @property
    def failed(self) -> int:
        return sum(1 for slot in self.slots if slot.record and slot.record.verdict != "PASS")


@dataclass(frozen=True)
class Panel:
    template: str
    present: Permit | None = None  # the unit that was let in and has no result yet
    record: OperationRecord | None = None  # the last result
    unit: Unit | None = None  # of that result
    measured: list[Measured] = field(default_factory=list)
    inputs: list[GenealogyLink] = field(default_factory=list)
    more_inputs: int = 0
    tray: Tray | None = None


_TEMPLATES = {
    StationKind.ELECTRODE_COATING: "mes/panels/electrode_coating.html",
    StationKind.CELL_ASSEMBLY: "mes/panels/cell_assembly.html",
    StationKind.FORMATION: "mes/panels/formation.html",
    StationKind.PACK_TEST: "mes/panels/pack_test.html",
}


def panel(station: Station, records: Sequence[OperationRecord], permits: Sequence[Permit]) -> Panel:
    """`records` and `permits`: the station's newest, newest first."""
    template = _TEMPLATES[StationKind(station.kind)]
    record = records[0] if records else None
    if record is None:
        return Panel(template, present=_present(permits, None))
    if record.tray and station.kind == StationKind.FORMATION:
        return Panel(template, present=_present(permits, record), record=record, tray=_tray(record))
    links = list(
        GenealogyLink.objects.filter(record=record, removed_by=None)
        .select_related("input_unit__definition", "input_lot__material")
        .order_by("position", "id")[: INPUTS + 1]
    )
    more = 0
    if len(links) > INPUTS:
        more = GenealogyLink.objects.filter(record=record, removed_by=None).count() - INPUTS
    return Panel(
        template,
        present=_present(permits, record),
        record=record,
        unit=Unit.objects.select_related("definition").filter(serial=record.serial).first(),
        measured=measured_by_record([record]).get(record.pk, []),
        inputs=links[:INPUTS],
        more_inputs=more,
    )


def _present(permits: Sequence[Permit], record: OperationRecord | None) -> Permit | None:
    """The newest unit let in, unless a result came after it."""
    for permit in permits:
        if permit.verdict == PermitVerdict.ALLOW:
            is_open = permit.used_by_id is None and (record is None or permit.decided_at > record.received_at)
            return permit if is_open else None
    return None


def _tray(newest: OperationRecord) -> Tray:
    """The last tray as it was posted: all results of one post."""
    records = list(OperationRecord.objects.filter(post=newest.post_id, tray=newest.tray).order_by("slot", "id"))
    by_slot = {record.slot: record for record in records if record.slot is not None}
    highest = max([*by_slot, LEAST_SLOTS])
    n = -(-highest // SLOTS_A_ROW) * SLOTS_A_ROW
    first = 0 if 0 in by_slot else 1
    slots = [Slot(number, by_slot.get(number)) for number in range(first, first + n)]
    values: dict[str, Measured] = {}
    for measured in measured_by_record(records).values():
        for each in measured:
            values.setdefault(each.code, Measured(each.code, each.name, [])).values.extend(each.values)
    spreads = [
        Spread(each.name, each.code, each)
        for each in values.values()
        if any(value.measurement.judgement != Judgement.UNJUDGED for value in each.values)
    ]
    return Tray(newest.tray, slots, spreads)
