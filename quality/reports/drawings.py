"""The drawings of a report: the same specs as on the screen, in the report's typeface, as SVG."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import vl_convert

from documents.pdf import FONT, font_folder
from lines.templatetags.denchi import unit
from quality.charts.drawn import chart_data
from quality.charts.histogram import Histogram, histogram_spec
from quality.charts.plotted import SpecLimits
from quality.charts.specs import pair_spec
from quality.plans.models import ControlPlan
from quality.reports.asked import AskedReport
from quality.reports.content import MOST_DRAWN, Content, Section

# As wide as the text of an A4 page at the size at which its figures can still be read.
WIDTH, HEIGHT, HISTOGRAM_WIDTH, HISTOGRAM_HEIGHT = 980, 430, 480, 270
# Places to point at, and what is read out there: half of the paths, and of the memory that a page takes.
_ONLY_ON_SCREEN = re.compile(r'<path [^>]*\bopacity="0"[^>]*/>| aria-[a-z]+="[^"]*"| role="[^"]*"')


def drawings(content: Content, asked: AskedReport, language: str) -> Iterable[tuple[str, str]]:
    """(name, SVG) of every drawing that printed.py names, a section at a time."""
    plans = {
        plan.code: plan
        for plan in ControlPlan.objects.filter(
            code__in={section.facts["plan"] for section in content.sections}
        ).select_related("characteristic", "product", "station")
    }
    for n, section in enumerate(content.sections):
        plan = plans[section.facts["plan"]]
        data = chart_data(
            plan,
            None,
            stream=section.facts["stream"],
            since=asked.since,
            before=asked.until,
            at_most=MOST_DRAWN,
        )
        data = replace(data, unit=unit(data.unit))
        yield f"chart-{n}", as_svg(pair_spec(data, language, width=WIDTH, height=HEIGHT, background="white"))
        if section.facts.get("capability"):
            spec = histogram_spec(
                _histogram(section, language),
                language,
                width=HISTOGRAM_WIDTH,
                height=HISTOGRAM_HEIGHT,
                background="white",
            )
            yield f"histogram-{n}", as_svg(spec)


def _histogram(section: Section, language: str) -> Histogram:
    facts = section.facts
    spec: Mapping[str, Any] | None = facts["specification"]
    figures = facts["capability"]
    return Histogram(
        title=facts["characteristic"]["name"]["ja" if language.startswith("ja") else "en"],
        unit=unit(facts["characteristic"]["unit"]),
        values=np.array([row.value for row in section.rows if not row.is_excluded], dtype=np.float64),
        mean=figures["mean"],
        sigma=figures["overall"]["sigma"],
        spec=SpecLimits(**spec) if spec else None,
    )


def as_svg(spec: dict[str, Any]) -> str:
    """Drawn with the report's typeface, whatever the screen would use, and without what only a pointer finds."""
    _typeface()
    spec = {**spec, "config": {**spec.get("config", {}), "font": FONT}}
    return _ONLY_ON_SCREEN.sub("", str(vl_convert.vegalite_to_svg(json.dumps(spec), vl_version="6.4")))


@cache
def _typeface() -> None:
    vl_convert.register_font_directory(str(font_folder()))
