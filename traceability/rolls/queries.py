"""What the rows say of rolls for a result that is being stored: their lengths, who took which metres, what is ahead."""

from collections.abc import Collection, Mapping, Sequence

from lines.errors import Refusal
from lines.records.prepared import prepared_cursor
from lines.stations.results import UnitResult
from traceability.interlock.checks import Finding
from traceability.rolls.checking import TakenMetres, check_web, circle, taken_of
from traceability.rolls.errors import LINK_CIRCLE

_LENGTHS = "select serial, length_m from traceability_unit where id = any(%s) and length_m is not null"
# Those that the post itself has anew are no others.
_TAKEN = """
select r.serial, l.lane, l.from_m, l.to_m, coalesce(l.delta_m, 0), o.serial, false
from unnest(%(rolls)s::bigint[], %(froms)s::float8[], %(tos)s::float8[]) as wanted (id, from_m, to_m)
join traceability_unit r on r.id = wanted.id
join traceability_currentlink l on l.input_unit_id = wanted.id and l.from_m < wanted.to_m and l.to_m > wanted.from_m
join traceability_unit o on o.id = l.output_id
where not l.output_id = any(%(own)s)
union all
select r.serial, c.lane, c.from_m, c.to_m, 0, said.serial, true
from unnest(%(rolls)s::bigint[], %(froms)s::float8[], %(tos)s::float8[]) as wanted (id, from_m, to_m)
join traceability_unit r on r.id = wanted.id
join traceability_rollcut c on c.roll_id = wanted.id and c.from_m < wanted.to_m and c.to_m > wanted.from_m
join lines_operationrecord said on said.id = c.record_id
where not said.serial = any(%(serials)s)
    and not exists (select 1 from lines_withdrawnrecord w where w.record_id = c.record_id)
"""
_AHEAD = """
with recursive ahead (origin, unit_id) as (
    select l.input_unit_id, l.output_id from traceability_currentlink l where l.input_unit_id = any(%s)
    union
    select ahead.origin, l.output_id from ahead join traceability_currentlink l on l.input_unit_id = ahead.unit_id
) select o.serial, u.serial from ahead join traceability_unit o on o.id = ahead.origin
join traceability_unit u on u.id = ahead.unit_id
"""


def web_findings(
    results: Sequence[UnitResult], ids: Mapping[str, int], new: Collection[str]
) -> dict[str, list[Finding]]:
    """By serial, what deviates in the metres that the results of one post tell. `ids`: of all units they name, which
    are locked; `new`: serials nobody knew before.

    Raises Refusal LINK_CIRCLE.
    """
    _refuse_circle(results, ids, new)
    telling = [r for r in results if r.ranges or r.cut_outs or r.marks or r.scans or r.own_ends]
    if not telling:
        return {}
    pieces = [piece for r in telling for piece in taken_of(r)]
    with prepared_cursor() as cursor:
        cursor.execute(_LENGTHS, [[ids[s] for s in {*(p.roll for p in pieces), *(r.serial for r in telling)}]])
        lengths: dict[str, float] = dict(cursor.fetchall())
        taken: list[TakenMetres] = []
        if pieces:
            cursor.execute(
                _TAKEN,
                {
                    "rolls": [ids[piece.roll] for piece in pieces],
                    "froms": [piece.from_m for piece in pieces],
                    "tos": [piece.to_m for piece in pieces],
                    "own": [ids[r.serial] for r in results],
                    "serials": [r.serial for r in results],
                },
            )
            taken = [TakenMetres(*row) for row in dict.fromkeys(cursor.fetchall())]
    found = {}
    for result in telling:
        own_length_m = result.length_m if result.length_m is not None else lengths.get(result.serial)
        found[result.serial] = check_web(result, lengths, taken, own_length_m)
        # The next unit of this post may claim them too.
        taken += taken_of(result)
    return found


def _refuse_circle(results: Sequence[UnitResult], ids: Mapping[str, int], new: Collection[str]) -> None:
    inputs = {r.serial: [*(c.serial for c in r.components), *(p.serial for p in r.ranges)] for r in results}
    known = [ids[serial] for serial, parts in inputs.items() if parts and serial not in new]
    named = {part for parts in inputs.values() for part in parts}
    ahead: list[tuple[str, str]] = []
    if known:
        with prepared_cursor() as cursor:
            cursor.execute(_AHEAD, [known])
            ahead = cursor.fetchall()
    if (ahead or not named.isdisjoint(inputs)) and (serial := circle(inputs, ahead)):
        raise Refusal(LINK_CIRCLE, serial)
