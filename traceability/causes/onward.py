"""From what units have in common to its page, its charts, a hold and a recall."""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils import timezone

from lines.models import BillItem, OperationRecord, RouteStep
from quality.models import CharacteristicUse, ControlPlan

MOST_CHARTS = 3
MOST_PLACES = 3  # of a mark that is told; a hold or a recall begins at each
_WIDEST = 100.0  # lifts beyond it end the bar
_OF_STATIONS = ("station", "channel", "rack")
_OF_ROLLS = ("roll", "range")
_OF_DEFINITIONS = ("batch", "mark", "lane", "side", *_OF_ROLLS)


def with_links(result: dict[str, Any]) -> list[dict[str, Any]]:
    """The factors of a result, each name with where it leads: `page`, `charts`, `hold`, `recall`, a mark with the
    `places` where it lies; and where its interval lies on a scale of powers of ten, in percent, for drawing."""
    factors = result.get("factors", [])
    if not factors:
        return []
    charts = _Charts(result["compared"]["product"], [name for factor in factors for name in factor["names"]])
    return [
        {
            **factor,
            "names": [name | _leads(name) | {"charts": charts.of(name)[:MOST_CHARTS]} for name in factor["names"]],
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


class _Charts:
    """Charts of the operations that a name is about: where a lot was put in, a roll was made, a channel was used; of
    the station itself where the name tells it or its records do."""

    def __init__(self, product: str | None, names: Iterable[Mapping[str, Any]]) -> None:
        self._by_operation: defaultdict[str, list[ControlPlan]] = defaultdict(list)
        self._made_at: defaultdict[str, set[str]] = defaultdict(set)
        self._put_in_at: defaultdict[str, set[str]] = defaultdict(set)
        self._stations: defaultdict[str, set[str]] = defaultdict(set)
        measured: defaultdict[int, set[str]] = defaultdict(set)
        uses = CharacteristicUse.objects.filter(product__code=product)
        for characteristic, operation in uses.values_list("characteristic_id", "operation__code"):
            measured[characteristic].add(operation)
        plans = ControlPlan.objects.filter(product__code=product, is_active=True).select_related("station")
        for plan in plans.order_by("code"):
            for operation in measured[plan.characteristic_id]:
                self._by_operation[operation].append(plan)
        for definition, operation in RouteStep.objects.values_list("definition__code", "operation__code"):
            self._made_at[definition].add(operation)
        for material, operation in BillItem.objects.values_list("material__code", "step__operation__code"):
            self._put_in_at[material].add(operation)
        serials = {serial for name in names for serial in _serials(name)}
        for serial, station in OperationRecord.objects.filter(serial__in=serials).values_list(
            "serial", "station__code"
        ):
            self._stations[serial].add(station)

    def of(self, name: Mapping[str, Any]) -> list[ControlPlan]:
        kind, refs = name["kind"], name["refs"]
        if kind == "lot":
            operations = self._put_in_at[name["factor"]]
        elif kind in _OF_DEFINITIONS:
            operations = self._made_at[name["factor"]]
        else:
            operations = {name["factor"]}
        stations = {station for serial in _serials(name) for station in self._stations[serial]}
        if "station" in refs:
            stations = {refs["station"]}
        found = {plan.code: plan for each in sorted(operations) for plan in self._by_operation[each]}
        return [plan for plan in found.values() if not stations or plan.station.code in stations]


def _serials(name: Mapping[str, Any]) -> list[str]:
    """Of the unit, or of the rolls with the mark."""
    refs = name["refs"]
    return [refs["serial"]] if "serial" in refs else [place["serial"] for place in refs.get("places", ())]


def _leads(name: dict[str, Any]) -> dict[str, Any]:
    found = _onward(_suspect(name)) | {"page": _page(name), "places": []}
    for place in name["refs"].get("places", ())[:MOST_PLACES]:
        metres = {key: place[key] for key in ("lane", "from_m", "to_m") if place[key] is not None}
        suspect = {"kind": "ROLL_RANGE", "serial": place["serial"], **metres}
        found["places"].append(place | {"page": _roll(place["serial"], place)} | _onward(suspect))
    return found


def _onward(suspect: dict[str, Any]) -> dict[str, Any]:
    """A hold and a recall that begin at a suspect."""
    if not suspect:
        return {}
    found = {"recall": f"{reverse('recalls')}?{urlencode(suspect)}"}
    of_hold = {("scope" if key == "kind" else key): value for key, value in suspect.items()}
    if suspect["kind"] not in ("UNITS", "RECIPE"):
        found["hold"] = f"{reverse('new-hold')}?{urlencode(of_hold)}"
    elif "serial" in suspect:
        found["hold"] = f"{reverse('new-hold')}?{urlencode({'scope': 'UNIT', 'serial': suspect['serial']})}"
    return found


def _page(name: Mapping[str, Any]) -> str:
    kind, refs = name["kind"], name["refs"]
    if "lot" in refs:
        return reverse("lot", args=[refs["lot"]])
    if "serial" in refs:
        return _roll(refs["serial"], name) if kind in _OF_ROLLS else reverse("unit", args=[refs["serial"]])
    if "tray" in refs:
        return reverse("tray", args=[refs["tray"]])
    if kind in _OF_STATIONS and "station" in refs:
        return reverse("go", args=["station", refs["station"]])
    return ""


def _roll(serial: str, metres: Mapping[str, Any]) -> str:
    """The page of a roll, at the middle of the metres."""
    page = reverse("roll", args=[serial])
    if metres["from_m"] is None or metres["to_m"] is None:
        return page
    at = {"at": round((metres["from_m"] + metres["to_m"]) / 2, 2)}
    return f"{page}?{urlencode(at | ({'lane': metres['lane']} if metres['lane'] else {}))}"


def _suspect(name: dict[str, Any]) -> dict[str, Any]:
    """What a recall and a hold call it; empty where neither can begin there."""
    kind, refs = name["kind"], name["refs"]
    found: dict[str, Any] = {}
    if kind == "lot":
        found = {"kind": "LOT", "supplier": refs["supplier"], "lot": refs["number"]}
    elif kind == "batch":
        found = {"kind": "UNITS", "serial": refs["serial"]}
    elif kind in _OF_ROLLS:
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
