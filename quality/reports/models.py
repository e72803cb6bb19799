"""Reports that people asked for or a schedule did: what was asked, how far it is, and the files that were made."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q


class ReportState(models.TextChoices):
    QUEUED = "QUEUED", "Waiting"
    RUNNING = "RUNNING", "Being made"
    DONE = "DONE", "Ready"
    FAILED = "FAILED", "Failed"
    CANCELLED = "CANCELLED", "Cancelled"


class ReportFormat(models.TextChoices):
    PDF = "PDF", "PDF"
    XLSX = "XLSX", "Excel"
    CSV = "CSV", "CSV"
    JSON = "JSON", "JSON"


class Every(models.TextChoices):
    SHIFT = "SHIFT", "Every shift"
    DAY = "DAY", "Every day"
    WEEK = "WEEK", "Every week"
    MONTH = "MONTH", "Every month"


class ReportSchedule(models.Model):
    """The same report again and again, of the time since the last one, sent by e-mail."""

    name = models.CharField(max_length=120, unique=True)
    asked = models.JSONField(help_text="As of a report, without its span.")
    language = models.CharField(max_length=2)
    every = models.CharField(max_length=5, choices=Every)
    hour = models.PositiveSmallIntegerField(
        help_text="Of the plant's day; weeks begin on Monday, months on the first, shifts as the plant says."
    )
    recipients = ArrayField(models.EmailField())
    formats = ArrayField(models.CharField(max_length=4, choices=ReportFormat), help_text="Attached to the e-mail.")
    is_active = models.BooleanField(default=True)
    made_by = models.CharField(max_length=150, help_text="User name.")
    made_at = models.DateTimeField()
    last_at = models.DateTimeField(help_text="Where the span of the next report begins.")
    next_at = models.DateTimeField(help_text="Where it ends.")

    class Meta:
        ordering = ["name"]
        constraints = [models.CheckConstraint(condition=Q(hour__lte=23), name="report_schedule_hour")]


class Report(models.Model):
    """One report. Its content's hash does not depend on who asked for it, or when."""

    asked = models.JSONField(help_text="What it is about (quality.reports.asked).")
    language = models.CharField(max_length=2)
    state = models.CharField(max_length=10, choices=ReportState, default=ReportState.QUEUED)
    progress = models.PositiveSmallIntegerField(default=0, db_default=0, help_text="Percent.")
    requested_by = models.CharField(max_length=150, help_text="User name, or the schedule.")
    requested_at = models.DateTimeField()
    schedule = models.ForeignKey(ReportSchedule, models.SET_NULL, null=True, related_name="reports")
    started_at = models.DateTimeField(null=True)
    alive_at = models.DateTimeField(null=True, help_text="Last sign of life of the worker that makes it.")
    finished_at = models.DateTimeField(null=True)
    cancel_asked_by = models.CharField(max_length=150, blank=True, db_default="")
    sent_at = models.DateTimeField(null=True, help_text="When the e-mail of its schedule was handed over.")
    mail_tried_at = models.DateTimeField(null=True)
    code = models.CharField(max_length=16, blank=True, db_default="", help_text="Why it failed, or was not sent.")
    detail = models.CharField(max_length=500, blank=True, db_default="")
    content_sha256 = models.CharField(max_length=64, blank=True, db_default="")
    n_charts = models.PositiveIntegerField(null=True)
    n_points = models.PositiveIntegerField(null=True)
    n_rows = models.PositiveIntegerField(null=True)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["id"], condition=Q(state__in=["QUEUED", "RUNNING"]), name="report_to_do"),
            models.Index(fields=["content_sha256"], name="report_content"),
        ]


class ReportFile(models.Model):
    """A file of a report, in Django's storage "reports" under `name`."""

    report = models.ForeignKey(Report, models.PROTECT, related_name="files")
    format = models.CharField(max_length=4, choices=ReportFormat)
    name = models.CharField(max_length=120, unique=True)
    n_bytes = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["report", "format"], name="report_file_format")]
