"""What the worker does with telemetry. A batch may come twice, late or out of order."""

import base64

from celery import shared_task

from lines.telemetry import services


@shared_task(name="lines.telemetry.tasks.store_batch")
def store_batch(source: str, sequence: int, content: str) -> None:
    """`content` is the spooled file in base64."""
    services.store(source, sequence, base64.b64decode(content))


@shared_task(name="lines.telemetry.tasks.ensure_partitions")
def ensure_partitions() -> None:
    services.ensure_partitions()
