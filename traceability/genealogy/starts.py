"""Where-used from any start: a lot, a unit, metres of a roll, a channel, a tray or a station in a time window.

A start names its first units; whatever was made of them, or of the metres, follows. One statement a page.
"""

import base64
import binascii
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db import connection

from lines.errors import WRONG_PARAMETER, Refusal
from lines.models import Station
from lines.orders.models import Tracking
from lines.orders.serials import canonical
from traceability import errors
from traceability.completeness.queries import Missing, lost_ahead
from traceability.genealogy.errors import NO_ROLL, NOWHERE_PLACED, NOWHERE_SEEN
from traceability.rolls.checking import off_roll
from traceability.rolls.errors import OFF_ROLL
from traceability.rolls.reach import ahead
from traceability.trays.models import TrayPlacement
from traceability.units.models import Lot, Unit
from traceability.units.queries import KINDS, moment, unit_row, with_names

# Seeds of rolls.reach: units with the metres of them that count; without metres the whole unit.
WHOLE = "null::int, null::float8, null::float8"
_LONG_AGO, _NEVER = datetime(2000, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC)
_ENDED = "r.source_time - make_interval(secs => coalesce(r.clock_offset_s, 0))"
# A record is received after its visit ended, but for clocks that are wrong: the index of receipt bounds the search.
_STATION = (
    f"select u.id, {WHOLE} from lines_operationrecord r join traceability_unit u on u.serial = r.serial"  # noqa: S608 - ours
    f" where r.station_id = %(station)s and {_ENDED} between %(since)s and %(until)s"
    " and r.received_at >= %(since)s - interval '1 day'"
    " and not exists (select 1 from lines_withdrawnrecord w where w.record_id = r.id)"
)
# No channel charges a cell but in a slot, so each of its visits has a placement.
_PLACED = (
    f"select p.unit_id, {WHOLE} from traceability_trayplacement p"  # noqa: S608 - ours
    " where p.source_time between %(since)s and %(until)s"
)
_SEEDS = {
    "unit": f"select %(unit)s::bigint, {WHOLE}",
    "range": "select %(unit)s::bigint, %(lane)s::int, %(from_m)s::float8, %(to_m)s::float8",
    "channel": f"{_PLACED} and p.channel = %(channel)s",
    "station": _STATION,
    "tray": f"{_PLACED} and p.tray = %(tray)s",
}
_LOT = "select %(lot)s::bigint"
STARTS = ("lot", *_SEEDS)
_LONGEST = {"channel": 48, "tray": 32, "station": 32}
# Counts and page are of one statement, so of one moment. Newest first: what comes meanwhile shifts nothing.
_PAGE = """, counted as (
    select d.code, lower(d.tracking) as kind, count(*) as n, min(u.id) as first
    from reach join traceability_unit u on u.id = reach.unit_id
    left join lines_materialdefinition d on d.id = u.definition_id group by 1, 2
), page as (
    select reach.unit_id, reach.is_inferred from reach join traceability_unit u on u.id = reach.unit_id
    left join lines_materialdefinition d on d.id = u.definition_id
    where (%(before)s::bigint is null or reach.unit_id < %(before)s)
        and (%(kinds)s::text[] is null or lower(d.tracking) = any(%(kinds)s))
    order by reach.unit_id desc limit %(limit)s
)
select (select json_agg(json_build_array(code, kind, n) order by first) from counted),
       (select json_agg(json_build_array(unit_id, is_inferred) order by unit_id desc) from page)
"""
_EVERY = """
select u.serial, lower(d.tracking), d.code, u.state, reach.is_inferred,
       exists (select 1 from traceability_holdunit h where h.unit_id = u.id and h.released_at is null)
from reach join traceability_unit u on u.id = reach.unit_id
left join lines_materialdefinition d on d.id = u.definition_id
where %(kinds)s::text[] is null or lower(d.tracking) = any(%(kinds)s)
order by u.id desc
"""
_ROWS_A_TIME = 2_000


@dataclass(frozen=True, slots=True)
class Start:
    """What to begin at, looked up. `about` says it again, for an answer and for a page's address."""

    kind: str
    values: dict[str, Any]
    about: dict[str, Any]


def read_start(words: Mapping[str, str]) -> Start:
    """Read `kind` and what belongs to it. Raises Refusal with a code for what is wrong or not known here."""
    kind = words.get("kind", "")
    if kind not in STARTS:
        raise Refusal(WRONG_PARAMETER, f"kind: one of {', '.join(STARTS)}")
    if kind == "lot":
        return lot_start(words.get("lot", ""))
    if kind in ("unit", "range"):
        return _of_unit(kind, words)
    return _of_visits(kind, words)


def lot_start(text: str) -> Start:
    """Raises Refusal LOT_NOT_FOUND."""
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None
    lot = Lot.objects.filter(pk=number).first() if number else None
    if lot is None:
        raise Refusal(errors.LOT_NOT_FOUND, text[:32])
    return Start("lot", {"lot": lot.pk}, {"lot": lot.pk})


def _of_unit(kind: str, words: Mapping[str, str]) -> Start:
    serial = canonical(words.get("serial", ""))
    unit = Unit.objects.select_related("definition").filter(serial=serial).first() if serial.isprintable() else None
    if not serial:
        raise Refusal(WRONG_PARAMETER, "serial: of the unit or roll")
    if unit is None:
        raise Refusal(errors.UNIT_NOT_FOUND, serial[:64] if serial.isprintable() else "")
    if kind == "unit":
        return Start(kind, {"unit": unit.pk}, {"serial": unit.serial})
    if unit.definition is None or unit.definition.tracking != Tracking.ROLL:
        raise Refusal(NO_ROLL, unit.serial)
    from_m, to_m = (metres(name, words.get(name, "")) for name in ("from_m", "to_m"))
    if from_m is not None and to_m is not None and from_m >= to_m:
        raise Refusal(WRONG_PARAMETER, "from_m is less than to_m")
    lane = read_lane(words.get("lane", ""))
    if off := off_roll(unit.length_m, unit.lanes, lane=lane, from_m=from_m, to_m=to_m):
        raise Refusal(OFF_ROLL, f"{unit.serial}: {off}")
    at = {"lane": lane, "from_m": from_m, "to_m": to_m}
    return Start(kind, {"unit": unit.pk, **at}, {"serial": unit.serial, **at})


def metres(name: str, text: str) -> float | None:
    """A place on a roll. Raises Refusal WRONG_PARAMETER."""
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and 0 <= value <= 1_000_000 and len(text) < 32):
        raise Refusal(WRONG_PARAMETER, f"{name}: metres, from 0 to 1000000")
    return value


def read_lane(text: str) -> int | None:
    """Raises Refusal WRONG_PARAMETER."""
    if text and not (text.isascii() and text.isdigit() and len(text) < 5 and int(text)):
        raise Refusal(WRONG_PARAMETER, "lane: 1 to 9999")
    return int(text) if text else None


def _of_visits(kind: str, words: Mapping[str, str]) -> Start:
    name = words.get(kind, "").strip()
    if not name or not name.isprintable() or len(name) > _LONGEST[kind]:
        raise Refusal(WRONG_PARAMETER, f"{kind}: 1 to {_LONGEST[kind]} characters")
    since, until = (moment(end, words.get(end, "")) for end in ("from", "to"))
    if since and until and since > until:
        raise Refusal(WRONG_PARAMETER, "from is not later than to")
    if kind == "station" and since is None:
        # Placements have indexes by channel and by tray; a station's visits are found by when they were received.
        raise Refusal(WRONG_PARAMETER, "from: a station needs the time its visits ended since")
    values: dict[str, Any] = {"since": since or _LONG_AGO, "until": until or _NEVER, kind: name}
    if kind == "station":
        station = Station.objects.filter(code=name).first()
        if station is None:
            raise Refusal(NOWHERE_SEEN, name)
        values["station"] = station.pk
    elif not TrayPlacement.objects.filter(**{kind: name}).exists():
        raise Refusal(NOWHERE_PLACED, name)
    window = {"from": since.isoformat() if since else None, "to": until.isoformat() if until else None}
    return Start(kind, values, {kind: name, **window})


def read_kinds(text: str, known: tuple[str, ...]) -> tuple[str, ...]:
    """Kinds by comma. Raises Refusal WRONG_PARAMETER."""
    kinds = tuple(kind for kind in (part.strip() for part in text.split(",")) if kind)
    if set(kinds) - set(known):
        raise Refusal(WRONG_PARAMETER, f"kinds: of {', '.join(known)}")
    return kinds


UNIT_KINDS = tuple(KINDS)


def reaching(start: Start) -> str:
    """The beginning of a statement: `reach (unit_id, is_inferred)` holds every unit with something of the start."""
    if start.kind == "lot":
        return ahead(lots=_LOT)
    # Units of a visit were there themselves; a unit or a range that is asked for is not used in itself.
    return ahead(_SEEDS[start.kind], with_seeds=start.kind not in ("unit", "range"))


def lost_from(start: Start) -> list[Missing]:
    """Deleted links that told where something of the start went."""
    if start.kind == "lot":
        return lost_ahead(lots=_LOT, **start.values)
    return lost_ahead(_SEEDS[start.kind], **start.values)


def where_used(start: Start, kinds: tuple[str, ...], limit: int, cursor: str = "") -> dict[str, Any]:
    """Counts of all and one page of the units. Raises Refusal WRONG_PARAMETER for a cursor that is none."""
    asked = {**start.values, "kinds": list(kinds) or None, "before": _read_cursor(cursor), "limit": limit + 1}
    with connection.cursor() as at:
        at.execute(reaching(start) + _PAGE, asked)
        counted, found = at.fetchone()
    counts = [{"definition": code, "kind": kind, "n_units": n} for code, kind, n in counted or ()]
    rows = (found or [])[:limit]
    units = {unit.pk: unit for unit in with_names(Unit.objects.filter(pk__in=[row[0] for row in rows]))}
    return {
        "n_units": sum(each["n_units"] for each in counts),
        "counts": counts,
        "units": [{**unit_row(units[pk]), "is_inferred": inferred} for pk, inferred in rows],
        "next_cursor": _cursor(rows[-1][0]) if len(found or ()) > limit else None,
    }


def every_use(start: Start, kinds: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    """Every unit, newest first, as it stood when this was begun; a few thousand in memory at a time."""
    with connection.chunked_cursor() as at:
        at.execute(reaching(start) + _EVERY, {**start.values, "kinds": list(kinds) or None})
        while rows := at.fetchmany(_ROWS_A_TIME):
            for serial, kind, definition, state, inferred, held in rows:
                found = {"serial": serial, "kind": kind, "definition": definition, "state": state}
                yield {**found, "is_held": held, "is_inferred": inferred}


def _cursor(last: int) -> str:
    return base64.urlsafe_b64encode(str(last).encode()).decode()


def _read_cursor(cursor: str) -> int | None:
    if not cursor:
        return None
    try:
        text = base64.urlsafe_b64decode(cursor.encode()).decode()
    except (ValueError, binascii.Error):
        text = ""
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise Refusal(WRONG_PARAMETER, "cursor: take it from next_cursor of the page before")
    return int(text)
