"""Both products, from mixing to container, through the API of every station."""

import pytest

from lines.models import Measurement, Pending
from lines.plant.models import StationKind
from tests.traceability.conftest import Hand


@pytest.mark.parametrize(("container", "lots"), [("LFP-CONTAINER", 15), ("ZN-CONTAINER", 8)])
def test_whole_route(hand: Hand, container: str, lots: int) -> None:
    serial = hand.make(container)
    unit = hand.get(f"units/{serial}", depth=12).json()
    assert unit["state"] == "COMPLETED"
    assert not unit["holds"]
    assert all(record["is_conforming"] for record in unit["records"])
    links = unit["made_of"]["links"]
    assert len({link["lot"]["id"] for link in links if link["lot"]}) >= lots
    stations = {
        record["station"]
        for part in {serial, *(link["serial"] for link in links if link["serial"])}
        for record in hand.get(f"units/{part}").json()["records"]
    }
    kinds = {station.kind for station in hand.plant.stations if station.code in stations}
    assert kinds == set(StationKind.values)
    # What it is made of, seen from a lot at the far end, is the same set of units.
    first_lot = next(link["lot"]["id"] for link in reversed(links) if link["lot"])
    reached = hand.get(f"lots/{first_lot}", limit=500).json()
    assert serial in {item["serial"] for item in reached["units"]["items"]}
    assert Pending.objects.count() > 20
    assert Measurement.objects.filter(judgement=1).count() > 50
