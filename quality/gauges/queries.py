"""Gauges with their state, and what one has judged while it was out of order."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from lines.errors import Refusal
from quality.gauges import errors
from quality.gauges.models import Calibration, CalibrationKind, Gauge, GaugeRrStudy
from quality.gauges.standing import STATES, Window, state, suspect_window
from quality.plans.models import Characteristic, CharacteristicLimits

# A record is received after its visit ended, but for clocks that are wrong: by less than this.
_CLOCKS_AGREE = timedelta(days=1)
_ENDED = "r.source_time - make_interval(secs => coalesce(r.clock_offset_s, 0))"
_JUDGED = f"""
from lines_operationrecord r join lines_measurement m on m.record_id = r.id and m.received_at = r.received_at
where r.station_id = %(station)s and (%(channel)s = '' or r.channel = %(channel)s)
    and (%(received_from)s::timestamptz is null or r.received_at >= %(received_from)s)
    and (%(since)s::timestamptz is null or {_ENDED} >= %(since)s)
    and (%(until)s::timestamptz is null or {_ENDED} <= %(until)s)
    and (%(characteristics)s::text[] is null or m.characteristic = any(%(characteristics)s::text[]))
    and not exists (select 1 from lines_withdrawnrecord w where w.record_id = r.id)
"""  # noqa: S608 - a constant of this module
_UNITS = f"""
select r.serial, max(r.product), count(*), count(*) filter (where m.judgement in (2, 3)),
    min(m.value), max(m.value), min({_ENDED}), max({_ENDED})
{_JUDGED} and (%(after)s = '' or r.serial > %(after)s)
group by r.serial order by r.serial limit %(limit)s
"""


@dataclass(frozen=True)
class GaugeRow:
    """One line of the list."""

    gauge: Gauge
    state: str
    study: GaugeRrStudy | None


@dataclass(frozen=True)
class SuspectUnit:
    """`n_values` measurements by the gauge, of which `n_failed` outside their limits."""

    serial: str
    product: str
    n_values: int
    n_failed: int
    low: float
    high: float
    first: datetime
    last: datetime


@dataclass(frozen=True)
class Suspects:
    """What a gauge judged from its last good check on. `next` is where the next page begins; empty: it is the last."""

    calibration: Calibration
    window: Window
    characteristics: list[str]  # empty: whatever the station measures
    n_units: int
    n_values: int
    units: list[SuspectUnit]
    next: str


def gauges(*, station: str = "", wanted: str = "", text: str = "") -> tuple[list[GaugeRow], Mapping[str, int]]:
    """What needs somebody first, then by due date; and how many there are in each state."""
    known = _with_state(Gauge.objects.select_related("station"))
    if station:
        known = known.filter(station__code=station)
    if text:
        known = known.filter(Q(code__icontains=text) | Q(name_en__icontains=text) | Q(name_ja__icontains=text))
    now = timezone.now()
    found = [(gauge, state_of(gauge, now)) for gauge in known]
    counts = Counter(of for _, of in found)
    shown = [(gauge, of) for gauge, of in found if wanted in ("", of)]
    shown.sort(key=lambda row: (STATES.index(row[1]) if row[1] in STATES[:2] else 2, row[0].valid_until, row[0].code))
    studies = newest_studies([gauge.pk for gauge, _ in shown])
    return [GaugeRow(gauge, of, studies.get(gauge.pk)) for gauge, of in shown], counts


def _with_state(known: QuerySet[Gauge]) -> QuerySet[Gauge]:
    rows = Calibration.objects.filter(gauge=OuterRef("pk")).order_by("-at")
    return known.annotate(
        failed_at=Subquery(rows.filter(as_left_passed=False).values("at")[:1]),
        mended_at=Subquery(
            rows.filter(as_left_passed=True, kind=CalibrationKind.CALIBRATION).values("at")[:1]
        ),
    )  # fmt: skip


def state_of(gauge: Any, now: datetime) -> str:
    """Of a gauge from `gauges` or `gauge_by_code`."""
    is_out = gauge.failed_at is not None and (gauge.mended_at is None or gauge.failed_at > gauge.mended_at)
    return state(gauge.valid_until, gauge.interval_days, is_out, now)


def gauge_by_code(code: str) -> Gauge | None:
    if not code.isprintable():
        return None
    return _with_state(Gauge.objects.select_related("station")).filter(code=code).first()


def newest_studies(gauge_ids: Sequence[int], characteristic_id: int | None = None) -> dict[int, GaugeRrStudy]:
    """The newest study of each gauge, of one characteristic or of whatever it measures."""
    rows = GaugeRrStudy.objects.filter(gauge__in=gauge_ids)
    if characteristic_id is not None:
        rows = rows.filter(characteristic=characteristic_id)
    newest = rows.order_by("gauge_id", "-at", "-pk").distinct("gauge_id")
    return {study.gauge_id: study for study in newest.select_related("characteristic")}


def studies_of(gauge: Gauge) -> list[GaugeRrStudy]:
    """Newest first."""
    return list(gauge.studies.select_related("characteristic"))


def study_by_id(study_id: int) -> GaugeRrStudy | None:
    return GaugeRrStudy.objects.select_related("gauge__station", "characteristic").filter(pk=study_id).first()


def all_characteristics() -> list[Characteristic]:
    return list(Characteristic.objects.order_by("code"))


def measured_at(gauge: Gauge) -> list[Characteristic]:
    """What the operations of the gauge's station measure."""
    uses = Characteristic.objects.filter(uses__operation__stations=gauge.station)
    return list(uses.distinct().order_by("code"))


def gauges_measuring(station_id: int, characteristic_id: int) -> list[Gauge]:
    """Those linked to the characteristic; where the station has none, those that measure whatever it does."""
    here = Gauge.objects.filter(station_id=station_id).order_by("code")
    return list(here.filter(characteristics=characteristic_id)) or list(here.filter(characteristics=None))


def usual_tolerances(characteristics: Sequence[Characteristic]) -> dict[str, float]:
    """USL - LSL by characteristic: the narrowest of its products, as the gauge serves them all."""
    rows = (
        CharacteristicLimits.objects.filter(characteristic__in=characteristics)
        .order_by("characteristic_id", "product_id", "-version")
        .distinct("characteristic_id", "product_id")
        .values_list("characteristic__code", "lsl", "usl")
    )
    found: dict[str, float] = {}
    for code, lsl, usl in rows:
        if lsl is not None and usl is not None:
            width = round(usl - lsl, 12)
            found[code] = min(width, found.get(code, width))
    return found


def suspects(calibration_id: int, *, after: str = "", limit: int = 100) -> Suspects:
    """Raises Refusal where there is no such calibration, or it found the gauge in order."""
    calibration, window, parameters = _asked(calibration_id)
    with connection.cursor() as cursor:
        cursor.execute(f"select count(distinct r.serial), count(*) {_JUDGED}", parameters)
        n_units, n_values = cursor.fetchone()
        cursor.execute(_UNITS, {**parameters, "after": after, "limit": limit + 1})
        units = [SuspectUnit(*row) for row in cursor]
    more = units[limit - 1].serial if len(units) > limit else ""
    return Suspects(
        calibration, window, list(parameters["characteristics"] or ()), n_units, n_values, units[:limit], more
    )  # fmt: skip


def suspect_serials(calibration_id: int) -> list[str]:
    """All of them, in order. Raises Refusal as `suspects` does."""
    _, _, parameters = _asked(calibration_id)
    with connection.cursor() as cursor:
        cursor.execute(f"select distinct r.serial {_JUDGED} order by 1", parameters)
        return [serial for (serial,) in cursor]


def judged(gauge: Gauge, since: datetime | None, until: datetime | None) -> tuple[str, dict[str, Any]]:
    """A subquery of the serials that it judged in a window, with its parameters."""
    return f"select distinct r.serial {_JUDGED}", _parameters(gauge, since, until)


def windows_of(gauge: Gauge) -> list[tuple[Calibration, Window | None]]:
    """Its calibrations, newest first, with the time that each makes suspect."""
    rows = list(gauge.calibrations.order_by("at", "pk"))
    return [(row, None if row.as_found_passed else suspect_window(rows, row)) for row in reversed(rows)]


def failed_calibration(calibration_id: int) -> Calibration:
    """One at which the gauge was found out of order. Raises Refusal as `suspects` does."""
    found = Calibration.objects.select_related("gauge__station").filter(pk=calibration_id, as_found_passed=False)
    calibration = found.first()
    if calibration is None:
        raise Refusal(errors.CALIBRATION_UNKNOWN, str(calibration_id))
    return calibration


def _asked(calibration_id: int) -> tuple[Calibration, Window, dict[str, Any]]:
    calibration = failed_calibration(calibration_id)
    gauge = calibration.gauge
    window = suspect_window(list(gauge.calibrations.order_by("at", "pk")), calibration)
    return calibration, window, _parameters(gauge, window.since, window.until)


def _parameters(gauge: Gauge, since: datetime | None, until: datetime | None) -> dict[str, Any]:
    linked = sorted(gauge.characteristics.values_list("code", flat=True))
    return {
        "station": gauge.station_id,
        "channel": gauge.channel,
        "since": since,
        "until": until,
        "received_from": since - _CLOCKS_AGREE if since else None,
        "characteristics": linked or None,
    }
