"""A gap in a station's telemetry marks the units that were in the station."""

from datetime import timedelta

from django.test import Client
from django.utils import timezone

from lines.models import Gap, OperationRecord, Person, Station
from tests.traceability.conftest import Hand
from traceability.models import Permit


def test_a_gap_marks_the_units_that_were_in_the_station(hand: Hand) -> None:
    lane = hand.make("CATHODE-LANE")
    record = OperationRecord.objects.filter(serial=lane).order_by("pk").first()
    assert record is not None
    now = timezone.now()
    gap = Gap.objects.create(
        **{"station": record.station, "cause": "CUT", "event": "b1", "opened_at": now, "closed_at": now},
        **{"since": record.source_time, "until": record.source_time, "decided_at": now, "lost": 7},
    )
    told = hand.get(f"units/{lane}").json()["records"]
    assert [each["record"] for each in told if each["telemetry_gaps"]] == [record.pk]
    client = Client()
    client.force_login(Person.objects.create(username="reader"))
    page = client.get(f"/units/{lane}/").content.decode()
    assert f"7 values of {record.station.code} are missing" in page and f"/ledger/gaps/{gap.pk}/" in page
    Gap.objects.update(lost=0)
    assert not any(each["telemetry_gaps"] for each in hand.get(f"units/{lane}").json()["records"])
    # Of a unit that is still in a station nothing is recorded yet: its permit says where it is.
    station = Station.objects.get(code="FILL-1")
    Permit.objects.create(station=station, operation="FILL", serial=lane, verdict="ALLOW", decided_at=now)
    Gap.objects.create(
        **{"station": station, "cause": "SILENT", "event": "s1", "since": now - timedelta(minutes=1), "opened_at": now}
    )
    assert f"Values of {station.code} may be missing" in client.get(f"/units/{lane}/").content.decode()
