"""Reading what is measured where and within which limits."""

from collections.abc import Collection
from datetime import datetime

from lines.records.prepared import prepared_cursor
from quality.plans.judging import Derived, JudgingPlan, Limits

# One statement, because every result a station posts asks it: the characteristics posted or used at the operation,
# each with the newest limits valid now.
_PLAN = """
select c.code, c.unit, c.formula, c.formula_inputs, u.id is not null, u.is_required, l.id, l.lsl, l.target, l.usl
from quality_characteristic c
left join lines_product p on p.code = %(product)s
left join lines_operation o on o.code = %(operation)s
left join quality_characteristicuse u on u.product_id = p.id and u.operation_id = o.id and u.characteristic_id = c.id
left join lateral (
    select id, lsl, target, usl from quality_characteristiclimits
    where characteristic_id = c.id and product_id = p.id and valid_from <= %(now)s
    order by valid_from desc, version desc limit 1
) l on true
where c.code = any(%(codes)s) or u.id is not null
order by c.code
"""


def judging_plan(product: str, operation: str, codes: Collection[str], now: datetime) -> JudgingPlan:
    """What judges values of these characteristic codes at this operation. An unknown code is left out of `units`.

    `product` may be empty (a unit nobody knows): then nothing has limits and nothing is derived or required.
    """
    with prepared_cursor() as cursor:
        cursor.execute(_PLAN, {"product": product, "operation": operation, "codes": list(codes), "now": now})
        rows = cursor.fetchall()
    units: dict[str, str] = {}
    limits: dict[str, Limits] = {}
    derived: dict[str, Derived] = {}
    required = []
    for code, unit, formula, inputs, is_used, is_required, version_id, lsl, target, usl in rows:
        units[code] = unit
        if version_id is not None:
            limits[code] = Limits(version_id, lsl, target, usl)
        if is_used and formula:
            derived[code] = Derived(formula, tuple(inputs))
        elif is_required:
            required.append(code)
    return JudgingPlan(units, limits, derived, frozenset(required))


def limits_by_version(version_ids: Collection[int]) -> dict[int, Limits]:
    """The limits a stored measurement was judged by, whatever is valid now."""
    if not version_ids:
        return {}
    with prepared_cursor() as cursor:
        cursor.execute(
            "select id, lsl, target, usl from quality_characteristiclimits where id = any(%s)", [list(version_ids)]
        )
        return {row[0]: Limits(*row) for row in cursor.fetchall()}
