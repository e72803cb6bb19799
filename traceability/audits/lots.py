"""Every material lot behind a unit, by whatever way it got in: those that lie in the metres it was made of."""

from typing import Any

from django.db import connection

from traceability.rolls.reach import lots_behind as lots_in_reach

_LOTS = """
with recursive whole(lot_id) as (
    select unnest(%s::bigint[])
    union
    select p.parent_id from traceability_lotpart p join whole on p.child_id = whole.lot_id
)
select t.id, t.supplier, t.number, t.material_code, t.state, t.expires_at, t.received_at,
    (select json_agg(json_build_object('property', c.property, 'value', c.value, 'unit', c.unit, 'lower', c.lower,
        'upper', c.upper) order by c.id) from traceability_certificatevalue c where c.lot_id = t.id)
from whole join traceability_lot t on t.id = whole.lot_id order by t.material_code, t.supplier, t.number
"""


def lots_behind(unit_id: int) -> list[dict[str, Any]]:
    """With their certificates. `is_inferred`: it may lie in the unit, within the uncertainty of metres or by what was
    mounted; null: another lot of the list was split from it or merged of it."""
    direct = lots_in_reach(unit_id)
    with connection.cursor() as cursor:
        cursor.execute(_LOTS, [list(direct)])
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
            "is_inferred": direct.get(lot),
            "certificate": certificate or [],
        }
        for lot, supplier, number, material, state, expires_at, received_at, certificate in rows
    ]
