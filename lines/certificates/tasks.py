"""Looking after the certificates of OPC UA connections."""

from celery import shared_task

from lines.certificates import services


@shared_task(name="lines.certificates.tasks.watch")
def watch() -> None:
    services.watch()
