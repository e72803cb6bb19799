"""What bench.trace asks, as the product asks it and as SQL written by hand for the same units."""

from collections.abc import Callable

from django.db import connection
from django.test import Client

from bench.trace import Question
from bench.trace_rows import Plant, lots_of
from lines.models import Person
from lines.people.models import Role
from traceability.genealogy.starts import read_start, where_used
from traceability.genealogy.walking import Walk, link_page
from traceability.models import Lot
from traceability.recall.asked import AskedSuspect
from traceability.recall.queries import traced
from traceability.recall.suspects import look_up

_MADE_OF = """
with recursive behind (id) as (
    select %(unit)s::bigint
    union select l.input_unit_id from traceability_currentlink l join behind on l.output_id = behind.id
    where l.input_unit_id is not null
)
select l.id, o.serial, i.serial, t.supplier, t.number, l.quantity, l.uom, l.position, l.lane, l.from_m, l.to_m,
       r.operation, r.source_time, s.code
from behind join traceability_currentlink l on l.output_id = behind.id
join traceability_unit o on o.id = l.output_id
left join traceability_unit i on i.id = l.input_unit_id
left join traceability_lot t on t.id = l.input_lot_id
join lines_operationrecord r on r.id = l.record_id
join lines_station s on s.id = r.station_id order by l.id
"""
_OF_LOT = """
with recursive batch (id) as (
    select l.output_id from traceability_currentlink l where l.input_lot_id = %(lot)s
), coated as (
    select l.output_id as id, l.own_from_m as from_m, l.own_to_m as to_m
    from batch join traceability_currentlink l on l.input_unit_id = batch.id
), lane as (
    select l.output_id as id, (c.to_m - coated.to_m) * s.stretch as from_m, (c.to_m - coated.from_m) * s.stretch as to_m
    from coated join traceability_currentlink c on c.input_unit_id = coated.id
    join traceability_currentlink l on l.input_unit_id = c.output_id,
    lateral (select (c.own_to_m - c.own_from_m) / (c.to_m - c.from_m) as stretch) s
), piece as (
    select distinct l.output_id as id from lane join traceability_currentlink l on l.input_unit_id = lane.id
    and l.from_m < lane.to_m + 1 and l.to_m > lane.from_m - 1
), whole (id) as (
    select id from piece
    union select l.output_id from whole join traceability_currentlink l on l.input_unit_id = whole.id
), all_of (id) as (
    select id from batch union select id from coated
    union select l.output_id from coated join traceability_currentlink l on l.input_unit_id = coated.id
    union select id from lane union select id from whole
)
select d.code, count(*), min(u.id) from all_of join traceability_unit u on u.id = all_of.id
join lines_materialdefinition d on d.id = u.definition_id group by 1
"""
_OF_RANGE = """
with recursive lane as (
    select l.output_id as id, (c.to_m - %(to_m)s) * s.stretch as from_m, (c.to_m - %(from_m)s) * s.stretch as to_m,
           c.output_id as cal
    from traceability_currentlink c join traceability_genealogylink l on l.input_unit_id = c.output_id,
    lateral (select (c.own_to_m - c.own_from_m) / (c.to_m - c.from_m) as stretch) s
    where c.input_unit_id = %(roll)s and l.lane = %(lane)s
), piece as (
    select distinct l.output_id as id from lane join traceability_currentlink l on l.input_unit_id = lane.id
    and l.from_m < lane.to_m + 0.8 and l.to_m > lane.from_m - 0.8
), whole (id) as (
    select id from piece
    union select l.output_id from whole join traceability_currentlink l on l.input_unit_id = whole.id
), all_of (id) as (select cal from lane union select id from lane union select id from whole)
select d.code, count(*), min(u.id) from all_of join traceability_unit u on u.id = all_of.id
join lines_materialdefinition d on d.id = u.definition_id group by 1
"""
_HISTORY = """
select r.*, s.code, (select json_agg(m.*) from lines_measurement m
    where m.record_id = r.id and m.received_at = r.received_at)
from lines_operationrecord r join lines_station s on s.id = r.station_id where r.serial = %(serial)s order by r.id
"""
_SEARCH = "select id, serial, state from traceability_unit where serial = %(serial)s"


def _rows(sql: str, **parameters: object) -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)  # type: ignore[arg-type]  # any value that psycopg takes
        return len(cursor.fetchall())


def _sum(sql: str, **parameters: object) -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)  # type: ignore[arg-type]  # see above
        return sum(row[1] for row in cursor.fetchall())


def _page(client: Client, address: str) -> Callable[[], int]:
    def open_page() -> int:
        response = client.get(address, follow=True)
        assert response.status_code == 200, response.status_code  # noqa: S101 - a benchmark of an error is none
        return 1

    return open_page


def _signed_in() -> Client:
    client = Client(headers={"host": "localhost"})
    client.force_login(Person.objects.filter(role=Role.QUALITY)[0])
    return client


def questions(plant: Plant) -> list[Question]:
    client = _signed_in()
    first_lot, count = lots_of(plant)["BINDER-PVDF"]
    lot = first_lot + count // 2
    pack = plant.first["LFP-PACK"] + plant.counts["LFP-PACK"] // 2
    roll = plant.counts["CATHODE-ROLL"] // 2
    roll_id, roll_serial = plant.first["CATHODE-ROLL"] + roll, plant.serial("CATHODE-ROLL", roll)
    cell = plant.serial("LFP-CELL", plant.cells // 2)
    metres = {"from_m": 400.0, "to_m": 420.0, "lane": 2}
    in_words = {"kind": "range", "serial": roll_serial, "from_m": "400", "to_m": "420", "lane": "2"}

    def of_start(**words: str) -> int:
        return int(where_used(read_start(words), (), 100)["n_units"])

    def recall() -> int:
        whole = Lot.objects.get(pk=lot)
        with traced(look_up(AskedSuspect("LOT", supplier=whole.supplier, lot=whole.number))) as found:
            return found.n_units

    return [
        Question(
            "made-of of a pack, down to its lots: links",
            lambda: link_page(Walk(pack), 500).n_links,
            lambda: _rows(_MADE_OF, unit=pack),
            50,
        ),
        Question(
            "where-used of a lot in 10,000 cells: units",
            lambda: of_start(kind="lot", lot=str(lot)),
            lambda: _sum(_OF_LOT, lot=lot),
            250,
        ),
        Question(
            "20 m of one lane of a coated roll: units",
            lambda: of_start(**in_words),
            lambda: _sum(_OF_RANGE, roll=roll_id, **metres),
            50,
        ),
        Question(
            "history of a cell: its page",
            _page(client, f"/units/{cell}/"),
            lambda: min(1, _rows(_HISTORY, serial=cell)),
        ),
        Question("search of a serial", _page(client, f"/search/?q={cell}"), lambda: _rows(_SEARCH, serial=cell)),
        Question("recall of that lot, with completeness: units", recall, lambda: _sum(_OF_LOT, lot=lot)),
    ]
