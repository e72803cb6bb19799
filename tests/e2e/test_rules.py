"""What the interlock said no to, and what was found afterwards, on the plant that ran (conftest): each wrong thing that
the simulator did on purpose, and none of the right ones."""

import pytest

from tests.e2e.conftest import Plant
from traceability import errors
from traceability.interlock import errors as entry_errors

pytestmark = pytest.mark.timeout(600)

WHY = {
    "elsewhere": errors.NOT_AT_THIS_STATION,
    "uncertified": entry_errors.NOT_CERTIFIED,
    "recipe": entry_errors.WRONG_RECIPE,
    "expired": entry_errors.MOUNTED_EXPIRED,
    "unreleased": entry_errors.MOUNTED_NOT_RELEASED,
    "early": entry_errors.TOO_EARLY,
    "late": entry_errors.TOO_LATE,
    "grade": entry_errors.GRADE_NOT_ALLOWED,
}
SLOW_CLOCK_S = -240


@pytest.mark.parametrize("why", sorted(WHY))
def test_a_wrong_question_is_denied_with_its_reason(plant: Plant, why: str) -> None:
    asked = [entry for entry in plant.truth.planted_as("denied") if entry["why"] == why]
    assert asked, f"the simulator did not get to ask: {why}"
    for entry in asked:
        assert not entry.get("is_allowed")
        rows = plant.rows(
            "select reasons from traceability_permit where serial = %s and verdict = 'DENY' and operation like %s",
            entry["serial"],
            f"{entry['operation']}%",
        )
        assert any(WHY[why].code in row["reasons"] for row in rows), entry


def held_meanwhile(plant: Plant) -> set[str]:
    """Units that were under the hold of a control chart's signal or of the supervisor at some time, with what was made
    of them."""
    rows = plant.rows(
        "select distinct u.serial from traceability_holdunit m join traceability_hold h on h.id = m.hold_id"
        " join traceability_unit u on u.id = m.unit_id "
        " where h.scope = 'SIGNAL' or h.placed_by = 'person:supervisor'"
    )
    return {row["serial"] for row in rows}


def test_nobody_else_was_denied(plant: Plant) -> None:
    """But for a channel that is overdue, gates that wait for SPC, units that a signal holds, and lots that are mounted
    while others ask."""
    planted = {entry["serial"] for what in ("denied", "nonconforming") for entry in plant.truth.planted_as(what)}
    by_itself = {
        entry_errors.CHANNEL_OVERDUE.code,
        entry_errors.NOT_CONTAINED.code,
        entry_errors.MOUNTED_EXPIRED.code,
        entry_errors.MOUNTED_NOT_RELEASED.code,
    }
    denied = plant.rows("select serial, operation, reasons from traceability_permit where verdict = 'DENY'")
    meanwhile = held_meanwhile(plant)
    strange = [
        row
        for row in denied
        if row["serial"] not in planted
        and not (by_itself | ({errors.HELD.code} if row["serial"] in meanwhile else set())).issuperset(row["reasons"])
    ]
    assert strange == []


def test_only_what_was_planted_does_not_conform(plant: Plant) -> None:
    whats = ("nonconforming", "expired_lot", "offline_violation")
    planted = {(entry["serial"], entry["operation"]) for what in whats for entry in plant.truth.planted_as(what)}
    found = plant.rows("select serial, operation, deviation_codes from lines_operationrecord where not is_conforming")
    beyond = {entry["operation"] for entry in plant.truth.planted_as("outage") if entry["runs_on"]}
    # A unit, or what it is built of, may come on hold between its permit and its result.
    meanwhile, held = held_meanwhile(plant), {errors.HELD.code, errors.COMPONENT_HELD.code}
    strange = [
        row
        for row in found
        if (row["serial"], row["operation"]) not in planted
        and row["operation"] not in beyond
        and not (row["serial"] in meanwhile and held.issuperset(row["deviation_codes"]))
    ]
    assert strange == []


def test_what_was_made_wrongly_during_an_outage_is_found_and_held(plant: Plant) -> None:
    outages = plant.truth.planted_as("outage")
    assert outages
    assert plant.rows("select count(*) as n from lines_operationrecord where is_offline")[0]["n"] > 0
    for entry in plant.truth.planted_as("offline_violation"):
        (row,) = plant.rows(
            "select r.is_offline, r.deviation_codes, exists(select from traceability_holdunit m"
            "   join traceability_unit u on u.id = m.unit_id where u.serial = r.serial) as is_held"
            "  from lines_operationrecord r where r.serial = %s and r.operation = %s order by r.id limit 1",
            entry["serial"],
            entry["operation"],
        )
        assert row["is_offline"] and row["is_held"]
        assert entry_errors.WRONG_RECIPE.code in row["deviation_codes"]


def test_every_result_names_the_recipe_of_its_order_but_for_the_planted_ones(plant: Plant) -> None:
    rows = plant.rows(
        "select r.serial, r.recipe, p.code || '/' || o.code || '/v' || c.version as frozen"
        "  from lines_operationrecord r join traceability_unit u on u.serial = r.serial"
        "  join lines_workorder_recipes f on f.workorder_id = u.work_order_id join lines_recipe c on c.id = f.recipe_id"
        "  join lines_operation o on o.id = c.operation_id join lines_product p on p.id = c.product_id"
        " where o.code = r.operation and not r.is_offline"
    )
    assert len(rows) > 100
    planted = {e["serial"] for what in ("nonconforming", "offline_violation") for e in plant.truth.planted_as(what)}
    assert [row for row in rows if row["recipe"] != row["frozen"] and row["serial"] not in planted] == []


def test_lots_come_with_their_certificates_and_are_mounted_and_consumed_as_such(plant: Plant) -> None:
    assert plant.rows("select 1 from traceability_certificatevalue")
    assert plant.rows("select 1 from traceability_mounting")
    basis = plant.rows("select basis, count(*) as n from traceability_genealogylink group by basis")
    assert {row["basis"] for row in basis} >= {"RECORDED", "MOUNTED"}
    released = "select 1 from traceability_lotevent where kind = 'RELEASED' and by = 'person:quality'"
    assert plant.rows(released)


def test_formation_takes_cells_by_tray_slot_and_channel(plant: Plant) -> None:
    rows = plant.rows(
        "select l.channel, l.slot, p.channel as posted, p.slot as posted_slot from traceability_trayload l"
        "  join traceability_trayplacement p on p.unit_id = l.unit_id and p.tray = l.tray and p.channel <> ''"
        "   and p.channel = l.channel"
    )
    assert rows
    assert all(row["slot"] == row["posted_slot"] for row in rows)


def test_a_slow_clock_is_measured(plant: Plant) -> None:
    offsets = {
        row["code"]: row["offset_s"]
        for row in plant.rows(
            "select s.code, c.offset_s from lines_stationclock c join lines_station s on s.id = c.station_id"
        )
    }
    assert offsets.pop("CAN-1") == pytest.approx(SLOW_CLOCK_S, abs=20)
    assert max(abs(offset) for offset in offsets.values()) < 20
    assert len(offsets) > 10


def test_a_garbled_post_waits_for_an_engineer(plant: Plant) -> None:
    (entry,) = plant.truth.planted_as("refused")
    assert plant.rows("select 1 from lines_quarantinedpost where key = %s", entry["key"])
    assert entry["serial"] in plant.browser("quality")("/refused/") or plant.rows(
        "select 1 from lines_operationrecord where serial = %s", entry["serial"]
    )


def test_coating_counts_its_defects_and_grading_gives_grades(plant: Plant) -> None:
    assert plant.rows("select 1 from lines_attributecount where code = 'COA-PIN' and inspected > 0")
    assert plant.rows("select 1 from traceability_unit where grade in ('A', 'B')")


def test_a_hold_on_what_a_station_made_reaches_each_unit_and_is_released_with_a_reason(plant: Plant) -> None:
    (entry,) = plant.truth.planted_as("hold")
    (hold,) = plant.rows("select * from traceability_hold where id = %s", entry["hold"])
    assert (hold["scope"], hold["at_operation"], hold["placed_by"]) == ("STATION", "OCV1", "person:supervisor")
    held = plant.rows(
        "select u.serial from traceability_holdunit m join traceability_unit u on u.id = m.unit_id"
        " where m.hold_id = %s",
        entry["hold"],
    )
    assert {row["serial"] for row in held} >= set(entry["serials"])
    assert "reference masses" in hold["release_reason"]
    went_on = {
        row["serial"]
        for row in plant.rows("select serial from lines_operationrecord where operation = 'OCV1' and verdict = 'PASS'")
    }
    assert went_on & set(entry["serials"]) or plant.on_their_way.issuperset(entry["serials"])


def test_a_disposition_lets_a_unit_go_on(plant: Plant) -> None:
    (entry,) = plant.truth.planted_as("disposition")
    rows = plant.rows(
        "select d.disposition, d.decided_by from traceability_dispositiondecision d"
        "  join traceability_nonconformance n on n.id = d.nonconformance_id"
        "  join traceability_unit u on u.id = n.unit_id where u.serial = %s",
        entry["serial"],
    )
    assert [row["disposition"] for row in rows] == [entry["disposition"]]
    later = plant.rows("select 1 from lines_operationrecord where serial = %s and operation = 'BAKE'", entry["serial"])
    assert later or entry["serial"] in plant.on_their_way


def test_a_drift_is_contained_worked_and_released(plant: Plant) -> None:
    """From the planted drift to the hold of every cell that it touched, the reaction, and the release."""
    (worked,) = plant.truth.planted_as("reaction")
    (reaction,) = plant.rows("select * from quality_reaction where id = %s", worked["reaction"])
    assert reaction["closed_at"] and reaction["verified_at"] and reaction["worked_at"]
    assert not plant.rows(
        "select 1 from quality_reactionanswer where reaction_id = %s and answered_at is null", worked["reaction"]
    )
    holds = plant.rows(
        "select distinct h.* from traceability_hold h join traceability_containment c on c.hold_id = h.id"
        "  join quality_reactionsignal s on s.signal_id = c.signal_id where s.reaction_id = %s",
        worked["reaction"],
    )
    assert holds and all(hold["scope"] == "SIGNAL" and hold["released_by"] == "person:quality" for hold in holds)
    held = {
        row["serial"]
        for row in plant.rows(
            "select u.serial from traceability_holdunit m join traceability_unit u on u.id = m.unit_id"
            "  join traceability_containment c on c.hold_id = m.hold_id"
            "  join quality_signal s on s.id = c.signal_id join quality_controlplan p on p.id = s.plan_id"
            "  where p.code = %s",
            worked["plan"],
        )
    }
    drifted = [entry["serial"] for entry in plant.truth.planted_as("drifted") if entry["sigmas"] >= 2]
    filled = {
        row["serial"]
        for row in plant.rows("select serial from lines_operationrecord where operation = 'FILL' and is_conforming")
    }
    assert drifted and {serial for serial in drifted if serial in filled} <= held
    went_on = plant.rows(
        "select distinct serial from lines_operationrecord where operation = 'SOAK' and serial = any(%s)", drifted
    )
    assert went_on or plant.on_their_way.intersection(drifted)
