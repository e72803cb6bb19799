"""Looking after the gap ledger. Missed, doubled or late: each run works off what the database says is open."""

from celery import shared_task

from lines.ledger import services


@shared_task(name="lines.ledger.tasks.evaluate")
def evaluate() -> None:
    services.evaluate()
