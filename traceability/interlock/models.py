"""Permits: every verdict of the interlock, with the facts it rested on."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from lines.models import OperationRecord, Station


class PermitVerdict(models.TextChoices):
    ALLOW = "ALLOW", "Allow"
    DENY = "DENY", "Deny"


class Permit(models.Model):
    station = models.ForeignKey(Station, models.PROTECT, related_name="permits")
    operation = models.CharField(max_length=24)
    serial = models.CharField(max_length=64, db_index=True)
    verdict = models.CharField(max_length=5, choices=PermitVerdict)
    recipe = models.CharField(
        max_length=64, blank=True, db_default="", help_text="The one the unit's work order freezes."
    )
    reasons = ArrayField(models.CharField(max_length=16), default=list)
    facts = models.JSONField(default=dict, help_text="What was known when it was decided.")
    decided_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True, help_text="Used, cancelled, replaced or found expired.")
    asked_count = models.PositiveIntegerField(
        default=1, db_default=1, help_text="How often the same question got this answer."
    )
    asked_last_at = models.DateTimeField(null=True)
    used_by = models.ForeignKey(OperationRecord, models.PROTECT, null=True, related_name="permits")

    class Meta:
        indexes = [models.Index(fields=["station", "-id"], name="permit_station")]
        constraints = [
            models.UniqueConstraint(
                fields=["serial"], condition=models.Q(verdict="ALLOW", closed_at=None), name="permit_one_open"
            )
        ]


class Rejudgement(models.Model):
    """A record's deviations judged again, because what happened before it came to be known only later. The record
    stays as it is; its newest rejudgement counts."""

    record = models.ForeignKey(OperationRecord, models.PROTECT, related_name="rejudgements")
    because_of = models.ForeignKey(OperationRecord, models.PROTECT, related_name="+", help_text="What came late.")
    codes_before = ArrayField(models.CharField(max_length=16), default=list)
    codes_after = ArrayField(models.CharField(max_length=16), default=list)
    at = models.DateTimeField()

    class Meta:
        ordering = ["id"]
