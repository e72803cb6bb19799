"""Walks through the genealogy, link by link: what a unit was made of, what it went into.

One statement a walk, however deep. Pages hold together while stations post: the cursor carries the snapshot of the
first page, so that nothing comes twice, is left out, or appears half. Ids alone would not do: they commit out of order.
"""

import base64
import binascii
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from django.db import connection

from lines.errors import WRONG_PARAMETER, Refusal
from traceability.genealogy.starts import WHOLE
from traceability.rolls.reach import Links, ahead, behind, links_ahead

MADE_OF, USED_IN = "made_of", "used_in"
DIRECTIONS = (MADE_OF, USED_IN)
# No route is deeper; a wrong loop in the links ends here at the latest.
DEEPEST = 24
LOT = "lot"
_ROWS_A_TIME = 2_000


@dataclass(frozen=True, slots=True)
class Mark:
    """What was committed at one moment, as pg_current_snapshot() tells it, and the newest ids: later is not seen."""

    link: int
    correction: int
    end: int
    snapshot: str  # xmin:xmax:those between that were still open

    @property
    def words(self) -> str:
        return f"{self.link}.{self.correction}.{self.end}.{self.snapshot}"


@dataclass(frozen=True, slots=True)
class Walk:
    """What to walk. `kinds` keeps of the links those whose far end is of these kinds (`lot`, `cell`, ...); empty: all.

    `with_ended`: parts that were taken out again at rework too.
    """

    unit_id: int
    direction: str = MADE_OF
    depth: int = DEEPEST
    as_of: datetime | None = None
    kinds: tuple[str, ...] = ()
    with_ended: bool = False


def _seen(row: str, newest_id: str) -> str:
    """Whether a row counts at the mark. The cheap test comes first: nearly all are older than whatever was open.

    What lies beyond the present snapshot is of this very transaction, or came out of a copy of another database: only
    the id tells then.
    """
    return (
        f"{row}.id <= %({newest_id})s and ({row}.xid < %(xmin)s"
        f" or pg_visible_in_snapshot({row}.xid::text::xid8, %(snapshot)s::text::pg_snapshot)"
        f" or {row}.xid >= (select pg_snapshot_xmax(pg_current_snapshot())::text::bigint))"
    )


_LINK_SEEN, _CORRECTION_SEEN, _END_SEEN = _seen("k", "link"), _seen("c", "correction"), _seen("e", "end")
# Links as they stood at a mark, and as they were known at a time: those that a correction removed later are there,
# those that one added later are not.
_AT_MARK = f"""(
    select k.* from traceability_genealogylink k
    where {_LINK_SEEN}{{ended}} and not exists (
        select 1 from traceability_correction c where c.removed_link_id = k.id and {_CORRECTION_SEEN})
)"""  # noqa: S608 - constants of this module
_NOT_ENDED = " and not exists (select 1 from traceability_linkend e where e.link_id = k.id and {known})"
_ENDED_AT_MARK = _NOT_ENDED.format(known=_END_SEEN)
_AS_OF = f"""(
    select k.* from traceability_genealogylink k
    join lines_operationrecord said on said.id = k.record_id
    left join traceability_correction added on added.added_link_id = k.id
    where coalesce(added.at, said.received_at) <= %(as_of)s and {_LINK_SEEN}{{ended}} and not exists (
        select 1 from traceability_correction c where c.removed_link_id = k.id and c.at <= %(as_of)s
            and {_CORRECTION_SEEN})
)"""  # noqa: S608 - constants of this module
# A removal is known since its record came, in the walk and where it is shown.
_END_KNOWN = f"""{_END_SEEN} and exists (
        select 1 from lines_operationrecord took where took.id = e.record_id and took.received_at <= %(as_of)s)"""  # noqa: S608 - constants of this module
_ENDED_AS_OF = _NOT_ENDED.format(known=_END_KNOWN)
_OF_KINDS = """
    left join traceability_unit far on far.id = l.{far}
    left join lines_materialdefinition kind on kind.id = far.definition_id
    where coalesce(lower(kind.tracking), {kindless}) = any(%(kinds)s)"""
_FOUND_BEHIND = """, found as materialized (
    select l.id, min(l.level) as level from (
        select link_id as id, unit_id, lot_id, level from way where level between 1 and %(depth)s) l"""
# The way ahead forgets how far it is as soon as units are whole, so levels are counted along its links.
_FOUND_AHEAD = """, via as materialized (select distinct l.id, l.output_id, l.input_unit_id from {along}
), leveled (unit_id, level) as (
    select %(unit)s::bigint, 0
    union
    select v.output_id, a.level + 1 from leveled a join via v on v.input_unit_id = a.unit_id
    where a.level + 1 < %(depth)s
), found as materialized (
    select l.id, min(l.level) as level from (
        select v.*, a.level + 1 as level from via v
        join (select unit_id, min(level) as level from leveled group by 1) a on a.unit_id = v.input_unit_id) l"""
_ONCE = """
    group by l.id
)"""
_SHOWN = """
select f.id, f.level, o.serial, i.serial, t.id, t.supplier, t.number, coalesce(t.material_code, d.code),
       case when t.id is not null then 'lot' else lower(d.tracking) end, od.code, lower(od.tracking),
       l.quantity, l.uom, l.position, l.lane, l.from_m, l.to_m, l.own_from_m, l.own_to_m, l.delta_m, l.is_reversed,
       l.is_flipped, l.is_mirrored, l.basis, e.at, r.operation, s.code, r.source_time, l.record_id
from found f
join traceability_genealogylink l on l.id = f.id
join lines_operationrecord r on r.id = l.record_id
join lines_station s on s.id = r.station_id
join traceability_unit o on o.id = l.output_id
left join lines_materialdefinition od on od.id = o.definition_id
left join traceability_unit i on i.id = l.input_unit_id
left join lines_materialdefinition d on d.id = i.definition_id
left join traceability_lot t on t.id = l.input_lot_id
left join traceability_linkend e on e.link_id = l.id and {end_known}
"""


def newest() -> Mark:
    """The mark of this moment."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select coalesce((select max(id) from traceability_genealogylink), 0),"
            " coalesce((select max(id) from traceability_correction), 0),"
            " coalesce((select max(id) from traceability_linkend), 0),"
            " pg_current_snapshot()::text"
        )
        return Mark(*cursor.fetchone())


def _statement(walk: Walk) -> str:
    known, ended = (_AT_MARK, _ENDED_AT_MARK) if walk.as_of is None else (_AS_OF, _ENDED_AS_OF)
    links = cast(Links, known.format(ended="" if walk.with_ended else ended))  # as good as the view of today's
    if walk.direction == MADE_OF:
        # Whatever is no unit is a lot; and a unit whose serial no rule knows is of no kind.
        found = behind("select %(unit)s::bigint", links=links) + _FOUND_BEHIND
        far, kindless = "unit_id", "case when l.lot_id is null then '' else 'lot' end"
    else:
        found = ahead(f"select %(unit)s::bigint, {WHOLE}", links=links) + _FOUND_AHEAD.format(along=links_ahead(links))
        far, kindless = "output_id", "''"
    return found + (_OF_KINDS.format(far=far, kindless=kindless) if walk.kinds else "") + _ONCE


def _parameters(walk: Walk, mark: Mark) -> dict[str, Any]:
    return {
        **{"unit": walk.unit_id, "depth": walk.depth, "as_of": walk.as_of},
        **{"kinds": list(walk.kinds)},
        **{"link": mark.link, "correction": mark.correction, "end": mark.end},
        **{"snapshot": mark.snapshot, "xmin": int(mark.snapshot.partition(":")[0])},
    }


def _shown(walk: Walk) -> str:
    return _SHOWN.format(end_known=_END_SEEN if walk.as_of is None else _END_KNOWN)


@dataclass(frozen=True, slots=True)
class LinkPage:
    """One page of links in the order they were stored, so from the oldest input on."""

    links: list[dict[str, Any]]
    n_links: int
    next_cursor: str | None


def link_page(walk: Walk, limit: int, cursor: str = "") -> LinkPage:
    """The page of the walk behind `cursor`. Raises Refusal WRONG_PARAMETER for a cursor that is none."""
    mark, after = _read_cursor(cursor) if cursor else (newest(), 0)
    counted = _statement(walk) + _COUNTED
    shown = _shown(walk).replace("select f.id", "select counted.n, f.id", 1).replace("from found f", _PAGED, 1)
    sql = f"{counted}{shown} order by f.id"
    asked = {**_parameters(walk, mark), "after": after, "limit": limit + 1}
    with connection.cursor() as at:
        at.execute(sql, asked)
        rows = at.fetchall()
    links = [link_row(row[1:]) for row in rows[:limit]]
    more = len(rows) > limit
    n_links = rows[0][0] if rows else 0
    return LinkPage(links, n_links, _cursor(mark, links[-1]["link"]) if more else None)


# The count comes beside the rows, so that both are of one moment; once, not for each row.
_COUNTED = ", counted as materialized (select count(*) as n from found)"
# The page is cut out before its rows are named: a pack has thousands of links.
_PAGED = "from counted join (select * from found where id > %(after)s order by id limit %(limit)s) f on true"


def every_link(walk: Walk) -> Iterator[dict[str, Any]]:
    """All links of the walk, as they stood when it was begun, with a few thousand in memory at a time."""
    sql = f"{_statement(walk)}{_shown(walk)} order by f.id"
    mark = newest()
    with connection.chunked_cursor() as at:
        at.execute(sql, _parameters(walk, mark))
        while rows := at.fetchmany(_ROWS_A_TIME):
            for row in rows:
                yield link_row(row)


def link_row(row: Sequence[Any]) -> dict[str, Any]:
    """A link of the statements above."""
    link, level, output, serial, lot_id, supplier, number, material, kind, of, of_kind, *place = row
    quantity, uom, position, lane, from_m, to_m, own_from_m, own_to_m, delta_m, *rest = place
    is_reversed, is_flipped, is_mirrored, basis, ended_at, operation, station, at, record = rest
    return {
        "link": link,
        "level": level,
        "output": output,
        "output_kind": of_kind,
        "output_definition": of,
        "serial": serial,
        "lot": {"id": lot_id, "supplier": supplier, "number": number} if lot_id is not None else None,
        "kind": kind,
        "material": material,
        "quantity": quantity,
        "uom": uom,
        "position": position,
        "lane": lane,
        "from_m": from_m,
        "to_m": to_m,
        "own_from_m": own_from_m,
        "own_to_m": own_to_m,
        "delta_m": delta_m,
        "is_reversed": is_reversed,
        "is_flipped": is_flipped,
        "is_mirrored": is_mirrored,
        "basis": basis,
        "ended_at": ended_at.isoformat() if ended_at else None,
        "operation": operation,
        "station": station,
        "at": at.isoformat(),
        "record": record,
    }


def _cursor(mark: Mark, after: int) -> str:
    return base64.urlsafe_b64encode(f"{mark.words}.{after}".encode()).decode()


def _read_cursor(cursor: str) -> tuple[Mark, int]:
    try:
        parts = base64.urlsafe_b64decode(cursor.encode()).decode().split(".")
    except (ValueError, binascii.Error):
        parts = []
    *ids, snapshot, after = parts if len(parts) == 5 else ["", "", ""]
    if not all(_NUMBER.fullmatch(part) for part in (*ids, after)) or len(ids) != 3 or not _is_snapshot(snapshot):
        raise Refusal(WRONG_PARAMETER, "cursor: take it from next_cursor of the page before")
    link, correction, end = (int(part) for part in ids)
    return Mark(link, correction, end, snapshot), int(after)


_NUMBER = re.compile("[0-9]{1,18}")
_SNAPSHOT = re.compile("([1-9][0-9]{0,17}):([1-9][0-9]{0,17}):((?:[1-9][0-9]{0,17},)*[1-9][0-9]{0,17})?")
_LONGEST_SNAPSHOT = 8_000  # some hundred transactions open at once


def _is_snapshot(text: str) -> bool:
    """Whether the database would read it: xmin <= each that was open, ascending, < xmax."""
    match = _SNAPSHOT.fullmatch(text) if len(text) <= _LONGEST_SNAPSHOT else None
    if match is None:
        return False
    xmin, xmax = int(match[1]), int(match[2])
    opened = [int(xid) for xid in match[3].split(",")] if match[3] else []
    return xmin <= xmax and opened == sorted(set(opened)) and all(xmin <= xid < xmax for xid in opened)
