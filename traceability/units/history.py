"""Everything that happened to one unit, in order, for its page. The number of queries does not depend on it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import get_language

from lines.errors import Code
from lines.ledger.models import Gap
from lines.ledger.queries import gaps_between, gaps_of
from lines.models import Measurement, Operation, OperationRecord, ReasonCode, RouteStep
from lines.records.models import Judgement, Verdict
from quality.models import Characteristic, CharacteristicLimits
from traceability.codes import CODES, described
from traceability.corrections.models import Correction
from traceability.corrections.queries import corrections_and_origins, moved_by, right_values, verdict_now
from traceability.interlock.facts import sequence_of, serial_fault
from traceability.interlock.models import PermitVerdict, Rejudgement
from traceability.interlock.rejudgements import rejudgements_of
from traceability.models import Hold, HoldUnit, Permit, Sample, Unit
from traceability.samples.queries import samples_of
from traceability.units.bars import Bar, bar
from traceability.units.figures import Summary, decimals, summary
from traceability.units.rework import Stretch, stretches

# More values of one characteristic in one record stand in one line that opens.
MOST_SINGLE_VALUES = 4
# Refused entries beyond this say nothing new.
MOST_DENIALS = 40


@dataclass(frozen=True)
class Value:
    """One measurement with the limits it was judged by."""

    measurement: Measurement
    limits: CharacteristicLimits | None
    bar: Bar | None
    decimals: int | None
    corrected: Correction | None = None  # the newest correction of it

    @property
    def value(self) -> float:
        """What is right, as far as we know."""
        return self.corrected.after["value"] if self.corrected else self.measurement.value

    @property
    def judgement(self) -> int:
        return self.corrected.after["judgement"] if self.corrected else self.measurement.judgement

    @property
    def has_limits(self) -> bool:
        return self.limits is not None and (self.limits.lsl is not None or self.limits.usl is not None)

    @property
    def is_failed(self) -> bool:
        return self.judgement in (Judgement.FAIL_LOW, Judgement.FAIL_HIGH)


@dataclass(frozen=True)
class Measured:
    """All values of one characteristic in one record."""

    code: str
    name: str
    values: list[Value]

    @property
    def first(self) -> Value:
        return self.values[0]

    @property
    def is_many(self) -> bool:
        return len(self.values) > MOST_SINGLE_VALUES

    @property
    def n_failed(self) -> int:
        return sum(value.is_failed for value in self.values)

    @property
    def summary(self) -> Summary:
        return summary([value.value for value in self.values])


@dataclass(frozen=True)
class Named:
    """A code with its words in the reader's language; the code alone where no table knows it."""

    code: str
    name: str


@dataclass(frozen=True)
class Visit:
    record: OperationRecord
    name: str
    measured: list[Measured]
    deviations: list[Code]
    reasons: list[Named]
    denials: list["Denial"]  # entries refused since the visit before
    corrections: list[Correction]  # of this record, oldest first
    origin: Correction | None  # this record took another one's place
    sample: str  # label of the sample that was measured; empty for a visit
    rejudged: Rejudgement | None  # what counts of its deviations since something before it came to be known
    gaps: list[Gap]  # of its station's telemetry, while it was there

    @property
    def deviations_now(self) -> list[Code]:
        return [described(code) for code in self.rejudged.codes_after] if self.rejudged else self.deviations

    @property
    def operation(self) -> str:
        """What rework loops are told by: what is no visit is none of them."""
        record = self.record
        return record.operation if record.attempt and self.moved is None else f"{record.operation} {record.pk}"

    @property
    def moved(self) -> Correction | None:
        """The correction that gave the record to another serial."""
        return moved_by(self.corrections)

    @property
    def shown_corrections(self) -> list[Correction]:
        """Without the links of a record that was given to another unit: they went with it."""
        moved = self.moved
        return [c for c in self.corrections if moved is None or c == moved or c.at != moved.at]

    @property
    def verdict(self) -> str:
        return verdict_now(self.record.verdict, self.corrections)

    @property
    def duration(self) -> timedelta | None:
        started = self.record.started_at
        return self.record.source_time - started if started else None


@dataclass(frozen=True)
class Denial:
    permit: Permit
    reasons: list[Code]


@dataclass(frozen=True)
class Chapter:
    """A single visit, or all visits of one rework loop."""

    stretch: Stretch
    visits: list[Visit]

    @property
    def is_rework(self) -> bool:
        return self.stretch.is_rework

    @property
    def repeated(self) -> list[Visit]:
        """The first visit of each operation that was repeated."""
        names = dict.fromkeys(self.stretch.operations)
        return [next(visit for visit in self.visits if visit.operation == name) for name in names]

    @property
    def ended_well(self) -> bool:
        return self.visits[-1].verdict == Verdict.PASS


@dataclass(frozen=True)
class HeldFor:
    """A hold and why: error codes, reason codes and failed characteristics of the record behind it, in words."""

    hold: Hold
    reasons: list[Named]


@dataclass(frozen=True)
class StepMark:
    """One step of the unit's route, and how far the unit is with it."""

    step: RouteStep
    status: str  # done, failed, next, ahead, or spared: it is none of the samples
    attempts: int


@dataclass
class History:
    unit: Unit
    chapters: list[Chapter]
    steps: list[StepMark]
    open_holds: list[HeldFor]  # oldest first
    denials: list[Denial]  # since the last visit
    n_visits: int
    n_values: int
    last: Visit | None
    samples: list[Sample]
    gaps_now: list[Gap]  # of the telemetry, since it was let into the station where it is


def unit_by_serial(serial: str) -> Unit | None:
    found = Unit.objects.select_related("definition", "product", "next_step__operation", "work_order")
    # What cannot be printed is no code, and PostgreSQL takes no NUL in a text.
    return found.filter(serial=serial).first() if serial.isprintable() else None


def what(code: Code) -> str:
    """What happened, in the reader's language."""
    return code.what_ja if (get_language() or "en").startswith("ja") else code.what_en


def history(unit: Unit) -> History:
    records = list(OperationRecord.objects.filter(serial=unit.serial).select_related("station").order_by("id"))
    denials = _denials(unit)
    samples = samples_of(unit)
    visits = _visits(records, denials, {s.record_id: s.code for s in samples if s.record_id is not None})
    real = [visit for visit in visits if visit.record.attempt and visit.moved is None]
    chapters = [Chapter(s, visits[s.first : s.last + 1]) for s in stretches(visits)]
    held = HoldUnit.objects.filter(unit=unit, released_at=None).select_related("hold__nonconformance").order_by("pk")
    last_at = records[-1].received_at if records else None
    return History(
        unit=unit,
        chapters=chapters,
        steps=_steps(unit, real),
        open_holds=_held_for([member.hold for member in held]),
        denials=[d for d in denials if last_at is None or d.permit.decided_at > last_at],
        n_visits=len(real),
        n_values=sum(len(m.values) for visit in visits for m in visit.measured),
        last=real[-1] if real else None,
        samples=samples,
        gaps_now=_gaps_now(unit),
    )


def _gaps_now(unit: Unit) -> list[Gap]:
    """Before the station has posted its result: while its permit is open."""
    entry = Permit.objects.filter(serial=unit.serial, verdict=PermitVerdict.ALLOW, closed_at=None).first()
    return gaps_between(entry.station_id, entry.decided_at, None) if entry else []


def _held_for(holds: list[Hold]) -> list[HeldFor]:
    codes = {code for hold in holds if hold.nonconformance for code in hold.nonconformance.codes}
    names = {r.code: r.name for r in ReasonCode.objects.filter(code__in=codes)}
    names |= {c.code: c.name for c in Characteristic.objects.filter(code__in=codes)}
    names |= {code: what(described(code)) for code in codes if code in CODES}
    return [
        HeldFor(hold, [Named(c, names.get(c, c)) for c in hold.nonconformance.codes] if hold.nonconformance else [])
        for hold in holds
    ]


def _denials(unit: Unit) -> list[Denial]:
    newest = Permit.objects.filter(serial=unit.serial, verdict=PermitVerdict.DENY).select_related("station")
    return [
        Denial(permit, [described(code) for code in permit.reasons])
        for permit in reversed(newest.order_by("-id")[:MOST_DENIALS])
    ]


def _between(denials: Iterable[Denial], after: datetime | None, until: datetime) -> list[Denial]:
    return [d for d in denials if (after is None or d.permit.decided_at > after) and d.permit.decided_at <= until]


def _visits(records: Sequence[OperationRecord], denials: Sequence[Denial], samples: Mapping[int, str]) -> list[Visit]:
    names = {o.code: o.name for o in Operation.objects.filter(code__in={r.operation for r in records})}
    reason_codes = {code for record in records for code in record.reason_codes}
    reasons = {r.code: r.name for r in ReasonCode.objects.filter(code__in=reason_codes)}
    ids = [record.pk for record in records]
    (corrections, origins), rejudged = corrections_and_origins(ids), rejudgements_of(ids)
    measured, gaps = measured_by_record(records, corrections), gaps_of(records)
    visits = []
    before: datetime | None = None
    for record in records:
        visits.append(
            Visit(
                record=record,
                name=names.get(record.operation, record.operation),
                measured=measured.get(record.pk, []),
                deviations=[described(code) for code in record.deviation_codes],
                reasons=[Named(code, reasons.get(code, code)) for code in record.reason_codes],
                denials=_between(denials, before, record.received_at),
                corrections=corrections.get(record.pk, []),
                origin=origins.get(record.pk),
                sample=samples.get(record.pk, ""),
                rejudged=rejudged.get(record.pk),
                gaps=gaps.get(record.pk, []),
            )
        )
        before = record.received_at
    return visits


def measured_by_record(
    records: Sequence[OperationRecord], corrections: Mapping[int, list[Correction]] | None = None
) -> dict[int, list[Measured]]:
    """Measurements by record, as recorded or with these corrections. The records' own times name the partitions to
    look into."""
    right = {record_id: right_values(found) for record_id, found in (corrections or {}).items()}
    found = list(
        Measurement.objects.filter(
            record__in=[record.pk for record in records],
            received_at__in={record.received_at for record in records},
        ).order_by("record_id", "sequence")
    )
    versions = {m.limits_version for m in found if m.limits_version is not None}
    limits = CharacteristicLimits.objects.in_bulk(versions)
    names = {c.code: c.name for c in Characteristic.objects.filter(code__in={m.characteristic for m in found})}
    by_record: dict[int, dict[str, Measured]] = {}
    for m in found:
        code = m.characteristic
        group = by_record.setdefault(m.record_id, {}).setdefault(code, Measured(code, names.get(code, code), []))
        corrected = right.get(m.record_id, {}).get(m.sequence)
        group.values.append(_value(m, limits.get(m.limits_version) if m.limits_version else None, corrected))
    return {record_id: list(groups.values()) for record_id, groups in by_record.items()}


def _value(measurement: Measurement, limits: CharacteristicLimits | None, corrected: Correction | None) -> Value:
    if limits is None:
        return Value(measurement, None, None, None, corrected)
    ends = (limits.lsl, limits.target, limits.usl)
    value = corrected.after["value"] if corrected else measurement.value
    return Value(measurement, limits, bar(value, *ends), decimals(*ends), corrected)


def _steps(unit: Unit, visits: Sequence[Visit]) -> list[StepMark]:
    """The unit's own steps in the route version it started with."""
    if unit.definition_id is None or unit.route_id is None:
        return []
    own = RouteStep.objects.filter(route=unit.route_id, definition=unit.definition_id)
    steps = own.select_related("operation").prefetch_related("alternatives").order_by("sequence")
    number = None if serial_fault(unit.serial) else sequence_of(unit.serial)
    marks = []
    for step in steps:
        codes = {step.operation.code, *(operation.code for operation in step.alternatives.all())}
        mine = [visit for visit in visits if visit.record.operation in codes]
        if unit.next_step_id == step.pk:
            status = "next"
        elif mine:
            status = "done" if mine[-1].verdict == Verdict.PASS else "failed"
        else:
            is_sample = number is None or number % step.sample_every == 0
            status = "ahead" if is_sample else "spared"
        marks.append(StepMark(step, status, max((visit.record.attempt for visit in mine), default=0)))
    return marks
