"""Holds and nonconformances as pages and the API show them."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Exists, IntegerField, Min, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from lines.errors import WRONG_PARAMETER, Refusal, as_json
from lines.models import MaterialDefinition, Operation, ReasonCode, Station
from quality.models import Characteristic, Signal
from traceability.codes import CODES, described
from traceability.holds import errors
from traceability.holds.disposing import standing, waiting_decision
from traceability.holds.models import DispositionDecision, Hold, HoldScope, HoldUnit, Nonconformance
from traceability.holds.reach import Preview
from traceability.units.history import what
from traceability.units.models import Lot
from traceability.units.queries import Window, page_of

HOLD_STATES = ["open", "released"]
NONCONFORMANCE_STATES = ["open", "waiting", "closed"]
_FOREVER = 2**62  # no id is larger

MOST_OFFERED = 300


def _count(condition: Q) -> Coalesce:
    members = HoldUnit.objects.filter(condition, hold=OuterRef("pk")).order_by().values("hold")
    counted = Subquery(members.annotate(n=Count("pk")).values("n"), output_field=IntegerField())
    return Coalesce(counted, 0)


def holds(
    *, state: str = "", scope: str = "", of_nonconformances: bool | None = None, serial: str = ""
) -> QuerySet[Hold]:
    """Holds with how many units they hold and held, newest first; each filter left empty takes all."""
    found = Hold.objects.select_related("unit", "lot", "station", "nonconformance").order_by("-pk")
    if state:
        found = found.filter(released_at__isnull=state == "open")
    if scope:
        found = found.filter(scope=scope)
    if of_nonconformances is not None:
        found = found.filter(nonconformance__isnull=not of_nonconformances)
    if serial:
        found = found.filter(Exists(HoldUnit.objects.filter(hold=OuterRef("pk"), unit__serial=serial)))
    return found.annotate(n_units=_count(Q()), n_held=_count(Q(released_at=None)))


def open_counts() -> dict[str, int]:
    """How many holds stand that a person or a signal placed, and how many that a nonconformance opened."""
    standing = Hold.objects.filter(released_at=None)
    return standing.aggregate(
        placed=Count("pk", filter=Q(nonconformance=None)), nonconformance=Count("pk", filter=~Q(nonconformance=None))
    )


def one_hold(hold_id: int) -> Hold | None:
    return holds().filter(pk=min(hold_id, _FOREVER)).first()


def members(hold: Hold, *, only_held: bool = False) -> QuerySet[HoldUnit]:
    """Its units, the newest first."""
    found = hold.members.select_related("unit__definition", "unit__next_step__operation").order_by("-pk")
    return found.filter(released_at=None) if only_held else found


def kinds(hold: Hold) -> list[tuple[MaterialDefinition | None, int, int]]:
    """Kind, how many units came under the hold, how many are held now."""
    rows = hold.members.values("unit__definition").order_by("unit__definition")
    counted = rows.annotate(n=Count("pk"), held=Count("pk", filter=Q(released_at=None)))
    definitions = MaterialDefinition.objects.in_bulk(
        [row["unit__definition"] for row in counted if row["unit__definition"]]
    )
    return [(definitions.get(row["unit__definition"]), row["n"], row["held"]) for row in counted]


def hold_row(hold: Hold) -> dict[str, Any]:
    """One of `holds()`."""
    return {
        "hold": hold.pk,
        "scope": hold.scope,
        "serial": hold.unit.serial if hold.unit else None,
        "supplier": hold.lot.supplier if hold.lot else None,
        "lot": hold.lot.number if hold.lot else None,
        "station": hold.station.code if hold.station else None,
        "tray": hold.tray or None,
        "channel": hold.channel or None,
        "lane": hold.lane,
        "from_m": hold.from_m,
        "to_m": hold.to_m,
        "window_from": hold.window_from.isoformat() if hold.window_from else None,
        "window_to": hold.window_to.isoformat() if hold.window_to else None,
        "at_operation": hold.at_operation or None,
        "reason": hold.reason,
        "nonconformance": hold.nonconformance_id,
        "n_units": getattr(hold, "n_units"),  # noqa: B009 - annotated
        "n_held": getattr(hold, "n_held"),  # noqa: B009 - annotated
        "placed_at": hold.placed_at.isoformat(),
        "placed_by": hold.placed_by,
        "released_at": hold.released_at.isoformat() if hold.released_at else None,
        "released_by": hold.released_by or None,
        "release_reason": hold.release_reason or None,
    }


def list_holds(state: str, scope: str, serial: str, of: Window) -> dict[str, Any]:
    """Raises Refusal WRONG_PARAMETER for a state or scope that is none."""
    if state and state not in HOLD_STATES:
        raise Refusal(WRONG_PARAMETER, f"state: one of {', '.join(HOLD_STATES)}")
    if scope and scope not in HoldScope.values:
        raise Refusal(WRONG_PARAMETER, f"scope: one of {', '.join(HoldScope.values)}")
    return page_of(holds(state=state, scope=scope, serial=serial), of, hold_row)


def show_hold(hold_id: int) -> dict[str, Any]:
    """Raises Refusal HOLD_NOT_FOUND."""
    hold = one_hold(hold_id)
    if hold is None:
        raise Refusal(errors.HOLD_NOT_FOUND, str(hold_id))
    return hold_row(hold)


def show_members(hold_id: int, of: Window) -> dict[str, Any]:
    """Every unit of a hold, page by page. Raises Refusal HOLD_NOT_FOUND."""
    hold = one_hold(hold_id)
    if hold is None:
        raise Refusal(errors.HOLD_NOT_FOUND, str(hold_id))
    return page_of(members(hold), of, _member)


def _member(member: HoldUnit) -> dict[str, Any]:
    unit = member.unit
    return {
        "serial": unit.serial,
        "definition": unit.definition.code if unit.definition else None,
        "state": unit.state,
        "next_operation": unit.next_step.operation.code if unit.next_step else None,
        "added_at": member.added_at.isoformat(),
        "released_at": member.released_at.isoformat() if member.released_at else None,
        "released_by": member.released_by or None,
        "release_reason": member.release_reason or None,
    }


def preview_json(found: Preview) -> dict[str, Any]:
    return {
        "n_units": found.n_units,
        "n_later": found.n_later,
        "situations": [
            {
                "definition": each.definition.code if each.definition else None,
                "state": each.state,
                "next_operation": each.next_operation.code if each.next_operation else None,
                "last_station": each.last_station.code if each.last_station else None,
                "n_units": each.n_units,
                "n_held": each.n_held,
                "n_later": each.n_later,
                "serials": each.serials,
            }
            for each in found.situations
        ],
    }


def nonconformances(*, state: str = "", code: str = "", serial: str = "") -> QuerySet[Nonconformance]:
    """Open ones first, then the newest; each filter left empty takes all."""
    found = Nonconformance.objects.select_related("unit__definition", "record__station").prefetch_related("decisions")
    if state == "open":
        found = found.filter(closed_at=None)
    elif state == "closed":
        found = found.filter(closed_at__isnull=False)
    elif state == "waiting":
        decided = DispositionDecision.objects.filter(nonconformance=OuterRef("pk"))
        found = found.filter(Exists(decided), closed_at=None)
    if code:
        found = found.filter(codes__contains=[code])
    if serial:
        found = found.filter(unit__serial=serial)
    return found.order_by("-pk")


def one_nonconformance(nonconformance_id: int) -> Nonconformance | None:
    return nonconformances().filter(pk=min(nonconformance_id, _FOREVER)).first()


def nonconformance_row(found: Nonconformance) -> dict[str, Any]:
    waiting = waiting_decision(found)
    return {
        "nonconformance": found.pk,
        "serial": found.unit.serial,
        "record": found.record_id,
        "operation": found.record.operation if found.record else None,
        "station": found.record.station.code if found.record else None,
        "codes": found.codes,
        "deviations": [as_json(described(code)) for code in found.codes if code.startswith("MES-")],
        "opened_at": found.opened_at.isoformat(),
        "closed_at": found.closed_at.isoformat() if found.closed_at else None,
        "needs_two_people": found.needs_two_people,
        "waiting_decision": waiting.pk if waiting else None,
        "unit_state": found.unit.state,
        "decisions": [decision_row(decision) for decision in sorted(found.decisions.all(), key=lambda d: d.pk)],
    }


def decision_row(decision: DispositionDecision) -> dict[str, Any]:
    return {
        "decision": decision.pk,
        "disposition": decision.disposition,
        "rework_to": decision.rework_to or None,
        "grade": decision.grade or None,
        "reason": decision.reason,
        "decided_by": decision.decided_by,
        "decided_at": decision.decided_at.isoformat(),
        "confirms": decision.confirms_id,
    }


def list_nonconformances(state: str, code: str, serial: str, of: Window) -> dict[str, Any]:
    """Raises Refusal WRONG_PARAMETER for a state that is none."""
    if state and state not in NONCONFORMANCE_STATES:
        raise Refusal(WRONG_PARAMETER, f"state: one of {', '.join(NONCONFORMANCE_STATES)}")
    return page_of(nonconformances(state=state, code=code, serial=serial), of, nonconformance_row)


def show_nonconformance(nonconformance_id: int) -> dict[str, Any]:
    """Raises Refusal NONCONFORMANCE_NOT_FOUND."""
    found = one_nonconformance(nonconformance_id)
    if found is None:
        raise Refusal(errors.NONCONFORMANCE_NOT_FOUND, str(nonconformance_id))
    return nonconformance_row(found)


def station_names() -> list[Station]:
    return list(Station.objects.order_by("sequence", "code"))


def newest_lots() -> list[Lot]:
    """What a form offers; any other may be typed."""
    return list(Lot.objects.order_by("-id")[:MOST_OFFERED])


def operation_names() -> list[Operation]:
    """In the order of the flow."""
    return list(Operation.objects.annotate(first=Min("steps__sequence")).order_by("first", "code"))


def signals_of(hold: Hold) -> list[Signal]:
    """The signals that put units under it."""
    found = Signal.objects.filter(containment__hold=hold)
    return list(found.select_related("plan", "point", "containment", "answered_by").order_by("pk"))


@dataclass(frozen=True, slots=True)
class Worded:
    """A nonconformance with its codes in the reader's language."""

    row: Nonconformance
    codes: list[tuple[str, str]]  # code, words
    last: DispositionDecision | None


def with_words(rows: Iterable[Nonconformance]) -> list[Worded]:
    """Deviations, reason codes and characteristics each from their own table, in two queries."""
    rows = list(rows)
    codes = {code for row in rows for code in row.codes}
    names: dict[str, str] = {r.code: r.name for r in ReasonCode.objects.filter(code__in=codes)}
    names |= {c.code: c.name for c in Characteristic.objects.filter(code__in=codes)}
    names |= {code: what(described(code)) for code in codes if code in CODES}
    return [
        Worded(
            row,
            [(code, names.get(code, "")) for code in row.codes],
            max(row.decisions.all(), key=lambda decision: decision.pk, default=None),
        )
        for row in rows
    ]


def holds_of(found: Nonconformance) -> list[Hold]:
    """What keeps its unit now, of whatever cause."""
    open_members = HoldUnit.objects.filter(hold=OuterRef("pk"), unit=found.unit_id, released_at=None)
    return list(Hold.objects.filter(Exists(open_members)).order_by("pk"))


def reached(found: Nonconformance) -> list[Operation]:
    """Where its unit may begin again, in the order of its route."""
    codes = [step.operation for step in standing(found.unit).reached]
    by_code = {operation.code: operation for operation in Operation.objects.filter(code__in=codes)}
    return [by_code[code] for code in codes]
