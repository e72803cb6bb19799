"""Words of labels."""

from django import template
from django.utils.translation import gettext as _

register = template.Library()


@register.filter
def label_kind(kind: str) -> str:
    words = {"unit": _("Unit, roll or pack"), "lot": _("Material lot"), "tray": _("Tray")}
    return words.get(kind, kind)


@register.filter
def symbol_name(symbol: str) -> str:
    return {"qr": "QR", "datamatrix": "DataMatrix"}.get(symbol, symbol)
