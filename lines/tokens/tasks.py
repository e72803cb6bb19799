"""Looking after the tokens of stations."""

from celery import shared_task

from lines.tokens import services


@shared_task(name="lines.tokens.tasks.warn_of_expiry")
def warn_of_expiry() -> None:
    services.warn_of_expiry()
