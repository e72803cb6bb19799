"""Reactions: one for a run of signals, worked step by step against a clock, closed with cause and action."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from lines.errors import Code, Refusal
from lines.models import Alarm, Person
from lines.people.models import Role
from quality.charts.tasks import evaluate_pending
from quality.models import ChartPoint, ControlPlan, Reaction, ReactionCode, ReactionStep, Signal, Verification
from quality.reactions import errors, services
from quality.reactions.changes import behind
from quality.reactions.services import answer, close, verify, watch
from tests.quality.conftest import ChartPlant

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("plan")]


@pytest.fixture
def plan(plant: ChartPlant) -> ControlPlan:
    plan = plant.add_plan("A")
    ControlPlan.objects.filter(pk=plan.pk).update(verify_points=4, reaction_due_min=30)
    for code, kind, is_false in (("WEAR", "CAUSE", False), ("NONE", "CAUSE", True), ("REPLACED", "ACTION", False)):
        ReactionCode.objects.create(code=code, kind=kind, is_false_alarm=is_false, name_en=code, name_ja="交換・摩耗")
    for n, text in enumerate(("Is it real?", "What was changed?"), 1):
        ReactionStep.objects.create(sequence=n, name_en=text, name_ja=f"手順{n}")
    return plan


def person(role: str) -> Person:
    return Person.objects.get_or_create(
        username=role.lower(), defaults={"role": role, "name_en": "Somebody", "name_ja": "担当者"}
    )[0]


def signalled(plant: ChartPlant, *values: float) -> None:
    for value in values:
        plant.post([{"A": [value]}])
        evaluate_pending()
        watch()


def refusal(work: object, *arguments: object, **named: object) -> Code:
    with pytest.raises(Refusal) as caught:
        work(*arguments, **named)  # type: ignore[operator]  # any of the services
    return caught.value.code


def test_signals_join_one_reaction_until_points_in_control_verify_the_station(plant: ChartPlant) -> None:
    signalled(plant, 10.1, 9.9, 14.0, 14.2)
    reaction = Reaction.objects.get()
    assert reaction.signals.count() == Signal.objects.count() > 1
    assert [step.text_en for step in reaction.answers.all()] == ["Is it real?", "What was changed?"]
    signalled(plant, 10.1, 9.8, 10.2)
    assert Reaction.objects.get().verified_at is None
    # The moving range of the way back signalled as well: four points after that.
    signalled(plant, 9.9, 10.1)
    reaction.refresh_from_db()
    assert reaction.verified_by == "task:reactions" and Verification.objects.get().is_passed
    signalled(plant, 14.0)
    assert Reaction.objects.count() == 2


def test_points_off_the_centre_do_not_verify(plant: ChartPlant) -> None:
    signalled(plant, 10.1, 9.9, 14.0, 11.6, 11.4, 11.7, 11.5, 11.6)
    assert Reaction.objects.get().verified_at is None


def test_a_reaction_is_worked_verified_and_closed_in_this_order(plant: ChartPlant) -> None:
    signalled(plant, 10.0, 14.0)
    reaction = Reaction.objects.get()
    supervisor, quality = person(Role.SUPERVISOR), person(Role.QUALITY)
    assert refusal(answer, reaction.pk, 1, "yes", person(Role.AUDITOR)) == errors.REACTION_NOT_YOURS
    assert refusal(answer, reaction.pk, 9, "yes", supervisor) == errors.STEP_UNKNOWN
    assert refusal(answer, reaction.pk, 1, " ", supervisor) == errors.REACTION_TEXT
    assert refusal(answer, 2**70, 1, "yes", supervisor) == errors.REACTION_UNKNOWN
    answer(reaction.pk, 1, "Real", supervisor)
    assert refusal(answer, reaction.pk, 1, "again", supervisor) == errors.STEP_ANSWERED
    assert refusal(close, reaction.pk, "WEAR", "REPLACED", "", quality) == errors.REACTION_NOT_WORKED
    answer(reaction.pk, 2, "Horn changed", supervisor)
    assert refusal(close, reaction.pk, "WEAR", "REPLACED", "", quality) == errors.STATION_NOT_VERIFIED
    verify(reaction.pk, "Off by 2", supervisor, is_passed=False)
    assert refusal(close, reaction.pk, "WEAR", "REPLACED", "", quality) == errors.STATION_NOT_VERIFIED
    verify(reaction.pk, "Master piece reads right", supervisor)
    assert refusal(verify, reaction.pk, "again", supervisor) == errors.ALREADY_VERIFIED
    assert refusal(close, reaction.pk, "WEAR", "REPLACED", "", supervisor) == errors.REACTION_NOT_YOURS
    assert refusal(close, reaction.pk, "WEAR", "NONE", "", quality) == errors.CAUSE_OR_ACTION_UNKNOWN
    close(reaction.pk, "WEAR", "REPLACED", "Horn 12", quality)
    assert refusal(close, reaction.pk, "WEAR", "REPLACED", "", quality) == errors.REACTION_CLOSED
    alarm = Alarm.objects.get()
    assert alarm.acknowledged_by == quality and "Horn 12" in alarm.note
    at = set(Signal.objects.values_list("point", flat=True))
    assert set(ChartPoint.objects.filter(is_excluded=True).values_list("pk", flat=True)) == at


def test_points_of_a_false_alarm_stay_in_the_figures(plant: ChartPlant) -> None:
    signalled(plant, 10.0, 14.0)
    reaction, quality = Reaction.objects.get(), person(Role.QUALITY)
    for step in (1, 2):
        answer(reaction.pk, step, "Nothing", quality)
    verify(reaction.pk, "Master piece reads right", quality)
    close(reaction.pk, "NONE", "REPLACED", "", quality)
    assert not ChartPoint.objects.filter(is_excluded=True).exists()


def test_what_is_not_worked_in_time_raises_one_alarm_that_clears_with_the_last_answer(plant: ChartPlant) -> None:
    signalled(plant, 10.0, 14.0)
    assert not Alarm.objects.filter(code="REACTION-OVERDUE").exists()
    Reaction.objects.update(due_at=timezone.now() - timedelta(minutes=1))
    assert (watch(), watch()) == (1, 0)
    alarm = Alarm.objects.get(code="REACTION-OVERDUE")
    assert alarm.priority == 1 and alarm.cleared_at is None
    reaction = Reaction.objects.get()
    for step in (1, 2):
        answer(reaction.pk, step, "done", person(Role.SUPERVISOR))
    alarm.refresh_from_db()
    assert alarm.cleared_at is not None


def test_a_plan_that_only_logs_opens_none(plant: ChartPlant) -> None:
    ControlPlan.objects.update(response="LOG")
    signalled(plant, 10.0, 14.0)
    assert Signal.objects.exists() and not Reaction.objects.exists()


def test_pages_show_the_clock_and_take_the_answers(plant: ChartPlant) -> None:
    signalled(plant, 10.0, 14.0)
    reaction = Reaction.objects.get()
    client = Client()
    client.force_login(person(Role.QUALITY))
    listed = client.get("/reactions/").content.decode()
    assert "Chart A" in listed and "29 min left" in listed and "0/2" in listed
    address = f"/reactions/{reaction.pk}/"
    assert client.post(f"{address}answer/", {"step": "1", "text": ""}).status_code == 422
    assert client.post(f"{address}answer/", {"step": "x", "text": "a"}).status_code == 404
    for step in (1, 2):
        assert client.post(f"{address}answer/", {"step": step, "text": "<b>done</b>"}).status_code == 302
    page = client.get(address).content.decode()
    assert "&lt;b&gt;done" in page and "Verify the station" in page
    assert client.post(f"{address}close/", {"cause": "WEAR", "action": "REPLACED"}).status_code == 409
    client.post(f"{address}verify/", {"text": "measured", "passed": "1"})
    assert client.post(f"{address}close/", {"cause": "WEAR", "action": "REPLACED"}).status_code == 302
    closed = client.get(address, headers={"accept-language": "ja"}).content.decode()
    assert "手順1" in closed and "交換・摩耗" in closed
    assert f"/reactions/{reaction.pk}/" in client.get("/reactions/?state=closed").content.decode()
    assert client.get("/reactions/999999/").status_code == 404
    client.force_login(person(Role.AUDITOR))
    assert "<form class" not in client.get(address).content.decode().split("<main")[1]


def test_a_station_that_was_long_off_is_verified_by_its_newest_points(plant: ChartPlant) -> None:
    ControlPlan.objects.update(rules=[1], verify_points=3)
    plant.post([{"A": [value]} for value in [14.0] + [12.0] * 320])
    evaluate_pending()
    assert watch() == 0
    plant.post([{"A": [value]} for value in (10.1, 10.0, 9.9, 10.0)])
    evaluate_pending()
    assert watch() == 1
    reaction = Reaction.objects.exclude(verified_at=None).get()
    assert reaction.verified_at is not None
    ended = ChartPoint.objects.get(source_time=reaction.verified_at)
    # One point at 2 sigma and the first two good ones: 2.1 in sum, less than twice the square root of three.
    assert ended.number == 322


def test_the_window_behind_reaches_the_last_verification_however_far_back(plant: ChartPlant) -> None:
    ControlPlan.objects.update(rules=[1], verify_points=3)
    plant.post([{"A": [value]} for value in [10.0] * 5 + [12.0] * 320 + [16.0]])
    evaluate_pending()
    signal = Signal.objects.select_related("plan", "limits", "point").get(chart="I", point__number=325)
    found = behind(signal)
    assert found.verified_from is not None and found.first.number <= 3


def test_a_reaction_that_cannot_be_looked_at_keeps_no_other_waiting(
    plant: ChartPlant, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant.add_plan("B")
    plant.post([{"A": [value], "B": [value]} for value in (10.0, 14.0)])
    evaluate_pending()
    poison, other = Reaction.objects.order_by("pk")
    Reaction.objects.update(due_at=timezone.now() - timedelta(minutes=1))

    def late(reaction: Reaction) -> Alarm:
        if reaction == poison:
            raise ArithmeticError
        return late_alarm(reaction)

    late_alarm = services._late_alarm
    monkeypatch.setattr(services, "_late_alarm", late)
    assert watch() == 1
    other.refresh_from_db()
    assert other.overdue_alarm is not None
