"""Housekeeping of the event table."""

from celery import shared_task

from lines.events import services


@shared_task(name="lines.events.tasks.forget_old")
def forget_old() -> None:
    services.forget_old()
