"""Plans made and changed by people: everything wrong is named, nothing half is stored, every change is kept."""

from collections.abc import Mapping

import psycopg
import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import given, settings
from hypothesis import strategies as st

from lines.errors import Refusal
from lines.models import Person
from lines.people.models import Role
from quality.plans import errors
from quality.plans.asked import COLUMNS, AskedPlan, asked_plan, words_of
from quality.plans.listing import last_change, last_changes, values_of_plan
from quality.plans.models import ControlPlan
from quality.plans.services import RefusedPlan, change_plan, check_table, import_plans, make_plan
from quality.studies.services import enter_limits
from tests.quality.conftest import ChartPlant

WORDS = {
    "code": "NEW-1", "name_en": "New plan", "name_ja": "新しい計画", "characteristic": "A", "product": "CELL-X",
    "station": "COAT-9", "chart": "XBAR-S", "subgroup_size": "4", "rules": "1 2 5", "run_lengths": "2=8",
    "response": "CONTAIN", "reaction_en": "Look.", "is_active": "1",
}  # fmt: skip

TEXTS = [
    "EWMA", "CUSUM", "P", "LANEY-U", "I-MR-S", "RECORD", "PERIOD", "TELEMETRY", "RANGE_PCT", "CHANNEL", "LOG", "3",
    "3.0", "2=7", "lambda=0.3", "lambda=nan", "k=0.5 h=4", "nominal=3", "nominal.A=1 nominal.B=2", "1 2 3 4", "1,2",
    "RMSDF", "",
]  # fmt: skip


def asked(**changes: str) -> AskedPlan:
    return asked_plan({**WORDS, **changes})


@pytest.fixture
def engineer(db: None) -> Person:  # noqa: ARG001 - order
    with connection.cursor() as cursor:
        # The test's own transaction is the outermost one, and that is where the actor is named.
        cursor.execute("select set_config('denchi.actor', 'person:quality', true)")
    return Person.objects.create(username="quality", role=Role.QUALITY)


def wrong_fields(found: Mapping[str, str] | AskedPlan) -> set[str]:
    assert isinstance(found, AskedPlan)
    return {each.field for each in found.wrong}


def test_a_plan_is_made_and_its_making_is_kept(plant: ChartPlant, engineer: Person) -> None:
    plant.add_plan("A")
    plan = make_plan(asked(), engineer, "A customer asked for it.")
    assert (plan.sigma_method, plan.run_lengths, plan.subgroup_by) == ("UWAVE-SD", {"2": 8}, "CONSECUTIVE")
    change = plan.changes.get()
    assert (change.actor, change.reason, change.is_first) == ("person:quality", "A customer asked for it.", True)


def test_a_change_is_kept_with_before_and_after_whoever_makes_it(plant: ChartPlant, engineer: Person) -> None:
    plant.add_plan("A")
    plan = make_plan(asked(), engineer, "first")
    change_plan("NEW-1", asked(rules="1 2", response="LOG"), engineer, "fewer alarms", last_change(plan))
    newest = plan.changes.first()
    assert newest is not None
    assert newest.changes["response"] == ["CONTAIN", "LOG"]
    assert newest.changes["rules"] == [[1, 2, 5], [1, 2]]
    assert newest.reason == "fewer alarms"
    ControlPlan.objects.filter(pk=plan.pk).update(is_active=False)  # as the administration would
    newest = plan.changes.first()
    assert newest is not None
    assert newest.changes == {"is_active": [True, False]}


@pytest.mark.parametrize(
    ("field", "text", "code"),
    [
        ("subgroup_size", "1", errors.PLAN_SIZE),
        ("subgroup_size", "4,5", errors.PLAN_NUMBER),
        ("chart", "PIE", errors.PLAN_CHOICE),
        ("rules", "1 9", errors.PLAN_RULES),
        ("rules", "one", errors.PLAN_RULES),
        ("run_lengths", "2=900", errors.PLAN_OPTIONS),
        ("run_lengths", "eight", errors.PLAN_OPTIONS),
        ("sigma_method", "MR-MEAN", errors.PLAN_SIGMA_METHOD),
        ("options", "lambda=0.2", errors.PLAN_OPTIONS),
        ("code", "SPACE IN IT", errors.PLAN_TEXT),
        ("name_en", "", errors.PLAN_FIELD_MISSING),
        ("characteristic", "NONE", errors.PLAN_NAME_UNKNOWN),
        ("source", "TELEMETRY", errors.PLAN_FIELD_MISSING),
        ("margin_units", "-1", errors.PLAN_NUMBER),
        ("is_active", "maybe", errors.PLAN_CHOICE),
    ],
)
def test_what_is_wrong_stands_at_its_field(
    plant: ChartPlant, engineer: Person, field: str, text: str, code: object
) -> None:
    plant.add_plan("A")
    with pytest.raises(RefusedPlan) as refused:
        make_plan(asked(**{field: text}), engineer, "why")
    named = {"source": "signal_code"}.get(field, field)
    assert (named, code) in {(wrong.field, wrong.code) for wrong in refused.value.wrong}
    assert not ControlPlan.objects.filter(code="NEW-1").exists()


def test_everything_wrong_is_named_at_once() -> None:
    found = asked(chart="EWMA", rules="2", options="lambda=7", subgroup_size="x", name_ja="")
    assert wrong_fields(found) == {"rules", "options", "subgroup_size", "name_ja"}


def test_what_was_drawn_keeps_its_meaning(plant: ChartPlant, engineer: Person) -> None:
    plan = plant.add_plan("A")
    values = words_of(values_of_plan(plan))
    reread = asked_plan(values)
    assert reread.wrong == ()
    assert words_of(reread.values) == {**values, "sigma_method": "MR-MEAN"}
    plan.points.create(limits=plan.limits.get(), number=0, source_time="2026-03-01T00:00Z", location=1, n=1, records=[])
    with pytest.raises(RefusedPlan) as refused:
        change_plan(plan.code, asked_plan({**values, "every_nth": "5"}), engineer, "why", last_change(plan))
    assert [(each.field, each.code) for each in refused.value.wrong] == [("every_nth", errors.PLAN_FIXED)]
    change_plan(plan.code, asked_plan({**values, "rules": "1"}), engineer, "why", last_change(plan))
    with pytest.raises(Refusal) as late:
        change_plan(plan.code, asked_plan(values), engineer, "why", 0)
    assert late.value.code == errors.PLAN_CHANGED


def test_the_same_chart_is_not_drawn_twice(plant: ChartPlant, engineer: Person) -> None:
    plant.add_plan("A")
    with pytest.raises(RefusedPlan) as refused:
        make_plan(asked(chart="I-MR", subgroup_size="1"), engineer, "why")
    assert [(each.code, each.detail) for each in refused.value.wrong] == [(errors.PLAN_TWICE, "CHART-A")]


def test_who_reads_only_and_a_change_without_reason_are_refused(plant: ChartPlant, engineer: Person) -> None:
    plant.add_plan("A")
    auditor = Person.objects.create(username="auditor", role=Role.AUDITOR)
    with pytest.raises(Refusal) as refused:
        make_plan(asked(), auditor, "why")
    assert refused.value.code == errors.PLAN_NOT_YOURS
    with pytest.raises(Refusal) as refused:
        make_plan(asked(), engineer, "  ")
    assert refused.value.code == errors.PLAN_REASON


def test_a_table_is_stored_whole_or_not_at_all(plant: ChartPlant, engineer: Person) -> None:
    old = plant.add_plan("A")
    changed = asked_plan({**words_of(values_of_plan(old)), "response": "LOG"})
    rows = [(2, asked()), (3, changed), (4, asked(code="NEW-2", characteristic="NONE")), (5, asked(name_en="Again"))]
    found = check_table(rows)
    assert [bool(row.wrong) for row in found] == [False, False, True, True]
    assert found[1].changes["response"] == ("ALARM", "LOG")
    with pytest.raises(Refusal) as refused:
        import_plans(rows, engineer, "why", last_changes())
    assert refused.value.code == errors.PLAN_ROWS
    assert ControlPlan.objects.count() == 1
    import_plans(rows[:2], engineer, "why", last_changes())
    assert set(ControlPlan.objects.values_list("code", "response")) == {("CHART-A", "LOG"), ("NEW-1", "CONTAIN")}
    again = check_table(rows[:2])
    assert [dict(row.changes) for row in again] == [{}, {}]


@pytest.mark.django_db(transaction=True)
def test_points_are_stored_while_plans_are_imported_edited_and_frozen(plant: ChartPlant, engineer: Person) -> None:
    plan = plant.add_plan("A")
    same = asked_plan(words_of(values_of_plan(plan)))
    words = connection.get_connection_params()
    reach = {name: words[name] for name in ("host", "port", "user", "password", "dbname") if words.get(name)}
    with psycopg.connect(**reach) as evaluator, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("select set_config('denchi.actor', 'person:quality', true)")
        import_plans([(2, asked(code="NEW-1", characteristic="A"))], engineer, "new", {})
        change_plan(plan.code, same, engineer, "why", last_change(plan))
        enter_limits(plan.code, engineer, "known", words={"center": "10", "sigma_within": "1", "n_values": "50"})
        # What a foreign key of a new point or signal takes.
        held = evaluator.execute("select id from quality_controlplan where id = %s for key share nowait", [plan.pk])
        assert held.fetchone() == (plan.pk,)


def test_a_long_table_is_checked_with_a_few_queries(plant: ChartPlant) -> None:
    rows = []
    for place, name in enumerate("ABCDEF"):
        rows.append((place + 2, asked_plan(words_of(values_of_plan(plant.add_plan(name))))))
    with CaptureQueriesContext(connection) as few:
        check_table(rows[:1])
    with CaptureQueriesContext(connection) as many:
        assert not any(row.wrong for row in check_table(rows))
    assert len(many) == len(few)


@pytest.mark.slow
@settings(max_examples=150, deadline=None)
@given(st.dictionaries(st.sampled_from(COLUMNS), st.text(max_size=12) | st.sampled_from(TEXTS)))
def test_whatever_is_typed_is_read_or_named_as_wrong(words: dict[str, str]) -> None:
    found = asked_plan({**WORDS, **words})
    if found.wrong:
        assert {each.field for each in found.wrong} <= set(COLUMNS)
    else:
        again = asked_plan(words_of(found.values))
        assert (again.wrong, again.values) == ((), found.values)
