"""The rows of bench.trace: a plant's genealogy of any size, from bought lots to containers at data-centre sites.

Geometry of the LFP cell of fixtures/plant: a coated roll of 1,000 m takes 490 kg of a batch of 1,200 kg, so that
batches change within rolls, with a transition zone; the calender reverses and stretches it, the slitter makes four
lanes; a jelly roll takes 16 m of a cathode lane and of an anode lane, a cell two jelly rolls, a pack 104 cells, a
container 4 packs, and every step the lots of its bill. About fourteen links a cell. Units and lots come by COPY; links
and records follow from the units' numbers and are made from them by the server.
"""

# ruff: noqa: S608 - the statements are made of this module's own numbers
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from math import ceil
from typing import Any

from django.core.management import call_command
from django.db import connection, transaction
from django.utils import timezone

from lines.models import MaterialDefinition, Product, Route, RouteStep, Station
from lines.orders.serials import Serial, make_serial
from lines.records.copying import copy_rows

JELLIES_A_LANE, JELLY_M = 62, 16.0
LANES, COATED_M, STRETCH = 4, 1000.0, 1.005
ROLL_KG, BATCH_KG, TRANSITION_M = 490.0, 1200.0, 15.0
CELLS_A_PACK, PACKS_A_CONTAINER, TRAY_SLOTS = 104, 4, 256
# How many units one lot of a material serves; 33 batches with a lot of binder are some 10,000 cells.
UNITS_A_LOT = {"CARBON-BLACK": 100, "BINDER-PVDF": 33, "BINDER-SBR": 40, "AL-FOIL": 5, "CU-FOIL": 5, "SEPARATOR": 2000}
BATCHES_A_LOT, PIECES_A_LOT = 10, 3000
PRODUCT, SUPPLIER = "LFP-314", "Bench"
MEASURED = {"FORM": {"FOR-03": 190.0}, "GRADE": {"GRA-01": 320.0, "GRA-03": 0.55}}
_FIRST_DAY = date(2026, 1, 1)
_A_DAY = 900_000  # serials


@dataclass(frozen=True)
class Plant:
    """How many of each, and the first id of each; ids follow the numbers."""

    cells: int
    first: dict[str, int]
    counts: dict[str, int]

    def serial(self, definition: str, number: int) -> str:
        with connection.cursor() as cursor:
            cursor.execute("select serial from traceability_unit where id = %s", [self.first[definition] + number])
            (serial,) = cursor.fetchone()
        return str(serial)


def sizes(cells: int) -> dict[str, int]:
    """Units of each definition for so many cells."""
    lanes = ceil(2 * cells / JELLIES_A_LANE) + 1
    rolls = ceil(lanes / LANES)
    batches = ceil(rolls * ROLL_KG / BATCH_KG) + 1
    packs = cells // CELLS_A_PACK
    rolls_of = {f"{electrode}-{kind}": rolls for electrode in ("CATHODE", "ANODE") for kind in ("ROLL", "CAL")}
    return {
        **{"CATHODE-SLURRY": batches, "ANODE-SLURRY": batches, **rolls_of},
        **{"CATHODE-LANE": rolls * LANES, "ANODE-LANE": rolls * LANES, "LFP-JELLY": 2 * cells, "LFP-CELL": cells},
        **{"LFP-PACK": packs, "LFP-CONTAINER": packs // PACKS_A_CONTAINER},
    }


def plant_of(cells: int) -> Plant:
    """Where everything of a database of so many cells stands."""
    counts, first, at = sizes(cells), {}, 1
    for definition, count in counts.items():
        first[definition] = at
        at += count
    return Plant(cells, first, counts)


def seed(cells: int) -> None:
    """Fill an empty database."""
    for command in (["migrate", "-v0"], ["load_plant"], ["ensure_partitions"]):
        call_command(*command)
    # Before the last minutes, which the task that compares links with bills looks at again and again.
    plant, now = plant_of(cells), timezone.now() - timedelta(hours=1)
    with transaction.atomic(), connection.cursor() as cursor:
        # What refers to what is known to be there; the checks of eleven links a cell would take most of the time.
        cursor.execute("set local session_replication_role = replica")
        _units(plant, now)
        _records(plant, now)
        _lots(plant, now)
        for statement in _links(plant):
            cursor.execute(statement)
        _shipments(plant, now)
    with connection.cursor() as cursor:
        cursor.execute("vacuum analyze")


def _units(plant: Plant, now: datetime) -> None:
    product = Product.objects.get(code=PRODUCT)
    route = Route.objects.filter(product=product).order_by("-version")[0]
    definitions = MaterialDefinition.objects.in_bulk(list(plant.counts), field_name="code")
    columns = (
        *("id", "serial", "definition_id", "product_id", "state", "route_id", "last_test_passed", "length_m", "lanes"),
        *("mass_kg", "created_at", "updated_at"),
    )
    for code, count in plant.counts.items():
        definition = definitions[code]
        length = {"ROLL": COATED_M, "CAL": COATED_M * STRETCH, "LANE": COATED_M * STRETCH}.get(code.partition("-")[2])
        lanes = LANES if code.endswith(("-ROLL", "-CAL")) else None
        mass = BATCH_KG if code.endswith("SLURRY") else None
        state = "CONSUMED" if definition.uom == "pcs" and code != "LFP-CONTAINER" else "COMPLETED"
        copy_rows(
            "traceability_unit",
            columns,
            (
                (
                    plant.first[code] + n,
                    s,
                    definition.pk,
                    product.pk,
                    state,
                    route.pk,
                    True,
                    length,
                    lanes,
                    mass,
                    now,
                    now,
                )
                for n, s in enumerate(_serials(definition.design_code, count))
            ),
        )
    with connection.cursor() as cursor:
        cursor.execute("select setval('traceability_unit_id_seq', (select max(id) from traceability_unit))")


def _serials(design: str, count: int) -> Iterator[str]:
    for number in range(count):
        yield make_serial(Serial("SK", "1", design, _FIRST_DAY + timedelta(days=number // _A_DAY), number % _A_DAY))


_RECORD = """
insert into lines_operationrecord (id, post_id, station_id, operation, serial, product, attempt, started_at,
    source_time, received_at, machine_outcome, verdict, is_conforming, deviation_codes, reason_codes, recipe, operator,
    tray, slot, channel, grade, is_offline, entered_by, content_sha256)
select {id} + n.n, %(post)s, %(station)s, %(operation)s, u.serial, '{product}', 1,
    %(now)s - make_interval(secs => 60 + ({last} - n.n) * 2.0), %(now)s - make_interval(secs => ({last} - n.n) * 2.0),
    %(now)s, 'PASS', 'PASS', true, '{{}}', '{{}}', '', '', {tray}, {slot}, {channel}, '', false, '', repeat('0', 64)
from generate_series(0, {last}) as n (n) join traceability_unit u on u.id = {first} + n.n
"""
_FORMATION = {
    "tray": f"'T-' || lpad((n.n / {TRAY_SLOTS} %% 5000)::text, 4, '0')",
    "slot": f"n.n %% {TRAY_SLOTS} + 1",
    "channel": f"'FORM-1-R01-C' || lpad((n.n %% {TRAY_SLOTS} + 1)::text, 3, '0')",
}


def _records(plant: Plant, now: datetime) -> None:
    """A unit's first visit has its own id; the later ones of cells follow, an operation after the other."""
    post = _post(now)
    none = {"tray": "''", "slot": "null::int", "channel": "''"}
    with connection.cursor() as cursor:
        for step, first_id in records_of(plant).values():
            operation, definition = step.operation.code, step.definition.code
            place = _FORMATION if operation == "FORM" else none
            numbers = {"first": plant.first[definition], "last": plant.counts[definition] - 1, "id": first_id}
            station = Station.objects.filter(operations__code=operation).order_by("sequence")[0]
            wanted: dict[str, Any] = {"post": post, "station": station.pk, "operation": operation, "now": now}
            cursor.execute(_RECORD.format(product=PRODUCT, **numbers, **place), wanted)
        cursor.execute("select setval('lines_operationrecord_id_seq', (select max(id) from lines_operationrecord))")
        cursor.execute(
            "insert into traceability_trayplacement (unit_id, record_id, tray, slot, channel, source_time)"
            " select u.id, r.id, r.tray, r.slot, r.channel, r.source_time from lines_operationrecord r"
            " join traceability_unit u on u.serial = r.serial where r.operation = 'FORM'"
        )
        for operation, codes in MEASURED.items():
            for sequence, (code, target) in enumerate(codes.items()):
                cursor.execute(
                    "insert into lines_measurement (received_at, record_id, sequence, characteristic, value, unit,"
                    " position, source_time, judgement, is_derived)"
                    " select received_at, id, %s, %s, %s * (1 + 0.0001 * (id %% 97)), '-', '', source_time, 1, false"
                    " from lines_operationrecord where operation = %s",
                    [sequence, code, target, operation],
                )


def steps_of() -> list[RouteStep]:
    """Of the product's newest route, those that every unit passes."""
    route = Route.objects.filter(product__code=PRODUCT).order_by("-version")[0]
    steps = (
        route.steps.select_related("operation", "definition").prefetch_related("bill__material").order_by("sequence")
    )
    return [step for step in steps if step.sample_every == 1]


def records_of(plant: Plant) -> dict[str, tuple[RouteStep, int]]:
    """By operation: its step, and the id of the record of unit 0."""
    found: dict[str, tuple[RouteStep, int]] = {}
    begun: set[str] = set()
    following = sum(plant.counts.values()) + 1
    for step in steps_of():
        code = step.definition.code
        if code not in begun:
            begun.add(code)
            found[step.operation.code] = step, plant.first[code]
        else:
            found[step.operation.code] = step, following
            following += plant.counts[code]
    return found


def _post(now: datetime) -> int:
    station = Station.objects.order_by("sequence")[0]
    post = station.posts.create(key="seed", body_sha256="0" * 64, received_at=now, status_code=201, answer="{}")
    return int(post.pk)


def _lots(plant: Plant, now: datetime) -> None:
    """Lot n of a material is named MATERIAL-n; ids in the order of `_lot_counts`."""
    materials = MaterialDefinition.objects.in_bulk(field_name="code")
    columns = ("id", "supplier", "number", "material_id", "material_code", "state", "created_at")
    copy_rows(
        "traceability_lot",
        columns,
        (
            (first + n, SUPPLIER, f"{code}-{n}", materials[code].pk, code, "RELEASED", now)
            for code, (first, count) in lots_of(plant).items()
            for n in range(count)
        ),
    )
    with connection.cursor() as cursor:
        cursor.execute("select setval('traceability_lot_id_seq', (select max(id) from traceability_lot))")


def lot_items(plant: Plant) -> list[tuple[str, str, float, str, int]]:
    """Definition, material, quantity, unit of measure and id of the record of unit 0, of all that is bought."""
    return [
        (step.definition.code, item.material.code, item.quantity, item.material.uom, record)
        for step, record in records_of(plant).values()
        for item in step.bill.all()
        if item.material.code not in plant.counts
    ]


def _per_lot(definition: str, material: str) -> int:
    return UNITS_A_LOT.get(material, BATCHES_A_LOT if definition.endswith("SLURRY") else PIECES_A_LOT)


def lots_of(plant: Plant) -> dict[str, tuple[int, int]]:
    """First id and count of each material's lots."""
    wanted: dict[str, int] = {}
    for definition, material, *_ in lot_items(plant):
        lots = plant.counts[definition] // _per_lot(definition, material) + 1
        wanted[material] = max(wanted.get(material, 0), lots)
    found, at = {}, 1
    for material, count in wanted.items():
        found[material] = (at, count)
        at += count
    return found


_COLUMNS = {
    **{"output_id": "", "record_id": "", "input_unit_id": "null::bigint", "input_lot_id": "null::bigint"},
    **{"quantity": "null::float8", "uom": "''", "position": "null::int", "lane": "null::int"},
    **dict.fromkeys(("from_m", "to_m", "own_from_m", "own_to_m", "delta_m"), "null::float8"),
    **dict.fromkeys(("is_reversed", "is_flipped", "is_mirrored"), "false"),
    "basis": "'RECORDED'",
}


def _link(source: str, **columns: object) -> str:
    """One link for each row of `source`; the columns as SQL."""
    values = {**_COLUMNS, **{name: str(value) for name, value in columns.items()}}
    names, wanted = ", ".join(values), ", ".join(values.values())
    return f"insert into traceability_genealogylink ({names}) select {wanted} from {source}"


def _numbers(count: int) -> str:
    return f"generate_series(0, {count - 1}) as n (n)"


def _links(plant: Plant) -> Iterator[str]:
    lots, records, first, counts = lots_of(plant), records_of(plant), plant.first, plant.counts
    for definition, material, quantity, uom, record in lot_items(plant):
        lot = f"{lots[material][0]} + n / {_per_lot(definition, material)}"
        yield _link(
            _numbers(counts[definition]),
            **{"output_id": f"{first[definition]} + n", "record_id": f"{record} + n", "input_lot_id": lot},
            **{"quantity": quantity, "uom": f"'{uom}'"},
        )
    for electrode in ("CATHODE", "ANODE"):
        yield from _electrode_links(plant, electrode)
    for operation, inputs, each in (
        ("WELD", "LFP-JELLY", 2),
        ("PACK", "LFP-CELL", CELLS_A_PACK),
        ("CONT", "LFP-PACK", PACKS_A_CONTAINER),
    ):
        step, record = records[operation]
        output = step.definition.code
        yield _link(
            _numbers(counts[output] * each),
            **{"output_id": f"{first[output]} + n / {each}", "record_id": f"{record} + n / {each}"},
            **{"input_unit_id": f"{first[inputs]} + n", "position": f"n % {each} + 1"},
        )


def _electrode_links(plant: Plant, electrode: str) -> Iterator[str]:
    """From batches to jelly rolls; first records of a unit have its id."""
    slurry, roll, cal, lane = (plant.first[f"{electrode}-{kind}"] for kind in ("SLURRY", "ROLL", "CAL", "LANE"))
    rolls, length, kg_a_m = plant.counts[f"{electrode}-ROLL"], COATED_M * STRETCH, ROLL_KG / COATED_M
    # Each batch over its metres of each roll it was coated on, into the transition zone on both sides.
    yield _link(
        f"{_numbers(rolls)}, generate_series(floor(n * {ROLL_KG} / {BATCH_KG})::int,"
        f" ceil((n + 1) * {ROLL_KG} / {BATCH_KG})::int - 1) as b (b), lateral (select"
        f" greatest(0, (b * {BATCH_KG} - n * {ROLL_KG}) / {kg_a_m}) as since,"
        f" least({COATED_M}, ((b + 1) * {BATCH_KG} - n * {ROLL_KG}) / {kg_a_m}) as till) as range",
        **{"output_id": f"{roll} + n", "record_id": f"{roll} + n", "input_unit_id": f"{slurry} + b"},
        **{"quantity": f"(till - since) * {kg_a_m}", "uom": "'kg'"},
        own_from_m=f"greatest(0, since - {TRANSITION_M})",
        own_to_m=f"least({COATED_M}, till + {TRANSITION_M})",
    )
    yield _link(
        _numbers(rolls),
        **{"output_id": f"{cal} + n", "record_id": f"{cal} + n", "input_unit_id": f"{roll} + n", "uom": "'m'"},
        **{"quantity": COATED_M, "from_m": 0, "to_m": COATED_M, "own_from_m": 0, "own_to_m": length},
        **{"delta_m": 0.5, "is_reversed": "true", "is_flipped": "true"},
    )
    yield _link(
        _numbers(rolls * LANES),
        **{"output_id": f"{lane} + n", "record_id": f"{lane} + n", "input_unit_id": f"{cal} + n / {LANES}"},
        **{"quantity": length, "uom": "'m'", "lane": f"n % {LANES} + 1", "delta_m": 0.1},
        **{"from_m": 0, "to_m": length, "own_from_m": 0, "own_to_m": length},
    )
    # The anode's lanes change half a lane later than the cathode's.
    jelly, k = plant.first["LFP-JELLY"], "n" if electrode == "CATHODE" else f"(n + {JELLIES_A_LANE // 2})"
    at = f"({k} % {JELLIES_A_LANE} * {JELLY_M})::float8"
    yield _link(
        _numbers(plant.counts["LFP-JELLY"]),
        **{
            "output_id": f"{jelly} + n",
            "record_id": f"{jelly} + n",
            "input_unit_id": f"{lane} + {k} / {JELLIES_A_LANE}",
        },
        **{"quantity": JELLY_M, "uom": "'m'", "from_m": at, "to_m": f"{at} + {JELLY_M}", "delta_m": 0.1},
    )


def _shipments(plant: Plant, now: datetime) -> None:
    """Every other container is at a site."""
