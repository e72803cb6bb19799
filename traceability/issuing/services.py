"""Handing out serials: consecutive ones in a block, none ever twice, the same block again for the same key."""

import hashlib
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection
from django.utils import timezone

from lines.errors import KEY_MISSING, KEY_REUSED, Refusal
from lines.models import MaterialDefinition, Station
from lines.orders.serials import MAX_SEQUENCE, Serial, make_serial
from lines.people.actors import acting
from lines.records.refusing import keeping_refused, wait_for
from lines.stations.body import read_json
from traceability.issuing import errors
from traceability.issuing.bodies import Wanted, read_wanted
from traceability.issuing.models import SerialBlock

LONGEST_KEY = 128
# Marking is done around the day itself; a wrong clock or year shall not use up a far day's serials.
FARTHEST = timedelta(days=31)


@dataclass(frozen=True, slots=True)
class Issued:
    """`is_repeat`: the block was handed out before."""

    answer: dict[str, Any]
    is_repeat: bool


def issue_block(station: Station, key: str, path: str, raw: bytes) -> Issued:
    """Serials for a station. Raises Refusal, after putting the request into quarantine."""
    now = timezone.now()
    with keeping_refused(station, path=path, key=key, body=raw, received_at=now):
        if not (1 <= len(key) <= LONGEST_KEY and key.isascii() and key.isprintable()):
            raise Refusal(KEY_MISSING, "Idempotency-Key")
        with acting(f"station:{station.code}"):
            return _issue(station, key, raw, now)


def _issue(station: Station, key: str, raw: bytes, now: datetime) -> Issued:
    wait_for(f"serial-block:{station.code}:{key}")  # a copy in flight gets the block of the first
    sha256 = hashlib.sha256(raw).hexdigest()
    first = SerialBlock.objects.select_related("definition").filter(station=station, key=key).first()
    if first is not None:
        if first.body_sha256 != sha256:
            raise Refusal(KEY_REUSED, key)
        return Issued(_answer(first, station), True)
    wanted = read_wanted(read_json(raw))
    definition = _definition(wanted)
    today = now.astimezone(ZoneInfo(station.production_line.site.time_zone)).date()
    day = wanted.day or today
    if abs(day - today) > FARTHEST:
        raise Refusal(errors.DAY_TOO_FAR, f"$.day: {day}, today is {today}")
    block = SerialBlock(
        station=station,
        key=key,
        definition=definition,
        day=day,
        count=wanted.count,
        body_sha256=sha256,
        issued_at=now,
        first_sequence=_take(_head(station, definition), definition.design_code, day, wanted.count),
    )
    block.save(force_insert=True)
    return Issued(_answer(block, station), False)


def _definition(wanted: Wanted) -> MaterialDefinition:
    made_here = MaterialDefinition.objects.exclude(design_code="")
    if wanted.definition:
        found = made_here.filter(code=wanted.definition).first()
    else:
        found = made_here.filter(design_code=wanted.design_code).first()
    if found is None:
        raise Refusal(errors.NO_SUCH_KIND, wanted.definition or wanted.design_code)
    return found


def _head(station: Station, definition: MaterialDefinition) -> Serial:
    """Everything of a serial but day and sequence."""
    line = station.production_line
    if len(line.site.serial_code) != 2 or len(line.serial_code) != 1:
        raise Refusal(errors.NO_SERIAL_CODE, line.code)
    return Serial(line.site.serial_code, line.serial_code, definition.design_code, date(2020, 1, 1), 0)


def _serial(head: Serial, day: date, sequence: int) -> str:
    return make_serial(Serial(head.site, head.line, head.design, day, sequence))


def _take(head: Serial, design_code: str, day: date, count: int) -> int:
    """The first of `count` sequences that are nobody else's from now on.

    Sequences that units bear already, whoever gave them, are passed by up to the highest of them.
    """
    prefix = _serial(head, day, 0)[:9]
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into traceability_serialcounter (design_code, day, next_sequence) values (%s, %s, 1)"
            " on conflict (design_code, day) do nothing",
            [design_code, day],
        )
        cursor.execute(
            "select next_sequence from traceability_serialcounter where design_code = %s and day = %s for update",
            [design_code, day],
        )
        (counted,) = cursor.fetchone()
        cursor.execute(
            "select coalesce(max(substr(serial, 10, 6)), '000000') from traceability_unit"
            " where serial like %s and serial ~ '^.{9}[0-9]{6}..$'",
            [f"{prefix}%"],
        )
        (borne,) = cursor.fetchone()
        first = max(counted, int(borne) + 1)
        if first + count - 1 > MAX_SEQUENCE:
            raise Refusal(errors.SERIALS_EXHAUSTED, f"{max(MAX_SEQUENCE + 1 - first, 0)} left")
        cursor.execute(
            "update traceability_serialcounter set next_sequence = %s where design_code = %s and day = %s",
            [first + count, design_code, day],
        )
    return int(first)


def _answer(block: SerialBlock, station: Station) -> dict[str, Any]:
    head = _head(station, block.definition)
    last = block.first_sequence + block.count
    return {
        "block": block.pk,
        "definition": block.definition.code,
        "design_code": block.definition.design_code,
        "day": block.day.isoformat(),
        "count": block.count,
        "serials": [_serial(head, block.day, sequence) for sequence in range(block.first_sequence, last)],
        "issued_at": block.issued_at.isoformat(),
    }
