"""From what units have in common to its page, its charts, a hold and a recall."""

import math
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils import timezone

from quality.plans.models import ControlPlan

_WIDEST = 100.0  # lifts beyond it end the bar
_OF_STATIONS = ("station", "channel", "rack")


def with_links(result: dict[str, Any]) -> list[dict[str, Any]]:
    """The factors of a result, each name with where it leads: `page`, `charts`, `hold`, `recall`; and where its
    interval lies on a scale of powers of ten, in percent, for drawing."""
    factors = result.get("factors", [])
    stations = {name["refs"]["station"] for f in factors for name in f["names"] if "station" in name["refs"]}
    product = result["compared"]["product"] if factors else None
    charts: dict[str, list[str]] = {}
    for plan in ControlPlan.objects.filter(station__code__in=stations, product__code=product).order_by("code"):
        charts.setdefault(plan.station.code, []).append(plan.code)
    return [
        {
            **factor,
            "names": [name | _leads(name, charts) for name in factor["names"]],
            "n_more": factor["n_names"] - len(factor["names"]),
            "bar": [_place(factor[each]) for each in ("lift_low", "lift", "lift_high")],
            "even": _place(1.0),
            # Among so many that are asked again beside the first, less would come by chance.
            "stands": factor["is_finding"] and (factor["p_after"] or 1.0) <= result["alpha"] / len(factors),
        }
        for factor in factors
    ]


def _place(lift: float) -> float:
    """From 0 (a tenth) over 33 (as often) to 100 (a hundred times)."""
    return round(100 * (math.log10(min(max(lift, 0.1), _WIDEST)) + 1) / 3, 1)


def _leads(name: dict[str, Any], charts: dict[str, list[str]]) -> dict[str, Any]:
    kind, refs = name["kind"], name["refs"]
    suspect = _suspect(name)
    found: dict[str, Any] = {"page": _page(kind, refs), "charts": charts.get(refs.get("station", ""), [])[:3]}
    if suspect:
        of_hold = {("scope" if key == "kind" else key): value for key, value in suspect.items()}
        if suspect["kind"] not in ("UNITS", "RECIPE"):
            found["hold"] = f"{reverse('new-hold')}?{urlencode(of_hold)}"
        elif "serial" in suspect:
            found["hold"] = f"{reverse('new-hold')}?{urlencode({'scope': 'UNIT', 'serial': suspect['serial']})}"
        found["recall"] = f"{reverse('recalls')}?{urlencode(suspect)}"
    return found


def _page(kind: str, refs: dict[str, Any]) -> str:
    if "lot" in refs:
        return reverse("lot", args=[refs["lot"]])
    if "serial" in refs:
        return reverse("unit", args=[refs["serial"]])
    if "tray" in refs:
        return reverse("tray", args=[refs["tray"]])
    if kind in _OF_STATIONS and "station" in refs:
        return reverse("go", args=["station", refs["station"]])
    return ""


def _suspect(name: dict[str, Any]) -> dict[str, Any]:
    """What a recall and a hold call it; empty where neither can begin there."""
    kind, refs = name["kind"], name["refs"]
    found: dict[str, Any] = {}
    if kind == "lot":
        found = {"kind": "LOT", "supplier": refs["supplier"], "lot": refs["number"]}
    elif kind == "batch":
        found = {"kind": "UNITS", "serial": refs["serial"]}
    elif kind in ("range", "roll"):
        metres = {key: name[key] for key in ("lane", "from_m", "to_m") if name[key] is not None}
        found = {"kind": "ROLL_RANGE", "serial": refs["serial"], **metres}
    elif kind == "tray":
        found = {"kind": "TRAY", "tray": refs["tray"]}
    elif kind in ("channel", "station", "recipe") and name["since"]:
        found = {"kind": kind.upper(), kind: refs.get(kind, name["level"])}
        found |= {"window_from": _local(name["since"]), "window_to": _local(name["until"], minutes=1)}
    return found


def _local(at: str, minutes: int = 0) -> str:
    """As a form's field has it, whole minutes; `minutes`: so many later, that the moment itself is within."""
    moment = datetime.fromisoformat(at).astimezone(timezone.get_default_timezone()) + timedelta(minutes=minutes)
    return moment.strftime("%Y-%m-%dT%H:%M")
