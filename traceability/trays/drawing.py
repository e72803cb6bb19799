"""A tray for its page: every slot with what is in it, who loaded what when, and where the tray was seen."""

from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from django.db.models import Exists, OuterRef

from traceability.holds.models import HoldUnit
from traceability.trays.models import TrayLoad
from traceability.units.models import UnitState

MOST_PAST = 200
MOST_VISITS = 20


@dataclass(frozen=True)
class Slot:
    number: int
    load: TrayLoad | None
    is_held: bool = False

    @property
    def is_bad(self) -> bool:
        return self.load is not None and self.load.unit.state in (UnitState.SCRAPPED, UnitState.CONSUMED)


@dataclass(frozen=True)
class Visit:
    """One post of a station about units of this tray."""

    station: str
    operation: str
    at: datetime
    n_units: int
    n_failed: int


@dataclass(frozen=True)
class Drawn:
    code: str
    slots: list[Slot]
    past: list[TrayLoad]  # newest first
    visits: list[Visit]  # newest first

    @property
    def n_units(self) -> int:
        return sum(slot.load is not None for slot in self.slots)

    @property
    def n_held(self) -> int:
        return sum(slot.is_held for slot in self.slots)


_VISITS = """
select s.code, r.operation, max(p.source_time), count(*), count(*) filter (where r.verdict = 'FAIL')
from (select * from traceability_trayplacement where tray = %s order by source_time desc limit 10000) p
join lines_operationrecord r on r.id = p.record_id
join lines_station s on s.id = r.station_id
group by r.post_id, s.code, r.operation order by 3 desc limit %s
"""


def draw(tray: str) -> Drawn | None:
    """None for a tray that nobody loaded and no station named."""
    if not tray.isprintable():
        return None
    with connection.cursor() as cursor:
        cursor.execute(_VISITS, [tray, MOST_VISITS])
        visits = [Visit(*row) for row in cursor.fetchall()]
    loads = TrayLoad.objects.filter(tray=tray).select_related("unit__product", "unit__definition")
    is_held = Exists(HoldUnit.objects.filter(unit=OuterRef("unit"), released_at=None))
    now = list(loads.filter(unloaded_at=None).annotate(is_held=is_held).order_by("slot"))
    past = list(loads.exclude(unloaded_at=None).order_by("-unloaded_at", "slot")[:MOST_PAST])
    if not (now or past or visits):
        return None
    in_slot = {load.slot: load for load in now}
    sizes = [load.unit.product.tray_slots or 0 for load in now or past if load.unit.product]
    n_slots = max([*in_slot, *sizes], default=0)
    slots = [
        Slot(number, in_slot.get(number), bool(getattr(in_slot.get(number), "is_held", False)))
        for number in range(1, n_slots + 1)
    ]
    return Drawn(tray, slots, past, visits)
