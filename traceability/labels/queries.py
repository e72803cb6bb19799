"""What a label says: of a unit (roll and pack among them), a lot or a tray.

The code holds what the search and the forms take when it is scanned back: the serial, the tray's code, "supplier
number" of a lot.
"""

from collections.abc import Sequence
from datetime import datetime

from django.db.models import Q, Value
from django.db.models.functions import Concat
from django.utils import timezone
from django.utils.translation import gettext as _

from documents import labels
from documents.labels import Label, LabelError, Symbol
from lines.errors import WRONG_PARAMETER, Refusal
from lines.orders.serials import canonical
from traceability import errors as unit_errors
from traceability.interlock.facts import design_code, serial_fault
from traceability.labels.errors import NOT_BY_RULE, NOT_IN_A_CODE
from traceability.units.models import Lot, Unit

KINDS = ("unit", "lot", "tray")
FORMATS = {"svg": "image/svg+xml", "png": "image/png", "pdf": "application/pdf"}
# Ten sheets.
MOST_LABELS = 240
LONGEST_TRAY = 32


def labels_of(kind: str, keys: Sequence[str]) -> list[Label]:
    """In the order asked, each once. Raises Refusal."""
    wanted = list(dict.fromkeys(key.strip() for key in keys if key.strip()))
    if kind not in KINDS:
        raise Refusal(WRONG_PARAMETER, f"kind: one of {', '.join(KINDS)}")
    if not 1 <= len(wanted) <= MOST_LABELS:
        raise Refusal(WRONG_PARAMETER, f"key: 1 to {MOST_LABELS} of them")
    if kind == "tray":
        return [_tray(key) for key in wanted]
    return _lots(wanted) if kind == "lot" else _units([canonical(key) for key in wanted])


def drawn(found: Sequence[Label], symbol: str, format_: str, made_at: datetime | None = None) -> bytes:
    """One code as SVG or PNG, or any number of labels as a PDF sheet. Raises Refusal."""
    if symbol not in list(Symbol):
        raise Refusal(WRONG_PARAMETER, f"symbol: one of {', '.join(Symbol)}")
    if format_ not in FORMATS:
        raise Refusal(WRONG_PARAMETER, f"format: one of {', '.join(FORMATS)}")
    if format_ != "pdf" and len(found) > 1:
        raise Refusal(WRONG_PARAMETER, "key: one for svg and png; several make a pdf sheet")
    try:
        if format_ == "pdf":
            return labels.as_sheet(found, Symbol(symbol), made_at=made_at or timezone.now())
        if format_ == "svg":
            return labels.as_svg(found[0].text, Symbol(symbol), width_mm=20.0).encode()
        return labels.as_png(found[0].text, Symbol(symbol))
    except LabelError as error:
        raise Refusal(NOT_IN_A_CODE, str(error)) from error


def _units(serials: Sequence[str]) -> list[Label]:
    printable = [serial for serial in serials if serial.isprintable()]
    known = {
        unit.serial: unit for unit in Unit.objects.filter(serial__in=printable).select_related("definition", "product")
    }
    found = []
    for serial in serials:
        unit = known.get(serial)
        if unit is None:
            raise Refusal(unit_errors.UNIT_NOT_FOUND, serial if serial.isprintable() else "")
        fault = serial_fault(serial)
        definition = unit.definition
        if fault or definition is None or definition.design_code != design_code(serial):
            raise Refusal(NOT_BY_RULE, f"{serial}: {fault or 'its design code belongs to nothing this plant makes'}")
        lines = [f"{unit.product.code} · {definition.code}" if unit.product else definition.code]
        if unit.length_m is not None:
            lines.append(f"{unit.length_m:.1f} m")
        found.append(Label(serial, definition.name, lines))
    return found


def _lots(names: Sequence[str]) -> list[Label]:
    """Of ids, numbers, or "supplier number" as a label says it. A number that two suppliers gave names neither."""
    ids = [int(text) for text in names if text.isascii() and text.isdigit() and len(text) < 19]
    lots = Lot.objects.select_related("material").annotate(said=Concat("supplier", Value(" "), "number"))
    by_name: dict[str, list[Lot]] = {}
    for each in lots.filter(Q(number__in=names) | Q(said__in=names)):
        for name in (each.number, f"{each.supplier} {each.number}"):
            by_name.setdefault(name, []).append(each)
    by_id: dict[str, list[Lot]] = {str(lot.pk): [lot] for lot in lots.filter(pk__in=ids)}
    found = []
    for text in names:
        fits = by_id.get(text) or by_name.get(text, [])
        if len(fits) != 1:
            raise Refusal(unit_errors.LOT_NOT_FOUND, text[:40] if text.isprintable() else "")
        lot = fits[0]
        lines = [lot.material_code]
        if lot.expires_at is not None:
            lines.append(f"{_('Expires')} {timezone.localtime(lot.expires_at):%Y-%m-%d}")
        found.append(Label(f"{lot.supplier} {lot.number}".strip(), lot.material.name if lot.material else "", lines))
    return found


def _tray(code: str) -> Label:
    """Trays are no master data: any code may stand on one."""
    if len(code) > LONGEST_TRAY or not code.isprintable():
        raise Refusal(NOT_IN_A_CODE, f"a tray's code has at most {LONGEST_TRAY} printable characters")
    return Label(code, _("Tray"))
