"""What Celery calls: archives take seconds to minutes, and nothing else waits for them."""

from celery import shared_task

from traceability.audits import bundles


@shared_task(name="traceability.audits.tasks.work")
def work() -> int:
    """Started every two seconds; works off what the database says is open. Returns how many archives were taken."""
    return bundles.make_next()
