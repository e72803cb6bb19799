"""What changed, for screens that follow live. Rows are ordered by (xid, id): ids alone commit out of order."""

from django.db import models
from django.db.models.functions import Now


class EventKind(models.TextChoices):
    VALUES = "VALUES", "New values of a station's signals"
    STATE = "STATE", "A station changed state or counters"
    RECORD = "RECORD", "A station's result was stored"
    PERMIT = "PERMIT", "A station's request was answered"
    SIGNAL = "SIGNAL", "A control chart signalled"
    CHART_POINT = "CHART_POINT", "A control chart has a new point"
    ALARM = "ALARM", "An alarm was raised, acknowledged or cleared"
    UNIT = "UNIT", "A unit changed state"


class Event(models.Model):
    """`xid` defaults to pg_current_xact_id() in the database (migration 0002)."""

    xid = models.BigIntegerField(db_default=models.Func(function="denchi_xid", output_field=models.BigIntegerField()))
    kind = models.CharField(max_length=12, choices=EventKind)
    station = models.CharField(max_length=32, blank=True, help_text="Station code.")
    payload = models.JSONField(default=dict)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [models.Index(fields=["xid", "id"], name="event_position")]
