"""What Celery calls."""

from celery import shared_task

from traceability.completeness import checking


@shared_task(name="traceability.completeness.tasks.check_links")
def check_links() -> int:
    """Started every ten seconds; whoever asks meanwhile looks for the rest itself."""
    return checking.check_links(most=50)
