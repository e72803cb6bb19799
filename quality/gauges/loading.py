"""The gauges of a plant folder as rows, with their first calibrations and studies."""

from datetime import timedelta
from itertools import groupby

from lines.errors import Refusal
from lines.models import Station
from lines.plant.files import GaugeReadingFile, PlantFileError, PlantFiles
from lines.plant.master import Changes, Rows
from lines.plant.services import names
from quality.gauges.models import Calibration, CalibrationKind, Gauge, GaugeRrStudy
from quality.gauges.queries import usual_tolerances
from quality.gauges.studied import study_of
from quality.plans.models import Characteristic

ACTOR = "task:load_plant"


def load_gauges(plant: PlantFiles, changes: Changes) -> None:
    """Inside the loader's transaction, after the characteristics. Dates are made when the gauge is; later ones are its
    calibrations'. What a gauge measures is added to; nothing that a person linked is taken away."""
    rows = Rows(Gauge, changes, "code")
    station_ids = dict(Station.objects.values_list("code", "pk"))
    new: list[Gauge] = []
    filed = [(station, gauge) for station in plant.stations for gauge in station.gauges]
    for station, gauge in filed:
        values = {
            "station_id": station_ids[station.code],
            "channel": gauge.channel,
            "interval_days": gauge.interval_days,
            **names(gauge.name),
        }
        if (gauge.code,) in rows.found:
            rows.keep(gauge.code, **values)
        else:
            at = changes.at - timedelta(days=gauge.calibrated_days_ago)
            until = at + timedelta(days=gauge.interval_days)
            new.append(Gauge(code=gauge.code, calibrated_at=at, valid_until=until, **values))
    # A tower has a gauge in each of its channels: too many for a statement each.
    Gauge.objects.bulk_create(new)
    Calibration.objects.bulk_create(
        Calibration(
            gauge=gauge, kind=CalibrationKind.CALIBRATION, at=gauge.calibrated_at, as_found_passed=True,
            as_left_passed=True, next_due=gauge.valid_until, recorded_at=changes.at, recorded_by=ACTOR,
        )
        for gauge in new
    )  # fmt: skip
    changes.made += len(new)
    ids = dict(Gauge.objects.values_list("code", "pk"))
    known = dict(Characteristic.objects.values_list("code", "pk"))
    _link({(ids[gauge.code], known[code]) for _, gauge in filed for code in gauge.characteristics}, changes)
    _load_studies(plant, changes)


def _link(wanted: set[tuple[int, int]], changes: Changes) -> None:
    through = Gauge.characteristics.through
    missing = wanted - set(through.objects.values_list("gauge_id", "characteristic_id"))
    through.objects.bulk_create(
        through(gauge_id=gauge_id, characteristic_id=characteristic_id)
        for gauge_id, characteristic_id in sorted(missing)
    )
    changes.made += len(missing)


def _load_studies(plant: PlantFiles, changes: Changes) -> None:
    """A study that the gauge has already for the characteristic stays what it is."""
    of = sorted(plant.gauge_readings, key=_study_key)
    for (code, characteristic_code, days_ago), found in groupby(of, _study_key):
        gauge = Gauge.objects.get(code=code)
        characteristic = Characteristic.objects.get(code=characteristic_code)
        if gauge.studies.filter(characteristic=characteristic).exists():
            continue
        readings = [(reading.part, reading.operator, reading.value) for reading in found]
        tolerance = usual_tolerances([characteristic]).get(characteristic_code)
        try:
            studied = study_of(readings, tolerance)
        except Refusal as refusal:
            raise PlantFileError(
                "gauge_readings.csv", f"{code} {characteristic_code}", f"make no study: {refusal.detail}",
                "Each operator measures each part equally often, at least twice.",
            ) from None  # fmt: skip
        GaugeRrStudy.objects.create(
            gauge=gauge, characteristic=characteristic, at=changes.at - timedelta(days=days_ago), tolerance=tolerance,
            readings=readings, recorded_at=changes.at, recorded_by=ACTOR, **vars(studied),
        )  # fmt: skip
        changes.made += 1


def _study_key(reading: GaugeReadingFile) -> tuple[str, str, int]:
    return reading.gauge, reading.characteristic, reading.days_ago
