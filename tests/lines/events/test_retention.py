"""Events are for screens that follow; after a day they go."""

from datetime import timedelta

import pytest
from django.utils import timezone

from lines.events import services
from lines.events.models import Event, EventKind

pytestmark = pytest.mark.django_db


def test_only_events_of_the_last_day_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "_CHUNK", 3)
    services.emit_all([services.Happening(EventKind.STATE, f"S-{n}", {"n": n}) for n in range(10)])
    old = Event.objects.order_by("id").values_list("id", flat=True)[:7]
    Event.objects.filter(id__in=list(old)).update(created_at=timezone.now() - timedelta(hours=25))
    assert services.forget_old() == 7
    assert list(Event.objects.order_by("id").values_list("station", flat=True)) == ["S-7", "S-8", "S-9"]
    assert services.forget_old() == 0
