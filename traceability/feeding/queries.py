"""What is mounted where."""

from django.db import connection

from traceability.feeding.facts import MountedFacts

_MOUNTED = """
select f.code, l.material_id, m.material_code, l.id, l.supplier, l.number, l.state, l.expires_at
from traceability_feedpoint f
join traceability_mounting m on m.feed_point_id = f.id and m.unmounted_at is null
join traceability_lot l on l.id = m.lot_id
where f.station_id = %s order by f.code
"""


def mounted(station_id: int) -> list[MountedFacts]:
    """What is at this station's feed points now; one statement."""
    with connection.cursor() as cursor:
        cursor.execute(_MOUNTED, [station_id])
        return [MountedFacts(*row) for row in cursor.fetchall()]
