"""What sits in which slot of which tray, now and before."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from traceability.trays.standing import Place


@dataclass(frozen=True, slots=True)
class LoadedSlot:
    """A slot with a unit in it."""

    slot: int
    channel: str  # empty: none
    unit_id: int
    serial: str
    loaded_at: datetime
    loaded_by: str


_SLOTS = """
select t.slot, t.channel, t.unit_id, u.serial, t.loaded_at, t.loaded_by
from traceability_trayload t join traceability_unit u on u.id = t.unit_id
where t.tray = %s and t.unloaded_at is null order by t.slot
"""


def slots(tray: str) -> list[LoadedSlot]:
    """What is in the tray now, in order of slots; one statement."""
    with connection.cursor() as cursor:
        cursor.execute(_SLOTS, [tray])
        return [LoadedSlot(*row) for row in cursor.fetchall()]


def now_in(unit_ids: Collection[int]) -> dict[int, Place]:
    """Tray, slot and channel of each of these units; one statement. No entry: it is in no tray."""
    found: dict[int, Place] = {}
    if not unit_ids:
        return found
    with connection.cursor() as cursor:
        cursor.execute(
            "select unit_id, tray, slot, channel from traceability_trayload"
            " where unloaded_at is null and unit_id = any(%s)",
            [list(unit_ids)],
        )
        for unit_id, tray, slot, channel in cursor.fetchall():
            found[unit_id] = (tray, slot, channel)
    return found


_SHOWN = """
select t.slot, t.channel, u.serial, u.state, t.loaded_at, t.loaded_by,
       exists (select 1 from traceability_holdunit h where h.unit_id = u.id and h.released_at is null)
from traceability_trayload t join traceability_unit u on u.id = t.unit_id
where t.tray = %s and t.unloaded_at is null order by t.slot
"""


def show_tray(tray: str) -> dict[str, Any]:
    """A tray as the API tells it. One that nobody ever loaded is an empty one: trays are not master data."""
    with connection.cursor() as cursor:
        cursor.execute(_SHOWN, [tray])
        rows = cursor.fetchall()
    return {
        "tray": tray,
        "slots": [
            {
                "slot": slot,
                "channel": channel,
                "serial": serial,
                "state": state,
                "is_held": is_held,
                "loaded_at": loaded_at.isoformat(),
                "loaded_by": loaded_by,
            }
            for slot, channel, serial, state, loaded_at, loaded_by, is_held in rows
        ],
    }


def loads_of(unit_ids: Collection[int], tray: str) -> tuple[dict[int, Place], dict[int, str]]:
    """Where these units are now, and what is in the slots of the tray (slot: serial); one statement."""
    of_unit: dict[int, Place] = {}
    in_slot: dict[int, str] = {}
    wanted = set(unit_ids)
    with connection.cursor() as cursor:
        cursor.execute(
            "select t.unit_id, t.tray, t.slot, t.channel, u.serial from traceability_trayload t"
            " join traceability_unit u on u.id = t.unit_id"
            " where t.unloaded_at is null and (t.unit_id = any(%s) or t.tray = %s)",
            [list(wanted), tray],
        )
        for unit_id, loaded_tray, slot, channel, serial in cursor.fetchall():
            if unit_id in wanted:
                of_unit[unit_id] = (loaded_tray, slot, channel)
            if loaded_tray == tray:
                in_slot[slot] = serial
    return of_unit, in_slot
