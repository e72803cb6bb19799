"""What Celery calls."""

from celery import shared_task

from traceability.recall import checking


@shared_task(name="traceability.recall.tasks.check_links")
def check_links() -> int:
    """Started every ten seconds; a recall asks meanwhile for the rest itself."""
    return checking.check_links(most=50)
