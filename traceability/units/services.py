"""Units: first sight, moves along the route; lots that nobody announced."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from lines.records.prepared import prepared_cursor


@dataclass(frozen=True, slots=True)
class NewUnit:
    """A serial seen for the first time; the ids are None where no rule knows the serial."""

    serial: str
    definition_id: int | None
    product_id: int | None
    next_step_id: int | None
    route_id: int | None
    work_order_id: int | None

    @property
    def begins(self) -> tuple[int | None, int | None, int | None]:
        return self.next_step_id, self.route_id, self.work_order_id


def create_units(units: Collection[NewUnit], now: datetime) -> dict[str, int]:
    """Insert those that nobody else has inserted meanwhile; returns the ids of the new ones by serial."""
    ordered = sorted(units, key=lambda unit: unit.serial)  # one order for everybody: no deadlock
    with prepared_cursor() as cursor:
        cursor.execute(
            "insert into traceability_unit"
            " (serial, definition_id, product_id, state, next_step_id, route_id, work_order_id, created_at, updated_at)"
            " select serial, definition_id, product_id, 'IN_PROCESS', next_step_id, route_id, work_order_id, %s, %s"
            " from unnest(%s::text[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[])"
            " as new (serial, definition_id, product_id, next_step_id, route_id, work_order_id)"
            " on conflict (serial) do nothing returning serial, id",
            [
                now,
                now,
                [u.serial for u in ordered],
                [u.definition_id for u in ordered],
                [u.product_id for u in ordered],
                [u.next_step_id for u in ordered],
                [u.route_id for u in ordered],
                [u.work_order_id for u in ordered],
            ],
        )
        return dict(cursor.fetchall())


@dataclass(frozen=True, slots=True)
class UnitChange:
    """A unit after a visit. None for length or mass: unchanged. `test`: a word of the interlock's said_by_test."""

    unit_id: int
    state: str
    next_step_id: int | None
    test: str
    length_m: float | None
    mass_kg: float | None
    grade: str = ""  # empty: unchanged
    lanes: int | None = None  # None: unchanged


def apply_changes(changes: Sequence[UnitChange], now: datetime) -> None:
    with prepared_cursor() as cursor:
        cursor.execute(
            "update traceability_unit u set state = c.state, next_step_id = c.next_step_id,"
            " last_test_passed = case c.test when 'PASS' then true when 'FAIL' then false"
            " when 'VOID' then nullif(u.last_test_passed, true) else u.last_test_passed end,"
            " length_m = coalesce(c.length_m, u.length_m),"
            " lanes = coalesce(c.lanes, u.lanes),"
            " mass_kg = coalesce(c.mass_kg, u.mass_kg), grade = coalesce(nullif(c.grade, ''), u.grade), updated_at = %s"
            " from unnest(%s::bigint[], %s::text[], %s::bigint[], %s::text[], %s::float8[], %s::float8[], %s::text[],"
            " %s::int[]) as c (id, state, next_step_id, test, length_m, mass_kg, grade, lanes) where u.id = c.id",
            [
                now,
                [c.unit_id for c in changes],
                [c.state for c in changes],
                [c.next_step_id for c in changes],
                [c.test for c in changes],
                [c.length_m for c in changes],
                [c.mass_kg for c in changes],
                [c.grade for c in changes],
                [c.lanes for c in changes],
            ],
        )


def consume(unit_ids: Collection[int], now: datetime) -> None:
    """These units are part of others from now on, and in no tray. A scrapped one stays scrapped: that is the news."""
    if not unit_ids:
        return
    with prepared_cursor() as cursor:
        cursor.execute(
            "with taken as (update traceability_trayload set unloaded_at = %(now)s,"
            " unloaded_by = coalesce(current_setting('denchi.actor', true), '')"
            " where unit_id = any(%(ids)s) and unloaded_at is null)"
            " update traceability_unit set state = 'CONSUMED', next_step_id = null, updated_at = %(now)s"
            " where id = any(%(ids)s) and state <> 'SCRAPPED'",
            {"now": now, "ids": list(unit_ids)},
        )


def create_first_seen_lots(lots: Collection[tuple[str, str, str, int | None]], now: datetime) -> None:
    """(supplier, number, material code as posted, material id) of lots nobody announced; others' rows stay."""
    with prepared_cursor() as cursor:
        ordered = sorted(lots, key=lambda lot: lot[:2])
        cursor.execute(
            "insert into traceability_lot (supplier, number, material_code, material_id, state, created_at)"
            " select supplier, number, material_code, material_id, 'UNKNOWN', %s"
            " from unnest(%s::text[], %s::text[], %s::text[], %s::bigint[])"
            " as new (supplier, number, material_code, material_id) on conflict (supplier, number) do nothing",
            [now, *([lot[column] for lot in ordered] for column in range(4))],
        )
