"""Units by an auditor's filter: counted, listed by serial, drawn as a sample; the log of what was asked."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import OperationalError, connection, transaction
from django.db.models import Exists, Model, OuterRef, Q, QuerySet, Subquery
from django.db.models.expressions import RawSQL
from django.db.models.functions import Coalesce

from lines.errors import Refusal
from lines.models import DataCentreSite, Measurement, Operation, OperationRecord, Person, Product, Station
from lines.people.models import Role
from lines.records.models import Judgement
from quality.models import Characteristic
from quality.reports.models import ReportState
from traceability.audits import errors
from traceability.audits.asked import ANY, VERDICTS, AskedUnits
from traceability.audits.models import AuditQuery, Bundle, HistoryFile, IssuedPrint
from traceability.codes import CODES
from traceability.corrections.models import Correction
from traceability.holds.models import HoldUnit
from traceability.rolls.reach import ahead
from traceability.units.models import Lot, Unit, UnitState
from traceability.units.queries import KINDS, with_names

LONGEST_S = 20
MOST_LOTS = 20
GOING_ON = (ReportState.QUEUED, ReportState.RUNNING)
# Serial numbers have no order of their own that a reader could steer: by the hash of seed and serial.
_DRAWN = "sha256(convert_to(%s || ':' || traceability_unit.serial, 'UTF8'))"
# What something of these lots lies in, by metres of rolls; also where that is only inferred.
_OF_LOTS = ahead(lots="select unnest(%s::bigint[])") + "select unit_id from reach"  # noqa: S608 - constants of ours
# What is at these sites: what was shipped there and did not come back, and what is built into it. Rolls stay here.
_AT_SITES = """
with recursive away(unit_id) as (
    select h.unit_id from traceability_shippedunit h join traceability_shipment s on s.id = h.shipment_id
    join lines_datacentresite d on d.id = s.site_id where h.returned_at is null and d.code = any(%s)
    union
    select l.input_unit_id from traceability_currentlink l join away on l.output_id = away.unit_id
    join traceability_unit u on u.id = l.input_unit_id join lines_materialdefinition m on m.id = u.definition_id
    where m.tracking not in ('SLURRY_BATCH', 'ROLL')
) select unit_id from away
"""


def may_audit(person: Person) -> bool:
    return person.role in (Role.AUDITOR, Role.QUALITY, Role.SUPERVISOR, Role.ADMINISTRATOR)


@contextmanager
def in_time() -> Iterator[None]:
    """Raises Refusal FILTER_TOO_WIDE where the database takes longer than a page may."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("select set_config('statement_timeout', %s, true)", [f"{LONGEST_S}s"])
            yield
            cursor.execute("set local statement_timeout to default")
    except OperationalError as error:
        if getattr(error.__cause__, "sqlstate", "") != "57014":
            raise
        raise Refusal(errors.FILTER_TOO_WIDE, f"more than {LONGEST_S} s") from error


def units_by(asked: AskedUnits) -> QuerySet[Unit]:
    """By serial. Raises Refusal UNKNOWN_NAME: a misspelt name would look like a clean answer."""
    _check(asked)
    units = Unit.objects.order_by("serial")
    if asked.kinds:
        units = units.filter(definition__tracking__in=[kind.upper() for kind in asked.kinds])
    if asked.products:
        units = units.filter(product__code__in=asked.products)
    if asked.states:
        units = units.filter(state__in=[state.upper() for state in asked.states])
    if asked.held:
        units = units.filter(Exists(HoldUnit.objects.filter(unit=OuterRef("pk"), released_at=None)))
    if asked.serial_from:
        units = units.filter(serial__gte=asked.serial_from)
    if asked.serial_to:
        units = units.filter(serial__lte=asked.serial_to)
    if asked.sites:
        at_sites = RawSQL(_AT_SITES, [list(asked.sites)])  # noqa: S611 - the statement above, codes as a parameter
        units = units.filter(pk__in=at_sites)
    if asked.lots:
        of_lots = RawSQL(_OF_LOTS, [[lot.pk for lot in _lots(asked)]])  # noqa: S611 - ids as a parameter
        units = units.filter(pk__in=of_lots)
    if asked.asks_visits:
        units = units.filter(Exists(_visits(asked).filter(serial=OuterRef("serial"))))
    return units


def _visits(asked: AskedUnits) -> QuerySet[OperationRecord]:
    """Visits as they stand: without records given to another serial, by the verdict with corrections."""
    visits = OperationRecord.objects.filter(withdrawn=None)
    if asked.stations:
        visits = visits.filter(station__code__in=asked.stations)
    if asked.operations:
        visits = visits.filter(operation__in=asked.operations)
    if asked.since:
        visits = visits.filter(source_time__gte=asked.since)
    if asked.until:
        visits = visits.filter(source_time__lt=asked.until)
    if asked.verdict:
        corrected = Correction.objects.filter(record=OuterRef("pk")).exclude(verdict="").order_by("-pk")
        stands = Coalesce(Subquery(corrected.values("verdict")[:1]), "verdict")
        visits = visits.annotate(stands=stands).filter(stands=asked.verdict)
    if ANY in asked.deviations:
        visits = visits.exclude(deviation_codes=[])
    elif asked.deviations:
        visits = visits.filter(deviation_codes__overlap=list(asked.deviations))
    if asked.characteristics or asked.outside:
        # The record's own time names the partition to look into.
        values = Measurement.objects.filter(record=OuterRef("pk"), received_at=OuterRef("received_at"))
        if asked.characteristics:
            values = values.filter(characteristic__in=asked.characteristics)
        if asked.outside:
            values = values.filter(judgement__in=[Judgement.FAIL_LOW, Judgement.FAIL_HIGH])
        visits = visits.filter(Exists(values))
    return visits


def _check(asked: AskedUnits) -> None:
    """Raises Refusal UNKNOWN_NAME for the first name that the plant does not have."""
    codes: list[tuple[str, tuple[str, ...], Any]] = [
        ("kinds", tuple(kind.lower() for kind in asked.kinds), KINDS),
        ("states", tuple(state.upper() for state in asked.states), UnitState.values),
        ("verdict", (asked.verdict,) if asked.verdict else (), VERDICTS),
        ("deviations", asked.deviations, {ANY, *CODES}),
        ("products", asked.products, Product),
        ("sites", asked.sites, DataCentreSite),
        ("stations", asked.stations, Station),
        ("operations", asked.operations, Operation),
        ("characteristics", asked.characteristics, Characteristic),
    ]
    for name, given, known in codes:
        if not given:
            continue
        if isinstance(known, type) and issubclass(known, Model):
            known = set(known._default_manager.filter(code__in=given).values_list("code", flat=True))  # noqa: PLW2901 - its codes
        strange = [each for each in given if each not in known]
        if strange:
            raise Refusal(errors.UNKNOWN_NAME, f"{name}: {strange[0]}")


def _lots(asked: AskedUnits) -> list[Lot]:
    """By number, or by "supplier number", as the search takes them. Raises Refusal UNKNOWN_NAME."""
    found: dict[int, Lot] = {}
    for text in asked.lots:
        wanted = Q(number__iexact=text)
        supplier, _, number = text.rpartition(" ")
        if supplier:
            wanted |= Q(supplier__iexact=supplier, number__iexact=number)
        lots = list(Lot.objects.filter(wanted).order_by("pk")[:MOST_LOTS])
        if not lots:
            raise Refusal(errors.UNKNOWN_NAME, f"lots: {text}")
        found |= {lot.pk: lot for lot in lots}
    return list(found.values())


def sample_of(units: QuerySet[Unit], seed: str, size: int) -> list[str]:
    """`size` serials: those with the smallest SHA-256 of "seed:serial" (UTF-8), in that order. Who knows seed and units
    can draw it again by hand; the same seed and data give the same sample."""
    drawn = RawSQL(_DRAWN, [seed])  # noqa: S611 - a constant of this module, the seed as a parameter
    return list(units.order_by(drawn, "serial").values_list("serial", flat=True)[:size])


def warning_of(asked: AskedUnits, n_units: int) -> Any:
    """A code where the filter narrows nothing; else None."""
    is_all = asked.is_everything or (n_units > 0 and n_units == Unit.objects.count())
    return errors.MATCHES_EVERYTHING if is_all else None


def named(units: QuerySet[Unit]) -> QuerySet[Unit]:
    """As lists show them."""
    return with_names(units)


def units_of(serials: list[str]) -> list[Unit]:
    """In this order."""
    found = {unit.serial: unit for unit in with_names(Unit.objects.filter(serial__in=serials))}
    return [found[serial] for serial in serials if serial in found]


def log(by: str = "", kind: str = "") -> QuerySet[AuditQuery]:
    """Newest first."""
    rows = AuditQuery.objects.order_by("-pk")
    if by:
        rows = rows.filter(by=by)
    return rows.filter(kind=kind) if kind else rows


def bundles() -> QuerySet[Bundle]:
    return Bundle.objects.order_by("-pk")


def bundle_by_id(bundle_id: int) -> Bundle:
    """Raises Refusal BUNDLE_UNKNOWN."""
    found = Bundle.objects.filter(pk=bundle_id).first()
    if found is None:
        raise Refusal(errors.BUNDLE_UNKNOWN, str(bundle_id))
    return found


def history_by_code(code: str) -> HistoryFile | None:
    return HistoryFile.objects.select_related("unit").filter(code=code).first()


def history_by_sha256(sha256: str) -> tuple[HistoryFile | None, IssuedPrint | None, Bundle | None]:
    """What has this hash: the content of a history, a printed one, or an archive."""
    content = HistoryFile.objects.select_related("unit").filter(content_sha256=sha256).first()
    printed = IssuedPrint.objects.select_related("history__unit").filter(sha256=sha256).first()
    return content or (printed.history if printed else None), printed, Bundle.objects.filter(sha256=sha256).first()


def choices() -> dict[str, Any]:
    """The plant's names to choose from on a form."""
    return {
        "kinds": KINDS,
        "products": list(Product.objects.order_by("code")),
        "states": UnitState.values,
        "sites": list(DataCentreSite.objects.order_by("code")),
        "stations": list(Station.objects.order_by("sequence", "code")),
        "operations": list(Operation.objects.order_by("code")),
        "characteristics": list(Characteristic.objects.order_by("code")),
    }
