"""Goods receipt by people: one lot by a form, many by a file, all of it or nothing."""

from datetime import datetime

from django.db import transaction

from lines.errors import Refusal
from lines.people.actors import acting
from lines.records.services import refusing_when_locked
from traceability.lots import errors
from traceability.lots.bodies import Receipt
from traceability.lots.files import Filed
from traceability.lots.services import receive
from traceability.units.models import Lot


def receive_one(receipt: Receipt, actor: str, now: datetime) -> Lot:
    """In a transaction of its own. Raises Refusal."""
    with refusing_when_locked(""), acting(actor):
        return receive(receipt, actor, now)[1]


def _receive_each(lots: list[Filed], actor: str, now: datetime) -> None:
    """Inside a transaction: every lot of the file; what is refused is written to its first line."""
    for filed in lots:
        if filed.receipt is None:
            continue
        try:
            with transaction.atomic():
                filed.is_new, lot = receive(filed.receipt, actor, now)
                filed.state = lot.state
        except Refusal as refusal:
            filed.wrong(refusal.code, refusal.detail)


def preview_file(lots: list[Filed], actor: str, now: datetime) -> None:
    """What receiving them would do, written to each; nothing is stored."""
    with refusing_when_locked(""), acting(actor):
        _receive_each(lots, actor, now)
        transaction.set_rollback(True)


def receive_file(lots: list[Filed], actor: str, now: datetime) -> None:
    """Store them all. Raises Refusal FILE_HAS_FAULTS where one cannot be, and then stores none."""
    with refusing_when_locked(""), acting(actor):
        _receive_each(lots, actor, now)
        if n_wrong := sum(line.problems != [] for filed in lots for line in filed.lines):
            raise Refusal(errors.FILE_HAS_FAULTS, f"{n_wrong} lines")
