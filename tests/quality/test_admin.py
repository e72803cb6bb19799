"""Django admin of this app: what facts rest on stays as it was."""

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from lines.models import Person
from lines.people.models import Role
from quality.plans.models import ControlPlan
from tests.quality.conftest import ChartPlant

FORM = {
    **{"name_en": "Loading", "name_ja": "目付", "response": "ALARM", "is_active": "on", "run_lengths": "{}"},
    **{"options": "{}", "margin_units": 5, "verify_points": 0, "reaction_due_min": 30},
}


@pytest.fixture
def administrator(plant: ChartPlant, client: Client) -> Client:
    plant.add_plan("LOAD")
    client.force_login(
        Person.objects.create(username="admin", role=Role.ADMINISTRATOR, is_staff=True, is_superuser=True)
    )
    return client


def test_what_a_chart_shows_is_not_changed_afterwards(administrator: Client, plant: ChartPlant) -> None:
    plan = plant.plans["LOAD"]
    other = plant.add_plan("OTHER").characteristic
    changed = {"code": "X", "characteristic": other.pk, "chart": "XBAR-R", "subgroup_by": "RECORD", "subgroup_size": 5,
               "stream_by": "CHANNEL", "every_nth": 3}  # fmt: skip
    address = reverse("admin:quality_controlplan_change", args=[plan.pk])
    assert administrator.post(address, {**FORM, **changed, "rules": "1"}).status_code == 302
    stored = ControlPlan.objects.get(pk=plan.pk)
    assert (stored.name_en, stored.rules) == ("Loading", [1])
    for name in changed:
        assert getattr(stored, name) == getattr(plan, name), name

    measured = plan.characteristic
    address = reverse("admin:quality_characteristic_change", args=[measured.pk])
    form = {"code": "X", "unit": "kg", "name_en": "Loading", "name_ja": "目付", "distribution": "NORMAL"}
    assert administrator.post(address, form).status_code == 302
    measured.refresh_from_db()
    assert (measured.name_en, measured.code, measured.unit) == ("Loading", "LOAD", "mg/cm2")


def test_only_rules_that_are_evaluated_can_be_asked_for(administrator: Client, plant: ChartPlant) -> None:
    plan = plant.plans["LOAD"]
    address = reverse("admin:quality_controlplan_change", args=[plan.pk])
    answer = administrator.post(address, {**FORM, "rules": "1,9"})
    assert "Use the rules 1, 2, 3, 4, 5, 6, 7, 8." in answer.text
    plan.rules = [2, 10]
    with pytest.raises(ValidationError, match="Use the rules"):
        plan.clean_fields()
