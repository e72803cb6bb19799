"""What Celery calls, on the queue of reports: an analysis may take a minute, and nothing else waits for it."""

from celery import shared_task

from traceability.causes import services


@shared_task(name="traceability.causes.tasks.work")
def work() -> int:
    """Started every two seconds; works off what the database says is open. Returns how many were taken."""
    return services.make_next()
