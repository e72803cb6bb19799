"""The Celery app: where tasks are found, and what beat starts when."""

import os
import signal
from typing import Any

from celery import Celery
from celery.signals import task_prerun, worker_process_init
from django.db import close_old_connections

from mes.embedded import die_with_parent

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mes.settings")

app = Celery("denchi")
# Celery keeps the current app per thread; the gateway publishes from one of its own.
app.set_default()
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(
    [
        "lines.telemetry",
        "lines.ledger",
        "lines.events",
        "lines.tokens",
        "lines.certificates",
        "quality.charts",
        "quality.reactions",
        "quality.reports",
        "traceability.causes",
        "traceability.containment",
        "traceability.completeness",
        "traceability.audits",
    ]
)


# Eighteen tasks a second would open as many connections and plan their statements anew, a third of what workers do. A
# connection serves many tasks, as it serves many requests; then it is let go with its memory.
app.conf["CELERY_DB_REUSE_MAX"] = 5_000


@task_prerun.connect
def _leave_dead_connections(**_: Any) -> None:
    """As before each request: what a fault broke is closed, what was idle is asked whether it still answers."""
    close_old_connections()


@worker_process_init.connect
def _end_with_worker(**_: Any) -> None:
    """A worker that is killed leaves no process of its pool behind."""
    die_with_parent(signal.SIGKILL)


# Called when an evaluation has ended, too; the sweep each second is the net.
_CONTAIN = app.signature("traceability.containment.tasks.contain_signals", immutable=True, options={"expires": 2})

# Everything here may be missed, doubled or late: each task works off what the database says is open.
# `expires` keeps a stopped worker from finding a pile of wake-ups.
app.conf.beat_schedule = {
    "evaluate-pending": {
        "task": "quality.charts.tasks.evaluate_pending",
        # Twice a second: from a result to the hold behind its signal it may take one second.
        "schedule": 0.5,
        "options": {"expires": 2, "ignore_result": True, "link": _CONTAIN},
    },
    "contain-signals": {
        "task": _CONTAIN.task,
        "schedule": 1.0,
        "options": {"expires": 2, "ignore_result": True},
    },
    "watch-reactions": {
        "task": "quality.reactions.tasks.watch_reactions",
        "schedule": 1.0,
        "options": {"expires": 2, "ignore_result": True},
    },
    "make-reports": {
        "task": "quality.reports.tasks.work",
        "schedule": 2.0,
        "options": {"expires": 4, "ignore_result": True},
    },
    "find-causes": {
        "task": "traceability.causes.tasks.work",
        "schedule": 2.0,
        "options": {"expires": 4, "ignore_result": True},
    },
    "make-archives-of-histories": {
        "task": "traceability.audits.tasks.work",
        "schedule": 2.0,
        "options": {"expires": 4, "ignore_result": True},
    },
    "check-links": {
        "task": "traceability.completeness.tasks.check_links",
        # A recall looks itself at what came since.
        "schedule": 10.0,
        "options": {"expires": 20, "ignore_result": True},
    },
    "evaluate-gap-ledger": {
        "task": "lines.ledger.tasks.evaluate",
        "schedule": 1.0,
        "options": {"expires": 2, "ignore_result": True},
    },
    "ensure-partitions": {
        "task": "lines.telemetry.tasks.ensure_partitions",
        "schedule": 3600.0,
        "options": {"expires": 3000, "ignore_result": True},
    },
    "seal-telemetry": {
        "task": "lines.telemetry.tasks.seal",
        "schedule": 3600.0,
        "options": {"expires": 3000, "ignore_result": True},
    },
    "warn-of-expiring-tokens": {
        "task": "lines.tokens.tasks.warn_of_expiry",
        "schedule": 3600.0,
        "options": {"expires": 3000, "ignore_result": True},
    },
    "watch-certificates": {
        "task": "lines.certificates.tasks.watch",
        "schedule": 60.0,
        "options": {"expires": 50, "ignore_result": True},
    },
    "forget-events": {
        "task": "lines.events.tasks.forget_old",
        "schedule": 3600.0,
        "options": {"expires": 3000, "ignore_result": True},
    },
}
