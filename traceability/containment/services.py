"""Answering signals: what lies behind one is held, with all that was made of it, in one transaction with its done row.

One signal at a time, as posts wait while its units are put under a hold. Signals of one run share an alarm, and so one
hold, as long as nobody has released it.
"""

from collections.abc import Sequence
from datetime import datetime

from django.utils import timezone

from lines.people.actors import acting
from quality.charts import uncontained
from quality.models import Signal
from traceability.containment.models import Containment
from traceability.containment.queries import units_behind
from traceability.holds.models import Hold
from traceability.holds.placing import hold_more, place_on_units

ACTOR = "task:containment"
_AT_ONCE = 1


def contain(limit: int = _AT_ONCE) -> int:
    """Hold the units behind every signal that asks for it; how many signals were answered.

    Killed anywhere, the signals wait as before; two workers at once never take the same one.
    """
    done = 0
    while True:
        with acting(ACTOR):
            claimed = uncontained.claim(limit)
            _answer(claimed, timezone.now())
        done += len(claimed)
        if len(claimed) < limit:
            return done


def _answer(signal_ids: Sequence[int], now: datetime) -> None:
    if not signal_ids:
        return
    behind = units_behind(signal_ids)
    for signal in Signal.objects.filter(pk__in=signal_ids).select_related("plan", "point").order_by("pk"):
        unit_ids = behind.get(signal.pk, [])
        if not unit_ids:
            Containment.objects.create(signal=signal, n_units=0, contained_at=now)
            continue
        hold = _hold_of_run(signal)
        n_units = hold_more(hold, unit_ids, now) if hold is not None else None
        if n_units is None:
            reason = f"SPC {signal.plan.code}: rule {signal.rule} on {signal.chart} at point {signal.point.number}"
            placed = place_on_units(unit_ids, reason=reason, by=ACTOR, now=now)
            hold, n_units = placed.hold, placed.n_units
        Containment.objects.create(signal=signal, hold=hold, n_units=n_units, contained_at=now)


def _hold_of_run(signal: Signal) -> Hold | None:
    """The open hold of a signal of the same run, if there is one."""
    if signal.alarm_id is None:
        return None
    same_run = Containment.objects.filter(signal__alarm=signal.alarm_id, hold__released_at=None)
    before = same_run.exclude(hold=None).select_related("hold").first()
    return before.hold if before is not None else None
