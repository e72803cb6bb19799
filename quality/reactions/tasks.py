"""What Celery calls."""

from celery import shared_task

from quality.reactions import services


@shared_task(name="quality.reactions.tasks.watch_reactions")
def watch_reactions() -> int:
    """Each second: stations that their points verify, reactions that nobody worked in time."""
    return services.watch()
