"""What stations posted: the post, one record per unit and visit, its measurements; and what could not be taken.

Measurement is range-partitioned by received_at (migration 0002); it and the record refuse UPDATE there.
"""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from lines.plant.models import Station


class Verdict(models.TextChoices):
    PASS = "PASS", "Pass"
    FAIL = "FAIL", "Fail"


class StationPost(models.Model):
    """One accepted request with its answer, kept as long as its records so that a repeat gets the same answer."""

    station = models.ForeignKey(Station, models.PROTECT, related_name="posts")
    key = models.CharField(max_length=128, help_text="Idempotency-Key, or the station's own result id.")
    body_sha256 = models.CharField(max_length=64)
    received_at = models.DateTimeField()
    status_code = models.PositiveSmallIntegerField(null=True)
    answer = models.TextField(null=True, help_text="As sent: a repeat gets the same bytes.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["station", "key"], name="post_station_key")]


class OperationRecord(models.Model):
    """One visit of one unit to one operation (ISA-95 segment response)."""

    post = models.ForeignKey(StationPost, models.PROTECT, related_name="records")
    station = models.ForeignKey(Station, models.PROTECT, related_name="records")
    operation = models.CharField(max_length=24)
    serial = models.CharField(max_length=64, db_index=True)
    product = models.CharField(max_length=32, blank=True)
    attempt = models.PositiveSmallIntegerField(
        help_text="1 for the first visit of this unit to this operation; 0: no visit, a sample was measured."
    )
    started_at = models.DateTimeField(null=True)
    source_time = models.DateTimeField(help_text="End of the operation by the machine's clock.")
    received_at = models.DateTimeField(help_text="Our clock.")
    machine_outcome = models.CharField(max_length=4, choices=Verdict)
    verdict = models.CharField(max_length=4, choices=Verdict, help_text="By our limits and the machine's word.")
    is_conforming = models.BooleanField(help_text="False: something about entry or material deviated.")
    deviation_codes = ArrayField(models.CharField(max_length=16), default=list)
    reason_codes = ArrayField(models.CharField(max_length=24), default=list)
    recipe = models.CharField(max_length=64, blank=True)
    operator = models.CharField(max_length=64, blank=True)
    tray = models.CharField(max_length=32, blank=True)
    slot = models.PositiveSmallIntegerField(null=True)
    channel = models.CharField(max_length=48, blank=True)
    grade = models.CharField(max_length=8, blank=True, help_text="As the station sorted the unit.")
    clock_offset_s = models.FloatField(null=True, help_text="How far the machine's clock was ahead; null: unknown.")
    is_offline = models.BooleanField(default=False, help_text="Made while the MES did not answer, posted later.")
    entered_by = models.CharField(max_length=150, blank=True, help_text="User name, where a person entered it.")
    content_sha256 = models.CharField(max_length=64)

    class Meta:
        indexes = [
            models.Index(fields=["station", "-id"], name="record_station_id"),
            models.Index(fields=["received_at"], name="record_received_at"),
        ]


class WithdrawnRecord(models.Model):
    """A record that carries a wrong serial: it stays as it was, but is no visit of that serial any more."""

    record = models.OneToOneField(OperationRecord, models.PROTECT, primary_key=True, related_name="withdrawn")
    at = models.DateTimeField()


class Judgement(models.IntegerChoices):
    """A measurement against its limits."""

    UNJUDGED = 0, "No limits"
    PASS = 1, "Pass"
    FAIL_LOW = 2, "Below the lower limit"
    FAIL_HIGH = 3, "Above the upper limit"


class Measurement(models.Model):
    """One value of one characteristic, as posted or derived. The key is (received_at, record, sequence)."""

    pk = models.CompositePrimaryKey("received_at", "record", "sequence")
    received_at = models.DateTimeField()
    record = models.ForeignKey(OperationRecord, models.PROTECT, related_name="measurements")
    sequence = models.PositiveSmallIntegerField()
    characteristic = models.CharField(max_length=24)
    value = models.FloatField()
    unit = models.CharField(max_length=16)
    position = models.CharField(max_length=32, blank=True, help_text="Side, lane or joint, as posted.")
    source_time = models.DateTimeField()
    judgement = models.PositiveSmallIntegerField(choices=Judgement)
    limits_version = models.BigIntegerField(null=True, help_text="quality.CharacteristicLimits it was judged by.")
    is_derived = models.BooleanField(default=False)


class AttributeCount(models.Model):
    """How many of one reason a visit found: defects on a roll, nonconforming pieces of a sample."""

    record = models.ForeignKey(OperationRecord, models.PROTECT, related_name="counts")
    code = models.CharField(max_length=24, help_text="Reason code, or a characteristic that is counted.")
    count = models.PositiveIntegerField()
    inspected = models.FloatField(null=True, help_text="Pieces, metres or opportunities looked at.")
    position = models.CharField(max_length=32, blank=True)


class Consumer(models.TextChoices):
    """Who still has to look at a record."""

    SPC = "SPC", "Statistical process control"


class Pending(models.Model):
    """A record that a consumer has not worked yet. Claimed by DELETE ... SKIP LOCKED (pending.claim)."""

    consumer = models.CharField(max_length=8, choices=Consumer)
    record = models.ForeignKey(OperationRecord, models.PROTECT, related_name="+")

    class Meta:
        verbose_name_plural = "pending"
        indexes = [models.Index(fields=["consumer", "id"], name="pending_consumer")]


class Settlement(models.TextChoices):
    """What an engineer did with a refused post."""

    REPLAYED = "REPLAYED", "Replayed"
    DISMISSED = "DISMISSED", "Dismissed"


class QuarantinedPost(models.Model):
    """A post that could not be understood or trusted. Nothing else of it is stored."""

    station = models.ForeignKey(Station, models.PROTECT, null=True, related_name="quarantined_posts")
    received_at = models.DateTimeField()
    path = models.CharField(max_length=200)
    key = models.CharField(max_length=128, blank=True)
    body = models.BinaryField(help_text="As received, cut at the largest body we take.")
    code = models.CharField(max_length=16)
    detail = models.TextField()
    settled_at = models.DateTimeField(null=True)
    settled_by = models.CharField(max_length=150, blank=True, help_text="User name.")
    settlement = models.CharField(max_length=10, choices=Settlement, blank=True)
    note = models.CharField(max_length=500, blank=True)
    replayed_as = models.ForeignKey(StationPost, models.PROTECT, null=True, related_name="+")
    replayed_body = models.BinaryField(null=True, help_text="What was replayed, where it was edited first.")

    class Meta:
        indexes = [models.Index(fields=["-id"], condition=models.Q(settled_at=None), name="quarantine_open")]
