"""Which missing links matter to a suspect: those by which it may have come into a unit, or that may have been at it."""

from typing import Any

from django.utils import timezone

from lines.models import MaterialDefinition
from lines.orders.models import BillItem
from traceability.completeness.lacking import LACKING, SINCE_LOOKED
from traceability.completeness.models import LinkCheck
from traceability.recall.suspects import Suspect

# Materials that the suspect may have come into a unit as, and steps that may have happened at it.
_OF_CONCERN = """
(m.material_id = any(%(materials)s)
 or (m.material_id is null and (m.step_id is null or m.step_id = any(%(steps)s))))
and (%(since)s::timestamptz is null or m.last_at >= %(since)s)
"""
# One index for each: those without a material are many in a plant whose stations tell little.
_KEPT = """
insert into recall_missing (unit_id, step_id, material_id, needed, found, last_at, why)
select m.unit_id, m.step_id, m.material_id, m.needed, m.found, m.last_at, m.why from (
    select * from traceability_missinglink where material_id = any(%(materials)s)
    union all select * from traceability_missinglink where material_id is null and step_id = any(%(steps)s)
    union all select * from traceability_missinglink where material_id is null and step_id is null
) m where %(since)s::timestamptz is null or m.last_at >= %(since)s
"""
# What came since the last look is looked at now; what was found of those units before does not count.
_FRESH = f"""
with recursive look (unit_id) as materialized ({{units}}), {LACKING.replace("{units}", "select unit_id from look")},
stale as (delete from recall_missing s using look where look.unit_id = s.unit_id)
insert into recall_missing (unit_id, step_id, material_id, needed, found, last_at, why)
select m.unit_id, m.step_id, m.material_id, m.needed, m.found, m.last_at, m.why from lacking m where {_OF_CONCERN}
"""  # noqa: S608 - constants of ours
_EVERY = (
    "select id from traceability_unit where %(since)s::timestamptz is null or updated_at >= %(since)s"
    " union select unit_id from traceability_lostlink"
)
_NOT_TOLD = """
insert into recall_missing (unit_id, operation, needed, found, last_at)
select unit_id, operation, 1, 0, last_at from ({untold}) as untold (unit_id, operation, last_at)
"""


def find_missing(suspect: Suspect, cursor: Any) -> None:
    """Fill the table recall_missing of the transaction (queries.py)."""
    materials, steps = _of_concern(suspect, cursor)
    asked = {"materials": materials, "steps": steps, "since": suspect.since}
    state = LinkCheck.objects.filter(pk=1).first()
    if state is None:
        cursor.execute(_FRESH.replace("{units}", _EVERY), asked)
    else:
        cursor.execute(_KEPT, asked)
        looked = {"looked_unit": state.unit_id, "looked_at": state.checked_at, "until": timezone.now()}
        cursor.execute(_FRESH.replace("{units}", SINCE_LOOKED), asked | looked)
    if suspect.untold:
        cursor.execute(_NOT_TOLD.replace("{untold}", suspect.untold), suspect.parameters)
    cursor.execute("analyze recall_missing")


def _of_concern(suspect: Suspect, cursor: Any) -> tuple[list[int], list[int]]:
    """Materials by which the suspect may have come into a unit, and steps that may have happened at it."""
    cursor.execute(
        # Each by its own index, whatever the planner guesses of a plant of millions.
        "select distinct u.definition_id from recall_unit a cross join lateral (select definition_id"
        " from traceability_unit where id = a.unit_id offset 0) u where u.definition_id is not null"
    )
    carrying = {row[0] for row in cursor.fetchall()}
    if suspect.material:
        carrying.update(MaterialDefinition.objects.filter(code=suspect.material).values_list("pk", flat=True))
    steps: list[int] = []
    if suspect.operations:
        cursor.execute(
            "select s.id, s.definition_id from lines_routestep s join lines_operation o on o.id = s.operation_id"
            " where o.code = any(%(operations)s)",
            {"operations": list(suspect.operations)},
        )
        for step_id, definition_id in cursor.fetchall():
            steps.append(step_id)
            carrying.add(definition_id)
    made_of = set(BillItem.objects.values_list("step__definition_id", "material_id"))
    while grown := {output for output, part in made_of if part in carrying} - carrying:
        carrying |= grown
    return sorted(carrying), steps
