"""What Celery calls."""

from celery import shared_task

from quality.charts import services


@shared_task(name="quality.charts.tasks.evaluate_pending")
def evaluate_pending() -> int:
    """Started each second; one that finds another at work ends at once."""
    return services.evaluate()
