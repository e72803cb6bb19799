"""A promise each, on the plant that ran (conftest).

Simulator -> OPC UA -> Celery -> PostgreSQL -> signal -> alarm -> HTML; every result and every link as the truth has
them, each kind of station for both products.
"""

import re
from datetime import UTC, datetime

import httpx
import pytest

from tests.e2e.conftest import Plant
from tests.e2e.truth import name_of_input
from traceability import errors

# The first test waits for the plant, whose own waits say what did not come about.
pytestmark = pytest.mark.timeout(600)

PRODUCTS = ["LFP-314", "ZNH-100"]
KINDS = ["ELECTRODE_COATING", "CELL_ASSEMBLY", "FORMATION", "PACK_TEST"]


def test_every_result_became_one_record_and_none_other_did(plant: Plant) -> None:
    """Though the worker was killed on the way and some results were sent twice."""
    stored = {
        (row["station"], row["key"], row["serial"]): row
        for row in plant.rows(
            "select s.code as station, p.key, r.serial, r.operation, r.attempt, r.machine_outcome, r.source_time"
            "  from lines_operationrecord r join lines_stationpost p on p.id = r.post_id"
            "  join lines_station s on s.id = r.station_id"
        )
    }
    assert len(stored) == plant.rows("select count(*) as n from lines_operationrecord")[0]["n"]
    assert set(stored) - set(plant.truth.results) == set()
    missing = set(plant.truth.results) - set(stored)
    assert {key for _station, key, _serial in missing} <= plant.open_keys
    for identity, row in stored.items():
        sent = plant.truth.results[identity]
        assert (row["operation"], row["attempt"], row["machine_outcome"]) == (
            sent["operation"],
            sent["attempt"],
            sent["outcome"],
        ), identity


def test_every_measurement_is_stored_as_it_was_sent(plant: Plant) -> None:
    stored: dict[tuple[str, str, str], list[tuple[str, float, str, str]]] = {}
    for row in plant.rows(
        "select s.code as station, p.key, r.serial, m.characteristic, m.value, m.unit, m.position"
        "  from lines_measurement m join lines_operationrecord r on r.id = m.record_id"
        "  join lines_stationpost p on p.id = r.post_id join lines_station s on s.id = r.station_id"
        " where not m.is_derived"
    ):
        identity = row["station"], row["key"], row["serial"]
        stored.setdefault(identity, []).append((row["characteristic"], row["value"], row["unit"], row["position"]))
    compared = 0
    for identity, sent in plant.truth.results.items():
        if identity[1] in plant.open_keys:
            continue
        expected = sorted((m["code"], float(m["value"]), m["unit"], m["position"]) for m in sent["measurements"])
        assert sorted(stored.get(identity, [])) == expected, identity
        compared += len(expected)
    assert compared > 500


def test_genealogy_is_the_truth(plant: Plant) -> None:
    """Cells, rolls with their ranges, slurry batches and lots of every unit."""
    sent = sorted(
        (link["output"], name_of_input(link), link["position"] or 0, link["lane"] or 0, link["from_m"], link["to_m"])
        for link in plant.truth.links
        if not _is_open(plant, link["output"])
    )
    stored = sorted(
        (row["output"], row["input"], row["position"] or 0, row["lane"] or 0, row["from_m"], row["to_m"])
        for row in plant.rows(
            "select o.serial as output, coalesce(i.serial, l.supplier || ' ' || l.number) as input,"
            "       g.position, g.lane, g.from_m, g.to_m"
            "  from traceability_genealogylink g join traceability_unit o on o.id = g.output_id"
            "  left join traceability_unit i on i.id = g.input_unit_id"
            "  left join traceability_lot l on l.id = g.input_lot_id"
        )
        if not _is_open(plant, row["output"])
    )
    assert stored == sent
    assert len(stored) > 200


def _is_open(plant: Plant, serial: str) -> bool:
    return any(key in plant.open_keys and serial == unit for _station, key, unit in plant.truth.results)


@pytest.mark.parametrize("product", PRODUCTS)
def test_a_packs_page_and_api_name_all_it_is_made_of(plant: Plant, product: str) -> None:
    packs = plant.get(f"/api/v1/units?kind=pack&product={product}&state=passed")["items"]
    assert packs
    serial = packs[0]["serial"]
    tests = [r["verdict"] for r in plant.get(f"/api/v1/units/{serial}")["records"] if r["operation"] == "EOL"]
    assert tests[-1] == "PASS"
    page = plant.browser("auditor")(f"/units/{serial}/")
    answer = str(plant.get(f"/api/v1/units/{serial}"))
    removed = {part["serial"] for part in plant.truth.removed}
    direct = {name_of_input(link) for link in plant.truth.links if link["output"] == serial} - removed
    assert len(direct) >= 8
    for name in direct:
        for part in name.rsplit(" ", 1):
            assert part in page, f"{part} is not on the page of {serial}"
            assert part in answer, f"{part} is not in the API's answer"
    # Down to the bought lots, as the truth has it.
    below = plant.truth.inputs_of(serial)
    kinds = {plant.truth.definitions.get(name, "lot") for name in below}
    assert {"lot"} < kinds
    assert {row["name"] for row in plant.rows(_ALL_BELOW, serial)} == below


_ALL_BELOW = """
with recursive below as (
    select g.input_unit_id, g.input_lot_id from traceability_genealogylink g
      join traceability_unit u on u.id = g.output_id where u.serial = %s
    union
    select g.input_unit_id, g.input_lot_id from traceability_genealogylink g
      join below b on g.output_id = b.input_unit_id
)
select distinct coalesce(u.serial, l.supplier || ' ' || l.number) as name
  from below b left join traceability_unit u on u.id = b.input_unit_id
  left join traceability_lot l on l.id = b.input_lot_id
"""


@pytest.mark.parametrize("product", PRODUCTS)
@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_station_judged_each_product(plant: Plant, kind: str, product: str) -> None:
    """Posts of this kind were understood, judged against the product's limits, and stand on the station's page."""
    rows = plant.rows(
        "select s.code as station, r.serial, r.operation, count(*) filter (where m.judgement <> 0) as judged,"
        "       count(*) filter (where m.judgement = 1) as passed"
        "  from lines_operationrecord r join lines_station s on s.id = r.station_id"
        "  join lines_measurement m on m.record_id = r.id"
        " where s.kind = %s and r.product = %s group by s.code, r.serial, r.operation, r.id order by r.id desc",
        kind,
        product,
    )
    assert rows, f"no record of {product} at any {kind}"
    assert sum(row["judged"] for row in rows) > 0
    assert sum(row["passed"] for row in rows) > 0.8 * sum(row["judged"] for row in rows)
    page = plant.browser("supervisor")(f"/units/{rows[0]['serial']}/")
    assert rows[0]["operation"] in page
    assert rows[0]["station"] in page


def test_from_a_drift_in_the_machine_to_a_word_on_the_screen(plant: Plant) -> None:
    """The planted drift becomes a signal on its chart, an alarm at its station, and HTML in both languages."""
    (drift,) = plant.truth.planted_as("spc_drift")
    signals = plant.rows(
        "select g.rule, g.alarm_id, p.code as plan, s.code as station from quality_signal g"
        "  join quality_controlplan p on p.id = g.plan_id join lines_station s on s.id = p.station_id"
        "  join quality_characteristic c on c.id = p.characteristic_id"
        " where c.code = %s and s.code = %s and g.alarm_id is not null",
        drift["characteristic"],
        drift["station"],
    )
    assert signals, drift
    # Whoever worked the reaction has acknowledged it.
    alarms = plant.browser("supervisor")(f"/alarms/?show=all&station={drift['station']}")
    assert drift["station"] in alarms
    assert drift["characteristic"] in alarms or signals[0]["plan"] in alarms
    chart = plant.browser("quality")(f"/charts/{signals[0]['plan']}/")
    assert drift["characteristic"] in chart or signals[0]["plan"] in chart
    japanese = plant.browser("supervisor", "ja")("/alarms/")
    assert re.search(r"[ぁ-んァ-ヶ一-龠]{4}", japanese)
    assert 'lang="ja"' in japanese


def test_each_record_is_on_its_chart_once(plant: Plant) -> None:
    """The worker was killed while it evaluated."""
    doubled = plant.rows(
        "select p.code, record, count(*) as n from quality_chartpoint c"
        "  join quality_controlplan p on p.id = c.plan_id cross join unnest(c.records) as record"
        " group by p.code, record, p.subgroup_size having count(*) > p.subgroup_size"
    )
    assert doubled == []
    individuals = plant.rows(
        "select p.code, (select count(*) from quality_chartpoint c where c.plan_id = p.id) as points,"
        "       (select count(*) from lines_measurement m join lines_operationrecord r on r.id = m.record_id"
        "          join quality_characteristic ch on ch.id = p.characteristic_id"
        "          join lines_product pr on pr.id = p.product_id"
        "         where m.characteristic = ch.code and r.product = pr.code and r.station_id = p.station_id) as values"
        "  from quality_controlplan p where p.chart = 'I-MR' and p.is_active"
    )
    assert individuals
    assert [row for row in individuals if row["points"] != row["values"]] == []
    assert sum(row["points"] for row in individuals) > 0


def test_every_sample_arrived_once(plant: Plant) -> None:
    """Values the machines sent twice on purpose are dropped and counted; nothing else is missing or doubled."""
    stored = {
        (row["station"], row["code"]): (row["n"], _seconds(row["first"]), _seconds(row["last"]))
        for row in plant.rows(
            "select s.code as station, g.code, count(*) as n, min(p.source_time) as first, max(p.source_time) as last"
            "  from lines_sample p"
            "  join lines_signal g on g.id = p.signal_id join lines_station s on s.id = g.station_id group by 1, 2"
        )
    }
    again: dict[tuple[str, str], int] = {}
    for entry in plant.truth.planted_as("telemetry_doubled"):
        identity = entry["station"], entry["signal"]
        again[identity] = again.get(identity, 0) + 1
    sent = {
        identity: (
            entry["count"] - again.get(identity, 0),
            _seconds(datetime.fromisoformat(entry["first"])),
            _seconds(datetime.fromisoformat(entry["last"])),
        )
        for identity, entry in plant.truth.samples.items()
    }
    wrong = [
        f"{i}: stored {stored.get(i)}, sent {expected}" for i, expected in sent.items() if stored.get(i) != expected
    ]
    assert wrong == []
    assert sum(count for count, _first, _last in sent.values()) > 1000


def _seconds(moment: datetime) -> str:
    """The truth knows milliseconds, the database microseconds."""
    return f"{moment.astimezone(UTC):%d %H:%M:%S}"


def test_no_source_time_lies_in_the_future(plant: Plant) -> None:
    ahead = plant.rows(
        "select (select max(source_time) from lines_sample) as sample,"
        "       (select max(source_time) from lines_measurement) as measurement,"
        "       (select max(source_time) from lines_operationrecord) as record, now() + interval '1 second' as latest"
    )[0]
    assert max(ahead["sample"], ahead["measurement"], ahead["record"]) <= ahead["latest"]


def test_what_was_made_against_the_interlocks_word_is_kept_and_held(plant: Plant) -> None:
    planted = plant.truth.planted_as("nonconforming")
    assert planted
    for entry in planted:
        (row,) = plant.rows(
            "select r.is_conforming, r.deviation_codes, (select count(*) from traceability_hold h"
            "   join traceability_unit u on u.id = h.unit_id where u.serial = r.serial) as holds"
            "  from lines_operationrecord r where r.serial = %s and r.operation = %s order by r.id limit 1",
            entry["serial"],
            entry["operation"],
        )
        assert not row["is_conforming"]
        assert row["deviation_codes"]
        assert row["holds"] >= 1


def test_no_machine_forgets_to_name_what_it_built_in(plant: Plant) -> None:
    """Reworked units included, which take in nothing again."""
    lacking = "select serial, operation, attempt from lines_operationrecord where %s = any(deviation_codes)"
    assert plant.rows(lacking, errors.COMPONENT_MISSING.code) == []


def test_the_tours_objects_exist(plant: Plant) -> None:
    open_page = plant.browser("quality")
    tour = open_page("/tour/")
    links = {link for link in re.findall(r'href="(/[^"#]*)', tour.partition("<main")[2]) if link != "/tour/"}
    kinds = ("/units/", "/charts/", "/alarms/", "/api/docs/")
    for kind in kinds:
        assert any(link.startswith(kind) for link in links), f"no link to {kind} on the tour"
    for link in links:
        assert open_page(link)


def test_nothing_is_told_to_whoever_did_not_prove_who_he_is(plant: Plant) -> None:
    for token in ("", "st_made-up"):
        with pytest.raises(httpx.HTTPStatusError) as refused:
            plant.get("/api/v1/units?kind=pack", token=token)
        assert refused.value.response.status_code == 401
