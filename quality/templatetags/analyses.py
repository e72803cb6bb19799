"""How the page of ad-hoc analyses writes figures and verdicts."""

from collections.abc import Iterable
from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from lines.templatetags.denchi import icon, number
from quality.analyses.viewed import Ability, View
from quality.charts.rows import WORDS, words_of
from quality.spc.errors import Undefined
from quality.spc.stability import IN_CONTROL, OUT_OF_CONTROL

register = template.Library()

_CAPABILITY = (("Cp", "cp", "cp_ci"), ("Cpk", "cpk", "cpk_ci"), ("Cpm", "cpm", None))
_PERFORMANCE = (("Pp", "pp", "pp_ci"), ("Ppk", "ppk", "ppk_ci"))


@register.filter
def panel_words(panel: str) -> str:
    """What a panel shows, as on its drawing."""
    if panel in ("C+", "C-"):
        return _("Upper sum") if panel == "C+" else _("Lower sum")
    return words_of(get_language() or "en").get(panel, panel) if panel in WORDS["en"] else panel


@register.filter
def figure(value: Any, digits: int | None = None) -> str:
    """A number, a text as it is, a dash for what is undefined."""
    return value if isinstance(value, str) else number(value, digits)


@register.filter
def figure_words(name: str) -> str:
    """The figure that is undefined, by the engine's name."""
    words = {
        "sigma_within": _("Sigma within"),
        "center": _("Centre"),
        "sigma_z": "σz",
        "sigma_mean_MR": _("Sigma of the means"),
        "sigma_between": _("Sigma between"),
        "t2": "T²",
        "c_plus": _("Upper sum"),
        "c_minus": _("Lower sum"),
    }
    return words.get(name, name)


@register.filter
def sigma_rows(view: View) -> list[tuple[str, Any, int]]:
    """(name, figure, decimals) of the sigmas that the engine printed."""
    names = [
        ("sigma_within", _("Sigma within")),
        ("sigma_within_method", _("estimated by")),
        ("sigma_overall", _("Sigma, all values")),
        ("sigma_mean_MR", _("Sigma of the means")),
        ("sigma_between", _("Sigma between")),
        ("sigma_between_within", _("Sigma between and within")),
        ("sigma_z", "σz (Laney)"),
    ]
    return [(words, view.printed[name], view.sigma_digits) for name, words in names if name in view.printed]


@register.filter
def ability_rows(ability: Ability) -> list[tuple[str, float | None, list[float] | None]]:
    """(name, index, interval); Cp and Cpk of a stable process only."""
    printed = ability.printed
    names = (*_CAPABILITY, *_PERFORMANCE) if ability.is_stable else _PERFORMANCE
    return [(name, printed[key], printed.get(interval or "")) for name, key, interval in names if key in printed]


@register.filter
def ppm_rows(ability: Ability) -> list[tuple[str, float | None]]:
    names = [("observed_ppm_below", _("Observed below LSL")), ("observed_ppm_above", _("Observed above USL"))]
    return [(words, ability.printed[name]) for name, words in names if ability.printed.get(name) is not None]


@register.filter
def distinct(undefined: Iterable[tuple[str, Undefined]]) -> list[tuple[str, Undefined]]:
    """Each reason once."""
    return list({why.code: (name, why) for name, why in undefined}.values())


@register.filter
def verdict_badge(verdict: str) -> SafeString:
    """In control, not in control, or not known."""
    kind, shape, word = {
        IN_CONTROL: ("ok", "pass", _("in control")),
        OUT_OF_CONTROL: ("bad", "fail", _("not in control")),
    }.get(verdict, ("nodata", "nodata", _("not known to be in control")))
    return format_html('<span class="badge {}">{} {}</span>', kind, icon(shape), word)
