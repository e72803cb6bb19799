"""Products of another build are data: one with modules between cell and pack, one of bipolar stacks without cells."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from pytest_django.plugin import DjangoDbBlocker

from lines.models import Person, Station
from lines.people.models import Role
from lines.people.services import issue_person_token, issue_station_token
from lines.plant.files import read_plant
from mes.loading.services import load_plant
from tests.plants import plain_plant
from tests.traceability.conftest import Hand
from traceability.models import Unit
from traceability.shipping.queries import site_of

MODULES = """
[product]
code = "MOD-50"
name_en = "Pack of modules"
name_ja = "モジュール式パック"
chemistry = "LFP"
tray_slots = 16

definitions = [
  { code = "MD-CELL", name_en = "Cell", name_ja = "セル", tracking = "CELL", uom = "pcs", design_code = "CLM" },
  { code = "MD-MODULE", name_en = "Module", name_ja = "積層体", tracking = "MODULE", uom = "pcs", design_code = "MDM" },
  { code = "MD-PACK", name_en = "Pack", name_ja = "パック", tracking = "PACK", uom = "pcs", design_code = "PLM" },
]
"""
MODULE_STEPS = """
[[work_orders]]
number = "WO-MOD-1"
quantity = 100

[[steps]]
sequence = 10
definition = "MD-CELL"
operation = "WELD"
duration_s = 25
on_fail = "SCRAP"
bill = [{ material = "LID-LFP", quantity = 1, tolerance_pct = 0 }]

[[steps]]
sequence = 20
definition = "MD-MODULE"
operation = "MODULE"
duration_s = 300
max_passes = 2
on_fail = "HOLD"
bill = [
  { material = "MD-CELL", quantity = 2, tolerance_pct = 0, positions = 2 },
  { material = "BUSBAR", quantity = 3, tolerance_pct = 0 },
]

[[steps]]
sequence = 30
definition = "MD-PACK"
operation = "PACK"
duration_s = 900
on_fail = "HOLD"
bill = [{ material = "MD-MODULE", quantity = 2, tolerance_pct = 0, positions = 2 }]
"""
BIPOLAR = """
[product]
code = "BIP-20"
name_en = "Pack of bipolar stacks"
name_ja = "バイポーラスタック式パック"
chemistry = "Zinc-halide"
tray_slots = 12

definitions = [
  { code = "BP-STACK", name_en = "Stack", name_ja = "積層体", tracking = "STACK", uom = "pcs", design_code = "STB" },
  { code = "BP-PACK", name_en = "Pack", name_ja = "パック", tracking = "PACK", uom = "pcs", design_code = "PLB" },
]
"""
BIPOLAR_STEPS = """
[[work_orders]]
number = "WO-BIP-1"
quantity = 100

[[steps]]
sequence = 10
definition = "BP-STACK"
operation = "STACK"
duration_s = 60
on_fail = "SCRAP"
bill = [{ material = "BIPOLAR-PLATE", quantity = 20, tolerance_pct = 0 }]

[[steps]]
sequence = 20
definition = "BP-PACK"
operation = "PACK"
duration_s = 900
on_fail = "HOLD"
bill = [{ material = "BP-STACK", quantity = 2, tolerance_pct = 0, positions = 2 }]
"""
OPERATION = """
[[operations]]
code = "MODULE"
name_en = "Module assembly"
name_ja = "モジュール組立"
kind = "PACK_TEST"
"""


def _product(text: str, steps: str) -> str:
    """Definitions as they stand in a file: a list of its own, in front of the product's table."""
    table, _, definitions = text.partition("definitions = ")
    return f"definitions = {definitions}\n{table}{steps}"


def _plant(folder: Path) -> Path:
    plant = plain_plant(folder)
    (plant / "products" / "mod-50.toml").write_text(_product(MODULES, MODULE_STEPS), encoding="utf-8")
    (plant / "products" / "bip-20.toml").write_text(_product(BIPOLAR, BIPOLAR_STEPS), encoding="utf-8")
    operations, stations = plant / "operations.toml", plant / "stations.toml"
    operations.write_text(operations.read_text(encoding="utf-8") + OPERATION, encoding="utf-8")
    text = stations.read_text(encoding="utf-8")
    stations.write_text(text.replace('operations = ["PACK"]', 'operations = ["PACK", "MODULE"]'), encoding="utf-8")
    return plant


@pytest.fixture(scope="module")
def loaded(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Hand]:  # noqa: ARG001 - order
    """In the place of the other tests' plant: with two more products."""
    with django_db_blocker.unblock(), transaction.atomic(), tempfile.TemporaryDirectory() as scratch:
        folder = _plant(Path(scratch))
        load_plant(folder)
        tokens = {station.code: issue_station_token(station) for station in Station.objects.all()}
        auditor = Person.objects.get(role=Role.AUDITOR)
        yield Hand(read_plant(folder), tokens, issue_person_token(auditor))
        transaction.set_rollback(True)


def _kinds(hand: Hand, serial: str) -> dict[str, int]:
    found: dict[str, int] = {}
    for link in hand.get(f"units/{serial}/genealogy", direction="made_of").json()["links"]:
        found[link["kind"]] = found.get(link["kind"], 0) + 1
    return found


def _packs_with(hand: Hand, material: str) -> set[str]:
    lots: list[dict[str, Any]] = hand.get("lots", number=f"LOT-{material}").json()["items"]
    answer = hand.get(f"lots/{lots[0]['id']}/where-used", kinds="pack").json()
    return {unit["serial"] for unit in answer["units"]}


def test_a_pack_of_modules(hand: Hand) -> None:
    pack = hand.make("MD-PACK")
    assert _kinds(hand, pack) == {"module": 2, "cell": 4, "lot": 6}
    assert [item["kind"] for item in hand.get("units", kind="module").json()["items"]] == ["module", "module"]
    assert {item["state"] for item in hand.get("units", kind="module").json()["items"]} == {"CONSUMED"}
    assert _packs_with(hand, "LID-LFP") == {pack}
    # A module is used once: in a second pack it is told.
    module = hand.get("units", kind="module").json()["items"][0]["serial"]
    other = hand.tell(hand.body(hand.serial("PLM"), "PACK", components=[{"serial": module, "position": 1}])).json()
    assert "MES-T-0105" in {deviation["code"] for deviation in other["deviations"]}
    # Cells leave with the pack, through the module.
    supervisor = issue_person_token(Person.objects.get(role=Role.SUPERVISOR))
    answer = hand.post("shipments", {"number": "M-1", "site": "DC-SAKAI", "serials": [pack]}, supervisor)
    assert answer.status_code == 201, answer.content
    cells = Unit.objects.filter(definition__code="MD-CELL")
    assert {away.site for away in site_of([cell.pk for cell in cells]).values()} == {"DC-SAKAI"}


def test_a_pack_of_bipolar_stacks(hand: Hand) -> None:
    pack = hand.make("BP-PACK")
    assert _kinds(hand, pack) == {"stack": 2, "lot": 2}
    assert _packs_with(hand, "BIPOLAR-PLATE") == {pack}
