"""What the worker does with telemetry. A batch may come twice, late or out of order."""

import base64

from celery import shared_task

from lines.quarantine import errors as quarantine_errors
from lines.quarantine import services as quarantine
from lines.telemetry import pruning, sealing, services


@shared_task(name="lines.telemetry.tasks.store_batch")
def store_batch(source: str, sequence: int, content: str) -> None:
    """`content` is the spooled file in base64."""
    quarantine.store_or_set_aside(source, sequence, base64.b64decode(content))


@shared_task(name="lines.telemetry.tasks.set_batch_aside")
def set_batch_aside(source: str, sequence: int, content: str, detail: str) -> None:
    """The gateway sent it again and again, and no worker came to an end with it."""
    code = quarantine_errors.BATCH_GIVEN_UP
    quarantine.set_aside(source, sequence, base64.b64decode(content), code, detail)


@shared_task(name="lines.telemetry.tasks.ensure_partitions")
def ensure_partitions() -> None:
    services.ensure_partitions()


@shared_task(name="lines.telemetry.tasks.seal")
def seal() -> None:
    """What has been in the database for long enough goes into files; what was kept for long enough goes."""
    sealing.seal()
    sealing.remove_old()
    pruning.prune()
