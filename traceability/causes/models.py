"""Analyses that people asked for: what, how far, and what was found."""

from django.db import models
from django.db.models import Q


class AnalysisState(models.TextChoices):
    QUEUED = "QUEUED", "Waiting"
    RUNNING = "RUNNING", "Running"
    DONE = "DONE", "Done"
    FAILED = "FAILED", "Failed"
    CANCELLED = "CANCELLED", "Cancelled"


class CauseAnalysis(models.Model):
    """One question why units failed. What was found is kept as it was told; asked again later it may differ."""

    asked = models.JSONField(help_text="What it is about (traceability.causes.asked).")
    state = models.CharField(max_length=10, choices=AnalysisState, default=AnalysisState.QUEUED)
    progress = models.PositiveSmallIntegerField(default=0, db_default=0, help_text="Percent.")
    requested_by = models.CharField(max_length=150, help_text="User name.")
    requested_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    alive_at = models.DateTimeField(null=True, help_text="Last sign of life of what makes it.")
    finished_at = models.DateTimeField(null=True)
    cancel_asked_by = models.CharField(max_length=150, blank=True, db_default="")
    code = models.CharField(max_length=16, blank=True, db_default="", help_text="Why it failed.")
    detail = models.CharField(max_length=500, blank=True, db_default="")
    result = models.JSONField(null=True, help_text="As the API tells it.")
    n_failed = models.PositiveIntegerField(null=True)
    n_findings = models.PositiveIntegerField(null=True)

    class Meta:
        ordering = ["-id"]
        verbose_name_plural = "cause analyses"
        indexes = [models.Index(fields=["id"], condition=Q(state__in=["QUEUED", "RUNNING"]), name="cause_to_do")]
