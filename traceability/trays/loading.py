"""Units into slots, out of them, and from one to another: a whole tray in one transaction, all of it or nothing.

Every request says how things are to be, so the same request again changes nothing. The unique indexes of TrayLoad
decide between two that come at once; who is second is told why by the same codes as who came later.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.utils import timezone

from lines.errors import BUSY, Code, Refusal, as_json
from lines.models import Station
from lines.people.actors import acting
from lines.records.refusing import keeping_refused, wait_for
from lines.stations.body import Fields, read_json
from traceability.errors import UNIT_NOT_FOUND
from traceability.holds.covering import Seen
from traceability.holds.extending import extend_holds
from traceability.trays import errors
from traceability.trays.bodies import (
    Load,
    Swap,
    Unload,
    Wanted,
    read_load,
    read_move,
    read_swap,
    read_tray,
    read_unload,
)
from traceability.trays.queries import show_tray

LONGEST_ACTOR = 120
_GONE = ("CONSUMED", "RETURNED", "SHIPPED")


@dataclass(frozen=True, slots=True)
class _Unit:
    id: int
    serial: str
    state: str
    tray_slots: int | None  # of its product


@dataclass(frozen=True, slots=True)
class _Open:
    """A unit in a slot now."""

    id: int
    tray: str
    slot: int
    channel: str
    unit_id: int
    serial: str

    @property
    def place(self) -> str:
        return f"{self.tray} slot {self.slot}"


def _units(serials: Collection[str]) -> dict[str, _Unit]:
    """Locked against becoming part of another unit meanwhile; in the order in which results lock them."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select u.id, u.serial, u.state, p.tray_slots from traceability_unit u"
            " left join lines_product p on p.id = u.product_id where u.serial = any(%s)"
            " order by u.serial for share of u",
            [list(serials)],
        )
        return {row[1]: _Unit(*row) for row in cursor.fetchall()}


def _hold_still(tray: str) -> None:
    """Lock what is in this tray as `_units` does; what becomes part of another unit leaves it by that."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select u.id from traceability_unit u join traceability_trayload t on t.unit_id = u.id"
            " where t.tray = %s and t.unloaded_at is null order by u.serial for share of u",
            [tray],
        )


def _open(tray: str, unit_ids: Collection[int], channels: Collection[str] = ()) -> list[_Open]:
    """What is in this tray, where these units are, and what is on these channels."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select t.id, t.tray, t.slot, t.channel, t.unit_id, u.serial from traceability_trayload t"
            " join traceability_unit u on u.id = t.unit_id where t.unloaded_at is null"
            " and (t.tray = %s or t.unit_id = any(%s) or (t.channel <> '' and t.channel = any(%s))) order by t.id",
            [tray, list(unit_ids), list(channels)],
        )
        return [_Open(*row) for row in cursor.fetchall()]


def _close(loads: Collection[_Open], actor: str, now: datetime) -> bool:
    """False where somebody else was first."""
    if not loads:
        return True
    with connection.cursor() as cursor:
        cursor.execute(
            "update traceability_trayload set unloaded_at = %s, unloaded_by = %s"
            " where id = any(%s) and unloaded_at is null",
            [now, actor[:LONGEST_ACTOR], [load.id for load in loads]],
        )
        return bool(cursor.rowcount == len(loads))


def _insert(tray: str, rows: Sequence[tuple[int, int, str]], actor: str, now: datetime) -> bool:
    """(unit, slot, channel) of each; False where somebody else was first."""
    ordered = sorted(rows)  # one order for everybody
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into traceability_trayload (tray, slot, channel, unit_id, loaded_at, loaded_by, unloaded_by)"
            " select %s, slot, channel, unit_id, %s, %s, ''"
            " from unnest(%s::bigint[], %s::int[], %s::text[]) as new (unit_id, slot, channel) on conflict do nothing",
            [tray, now, actor[:LONGEST_ACTOR], *([row[column] for row in ordered] for column in range(3))],
        )
        return bool(cursor.rowcount == len(rows))


@dataclass(frozen=True, slots=True)
class _Plan:
    closed: list[_Open]
    added: list[tuple[int, int, str]]  # unit, slot, channel
    wrong: list[tuple[Wanted, Code, str]]


def _plan(tray: str, load: Load, units: Mapping[str, _Unit], found: Sequence[_Open]) -> _Plan:
    """What has to change, and what stands against it."""
    by_unit = {each.unit_id: each for each in found}
    in_slot = {each.slot: each for each in found if each.tray == tray}
    on_channel = {each.channel: each for each in found if each.channel}

    def is_in_place(wanted: Wanted, here: _Open) -> bool:
        return (here.tray, here.slot) == (tray, wanted.slot)

    def is_as_wanted(wanted: Wanted, here: _Open) -> bool:
        return is_in_place(wanted, here) and wanted.channel in ("", here.channel)

    # Units that make room: they move, or stay in their slot and change the channel.
    leaving = set()
    for wanted in load.units:
        here = by_unit.get(units[wanted.serial].id) if wanted.serial in units else None
        if here and not is_as_wanted(wanted, here) and (load.may_move or is_in_place(wanted, here)):
            leaving.add(here.unit_id)
    plan = _Plan([], [], [])
    for wanted in load.units:
        unit = units.get(wanted.serial)
        if unit is None:
            plan.wrong.append((wanted, UNIT_NOT_FOUND, wanted.serial))
            continue
        here = by_unit.get(unit.id)
        if here and is_as_wanted(wanted, here):
            continue
        other, neighbour = in_slot.get(wanted.slot), on_channel.get(wanted.channel)
        if unit.state in _GONE:
            plan.wrong.append((wanted, errors.UNIT_GONE, f"{unit.serial}: {unit.state}"))
        elif unit.tray_slots is not None and wanted.slot > unit.tray_slots:
            plan.wrong.append((wanted, errors.SLOT_BEYOND, f"slot {wanted.slot} of {unit.tray_slots}"))
        elif here and not is_in_place(wanted, here) and not load.may_move:
            plan.wrong.append((wanted, errors.UNIT_ELSEWHERE, f"{unit.serial}: {here.place}"))
        elif other and other.unit_id != unit.id and other.unit_id not in leaving:
            plan.wrong.append((wanted, errors.SLOT_TAKEN, f"slot {other.slot}: {other.serial}"))
        elif neighbour and neighbour.unit_id != unit.id and neighbour.unit_id not in leaving:
            detail = f"{neighbour.channel}: {neighbour.serial} in {neighbour.place}"
            plan.wrong.append((wanted, errors.CHANNEL_TAKEN, detail))
        else:
            if here:
                plan.closed.append(here)
            plan.added.append((unit.id, wanted.slot, wanted.channel))
    return plan


def _refuse(wrong: Sequence[tuple[Wanted, Code, str]]) -> None:
    """With the first code, and every unit that has one."""
    if wrong:
        items = [{"serial": wanted.serial, "error": as_json(code, detail)} for wanted, code, detail in wrong]
        raise Refusal(wrong[0][1], wrong[0][2], items=items)


def put(tray: str, load: Load, actor: str, now: datetime) -> int:
    """Inside a transaction that waits for this tray: how many units came, moved or changed their channel."""
    units = _units([wanted.serial for wanted in load.units])
    unit_ids = [unit.id for unit in units.values()]
    channels = [wanted.channel for wanted in load.units if wanted.channel]
    plan = _plan(tray, load, units, _open(tray, unit_ids, channels))
    _refuse(plan.wrong)
    if not _close(plan.closed, actor, now) or (plan.added and not _insert(tray, plan.added, actor, now)):
        _refuse(_plan(tray, load, units, _open(tray, unit_ids, channels)).wrong)
        raise Refusal(BUSY, tray, retry_after_s=1)  # who was first is gone again
    # A tray on hold holds what comes into it.
    extend_holds([Seen(unit_id, "", now) for unit_id, _, _ in plan.added], (), station_id=None, tray=tray, now=now)
    return len(plan.added)


def take_out(tray: str, unload: Unload, actor: str, now: datetime) -> int:
    """How many units left. One that is in no tray is out already; one that is in another tray stays there."""
    units = _units(unload.serials)
    found = _open(tray, [unit.id for unit in units.values()])
    wrong: list[tuple[Wanted, Code, str]] = []
    for serial in unload.serials:
        here = next((each for each in found if each.serial == serial), None)
        if serial not in units:
            wrong.append((Wanted(serial, 0), UNIT_NOT_FOUND, serial))
        elif here is not None and here.tray != tray:
            wrong.append((Wanted(serial, 0), errors.UNIT_ELSEWHERE, f"{serial}: {here.place}"))
    _refuse(wrong)
    serials, slots = set(unload.serials), set(unload.slots)
    leaving = [e for e in found if e.tray == tray and (unload.is_all or e.serial in serials or e.slot in slots)]
    if not _close(leaving, actor, now):
        raise Refusal(BUSY, tray, retry_after_s=1)
    return len(leaving)


def swap(tray: str, wanted: Swap, actor: str, now: datetime) -> int:
    """Each of two units into the slot, and onto the channel, of the other; nothing where that is done already."""
    _hold_still(tray)
    in_slot = {each.slot: each for each in _open(tray, ())}
    here = [in_slot.get(slot) for slot in wanted.slots]
    serials = tuple(each.serial if each else "" for each in here)
    if serials == wanted.serials[::-1]:
        return 0
    if serials != wanted.serials or here[0] is None or here[1] is None:
        raise Refusal(errors.SLOTS_DIFFER, f"slots {wanted.slots[0]} and {wanted.slots[1]}: {serials}")
    crossed = [(here[1].unit_id, here[0].slot, here[0].channel), (here[0].unit_id, here[1].slot, here[1].channel)]
    if not _close([here[0], here[1]], actor, now) or not _insert(tray, crossed, actor, now):
        raise Refusal(BUSY, tray, retry_after_s=1)
    return 2


def undock(tray: str, actor: str, now: datetime) -> int:
    """The tray leaves its channels: they are free for the next one, the units stay in their slots."""
    _hold_still(tray)
    docked = [each for each in _open(tray, ()) if each.tray == tray and each.channel]
    rows = [(each.unit_id, each.slot, "") for each in docked]
    if docked and not (_close(docked, actor, now) and _insert(tray, rows, actor, now)):
        raise Refusal(BUSY, tray, retry_after_s=1)
    return len(docked)


def change_tray(verb: str, tray: str, *, actor: str, station: Station | None, path: str, raw: bytes) -> dict[str, Any]:
    """`load`, `move`, `unload`, `swap` or `undock` as a request says, and the tray as it is then.

    Raises Refusal, after putting the body into quarantine.
    """
    now = timezone.now()
    with keeping_refused(station, path=path, body=raw, received_at=now):
        name = read_tray(tray)
        body = read_json(raw) if raw or verb != "undock" else {}
        with acting(actor):
            changed = _change(verb, name, body, actor, now)
            return {**show_tray(name), "n_changed": changed}


def _change(verb: str, tray: str, body: Fields, actor: str, now: datetime) -> int:
    wait_for(f"tray:{tray}")
    if verb == "load":
        return put(tray, read_load(body), actor, now)
    if verb == "move":
        return put(tray, read_move(body), actor, now)
    if verb == "unload":
        return take_out(tray, read_unload(body), actor, now)
    if verb == "swap":
        return swap(tray, read_swap(body), actor, now)
    return undock(tray, actor, now)
