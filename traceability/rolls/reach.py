"""What became of metres, batches and lots, and which metres are behind a unit: statements that carry ranges.

The one step from a roll to what was made of it is that of maps.py, written for PostgreSQL; a test holds them equal.
Each unit is looked up by its own index (lateral, `offset 0`), so the plan does not depend on what the planner guesses
of a recursion: a walk costs what it finds, in a plant of any size.

`way` holds the pieces: unit_id, lane (none: all), from_m and to_m on the unit's own axis (infinite: all of it, as is
everything that is no roll), delta_m, is_inferred. `reach (unit_id, is_inferred)` holds each unit once.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from django.db import connection

from traceability.rolls.maps import BALANCE_TOLERANCE

CURRENT: Literal["traceability_currentlink"] = "traceability_currentlink"
# With what was taken out again at rework: for where something was once.
EVER: Literal["traceability_everlink"] = "traceability_everlink"
Links = Literal["traceability_currentlink", "traceability_everlink"]

# A roll of a roll of a roll ...: no route is deeper; a wrong loop of ranges ends here. Whole units end by `union`.
DEEPEST = 24
NO_SEEDS = "select null::bigint, null::int, null::float8, null::float8 where false"
NO_LOTS = "select null::bigint where false"

# Whether metres of w lie on metres `s` to `e` of the link, within what is known of both; and for certain.
_MAY_TOUCH = """({s} is null or (w.from_m - w.delta_m - coalesce(l.delta_m, 0) < {e}
        and w.to_m + w.delta_m + coalesce(l.delta_m, 0) > {s})
        or (w.from_m = w.to_m and w.from_m between {s} and {e}))"""
_TOUCHES = """(case when w.from_m = w.to_m then w.from_m between {s} and {e}
        else w.from_m < {e} and w.to_m > {s} end)"""
_OTHER_LANE = """case when not l.is_mirrored or w.lane is null then w.lane
    else (select i.lanes + 1 - w.lane from traceability_unit i where i.id = l.input_unit_id) end"""


def _mapped(s: str, e: str, other_s: str, other_e: str) -> str:
    """from_m, to_m and delta_m of w, on metres `s` to `e` of the link, carried to its other end."""
    stretch = f"(({other_e} - {other_s}) / ({e} - {s}))"
    first, last = (f"(least(greatest(w.{end}, {s}), {e}) - {s})" for end in ("from_m", "to_m"))
    return f"""
    case when {other_s} is null then '-infinity' when {s} is null then {other_s}
         when l.is_reversed then {other_e} - {last} * {stretch} else {other_s} + {first} * {stretch} end as from_m,
    case when {other_s} is null then 'infinity' when {s} is null then {other_e}
         when l.is_reversed then {other_e} - {first} * {stretch} else {other_s} + {last} * {stretch} end as to_m,
    case when {other_s} is null then 0 when {s} is null then coalesce(l.delta_m, 0)
         else w.delta_m * {stretch} + coalesce(l.delta_m, 0) end as delta_m"""


_IN, _OWN = ("l.from_m", "l.to_m"), ("l.own_from_m", "l.own_to_m")
_AHEAD_STEP = f"""
select l.output_id as unit_id,
    case when l.own_from_m is null or l.lane is not null then null else {_OTHER_LANE} end as lane,
    {_mapped(*_IN, *_OWN)},
    w.is_inferred or l.basis = 'MOUNTED' or not (l.from_m is null or {_TOUCHES.format(s=_IN[0], e=_IN[1])})
        as is_inferred,
    case when l.own_from_m is null then 0 else w.level + 1 end as level
from {{links}} l
where l.input_unit_id = w.unit_id and w.level < {DEEPEST} and (w.lane is null or l.lane is null or w.lane = l.lane)
    and {_MAY_TOUCH.format(s=_IN[0], e=_IN[1])}"""  # noqa: S608 - constants of this module
_BEHIND_STEP = f"""
select l.input_unit_id as unit_id, l.input_lot_id as lot_id, l.id as link_id,
    case when l.lane is not null then l.lane else {_OTHER_LANE} end as lane,
    {_mapped(*_OWN, *_IN)},
    w.is_inferred or l.basis = 'MOUNTED' or not (l.own_from_m is null or {_TOUCHES.format(s=_OWN[0], e=_OWN[1])})
        as is_inferred,
    w.is_flipped <> l.is_flipped as is_flipped, w.level + 1 as level
from {{links}} l
where l.output_id = w.unit_id and w.level < {DEEPEST}
    and {_MAY_TOUCH.format(s=_OWN[0], e=_OWN[1])}"""  # noqa: S608 - constants of this module
PIECE = "lane, from_m, to_m, delta_m, is_inferred"


def step_ahead(links: str = CURRENT) -> str:
    """One step from a piece `w` to what was made of it, for a lateral join: unit_id, the piece's columns, level."""
    return _AHEAD_STEP.format(links=links) + " offset 0"


def step_behind(links: str = CURRENT) -> str:
    """One step from a piece `w` to what it was made of, for a lateral join: unit_id or lot_id, the link, the piece's
    columns, is_flipped, level."""
    return _BEHIND_STEP.format(links=links) + " offset 0"


def covered_whole(key: str = "", of: str = "way") -> str:
    """A select of the units of `way`, or of rows like its, that lie in it with all their metres, each once (for each
    `key`, a column).

    What is no roll has no metres and is in it whole. Of a roll a part goes its way: what is made of it is in `way`.
    """
    keyed = f"{key}, " if key else ""
    within = 1 - BALANCE_TOLERANCE
    # Grouped, so that the planner thinks of few units and looks each of them up, however many rows it guesses of `way`.
    return f"""
    select {keyed}unit_id from (
        select {keyed}unit_id from {of} w where from_m = '-infinity' and to_m = 'infinity' and lane is null
        union all
        select {keyed}unit_id from (
            select {keyed}unit_id, range_agg(numrange(from_m::numeric, to_m::numeric)) as on_any,
                   range_agg(numrange(from_m::numeric, to_m::numeric)) filter (where lane is null) as on_all
            from {of} w where from_m <> '-infinity' or to_m <> 'infinity' or lane is not null group by {keyed}unit_id
        ) part cross join lateral (
            select u.length_m, u.lanes, d.tracking from traceability_unit u
            left join lines_materialdefinition d on d.id = u.definition_id where u.id = part.unit_id offset 0) roll
        where tracking is distinct from 'ROLL' or {within} * length_m <= (
            select sum(upper(metres) - lower(metres)) from unnest(
                case when lanes = 1 then on_any else on_all end
                * nummultirange(numrange(0, length_m::numeric))) as metres)
    ) as found group by {keyed}unit_id"""  # noqa: S608 - constants of ours


def of_lots(links: str = CURRENT) -> str:
    """The pieces that the lots of `lot (lot_id)` lie in: unit_id, the piece's columns, level."""
    return f"""
    select l.output_id, null::int, coalesce(l.own_from_m, '-infinity'), coalesce(l.own_to_m, 'infinity'),
           case when l.own_from_m is null then 0 else coalesce(l.delta_m, 0) end, l.basis = 'MOUNTED', 0
    from lot join {links} l on l.input_lot_id = lot.lot_id"""  # noqa: S608 - constants of this module


def way_ahead(seeds: str = NO_SEEDS, lots: str = NO_LOTS, *, links: Links = CURRENT) -> str:
    """The beginning of a statement: `way` holds every piece that became of the seeds, and they themselves (is_seed).

    `seeds`: a select of (unit_id, lane, from_m, to_m), null for all of it; `lots`: one of lot ids, whose parts count
    as they do. To be followed by `, more as (...)` or by a select.
    """
    return f"""
with recursive lot (lot_id) as (
    {lots}
    union select p.child_id from traceability_lotpart p join lot on p.parent_id = lot.lot_id
), way (unit_id, {PIECE}, level, is_seed) as (
    (select s.unit_id, s.lane, coalesce(s.from_m, '-infinity'), coalesce(s.to_m, 'infinity'), 0::float8, false, 0, true
     from ({seeds}) as s (unit_id, lane, from_m, to_m)
     union all select n.*, false from ({of_lots(links)}) n)
    union
    select n.*, false from way w cross join lateral ({step_ahead(links)}) n
)"""  # noqa: S608 - constants of ours; values are parameters


def ahead(seeds: str = NO_SEEDS, lots: str = NO_LOTS, *, with_seeds: bool = False, links: Links = CURRENT) -> str:
    """The same, and `reach` holds each unit once. `with_seeds`: the seeds' own units too."""
    return f"""{way_ahead(seeds, lots, links=links)}, reach (unit_id, is_inferred) as materialized (
    select unit_id, bool_and(is_inferred) from way {"" if with_seeds else "where not is_seed"} group by unit_id
)
"""  # noqa: S608 - constants of ours; values are parameters


def behind(units: str, *, links: Links = CURRENT) -> str:
    """The beginning of a statement: `way` holds everything that these units (a select of ids) were made of: units with
    the pieces on their own axis, and the lots that these end at (lot_id), each once for each link (link_id) it was
    come to by; `is_flipped`: its side A is the unit's side B. Seeds are level 0. `reach` holds each unit behind once.
    """
    return f"""
with recursive way (unit_id, lot_id, link_id, {PIECE}, is_flipped, level) as (
    select u.unit_id, null::bigint, null::bigint, null::int, '-infinity'::float8, 'infinity'::float8, 0::float8, false,
           false, 0
    from ({units}) as u (unit_id)
    union
    select n.* from way w cross join lateral ({step_behind(links)}) n
), reach (unit_id, is_inferred) as materialized (
    select unit_id, bool_and(is_inferred) from way where level > 0 and unit_id is not null group by unit_id
)
"""  # noqa: S608 - constants of ours; values are parameters


# The links that `way`, made by behind(), went along, each once, for `from`: link l.
LINKS_BEHIND = """(select distinct link_id from way where link_id is not null) w
cross join lateral (select l.* from traceability_genealogylink l where l.id = w.link_id offset 0) l"""


def links_ahead(links: str = CURRENT) -> str:
    """The links that `way`, made by ahead(), went along, without those from lots, for `from`: way w, link l."""
    touch = _MAY_TOUCH.format(s=_IN[0], e=_IN[1])
    lane = "(w.lane is null or l.lane is null or w.lane = l.lane)"
    where = f"l.input_unit_id = w.unit_id and {lane} and {touch}"
    return f"way w cross join lateral (select l.* from {links} l where {where} offset 0) l"  # noqa: S608 - ours


@dataclass(frozen=True, slots=True)
class Seed:
    """A unit, or metres of it. None: all."""

    unit_id: int
    lane: int | None = None
    from_m: float | None = None
    to_m: float | None = None


@dataclass(frozen=True, slots=True)
class Reached:
    """A piece of one unit. Metres are None for all of it; `is_flipped` (behind only): sides are changed there."""

    unit_id: int
    lane: int | None
    from_m: float | None
    to_m: float | None
    delta_m: float
    is_inferred: bool
    is_flipped: bool = False
    level: int = 0


_AS_PIECES = """
select {each} unit_id, lane, nullif(from_m, '-infinity') as from_m, nullif(to_m, 'infinity'), delta_m, is_inferred,
    {flipped}, level
from way where {which} order by level, unit_id, lane, from_m
"""
_UNITS = "select unit_id, is_inferred from reach"
_LOTS = "select lot_id, bool_and(is_inferred) from way where lot_id is not null group by lot_id"
SEEDS = "select * from unnest(%(units)s::bigint[], %(lanes)s::int[], %(froms)s::float8[], %(tos)s::float8[])"


def seed_parameters(seeds: Sequence[Seed]) -> dict[str, Any]:
    """For a statement with SEEDS."""
    return {
        "units": [seed.unit_id for seed in seeds],
        "lanes": [seed.lane for seed in seeds],
        "froms": [seed.from_m for seed in seeds],
        "tos": [seed.to_m for seed in seeds],
    }


def pieces_ahead(seeds: Sequence[Seed], *, links: Links = CURRENT) -> list[Reached]:
    """Every piece that became of these, in order of unit. For what one roll became: the list is not bounded."""
    text = ahead(SEEDS, links=links) + _AS_PIECES.format(each="", flipped="false", which="not is_seed")
    return _pieces(text, seed_parameters(seeds))


def pieces_behind(unit_id: int, *, links: Links = CURRENT) -> list[Reached]:
    """Every piece that one unit was made of, nearest first."""
    # Once each, whatever number of links comes to the same piece.
    shown = _AS_PIECES.format(each="distinct", flipped="is_flipped", which="level > 0 and unit_id is not null")
    text = behind("select %(unit)s::bigint", links=links) + shown
    return _pieces(text, {"unit": unit_id})


def _pieces(text: str, parameters: dict[str, Any]) -> list[Reached]:
    with connection.cursor() as cursor:
        cursor.execute(text, parameters)
        return [Reached(*row) for row in cursor.fetchall()]


def units_ahead(seeds: Sequence[Seed], *, links: Links = CURRENT) -> dict[int, bool]:
    """Ids of all units that something of these is in; True: only inferred."""
    with connection.cursor() as cursor:
        cursor.execute(ahead(SEEDS, links=links) + _UNITS, seed_parameters(seeds))
        return dict(cursor.fetchall())


def units_ahead_of_lot(lot_id: int, *, links: Links = CURRENT) -> dict[int, bool]:
    """Ids of all units with something of this lot, or of a part of it, in them; True: only inferred."""
    with connection.cursor() as cursor:
        text = ahead(lots="select %(lot)s::bigint", links=links)
        cursor.execute(text + _UNITS, {"lot": lot_id})
        return dict(cursor.fetchall())


def lots_behind(unit_id: int, *, links: Links = CURRENT) -> dict[int, bool]:
    """Ids of the lots that lie in what this unit was made of; True: only inferred. Without what they are parts of."""
    with connection.cursor() as cursor:
        text = behind("select %(unit)s::bigint", links=links) + _LOTS
        cursor.execute(text, {"unit": unit_id})
        return dict(cursor.fetchall())
