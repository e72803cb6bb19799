"""The feed points of a plant folder as rows."""

from lines.models import MaterialDefinition, Station
from lines.plant.files import PlantFiles
from lines.plant.master import Changes, Rows
from lines.plant.services import names
from traceability.feeding.models import FeedPoint


def load_feed_points(plant: PlantFiles, changes: Changes) -> None:
    """Inside the loader's transaction, after the materials. What may be mounted is the file's word alone."""
    rows = Rows(FeedPoint, changes, "station_id", "code")
    station_ids = dict(Station.objects.values_list("code", "pk"))
    material_ids = dict(MaterialDefinition.objects.values_list("code", "pk"))
    allowed: dict[int, set[int]] = {}
    for point_id, material_id in FeedPoint.materials.through.objects.values_list(
        "feedpoint_id", "materialdefinition_id"
    ):
        allowed.setdefault(point_id, set()).add(material_id)
    for station in plant.stations:
        for point in station.feed_points:
            row = rows.keep(station_ids[station.code], point.code, **names(point.name))
            wanted = {material_ids[code] for code in point.materials}
            before = allowed.get(row.pk, set())
            if before != wanted:
                row.materials.set(wanted)
                changes.changed += bool(before)
