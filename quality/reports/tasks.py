"""What Celery calls, on a queue of its own: a report takes seconds to minutes, and nothing else waits for it."""

from celery import shared_task

from quality.reports import schedules, services


@shared_task(name="quality.reports.tasks.work")
def work() -> int:
    """Started every two seconds; works off what the database says is open. Returns how many reports were taken."""
    schedules.queue_due()
    taken = services.make_next()
    schedules.send_made()
    return taken
