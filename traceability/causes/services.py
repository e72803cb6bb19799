"""Asking for analyses, making them, cancelling. A small one is made while one waits; a large one by a worker.

As with reports: one that has given no sign of life for two minutes is taken up again from the beginning; cancelling is
a wish that is found at the next sign of life, and one that nobody makes yet is cancelled at once.
"""

import logging
import time
from collections.abc import Callable
from datetime import timedelta

from django.db.models import Q
from django.utils import timezone

from lines.errors import Refusal
from lines.people.actors import acting
from lines.people.models import Person
from lines.people.roles import may_analyse
from traceability.causes import errors
from traceability.causes.asked import AskedAnalysis, read_asked
from traceability.causes.gathering import gather
from traceability.causes.models import AnalysisState, CauseAnalysis
from traceability.causes.ranking import rank
from traceability.causes.selecting import select
from traceability.causes.told import told

logger = logging.getLogger(__name__)

ACTOR = "task:causes"
AT_ONCE = 1_500  # units that are compared while the person waits
ALIVE_EACH_S = 1.0
FORSAKEN_AFTER = timedelta(minutes=2)
_LONGEST_DETAIL = 500


class _Cancelled(Exception):
    """It is not wanted any more."""


def ask(asked: AskedAnalysis, person: Person) -> CauseAnalysis:
    """Raises Refusal: not allowed, a name unknown, too few failed, none good, too many."""
    if not may_analyse(person):
        raise Refusal(errors.ANALYSIS_NOT_YOURS, person.username)
    selected = select(asked)
    is_small = len(selected.failed) + len(selected.good) <= AT_ONCE
    now = timezone.now()
    with acting(f"person:{person.username}"):
        analysis = CauseAnalysis.objects.create(
            asked=asked.as_json(), requested_by=person.username, requested_at=now, n_failed=len(selected.failed),
            state=AnalysisState.RUNNING if is_small else AnalysisState.QUEUED,
            started_at=now if is_small else None, alive_at=now if is_small else None,
        )  # fmt: skip
    if is_small:
        _make(analysis)
        analysis.refresh_from_db()
    return analysis


def may_cancel(analysis: CauseAnalysis, person: Person) -> bool:
    return may_analyse(person) and analysis.requested_by == person.username


def cancel(analysis_id: int, person: Person) -> CauseAnalysis:
    """Raises Refusal: not allowed, unknown, finished already."""
    with acting(f"person:{person.username}"):
        analysis = CauseAnalysis.objects.select_for_update().filter(pk=analysis_id).first()
        if analysis is None:
            raise Refusal(errors.ANALYSIS_UNKNOWN, str(analysis_id))
        if not may_cancel(analysis, person):
            raise Refusal(errors.ANALYSIS_NOT_YOURS, person.username)
        if analysis.state not in (AnalysisState.QUEUED, AnalysisState.RUNNING):
            raise Refusal(errors.ANALYSIS_FINISHED, f"analysis {analysis_id} is {analysis.state}")
        analysis.cancel_asked_by = person.username
        if analysis.state == AnalysisState.QUEUED or _is_forsaken(analysis):
            analysis.state, analysis.finished_at = AnalysisState.CANCELLED, timezone.now()
        analysis.save(update_fields=["cancel_asked_by", "state", "finished_at"])
    return analysis


def make_next(seconds: float = 60.0) -> int:
    """Make analyses that wait, oldest first, until none is left or the time is up. Returns how many were taken."""
    stop_at, taken = time.monotonic() + seconds, 0
    while time.monotonic() < stop_at:
        analysis = _take()
        if analysis is None:
            break
        taken += 1
        if analysis.state == AnalysisState.RUNNING:
            _make(analysis)
    return taken


def _is_forsaken(analysis: CauseAnalysis) -> bool:
    return analysis.alive_at is None or analysis.alive_at < timezone.now() - FORSAKEN_AFTER


def _take() -> CauseAnalysis | None:
    now = timezone.now()
    waiting = Q(state=AnalysisState.QUEUED) | Q(state=AnalysisState.RUNNING, alive_at__lt=now - FORSAKEN_AFTER)
    with acting(ACTOR):
        analysis = CauseAnalysis.objects.select_for_update(skip_locked=True).filter(waiting).order_by("pk").first()
        if analysis is None:
            return None
        if analysis.cancel_asked_by:
            analysis.state, analysis.finished_at = AnalysisState.CANCELLED, now
            analysis.save(update_fields=["state", "finished_at"])
            return analysis
        analysis.state, analysis.started_at, analysis.alive_at, analysis.progress = AnalysisState.RUNNING, now, now, 0
        analysis.save(update_fields=["state", "started_at", "alive_at", "progress"])
    return analysis


def _make(analysis: CauseAnalysis) -> None:
    try:
        _work(analysis)
    except _Cancelled:
        _end(analysis, AnalysisState.CANCELLED)
    except Refusal as refusal:
        _end(analysis, AnalysisState.FAILED, refusal.code.code, refusal.detail)
    except Exception as error:
        logger.exception("Analysis %s", analysis.pk)
        _end(analysis, AnalysisState.FAILED, errors.ANALYSIS_FAILED.code, type(error).__name__)


def _work(analysis: CauseAnalysis) -> None:
    tell = _alive(analysis)
    asked = read_asked(analysis.asked)
    selected = select(asked)
    gathered = gather(selected, asked.within, lambda done: tell(5 + 55 * done))
    ranked = rank(gathered.evidence, tick=lambda done: tell(60 + 39 * done))
    result = told(selected, gathered, ranked, asked.within)
    with acting(ACTOR):
        mine = _mine(analysis)
        if mine is None or mine.cancel_asked_by:
            raise _Cancelled
        mine.result, mine.n_failed, mine.n_findings = result, len(selected.failed), len(ranked.findings)
        mine.state, mine.finished_at, mine.progress = AnalysisState.DONE, timezone.now(), 100
        mine.save(update_fields=["result", "n_failed", "n_findings", "state", "finished_at", "progress"])


def _alive(analysis: CauseAnalysis) -> Callable[[float], None]:
    """Says how far it is and that somebody is at it; raises _Cancelled where it is not wanted any more."""
    said_at = time.monotonic()

    def tell(percent: float) -> None:
        nonlocal said_at
        if time.monotonic() - said_at < ALIVE_EACH_S:
            return
        said_at = time.monotonic()
        going_on = CauseAnalysis.objects.filter(
            pk=analysis.pk, state=AnalysisState.RUNNING, cancel_asked_by="", started_at=analysis.started_at
        )
        if not going_on.update(progress=int(percent), alive_at=timezone.now()):
            raise _Cancelled

    return tell


def _mine(analysis: CauseAnalysis) -> CauseAnalysis | None:
    """The row, locked, if this attempt is still the one that makes it."""
    running = CauseAnalysis.objects.select_for_update().filter(
        pk=analysis.pk, state=AnalysisState.RUNNING, started_at=analysis.started_at
    )
    return running.first()


def _end(analysis: CauseAnalysis, state: AnalysisState, code: str = "", detail: str = "") -> None:
    with acting(ACTOR):
        mine = _mine(analysis)
        if mine is not None:
            mine.state, mine.finished_at = state, timezone.now()
            mine.code, mine.detail = code, detail.replace("\x00", "")[:_LONGEST_DETAIL]
            mine.save(update_fields=["state", "finished_at", "code", "detail"])
