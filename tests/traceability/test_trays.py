"""A tray of up to 512 units in one call: an outcome for each, and a number of statements that does not grow."""

from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from lines import errors as l_errors
from lines.models import MaterialDefinition, OperationRecord, Product, QuarantinedPost, RouteStep
from quality import errors as q_errors
from tests.traceability.conftest import Hand
from traceability.models import Permit, TrayPlacement, Unit


def cells_before(hand: Hand, operation: str, count: int) -> list[str]:
    """Cells that came to this step; straight into the database, their history is not what is tested."""
    definition = MaterialDefinition.objects.get(code="LFP-CELL")
    step = RouteStep.objects.get(definition=definition, operation__code=operation)
    product = Product.objects.get(code="LFP-314")
    now = timezone.now()
    units = [
        Unit(
            serial=hand.serial("CLF"),
            definition=definition,
            product=product,
            next_step=step,
            created_at=now,
            updated_at=now,
        )
        for _ in range(count)
    ]
    return [unit.serial for unit in Unit.objects.bulk_create(units)]


def tray(hand: Hand, cells: list[str], operation: str = "OCV1") -> dict[str, Any]:
    own = {"serial", "outcome", "measurements"}
    shared = {name: value for name, value in hand.body(cells[0], operation).items() if name not in own}
    items = [
        {
            "serial": cell,
            "slot": slot,
            "channel": f"C-{slot}",
            "outcome": "PASS",
            "measurements": hand.values(cell, operation),
        }
        for slot, cell in enumerate(cells, 1)
    ]
    return {**shared, "tray": "T-0007", "items": items}


def test_one_bad_item_loses_none_of_the_others(hand: Hand) -> None:
    cells = cells_before(hand, "OCV1", 8)
    body = tray(hand, cells)
    body["items"][1]["measurements"][0]["value"] = "3.21"
    body["items"][2]["measurements"][0]["code"] = "NO-01"
    body["items"][3]["slot"] = 1
    body["items"][4]["serial"] = cells[0]
    body["items"][5]["colour"] = "blue"
    body["items"][6] = 7
    response = hand.post("stations/OCV-1/results", body, "OCV-1", "K")
    assert response.status_code == 201
    items = response.json()["items"]
    assert [item.get("error", {}).get("code") for item in items] == [
        None,
        l_errors.WRONG_TYPE.code,
        q_errors.UNKNOWN_CHARACTERISTIC.code,
        l_errors.REPEATED.code,
        l_errors.REPEATED.code,
        l_errors.UNKNOWN_FIELD.code,
        l_errors.WRONG_TYPE.code,
        None,
    ]
    assert [item["serial"] for item in items[:4]] == cells[:4]
    assert set(OperationRecord.objects.values_list("serial", flat=True)) == {cells[0], cells[7]}
    assert set(TrayPlacement.objects.values_list("tray", "slot")) == {("T-0007", 1), ("T-0007", 8)}
    assert QuarantinedPost.objects.count() == 6
    assert QuarantinedPost.objects.filter(
        path__endswith="#items[2]", code=q_errors.UNKNOWN_CHARACTERISTIC.code
    ).exists()


def test_a_tray_without_one_good_unit_is_refused_as_a_whole(hand: Hand) -> None:
    body = tray(hand, cells_before(hand, "OCV1", 2))
    for item in body["items"]:
        item["outcome"] = "MAYBE"
    response = hand.post("stations/OCV-1/results", body, "OCV-1", "K")
    assert (response.status_code, response.json()["code"]) == (422, l_errors.NOTHING_GOOD.code)
    assert len(response.json()["items"]) == 2
    assert not OperationRecord.objects.exists()


def test_more_than_512_units_are_refused(hand: Hand) -> None:
    body = tray(hand, [hand.serial("CLF")]) | {"items": [{}] * 513}
    assert hand.post("stations/OCV-1/results", body, "OCV-1", "K").json()["code"] == l_errors.TOO_MANY.code


def test_statements_do_not_grow_with_the_number_of_units(hand: Hand) -> None:
    """New cells with parts and lots seen for the first time: every table a result can touch. Nor do they grow with
    the rows that are there."""

    def starts(queries: CaptureQueriesContext) -> list[str]:
        return [query["sql"].strip()[:40] for query in queries if "SAVEPOINT" not in query["sql"]]

    statements = []
    for run, size in enumerate((1, 256, 1)):
        cells = [hand.serial("CLF") for _ in range(size)]
        with CaptureQueriesContext(connection) as asked:
            hand.post("stations/WELD-1/permits", {"serials": cells, "operation": "WELD"}, "WELD-1")
        body = tray(hand, cells, "WELD")
        for item in body["items"]:
            del item["channel"]
            item["components"] = [{"serial": hand.serial("JRL"), "position": 1}]
            item["counts"] = [{"code": "FIL-LOW", "count": 1}]
            lid = {"material": "LID-LFP", "supplier": "ACME", "lot": f"L-{run}-{item['slot']}"}
            item["consumed"] = [{**lid, "quantity": 1, "unit": "pcs"}]
        with CaptureQueriesContext(connection) as posted:
            answer = hand.post("stations/WELD-1/results", body, "WELD-1", f"K-{run}")
        assert len(answer.json()["items"]) == size
        statements.append((starts(asked), starts(posted)))
    assert statements[0] == statements[1] == statements[2]
    assert len(statements[1][1]) < 35
    assert Permit.objects.filter(used_by=None).count() == 0


def test_a_component_claimed_by_two_units_of_one_tray(hand: Hand) -> None:
    jelly = hand.make("LFP-JELLY")
    first, second = hand.serial("CLF"), hand.serial("CLF")
    part = {"components": [{"serial": jelly, "position": 1}], "outcome": "FAIL"}
    shared = {k: v for k, v in hand.body(first, "WELD").items() if k in ("operation", "started_at", "finished_at")}
    body = {**shared, "tray": "T-1", "items": [{"serial": first, **part}, {"serial": second, **part}]}
    items = hand.post("stations/WELD-1/results", body, "WELD-1", "K").json()["items"]
    assert "MES-T-0105" not in [d["code"] for d in items[0]["deviations"]]
    assert "MES-T-0105" in [d["code"] for d in items[1]["deviations"]]
