"""The plant folder in the database: loaded once, versioned when it changes, refused as a whole when it is wrong."""

import json
import shutil
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.apps import apps
from django.core.management import call_command
from django.core.management.base import CommandError
from django.utils import timezone
from rest_framework.test import APIRequestFactory

from lines.models import (
    BillItem,
    OpcUaServer,
    Operation,
    Person,
    Product,
    Recipe,
    Route,
    RouteStep,
    Signal,
    Station,
    WorkOrder,
)
from lines.people.auth import StationUser, TokenAuthentication
from quality.models import Characteristic, CharacteristicLimits, CharacteristicUse, ControlLimits, ControlPlan

OSAKA = Path(__file__).parents[2] / "fixtures" / "plant" / "osaka"
pytestmark = pytest.mark.django_db


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    copy = tmp_path / "osaka"
    shutil.copytree(OSAKA, copy)
    yield copy


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {file.name}"
    file.write_text(text.replace(old, new), encoding="utf-8")


def everything() -> dict[str, list[tuple[object, ...]]]:
    """All rows of the apps that a load could touch."""
    return {
        model._meta.label: sorted(model._default_manager.values_list(), key=repr)
        for app in ("lines", "quality", "traceability")
        for model in apps.get_app_config(app).get_models()
    }


def load(folder: Path, *words: str) -> None:
    call_command("load_plant", str(folder), *words, verbosity=0)


def test_the_osaka_plant_is_in_the_database() -> None:
    load(OSAKA)
    counts = {model.__name__: model._default_manager.count() for model in (Station, Product, Route, WorkOrder)}
    assert counts == {"Station": 21, "Product": 2, "Route": 2, "WorkOrder": 2}
    assert set(Station.objects.values_list("kind", flat=True)) == {
        "ELECTRODE_COATING",
        "CELL_ASSEMBLY",
        "FORMATION",
        "PACK_TEST",
    }
    seed = (OSAKA / "characteristics.csv").read_text(encoding="utf-8").splitlines()[1:]
    assert Characteristic.objects.count() == len(seed) + 3
    assert ControlLimits.objects.count() == ControlPlan.objects.count() == 19
    pull = CharacteristicUse.objects.get(characteristic__code="WEL-02", product__code="LFP-314")
    assert not pull.is_required
    eol = RouteStep.objects.get(route__product__code="LFP-314", operation__code="EOL")
    assert eol.rework_from is not None and eol.rework_from.operation.code == "PACK"
    cells = BillItem.objects.get(material__code="LFP-CELL")
    assert (cells.quantity, cells.positions) == (104, 104)
    assert {s.code for s in Operation.objects.get(code="OCV2").stations.all()} == {"OCV-1"}


def test_a_second_load_changes_no_row() -> None:
    load(OSAKA)
    before = everything()
    load(OSAKA)
    assert everything() == before


def test_changed_limits_routes_and_recipes_are_new_versions(folder: Path) -> None:
    load(folder)
    product = folder / "products" / "znh-100.toml"
    edit(product, "[limits.GRA-02]\nlsl = 172", "[limits.GRA-02]\nlsl = 171")
    edit(product, "duration_s = 144000", "duration_s = 140000")
    edit(product, "weld_energy_j = 900", "weld_energy_j = 910")
    edit(folder / "control_plans.csv", "1 2,ALARM,97.5,0.5,100", "1 2,ALARM,97.4,0.5,300")
    load(folder)
    limits = CharacteristicLimits.objects.filter(characteristic__code="GRA-02", product__code="ZNH-100")
    assert list(limits.order_by("version").values_list("version", "lsl")) == [(1, 172.0), (2, 171.0)]
    routes = RouteStep.objects.filter(route__product__code="ZNH-100", operation__code="ZFORM")
    assert list(routes.order_by("route__version").values_list("duration_s", flat=True)) == [144000, 140000]
    recipes = Recipe.objects.filter(product__code="ZNH-100", operation__code="WELD").order_by("version")
    assert [recipe.parameters["weld_energy_j"] for recipe in recipes] == [900, 910]
    centers = ControlLimits.objects.filter(plan__code="ZNH-07-ZNH").order_by("version")
    assert list(centers.values_list("version", "center", "n_values")) == [(1, 97.5, 100), (2, 97.4, 300)]
    before = everything()
    load(folder)
    assert everything() == before


def test_an_order_keeps_the_route_and_recipes_it_was_made_with(folder: Path) -> None:
    load(folder)
    product = folder / "products" / "znh-100.toml"
    edit(product, "duration_s = 144000", "duration_s = 140000")
    edit(product, "weld_energy_j = 900", "weld_energy_j = 910")
    load(folder)
    edit(product, "WO-ZNH-1001", "WO-ZNH-1002")
    load(folder)
    orders = WorkOrder.objects.filter(product__code="ZNH-100").order_by("number")
    weld = [order.recipes.get(operation__code="WELD").version for order in orders]
    assert [(o.number, o.route.version, v) for o, v in zip(orders, weld, strict=True)] == [
        ("WO-ZNH-1001", 1, 1),
        ("WO-ZNH-1002", 2, 2),
    ]
    assert orders[0].recipes.count() == 14
    before = everything()
    load(folder)
    assert everything() == before
    edit(product, "quantity = 2000", "quantity = 2001")
    with pytest.raises(CommandError, match="Use a new number"):
        load(folder)


def test_stations_get_their_policy_feed_points_and_gauges_and_people_their_certifications(folder: Path) -> None:
    """Dates are made once; a later calibration or renewal is not undone by a load."""
    stations = folder / "stations.toml"
    edit(
        stations,
        'operations = ["SORT"]',
        'operations = ["SORT"]\noffline_policy = "RUN_ON"\noffline_units = 9\n'
        'feed_points = [{ code = "TAPE", name_en = "Tape", name_ja = "テープ", materials = ["ADHESIVE", "NMP"] }]\n'
        'gauges = [{ code = "EYE", name_en = "Eye", name_ja = "目", interval_days = 30, racks = 2, slots = 3 }]',
    )
    edit(
        folder / "people.toml",
        'role = "QUALITY"',
        'role = "QUALITY"\ncertifications = [{ operation = "SORT", valid_days = 10 }]',
    )
    edit(folder / "products" / "znh-100.toml", 'operation = "ZFORM"', 'operation = "ZFORM"\nmax_wait_s = 86400')
    load(folder)
    sorter = Station.objects.get(code="SORT-1")
    assert (sorter.offline_policy, sorter.offline_units) == ("RUN_ON", 9)
    (point,) = sorter.feed_points.all()
    assert sorted(point.materials.values_list("code", flat=True)) == ["ADHESIVE", "NMP"]
    gauges = sorter.gauges.order_by("code").values_list("code", "channel")
    assert (len(gauges), gauges[0]) == (6, ("EYE-R01-C01", "SORT-1-R01-C01"))
    certification = Person.objects.get(username="quality").certifications.get(operation__code="SORT")
    later = timezone.now() + timedelta(days=999)
    sorter.gauges.update(valid_until=later)
    certification.valid_until = later
    certification.save()
    before = everything()
    load(folder)
    assert everything() == before
    edit(stations, '"ADHESIVE", "NMP"', '"NMP"')
    load(folder)
    assert list(point.materials.values_list("code", flat=True)) == ["NMP"]


def test_limits_that_a_person_set_stay_until_the_files_change() -> None:
    load(OSAKA)
    first = CharacteristicLimits.objects.get(characteristic__code="FIL-01", product__code="LFP-314")
    CharacteristicLimits.objects.create(
        characteristic=first.characteristic,
        product=first.product,
        version=2,
        lsl=843,
        target=846,
        usl=849,
        valid_from=first.valid_from,
        author="quality",
        reason="new scale",
    )
    before = everything()
    load(OSAKA)
    assert everything() == before


def drop_product(folder: Path) -> None:
    (folder / "products" / "lfp-314.toml").unlink()


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (
            lambda f: edit(
                f / "characteristics.csv",
                "Cathode slurry solids,正極スラリー固形分,wt%",
                "Cathode slurry solids,正極スラリー固形分,kg",
            ),
            ["characteristics.csv", "MIX-02.unit", "Use a new code"],
        ),
        (drop_product, ["control_plans.csv", "WIN-01-LFP.product", "products/"]),
        (
            lambda f: edit(f / "characteristics.csv", "k_value", "k_wert"),
            ["characteristics.csv", "OCV-02.formula", "k_value"],
        ),
        (
            lambda f: edit(f / "characteristics.csv", "OCV-01 OCV-R2 OCV-RT", "OCV-01 OCV-R2"),
            ["characteristics.csv", "OCV-02.inputs", "one characteristic for each argument"],
        ),
        (
            lambda f: edit(f / "products" / "znh-100.toml", 'design_code = "STZ"', 'design_code = "STX"'),
            ["products/znh-100.toml", "definitions[ZN-STACK].design_code", "Use a new code"],
        ),
        (
            lambda f: edit(
                f / "control_plans.csv", "I-MR,CONSECUTIVE,1,1 2,ALARM,97.5", "I-MR,RECORD,1,1 2,ALARM,97.5"
            ),
            ["control_plans.csv", "ZNH-07-ZNH.subgroup_by", "Use a new code"],
        ),
    ],
)
def test_a_refused_folder_leaves_the_database_as_it_was(
    folder: Path, spoil: Callable[[Path], None], said: list[str]
) -> None:
    load(folder)
    # Comes first in the load, so it is written before the fault is met.
    edit(folder / "site.toml", 'name_en = "Osaka plant"', 'name_en = "Other plant"')
    before = everything()
    spoil(folder)
    with pytest.raises(CommandError) as refused:
        load(folder)
    line = str(refused.value)
    assert "\n" not in line
    assert [part for part in said if part not in line] == []
    assert everything() == before


def test_credentials_are_made_once_private_and_reused(tmp_path: Path) -> None:
    file = tmp_path / "credentials.json"
    load(OSAKA, "--credentials", str(file))
    assert file.stat().st_mode & 0o777 == 0o600
    first = json.loads(file.read_text())
    assert set(first["people"]) == {"supervisor", "quality", "auditor", "administrator"}
    assert set(first["station_tokens"]) == set(Station.objects.values_list("code", flat=True))
    before = everything()
    load(OSAKA, "--credentials", str(file))
    assert (json.loads(file.read_text()), everything()) == (first, before)

    def asks(token: str) -> object:
        request = APIRequestFactory().get("/", headers={"Authorization": f"Token {token}"})
        found = TokenAuthentication().authenticate(request)
        assert found is not None
        return found[0]

    station = asks(first["station_tokens"]["PACK-1"])
    assert isinstance(station, StationUser) and station.station.code == "PACK-1"
    auditor = asks(first["auditor_token"])
    assert isinstance(auditor, Person) and auditor.role == "AUDITOR"
    for role, login in first["people"].items():
        person = Person.objects.get(username=login["user"])
        assert person.check_password(login["password"])
        assert (person.is_superuser, person.is_staff) == ((role == "administrator",) * 2)


def test_a_fresh_database_takes_the_credentials_of_the_file(tmp_path: Path) -> None:
    file = tmp_path / "credentials.json"
    load(OSAKA, "--credentials", str(file))
    kept = json.loads(file.read_text())
    Person.objects.get(username="quality").tokens.all().delete()
    for person in Person.objects.all():
        person.tokens.all().delete()
        person.set_unusable_password()
        person.save(update_fields=["password"])
    for station in Station.objects.all():
        station.tokens.all().delete()
    load(OSAKA, "--credentials", str(file))
    assert json.loads(file.read_text()) == kept
    assert Person.objects.get(username="supervisor").check_password(kept["people"]["supervisor"]["password"])
    assert Station.objects.filter(tokens__revoked_at=None, tokens__isnull=False).distinct().count() == 21


def test_a_password_that_the_person_chose_outlives_a_load(tmp_path: Path) -> None:
    file = tmp_path / "credentials.json"
    load(OSAKA, "--credentials", str(file))
    person = Person.objects.get(username="administrator")
    person.set_password("chosen by the person")
    person.save(update_fields=["password"])
    load(OSAKA, "--credentials", str(file))
    person.refresh_from_db()
    assert person.check_password("chosen by the person")


@pytest.mark.parametrize("text", ["not json", "[]", '{"people": {"auditor": "x"}}', '{"auditor_token": 3}'])
def test_a_foreign_credentials_file_is_neither_used_nor_overwritten(tmp_path: Path, text: str) -> None:
    file = tmp_path / "notes.json"
    file.write_text(text)
    with pytest.raises(CommandError, match="Move it away"):
        load(OSAKA, "--credentials", str(file))
    assert file.read_text() == text
    assert not Station.objects.exists()


def test_endpoints_are_written_and_outlive_a_load(tmp_path: Path) -> None:
    load(OSAKA)
    file = tmp_path / "endpoints.json"
    file.write_text(json.dumps({"COATING": "opc.tcp://127.0.0.1:5001", "PACK": "opc.tcp://127.0.0.1:5002"}))
    call_command("set_endpoints", str(file))
    load(OSAKA)
    assert OpcUaServer.objects.get(code="PACK").endpoint_url == "opc.tcp://127.0.0.1:5002"
    file.write_text(json.dumps({"COATING": "opc.tcp://127.0.0.1:5003", "NOWHERE": "opc.tcp://127.0.0.1:5004"}))
    with pytest.raises(CommandError, match="NOWHERE: no such OPC UA server"):
        call_command("set_endpoints", str(file))
    assert OpcUaServer.objects.get(code="COATING").endpoint_url == "opc.tcp://127.0.0.1:5001"


def test_every_station_has_its_state_and_counters() -> None:
    load(OSAKA)
    wanted = {"StateCurrent", "ProdProcessedCount", "ProdDefectiveCount", "TelemetryCount"}
    for station in Station.objects.all():
        codes = set(Signal.objects.filter(station=station).exclude(kind="MEASUREMENT").values_list("code", flat=True))
        assert codes == wanted
