"""Every material lot behind a unit, by whatever way it got in."""

from typing import Any

from django.db import connection

_LOTS = """
with recursive behind(unit_id) as (
    select %s::bigint
    union
    select link.input_unit_id from traceability_currentlink link
    join behind on link.output_id = behind.unit_id where link.input_unit_id is not null
), used(lot_id, n_ways) as (
    select link.input_lot_id, count(*) from behind join traceability_currentlink link on link.output_id = behind.unit_id
    where link.input_lot_id is not null group by link.input_lot_id
), whole(lot_id) as (
    select lot_id from used
    union
    select p.parent_id from traceability_lotpart p join whole on p.child_id = whole.lot_id
)
select t.id, t.supplier, t.number, t.material_code, t.state, t.expires_at, t.received_at, coalesce(u.n_ways, 0),
    (select json_agg(json_build_object('property', c.property, 'value', c.value, 'unit', c.unit, 'lower', c.lower,
        'upper', c.upper) order by c.id) from traceability_certificatevalue c where c.lot_id = t.id)
from whole join traceability_lot t on t.id = whole.lot_id left join used u on u.lot_id = t.id
order by t.material_code, t.supplier, t.number
"""


def lots_behind(unit_id: int) -> list[dict[str, Any]]:
    """With their certificates; `n_links` 0: another lot behind was split from it or merged of it. One statement."""
    with connection.cursor() as cursor:
        cursor.execute(_LOTS, [unit_id])
        rows = cursor.fetchall()
    return [
        {
            "lot": lot,
            "supplier": supplier,
            "number": number,
            "material": material,
            "state": state,
            "expires_at": expires_at.isoformat() if expires_at else None,
            "received_at": received_at.isoformat() if received_at else None,
            "n_links": n_ways,
            "certificate": certificate or [],
        }
        for lot, supplier, number, material, state, expires_at, received_at, n_ways, certificate in rows
    ]
