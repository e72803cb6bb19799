"""The Celery app: where tasks are found, and what beat starts when."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mes.settings")

app = Celery("denchi")
# Celery keeps the current app per thread; the gateway publishes from one of its own.
app.set_default()
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["lines.telemetry", "lines.events", "quality.charts"])

# Everything here may be missed, doubled or late: each task works off what the database says is open.
# `expires` keeps a stopped worker from finding a pile of wake-ups.
app.conf.beat_schedule = {
    "evaluate-pending": {
        "task": "quality.charts.tasks.evaluate_pending",
        "schedule": 1.0,
        "options": {"expires": 2, "ignore_result": True},
    },
    "ensure-partitions": {
        "task": "lines.telemetry.tasks.ensure_partitions",
        "schedule": 3600.0,
        "options": {"expires": 3000, "ignore_result": True},
    },
    "forget-events": {
        "task": "lines.events.tasks.forget_old",
        "schedule": 3600.0,
        "options": {"expires": 3000, "ignore_result": True},
    },
}
