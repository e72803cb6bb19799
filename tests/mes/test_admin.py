"""Django admin: the administrator edits master data in their own name; nobody changes a fact or a version there."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.apps import apps
from django.contrib import admin
from django.core.management import call_command
from django.db import connection
from django.db.models import CompositePrimaryKey
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from lines.models import Measurement, OperationRecord, Person, Route, Station, StationPost
from lines.records.models import Verdict
from quality.models import Characteristic, CharacteristicLimits
from tests.plant_copies import load_once

OSAKA = Path(__file__).parents[2] / "fixtures" / "plant" / "osaka"
pytestmark = pytest.mark.django_db
MASTER = {
    "Certification",
    "FeedPoint",
    "Gauge",
    "DataCentreSite",
    *("Site", "Area", "ProductionLine", "Shift", "OpcUaServer", "Product", "Station", "Signal", "ReasonCode"),
    *("Operation", "MaterialDefinition", "Person", "StationToken", "PersonToken"),
    *("Characteristic", "CharacteristicUse", "ControlPlan", "ReactionCode", "ReactionStep"),
}
VERSIONS = {"Recipe", "CharacteristicLimits", "ControlLimits"}
IN_A_PAGE = {"BillItem", "Measurement", "Sample"}  # shown inside another page, or not at all


@pytest.fixture
def administrator(client: Client) -> Client:
    load_once("osaka", lambda: call_command("load_plant", verbosity=0))
    client.force_login(Person.objects.get(username="administrator"))
    return client


@pytest.mark.usefixtures("administrator")
def test_facts_are_looked_at_only_and_nothing_is_deleted() -> None:
    request = RequestFactory().get("/")
    request.user = Person.objects.get(username="administrator")
    for app in ("lines", "quality", "traceability"):
        for model in apps.get_app_config(app).get_models():
            if isinstance(model._meta.pk, CompositePrimaryKey) or model.__name__ in IN_A_PAGE:
                continue
            page = admin.site._registry[model]
            name = f"{app}.{model.__name__}"
            is_master = model.__name__ in MASTER and not (app == "quality" and model.__name__ == "Signal")
            assert page.has_change_permission(request) == is_master, name
            assert not page.has_delete_permission(request), name
            if model.__name__ not in MASTER | VERSIONS:
                assert not page.has_add_permission(request), name


def test_every_list_opens(administrator: Client) -> None:
    for model in admin.site._registry:
        address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert administrator.get(address).status_code == 200, address
        assert len(queries) < 15, f"{address} asks {len(queries)} times"


def test_a_record_shows_its_measurements_and_is_found_by_serial_in_any_width(administrator: Client) -> None:
    station, now = Station.objects.get(code="WELD-1"), timezone.now()
    post = StationPost.objects.create(station=station, key="k1", body_sha256="", received_at=now)
    record = OperationRecord.objects.create(
        post=post,
        station=station,
        operation="WELD",
        serial="SK1CLF6BN000001AB",
        attempt=1,
        source_time=now,
        received_at=now,
        machine_outcome=Verdict.PASS,
        verdict=Verdict.PASS,
        is_conforming=True,
        content_sha256="",
    )
    Measurement.objects.create(
        received_at=now,
        record=record,
        sequence=0,
        characteristic="WEL-03",
        value=0.0213,
        unit="mOhm",
        source_time=now,
        judgement=1,
    )
    address = reverse("admin:lines_operationrecord_change", args=[record.pk])
    page = administrator.get(address)
    assert "WEL-03" in page.text and "0.0213" in page.text
    assert administrator.post(address, {"serial": "X"}).status_code == 403
    found = administrator.get(reverse("admin:lines_operationrecord_changelist"), {"q": "ｓｋ１clf6bn000001ab "})
    assert "SK1CLF6BN000001AB" in found.text
    assert administrator.get(reverse("admin:lines_route_change", args=[Route.objects.all()[0].pk])).status_code == 200


def test_new_limits_are_a_version_by_the_one_who_made_them(administrator: Client) -> None:
    first = CharacteristicLimits.objects.get(characteristic__code="FIL-01", product__code="LFP-314")
    address = reverse("admin:quality_characteristiclimits_change", args=[first.pk])
    assert administrator.post(address, {"lsl": 1}).status_code == 403
    form = {
        "characteristic": first.characteristic_id,
        "product": first.product_id,
        "lsl": "843",
        "target": "846",
        "usl": "849",
        "valid_from_0": "2026-11-22",
        "valid_from_1": "08:00",
        "reason": "new scale",
    }
    added = administrator.post(reverse("admin:quality_characteristiclimits_add"), form)
    assert added.status_code == 302, added.text
    second = CharacteristicLimits.objects.get(characteristic=first.characteristic, product=first.product, version=2)
    assert (second.lsl, second.author) == (843, "administrator")
    crossed = administrator.post(reverse("admin:quality_characteristiclimits_add"), {**form, "lsl": "900"})
    assert crossed.status_code == 200  # the form again, with its error


def test_master_data_are_changed_in_the_person_s_name(administrator: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    row = Characteristic.objects.get(code="MIX-02")
    address = reverse("admin:quality_characteristic_change", args=[row.pk])
    form = {
        "code": row.code,
        "name_en": "slurry solids",
        "name_ja": row.name_ja,
        "unit": row.unit,
        "distribution": row.distribution,
        "reason_codes": "MIX-SOLID",
    }
    actors = []

    @contextmanager
    def noting(actor: str) -> Iterator[None]:
        actors.append(actor)
        yield

    monkeypatch.setattr("lines.admin_kinds.acting", noting)
    assert administrator.post(address, form).status_code == 302
    row.refresh_from_db()
    assert (row.name_en, actors) == ("slurry solids", ["person:administrator"])


def test_only_the_administrator_gets_in(client: Client) -> None:
    load_once("osaka", lambda: call_command("load_plant", verbosity=0))
    for username in ("supervisor", "quality", "auditor"):
        client.force_login(Person.objects.get(username=username))
        assert client.get(reverse("admin:index")).status_code == 302
