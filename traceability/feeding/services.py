"""Mounting lots at feed points, and taking them off. What is there is a fact: it is written down, never refused."""

from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.utils import timezone

from lines.errors import BUSY, Code, Refusal
from lines.models import MaterialDefinition, Station, StationClock
from lines.orders.models import Tracking
from lines.people.actors import acting
from lines.records.services import (
    LOCK_TIMEOUT,
    StoredAnswer,
    as_text,
    close_post,
    open_post,
    quarantine,
    refusing_when_locked,
)
from lines.stations.body import Fields, check_key, known_only, read_json, read_text, read_time
from lines.stations.queries import tolerance_of
from quality.charts.models import ChangeKind
from quality.charts.process_changes import note
from traceability.errors import LOT_OTHER_MATERIAL, MATERIAL_UNKNOWN
from traceability.feeding import errors
from traceability.feeding.facts import Scan
from traceability.feeding.models import FeedPoint, Mounting
from traceability.feeding.queries import feed_point_row, feed_points, lot_on_label, point_for, station_by_code
from traceability.interlock.errors import MOUNTED_EXPIRED, MOUNTED_NOT_RELEASED
from traceability.units.models import Lot, LotState

_SCAN = frozenset({"material", "supplier", "lot", "source_time", "operator"})


def take_scan(
    actor: str, speaker: Station | None, station_code: str, feed_point: str, *, key: str, path: str, raw: bytes
) -> str:
    """A scan posted to the API: as JSON, the feed point with what is mounted now.

    `feed_point` empty: the one for the material. `key` may be empty. Raises Refusal, after putting the post into
    quarantine.
    """
    now = timezone.now()
    try:
        with refusing_when_locked(station_code), acting(actor):
            station = station_by_code(station_code)
            if key:
                check_key(key)
            post = open_post(station.pk, key, raw, now) if key else None
            if isinstance(post, StoredAnswer):
                return post.answer
            scan, source_time, operator = _read_scan(read_json(raw), station, now)
            by = f"{actor}, {operator}" if operator else actor
            mounted_at = source_time or _stations_time(station, now)
            answer = mount(station, feed_point, scan, by=by, mounted_at=mounted_at, now=now)
            return as_text(answer) if post is None else close_post(post, 200, answer)
    except Refusal as refusal:
        if refusal.code is not BUSY:
            quarantine(speaker, refusal, path=path, key=key, body=raw, received_at=now)
        raise


def mount_label(actor: str, station: Station, feed_point: str, label: str) -> dict[str, Any]:
    """What a person scanned or typed on the station's page. Raises Refusal."""
    now = timezone.now()
    with refusing_when_locked(station.code), acting(actor):
        return mount(
            station, feed_point, lot_on_label(label), by=actor, mounted_at=_stations_time(station, now), now=now
        )


def _read_scan(body: Fields, station: Station, now: datetime) -> tuple[Scan, datetime | None, str]:
    known_only(body, _SCAN, "$")
    scan = Scan(
        material=read_text(body, "material", "$", required=True, longest=32),
        supplier=read_text(body, "supplier", "$", required=True),
        lot=read_text(body, "lot", "$", required=True),
    )
    return scan, read_time(body, "source_time", "$", tolerance_of(station, now)), read_text(body, "operator", "$")


def _stations_time(station: Station, now: datetime) -> datetime:
    """Our time by the station's clock, which is as far ahead of ours as it last was: visits tell theirs by it, and a
    measured offset is too rough to compare what one clock says of both."""
    ahead_s = StationClock.objects.filter(pk=station.pk).values_list("offset_s", flat=True).first()
    return now + timedelta(seconds=ahead_s or 0)


def mount(
    station: Station, feed_point: str, scan: Scan, *, by: str, mounted_at: datetime, now: datetime
) -> dict[str, Any]:
    """Write down that a lot is at a feed point; what was there ends. The same lot again changes nothing.

    In the current transaction. Raises Refusal for a feed point that there is not.
    """
    point = _locked(station, feed_point or point_for(station, scan.material))
    material = MaterialDefinition.objects.filter(code=scan.material, tracking=Tracking.LOT).first()
    lot, _ = Lot.objects.get_or_create(
        supplier=scan.supplier,
        number=scan.lot,
        defaults={
            "material": material,
            "material_code": scan.material,
            "state": LotState.UNKNOWN,
            "created_at": now,
        },
    )
    there = Mounting.objects.filter(feed_point=point, unmounted_at=None).first()
    if there is None or (there.lot_id, there.material_code) != (lot.pk, scan.material):
        if there is not None:
            _end(there, mounted_at)
        Mounting.objects.create(
            feed_point=point,
            lot=lot,
            material_code=scan.material,
            mounted_at=mounted_at,
            received_at=now,
            mounted_by=by[:150],
            deviation_codes=[code.code for code in _faults(point, lot, material, mounted_at)],
        )
        # On the station's control charts a shift is read beside it.
        told = f"{scan.material}: {scan.supplier} {scan.lot}"
        note(
            station,
            ChangeKind.MATERIAL,
            mounted_at,
            f"{told} ({point.name_en})",
            f"{told}（{point.name_ja}）",
            by=by,
            subject=f"material {point.code}",
            value=scan.lot,
        )
    return _row(station, point.code)


def unmount(actor: str, station_code: str, feed_point: str) -> dict[str, Any]:
    """Take off what is mounted, if anything is. Raises Refusal for a station or feed point that there is not."""
    now = timezone.now()
    with refusing_when_locked(station_code), acting(actor):
        station = station_by_code(station_code)
        point = _locked(station, feed_point)
        there = Mounting.objects.filter(feed_point=point, unmounted_at=None).first()
        if there is not None:
            _end(there, _stations_time(station, now))
        return _row(station, point.code)


def _locked(station: Station, code: str) -> FeedPoint:
    """One scan of a feed point at a time."""
    with connection.cursor() as cursor:
        cursor.execute("select set_config('lock_timeout', %s, true)", [LOCK_TIMEOUT])
    point = (
        FeedPoint.objects.select_for_update().filter(station=station, code=code).first() if "\0" not in code else None
    )
    if point is None:
        raise Refusal(errors.FEED_POINT_UNKNOWN, code if code.isprintable() else "")
    return point


def _end(mounting: Mounting, at: datetime) -> None:
    """Clocks drift: nothing ends before it began."""
    mounting.unmounted_at = max(at, mounting.mounted_at)
    mounting.save(update_fields=["unmounted_at"])


def _faults(point: FeedPoint, lot: Lot, material: MaterialDefinition | None, at: datetime) -> list[Code]:
    """What is wrong with a lot, told to be of this material, at this feed point at this time."""
    found = []
    if material is None:
        found.append(MATERIAL_UNKNOWN)
    if material is None or not point.materials.filter(pk=material.pk).exists():
        found.append(errors.NOT_FOR_FEED_POINT)
    if lot.state == LotState.UNKNOWN:
        found.append(errors.MOUNTED_UNKNOWN)
    elif lot.material_id != (material.pk if material else None):
        found.append(LOT_OTHER_MATERIAL)
    if lot.expires_at is not None and lot.expires_at < at:
        found.append(MOUNTED_EXPIRED)
    if lot.state in (LotState.QUARANTINE, LotState.BLOCKED):
        found.append(MOUNTED_NOT_RELEASED)
    return found


def _row(station: Station, code: str) -> dict[str, Any]:
    return next(feed_point_row(point) for point in feed_points(station) if point.code == code)
