"""What Celery calls."""

from celery import shared_task

from traceability.containment import services


@shared_task(name="traceability.containment.tasks.contain_signals")
def contain_signals() -> int:
    """Started when SPC has looked at new records, and each second in any case."""
    return services.contain()
