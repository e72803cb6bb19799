"""A study keeps its data, points are left out with a reason, and what is frozen is a version that points keep."""

from datetime import timedelta

import pytest
from django.utils import timezone

from lines.errors import Code, Refusal
from lines.models import Measurement, Person
from lines.people.models import Role
from quality.plans import errors as plan_errors
from quality.studies import errors
from quality.studies.models import LimitsStudy
from quality.studies.queries import compared, one_study
from quality.studies.services import discard, enter_limits, freeze, leave_out, make_study, take_in_again
from tests.quality.conftest import STARTED, ChartPlant

VALUES = [10.0, 11.0, 9.0, 10.5, 9.5, 10.2, 30.0, 9.9, 10.1, 10.4, 9.7, 10.3]


@pytest.fixture
def engineer(db: None) -> Person:  # noqa: ARG001 - order
    return Person.objects.create(username="quality", role=Role.QUALITY)


def made(plant: ChartPlant, engineer: Person, values: list[float] | None = None) -> LimitsStudy:
    plant.add_plan("A")
    plant.post([{"A": [value]} for value in (VALUES if values is None else values)], pending=False)
    return make_study("CHART-A", engineer, stream="", since=STARTED, until=STARTED + timedelta(days=1), sigma_method="")


def refused_with(refused: pytest.ExceptionInfo[Refusal]) -> Code:
    return refused.value.code


def test_a_study_is_frozen_as_the_next_version_with_its_evidence(plant: ChartPlant, engineer: Person) -> None:
    study = made(plant, engineer)
    assert [group["v"][0] for group in study.groups] == VALUES
    with pytest.raises(Refusal) as refused:
        freeze(study.pk, engineer, "first study")
    assert refused_with(refused) is errors.LIMITS_NOT_STABLE
    leave_out(study.pk, engineer, [6], "Wrong master piece.")
    limits = freeze(study.pk, engineer, "first study")
    kept = [value for value in VALUES if value != 30.0]
    assert limits.center == pytest.approx(sum(kept) / len(kept))
    assert (limits.version, limits.n_values, limits.author, limits.reason) == (2, 11, "quality", "first study")
    study = LimitsStudy.objects.get(pk=study.pk)
    assert study.frozen_as == limits
    assert study.verdict["after"]["is_stable"]
    assert not study.verdict["before"]["is_stable"]
    exclusion = study.exclusions.get()
    assert (exclusion.place, exclusion.reason, exclusion.author) == (6, "Wrong master piece.", "quality")
    for change in (
        lambda: leave_out(study.pk, engineer, [1], "x"),
        lambda: discard(study.pk, engineer),
        lambda: freeze(study.pk, engineer, "again"),
    ):
        with pytest.raises(Refusal) as refused:
            change()
        assert refused_with(refused) is errors.STUDY_CLOSED


def test_frozen_limits_can_be_computed_again_whatever_comes_later(plant: ChartPlant, engineer: Person) -> None:
    study = made(plant, engineer)
    limits = freeze(study.pk, engineer, "as it is", despite_signals=True)
    plant.stored = 0  # late values of the same span
    Measurement.objects.filter(characteristic="A").delete()
    found = one_study(study.pk)
    assert found is not None
    again = compared(found).after.proposed
    assert again.limits is not None
    assert (again.limits.center, again.limits.sigma) == (limits.center, limits.sigma_within)


def test_what_is_taken_in_again_counts_again(plant: ChartPlant, engineer: Person) -> None:
    study = made(plant, engineer)
    leave_out(study.pk, engineer, [6, 0], "Master piece.")
    take_in_again(study.pk, engineer, [0])
    assert [exclusion.place for exclusion in study.exclusions.all()] == [6]


def test_subgroups_are_those_of_the_chart(plant: ChartPlant, engineer: Person) -> None:
    plant.add_plan("S", "XBAR-R", 3)
    plant.post([{"S": [value]} for value in VALUES], pending=False)
    study = make_study("CHART-S", engineer, stream="", since=STARTED, until=STARTED + timedelta(days=1))
    assert [group["v"] for group in study.groups] == [VALUES[start : start + 3] for start in (0, 3, 6, 9)]
    assert len(study.groups[0]["r"]) == 3


def test_what_cannot_be_studied_or_frozen_says_why(plant: ChartPlant, engineer: Person) -> None:
    study = made(plant, engineer, [10.0] * 5)
    with pytest.raises(Refusal) as refused:
        freeze(study.pk, engineer, "constant")
    assert refused_with(refused) is errors.STUDY_UNDEFINED
    with pytest.raises(Refusal) as refused:
        make_study("CHART-A", engineer, stream="", since=STARTED - timedelta(days=2), until=STARTED)
    assert refused_with(refused) is errors.STUDY_NO_DATA
    with pytest.raises(Refusal) as refused:
        make_study("CHART-A", engineer, stream="", since=STARTED, until=STARTED)
    assert refused_with(refused) is errors.STUDY_SPAN
    with pytest.raises(Refusal) as refused:
        leave_out(study.pk, engineer, [5], "no such point")
    assert refused_with(refused) is errors.STUDY_POINT
    with pytest.raises(Refusal) as refused:
        leave_out(study.pk, engineer, [1], " ")
    assert refused_with(refused) is errors.STUDY_REASON
    operator = Person.objects.create(username="operator", role=Role.OPERATOR)
    with pytest.raises(Refusal) as refused:
        freeze(study.pk, operator, "why")
    assert refused_with(refused) is plan_errors.PLAN_NOT_YOURS


@pytest.mark.parametrize(
    "words",
    [
        {"center": "10", "sigma_within": "0", "n_values": "100"},
        {"center": "10", "sigma_within": "inf", "n_values": "100"},
        {"center": "10,5", "sigma_within": "1", "n_values": "100"},
        {"center": "10", "sigma_within": "1"},
        {"center": "10", "sigma_within": "1", "n_values": "2.5"},
        {"lcl": "7", "ucl": "13", "n_values": "100"},
    ],
)
def test_bare_limits_are_not_taken(plant: ChartPlant, engineer: Person, words: dict[str, str]) -> None:
    plan = plant.add_plan("A")
    with pytest.raises(Refusal) as refused:
        enter_limits("CHART-A", engineer, "known", words=words)
    assert refused_with(refused) is errors.LIMITS_ENTERED
    assert plan.limits.count() == 1


def test_mean_and_sigma_are_taken_and_never_into_the_past(plant: ChartPlant, engineer: Person) -> None:
    plan = plant.add_plan("A")
    words = {"center": "10.5", "sigma_within": "0.5", "n_values": "200"}
    with pytest.raises(Refusal) as refused:
        enter_limits("CHART-A", engineer, "known", words=words, valid_from=timezone.now() - timedelta(hours=1))
    assert refused_with(refused) is errors.LIMITS_VALID_FROM
    to_come = timezone.now() + timedelta(hours=8)
    limits = enter_limits("CHART-A", engineer, "From the sister line.", words=words, valid_from=to_come)
    assert (limits.version, limits.center, limits.sigma_method, limits.valid_from) == (2, 10.5, "MR-MEAN", to_come)
    assert plan.limits.count() == 2
