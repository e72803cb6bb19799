"""The gauges of a plant folder as rows."""

from datetime import timedelta

from lines.models import Station
from lines.plant.files import PlantFiles
from lines.plant.master import Changes, Rows
from lines.plant.services import names
from quality.gauges.models import Gauge


def load_gauges(plant: PlantFiles, changes: Changes) -> None:
    """Inside the loader's transaction. Dates are made when the gauge is; later ones are its calibrations'."""
    rows = Rows(Gauge, changes, "code")
    station_ids = dict(Station.objects.values_list("code", "pk"))
    new: list[Gauge] = []
    for station in plant.stations:
        for gauge in station.gauges:
            values = {"station_id": station_ids[station.code], "channel": gauge.channel, **names(gauge.name)}
            if (gauge.code,) in rows.found:
                rows.keep(gauge.code, **values)
            else:
                until = changes.at + timedelta(days=gauge.interval_days)
                new.append(Gauge(code=gauge.code, calibrated_at=changes.at, valid_until=until, **values))
    # A tower has a gauge in each of its channels: too many for a statement each.
    Gauge.objects.bulk_create(new)
    changes.made += len(new)
