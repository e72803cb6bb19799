"""What a signal's hold must not miss: other recipes, positions nobody measured, limits that changed, late records."""

from datetime import UTC, datetime, timedelta

import pytest

from lines.models import Alarm
from quality.charts.tasks import evaluate_pending
from quality.models import ControlLimits, Signal, Uncontained
from quality.reactions.tasks import watch_reactions
from tests.traceability.conftest import Hand
from tests.traceability.test_containment import held, jelly, watch
from traceability.containment import services, windows
from traceability.containment.tasks import contain_signals
from traceability.models import Hold


def wound(hand: Hand, thickness: float, recipe: str = "", position: str | None = "") -> str:
    """A jelly roll of a recipe, measured at a position; None: its thickness is not measured."""
    serial = hand.serial("JRL")
    values = hand.values(serial, "WIND", WIN_04=thickness)
    if position is None:
        values = [value for value in values if value["code"] != "WIN-04"]
    elif position:
        values = [{**value, "position": position} if value["code"] == "WIN-04" else value for value in values]
    answer = hand.tell(hand.body(serial, "WIND", measurements=values, **({"recipe": recipe} if recipe else {})))
    assert answer.status_code == 201, answer.content
    evaluate_pending()
    watch_reactions()
    contain_signals()
    return serial


def test_each_recipe_that_signals_is_held_by_a_hold_of_its_own(hand: Hand) -> None:
    watch("WIN-04-LFP")
    good = [wound(hand, value, "A") for value in (34.0, 34.02, 33.99)]
    first = wound(hand, 34.6, "A")
    second = [wound(hand, 34.6, "B") for _ in range(2)]
    assert [held(serial) for serial in (*good, first, *second)] == [False] * 3 + [True] * 3
    assert list(Hold.objects.filter(scope="SIGNAL").order_by("pk").values_list("recipe", flat=True)) == ["A", "B"]
    assert Signal.objects.filter(containment__hold__recipe="B").exists()


def test_a_unit_that_was_not_measured_may_have_any_position(hand: Hand) -> None:
    watch("WIN-04-LFP", stream_by="POSITION")
    for value in (34.0, 34.01, 34.02):
        wound(hand, value, position="L")
    # Made before the signal and after it; the last signal finds both again in what was made.
    before = wound(hand, 34.0, position=None)
    other = wound(hand, 34.0, position="R")
    bad = wound(hand, 34.6, position="L")
    after = wound(hand, 34.0, position=None)
    assert [held(serial) for serial in (before, other, bad, after)] == [True, False, True, True]
    assert set(Hold.objects.filter(scope="SIGNAL").values_list("position", flat=True)) == {"L"}


def test_new_limits_do_not_cut_off_what_was_made_on_the_old_ones(hand: Hand) -> None:
    plan = watch("WIN-04-LFP", verify_points=3)
    good = [wound(hand, 34.0 + 0.02 * (n % 3 - 1)) for n in range(8)]
    slow = [wound(hand, 34.15) for _ in range(4)]
    old = plan.limits.order_by("-version")[0]
    ControlLimits.objects.create(
        plan=plan, version=old.version + 1, center=old.center, sigma_within=old.sigma_within, n_values=100,
        sigma_method=old.sigma_method, valid_from=old.valid_from + timedelta(days=1), author="qe", reason="Review",
    )  # fmt: skip
    bad = wound(hand, 34.6)
    assert Signal.objects.order_by("pk")[0].limits.version == old.version + 1
    # A drift from the sixth point on has (sum w z)^2 / 2 sum w^2 = 11.1, the best one 12.8 (from the ninth on).
    assert [held(serial) for serial in good] == [False] * 5 + [True] * 3
    assert all(held(serial) for serial in (*slow, bad))


def test_a_record_told_days_late_does_not_widen_the_margin(hand: Hand) -> None:
    watch("WIN-04-LFP", margin_units=3)
    good = [wound(hand, 34.0 + 0.02 * (n % 3 - 1)) for n in range(9)]
    now, hand.clock = hand.clock, hand.clock - timedelta(days=2)
    late = wound(hand, 34.0)
    hand.clock = now
    bad = wound(hand, 34.6)
    assert [held(serial) for serial in good] == [False] * 6 + [True] * 3
    assert not held(late) and held(bad)


def test_a_signal_that_cannot_be_answered_keeps_no_other_waiting(hand: Hand, monkeypatch: pytest.MonkeyPatch) -> None:
    watch("WIN-04-LFP", rules=[1])
    jelly(hand, 34.0)
    bad = [jelly(hand, 34.5), jelly(hand, 34.6)]
    evaluate_pending()
    n, poison = Signal.objects.count(), Signal.objects.order_by("pk")[0]

    def window(signal: Signal) -> windows.Found:
        if signal == poison:
            raise OverflowError("date value out of range")
        return windows.window_behind(signal)

    with monkeypatch.context() as patch:
        patch.setattr(services, "window_behind", window)
        assert (contain_signals(), contain_signals()) == (n - 1, 0)
    assert held(bad[1]) and list(Uncontained.objects.values_list("signal", flat=True)) == [poison.pk]
    alarm = Alarm.objects.get(code="CONTAINMENT-FAILED")
    assert (alarm.priority, alarm.cleared_at) == (1, None)
    assert contain_signals() == 1
    alarm.refresh_from_db()
    assert alarm.cleared_at is not None and all(held(serial) for serial in bad)


def test_a_margin_of_ages_begins_where_the_calendar_does(hand: Hand) -> None:
    watch("WIN-04-LFP")
    wound(hand, 34.0)
    wound(hand, 34.6)
    related = ("plan__characteristic", "plan__product", "plan__station", "limits", "point")
    signal = Signal.objects.select_related(*related).order_by("pk")[0]
    signal.plan.source, signal.plan.period_s, signal.plan.margin_units = "TELEMETRY", 31 * 86_400, 100_000
    assert windows.window_behind(signal).window.begins == datetime(1970, 1, 1, tzinfo=UTC)
