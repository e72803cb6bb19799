"""What a scanned or typed code names. Exact codes first; only where there is none, codes that begin like it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Q

from lines.models import MaterialDefinition, Station
from lines.orders.serials import SerialError, canonical, parse_serial
from lines.records.prepared import prepared_cursor
from mes.search.nearby import serials_near
from quality.models import ControlPlan
from traceability.models import Lot, TrayPlacement, Unit

# A list longer than this helps nobody; the page asks for more characters.
MOST_HITS = 50
SHORTEST_PREFIX = 2
LONGEST_QUERY = 80
# Everything that has this very code, in one statement: most codes name one thing, and each scan asks. Most are serials:
# of a unit all that its hit says.
_NAMED_SO = """
select 'unit', u.id, u.state, d.name_en, d.name_ja from traceability_unit u
left join lines_materialdefinition d on d.id = u.definition_id where u.serial = %(text)s
union all select 'lot', id, null, null, null from traceability_lot where upper(number) = upper(%(text)s)
    or (upper(supplier) = upper(%(supplier)s) and upper(number) = upper(%(number)s))
union all select 'station', id, null, null, null from lines_station where upper(code) = upper(%(text)s)
union all select 'chart', id, null, null, null from quality_controlplan where upper(code) = upper(%(text)s)
union all (select 'load', id, null, null, null from traceability_trayload where tray = %(text)s limit 1)
union all (select 'placement', id, null, null, null from traceability_trayplacement where tray = %(text)s
    order by source_time desc, id desc limit 1)
"""


@dataclass(frozen=True)
class Hit:
    """One object that a code names. `key` is what its page's address takes."""

    kind: str  # unit, lot, station, chart, tray
    key: str
    title: str
    note: str
    state: str = ""


@dataclass(frozen=True)
class TrayContent:
    """What lay in a tray when it was last seen."""

    tray: str
    seen_at: datetime
    operation: str
    station: str
    slots: list[TrayPlacement]


@dataclass(frozen=True)
class Answer:
    text: str  # as looked for: half width, capitals
    exact: list[Hit] = field(default_factory=list)
    tray: TrayContent | None = None
    begins_like: list[Hit] = field(default_factory=list)
    near: list[Hit] = field(default_factory=list)
    fault: SerialError | None = None
    is_cut: bool = False  # more than MOST_HITS begin like it


def _unit_hits(condition: Q) -> Iterator[Hit]:
    found = Unit.objects.filter(condition).select_related("definition").order_by("serial")
    for unit in found.only("serial", "state", "definition__name_en", "definition__name_ja")[: MOST_HITS + 1]:
        definition = unit.definition.name if unit.definition else ""
        yield Hit("unit", unit.serial, unit.serial, definition, unit.state)


def _lot_hits(condition: Q) -> Iterator[Hit]:
    for lot in Lot.objects.filter(condition).select_related("material").order_by("number", "id")[: MOST_HITS + 1]:
        material = lot.material.name if lot.material else lot.material_code
        yield Hit("lot", str(lot.pk), lot.number, f"{material} · {lot.supplier}", lot.state)


def _station_hits(condition: Q) -> Iterator[Hit]:
    for station in Station.objects.filter(condition).order_by("sequence")[: MOST_HITS + 1]:
        yield Hit("station", station.code, station.code, station.name)


def _chart_hits(condition: Q) -> Iterator[Hit]:
    for plan in ControlPlan.objects.filter(condition).select_related("station")[: MOST_HITS + 1]:
        yield Hit("chart", plan.code, plan.code, f"{plan.name} · {plan.station.code}")


def _exact(text: str) -> tuple[list[Hit], TrayContent | None]:
    """A tray that a station saw is shown as it was seen last; one that was only loaded is a hit like others."""
    supplier, _, number = text.rpartition(" ")
    with prepared_cursor() as cursor:
        cursor.execute(_NAMED_SO, {"text": text, "supplier": supplier, "number": number})
        rows = cursor.fetchall()
    hits: list[Hit] = []
    ids: dict[str, list[int]] = {}
    for kind, pk, state, name_en, name_ja in rows:
        if kind == "unit":
            definition = MaterialDefinition(name_en=name_en or "", name_ja=name_ja or "")
            hits.append(Hit("unit", text, text, definition.name, state))
        else:
            ids.setdefault(kind, []).append(pk)
    for kind, hits_of in (("lot", _lot_hits), ("station", _station_hits), ("chart", _chart_hits)):
        if kind in ids:
            hits += hits_of(Q(pk__in=ids[kind]))
    if "placement" in ids:
        return hits, _tray(text, ids["placement"][0])
    return [*hits, Hit("tray", text, text, "")] if "load" in ids else hits, None


def _tray(text: str, newest_id: int) -> TrayContent:
    """The tray's load when it was last seen: the slots of its newest post."""
    newest = TrayPlacement.objects.select_related("record__station").get(pk=newest_id)
    load = TrayPlacement.objects.filter(tray=text, record__post=newest.record.post_id)
    slots = list(load.select_related("unit", "record").order_by("slot", "id"))
    return TrayContent(text, newest.source_time, newest.record.operation, newest.record.station.code, slots)


def _begins_like(text: str) -> list[Hit]:
    named = Q(code__istartswith=text) | Q(name_en__icontains=text) | Q(name_ja__icontains=text)
    return [
        *_unit_hits(Q(serial__startswith=text)),
        *_lot_hits(Q(number__istartswith=text) | Q(supplier__istartswith=text)),
        *_station_hits(named),
        *_chart_hits(named),
    ]


def find(text: str) -> Answer:
    """Everything the page needs to answer for one text, normalised here (width, case, outer white space)."""
    text = canonical("".join(c for c in text if c.isprintable()))[:LONGEST_QUERY]
    if not text:
        return Answer(text)
    exact, tray = _exact(text)
    if exact or tray:
        return Answer(text, exact, tray)
    fault = None
    try:
        parse_serial(text)
    except SerialError as error:
        fault = error
    begins_like = _begins_like(text) if len(text) >= SHORTEST_PREFIX else []
    candidates = serials_near(text)
    near = list(_unit_hits(Q(serial__in=candidates))) if candidates and not begins_like else []
    return Answer(
        text,
        begins_like=begins_like[:MOST_HITS],
        near=near,
        fault=fault,
        is_cut=len(begins_like) > MOST_HITS,
    )


def newest_serial() -> str:
    """A real serial to show how one looks; empty while there is none."""
    return Unit.objects.order_by("-id").values_list("serial", flat=True).first() or ""
