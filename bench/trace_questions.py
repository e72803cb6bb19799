"""What bench.trace asks, as the product asks it and as SQL written by hand for the same units."""

import tempfile
from collections.abc import Callable

import pyarrow as pa
import pyarrow.parquet as pq
from django.db import connection, transaction
from django.test import Client

from bench.trace import Question
from bench.trace_rows import Plant, lots_of
from lines.models import MaterialDefinition, Person
from lines.people.models import Role
from mes.search.queries import find
from traceability.completeness.queries import missing_behind
from traceability.genealogy.starts import read_start, where_used
from traceability.genealogy.walking import Walk, link_page
from traceability.models import Lot
from traceability.recall.asked import AskedSuspect
from traceability.recall.previewing import answer
from traceability.units.queries import show_unit
from traceability.wide.asked import read_table
from traceability.wide.selecting import file_pieces, table

WIDE_UNITS = 100_000
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
# So that there is something to find: each hundredth cell says nothing of its electrolyte.
_UNTOLD = """
insert into traceability_missinglink (unit_id, material_id, needed, found, last_at)
select u.id, m.id, 1, 0, now() from traceability_unit u, lines_materialdefinition m
where u.definition_id = %(cell)s and u.id %% 100 = 0 and m.code = 'ELECTROLYTE-LFP'
and not exists (select 1 from traceability_missinglink)
"""
_MISSING = """
with recursive behind (id) as (
    select %(unit)s::bigint
    union select l.input_unit_id from traceability_currentlink l join behind on l.output_id = behind.id
    where l.input_unit_id is not null
)
select u.serial, m.needed, m.found from behind join traceability_missinglink m on m.unit_id = behind.id
join traceability_unit u on u.id = m.unit_id
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
    select distinct n.output_id as id from lane cross join lateral (
        select l.output_id from traceability_currentlink l where l.input_unit_id = lane.id
        and l.from_m < lane.to_m + 1 and l.to_m > lane.from_m - 1 offset 0) n
), whole (id) as (
    select id from piece
    union select n.output_id from whole cross join lateral (
        select l.output_id from traceability_currentlink l where l.input_unit_id = whole.id offset 0) n
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
    select distinct n.output_id as id from lane cross join lateral (
        select l.output_id from traceability_currentlink l where l.input_unit_id = lane.id
        and l.from_m < lane.to_m + 0.8 and l.to_m > lane.from_m - 0.8 offset 0) n
), whole (id) as (
    select id from piece
    union select n.output_id from whole cross join lateral (
        select l.output_id from traceability_currentlink l where l.input_unit_id = whole.id offset 0) n
), all_of (id) as (select cal from lane union select id from lane union select id from whole)
select d.code, count(*), min(u.id) from all_of join traceability_unit u on u.id = all_of.id
join lines_materialdefinition d on d.id = u.definition_id group by 1
"""
# The same units with where each is now: its container and site.
_WHERE_IT_IS = """, up as (
    select a.id, a.id as top, 0 as level from all_of a
    union all select up.id, n.output_id, level + 1 from up cross join lateral (
        select l.output_id from traceability_currentlink l where l.input_unit_id = up.top offset 0) n
    where exists (select 1 from traceability_unit x join lines_materialdefinition d on d.id = x.definition_id
                  where x.id = up.id and d.code in ('LFP-CELL', 'LFP-PACK'))
), outer_one as (select distinct on (id) id, top from up order by id, level desc)
select u.serial, 1, d.code, u.state, c.serial, h.number, t.code,
    exists (select 1 from traceability_holdunit m where m.unit_id = u.id and m.released_at is null)
from outer_one o join traceability_unit u on u.id = o.id join lines_materialdefinition d on d.id = u.definition_id
join traceability_unit c on c.id = o.top
left join traceability_shippedunit s on s.unit_id = o.top left join traceability_shipment h on h.id = s.shipment_id
left join lines_datacentresite t on t.id = h.site_id
"""
# A recall also says by how many links it knows that, and which ones are missing that may have led elsewhere.
_OF_LOT_KEPT = f"""create temporary table by_hand on commit drop as
{_OF_LOT[: _OF_LOT.index("select d.code")]} select id from all_of
"""  # noqa: S608 - constants
_RECALL = "with recursive all_of (id) as (select id from by_hand)" + _WHERE_IT_IS  # noqa: S608 - constants
_RECALL_LINKS = """
select count(*) filter (where l.basis <> 'MOUNTED'), count(*) filter (where l.basis = 'MOUNTED')
from by_hand a join traceability_currentlink l on l.input_unit_id = a.id join by_hand o on o.id = l.output_id
"""
_RECALL_MISSING = """
select u.serial, d.code, m.needed, m.found, m.why from traceability_missinglink m
join traceability_unit u on u.id = m.unit_id left join lines_materialdefinition d on d.id = m.material_id
where m.material_id is null or m.material_id in (
    select definition_id from traceability_unit where id in (select id from by_hand)
    union select material_id from traceability_lot where id = %(lot)s)
"""
# Of each unit's newest visit, as corrected; the mean of several places.
_WIDE = """
select u.serial, u.state, u.grade, u.created_at, u.last_test_passed, v.for_03, v.gra_01, v.gra_03
from (select * from traceability_unit where definition_id = %(definition)s and id >= %(first)s order by id
      limit %(most)s) u
left join lateral (
    select avg(coalesce(c.value, m.value)) filter (where m.characteristic = 'FOR-03') as for_03,
           avg(coalesce(c.value, m.value)) filter (where m.characteristic = 'GRA-01') as gra_01,
           avg(coalesce(c.value, m.value)) filter (where m.characteristic = 'GRA-03') as gra_03
    from (select distinct on (r.operation) r.id, r.received_at from lines_operationrecord r
          where r.serial = u.serial and r.operation in ('FORM', 'GRADE') and r.attempt > 0
          and not exists (select 1 from lines_withdrawnrecord x where x.record_id = r.id)
          order by r.operation, r.source_time desc, r.id desc) n
    join lines_measurement m on m.record_id = n.id and m.received_at = n.received_at
        and m.characteristic in ('FOR-03', 'GRA-01', 'GRA-03')
    left join lateral (
        select (k.after->>'value')::float8 as value from traceability_correction k
        where k.record_id = m.record_id and k.kind = 'VALUE' and (k.before->>'sequence')::int = m.sequence
        order by k.id desc limit 1) c on true) v on true
"""
# A history says all this: what a hand would write, one statement a kind of thing.
_UNIT = """
select u.*, d.code, p.code, o.code, w.number,
    exists (select 1 from traceability_holdunit m where m.unit_id = u.id and m.released_at is null)
from traceability_unit u left join lines_materialdefinition d on d.id = u.definition_id
left join lines_product p on p.id = u.product_id left join lines_routestep s on s.id = u.next_step_id
left join lines_operation o on o.id = s.operation_id left join lines_workorder w on w.id = u.work_order_id
where u.serial = %(serial)s
"""
_RECORDS = """
select r.*, s.code, x.code,
    (select json_agg(json_build_array(m.*, k.lsl, k.target, k.usl) order by m.sequence)
     from lines_measurement m left join quality_characteristiclimits k on k.id = m.limits_version
     where m.record_id = r.id and m.received_at = r.received_at),
    (select json_agg(c.*) from lines_attributecount c where c.record_id = r.id)
from lines_operationrecord r join lines_station s on s.id = r.station_id
left join traceability_sample x on x.record_id = r.id where r.serial = %(serial)s order by r.id
"""
_CORRECTIONS = """
select c.*, o.serial, i.serial, t.number from traceability_correction c
left join traceability_genealogylink l on l.id in (c.removed_link_id, c.added_link_id)
left join traceability_unit o on o.id = l.output_id left join traceability_unit i on i.id = l.input_unit_id
left join traceability_lot t on t.id = l.input_lot_id
where c.record_id in (select id from lines_operationrecord where serial = %(serial)s)
    or c.new_record_id in (select id from lines_operationrecord where serial = %(serial)s)
"""
_REJUDGED = """
select j.*, r.operation, s.code from traceability_rejudgement j
join lines_operationrecord r on r.id = j.because_of_id join lines_station s on s.id = r.station_id
where j.record_id in (select id from lines_operationrecord where serial = %(serial)s)
"""
_GAPS = """
select r.id, g.* from lines_operationrecord r join lines_gap g on g.station_id = r.station_id
    and g.since <= r.source_time and coalesce(g.until, 'infinity') >= coalesce(r.started_at, r.source_time)
    and (g.decided_at is null or g.lost is distinct from 0)
where r.serial = %(serial)s
"""
_LINKS = """
select l.*, o.serial, i.serial, t.supplier, t.number, r.operation, r.source_time
from traceability_currentlink l join traceability_unit o on o.id = l.output_id
left join traceability_unit i on i.id = l.input_unit_id left join traceability_lot t on t.id = l.input_lot_id
join lines_operationrecord r on r.id = l.record_id
where l.{end} = (select id from traceability_unit where serial = %(serial)s)
"""
_PARTS = """
with recursive behind (id) as (
    select l.input_lot_id from traceability_currentlink l
    where l.output_id = (select id from traceability_unit where serial = %(serial)s)
    union select p.parent_id from behind join traceability_lotpart p on p.child_id = behind.id
)
select t.* from behind join traceability_lot t on t.id = behind.id
"""
_HOLDS = """
select h.reason, h.placed_by, m.added_at, m.released_at, m.released_by
from traceability_holdunit m join traceability_hold h on h.id = m.hold_id
where m.unit_id = (select id from traceability_unit where serial = %(serial)s)
"""
_HISTORY = (
    _UNIT,
    _RECORDS,
    _CORRECTIONS,
    _REJUDGED,
    _GAPS,
    _LINKS.format(end="output_id"),
    _LINKS.format(end="input_unit_id"),
    _PARTS,
    _HOLDS,
)
_SEARCH = """
select 'unit', serial, state from traceability_unit where serial = %(serial)s
union all select 'lot', number, supplier from traceability_lot where upper(number) = %(serial)s
union all select 'station', code, '' from lines_station where upper(code) = %(serial)s
union all select 'chart', code, '' from quality_controlplan where upper(code) = %(serial)s
union all (select 'load', tray, '' from traceability_trayload where tray = %(serial)s limit 1)
union all (select 'tray', tray, '' from traceability_trayplacement where tray = %(serial)s limit 1)
"""


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

    window = {"serial_from": plant.serial("LFP-CELL", 0), "serial_to": plant.serial("LFP-CELL", WIDE_UNITS - 1)}
    kind = MaterialDefinition.objects.get(code="LFP-CELL")
    with connection.cursor() as cursor:
        cursor.execute(_UNTOLD, {"cell": kind.pk})
        cursor.execute("analyze traceability_missinglink")

    def wide(*columns: str) -> int:
        found = table(read_table({"definition": "LFP-CELL", **window}, columns))
        assert sum(len(piece) for piece in file_pieces(found, "parquet")) > WIDE_UNITS  # noqa: S101 - bytes
        return found.n_units

    def wide_by_hand() -> int:
        with connection.cursor() as cursor, tempfile.TemporaryFile() as into:
            cursor.execute(_WIDE, {"definition": kind.pk, "first": plant.first["LFP-CELL"], "most": WIDE_UNITS})
            rows = cursor.fetchall()
            columns = [pa.array(column) for column in zip(*rows, strict=True)]
            pq.write_table(pa.table(columns, names=[str(n) for n in range(len(columns))]), into, compression="zstd")
        return len(rows)

    def history_by_hand() -> int:
        return min(1, sum(_rows(sql, serial=cell) for sql in _HISTORY))

    def recall_by_hand() -> int:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(_OF_LOT_KEPT, {"lot": lot})
            cursor.execute("analyze by_hand")
            found = _rows(_RECALL)
            _rows(_RECALL_LINKS)
            _rows(_RECALL_MISSING, lot=lot)
        return found

    def recall() -> int:
        whole = Lot.objects.get(pk=lot)
        return int(
            answer(AskedSuspect("LOT", supplier=whole.supplier, lot=whole.number), n_units=100).header["n_units"]
        )

    return [
        Question(
            "made-of of a pack, down to its lots: links",
            lambda: link_page(Walk(pack), 500).n_links,
            lambda: _rows(_MADE_OF, unit=pack),
            50,
        ),
        Question(
            "what is missing behind that pack: links",
            lambda: len(missing_behind(pack)),
            lambda: _rows(_MISSING, unit=pack),
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
        Question("recall of that lot: units, where each is", recall, recall_by_hand),
        Question("history of a cell", lambda: min(1, len(show_unit(cell, "1")["records"])), history_by_hand),
        Question("the page of its history, drawn", _page(client, f"/units/{cell}/")),
        Question("search of a serial", lambda: len(find(cell).exact), lambda: _rows(_SEARCH, serial=cell)),
        Question("the page of the search, drawn", _page(client, f"/search/?q={cell}&all=1")),
        Question(
            "wide table of 100,000 cells, 3 columns of their own, as Parquet: units",
            lambda: wide("FOR-03", "GRA-01", "GRA-03"),
            wide_by_hand,
        ),
        Question("the same with every column, through genealogy to the roll metre: units", wide),
    ]
