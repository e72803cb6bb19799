"""What auditors asked, the history files that were handed out, and archives of them."""

from django.db import models
from django.db.models import Q

from quality.reports.models import ReportState
from traceability.units.models import Unit


class QueryKind(models.TextChoices):
    LIST = "LIST", "Units by a filter"
    SAMPLE = "SAMPLE", "Random sample"
    HISTORY = "HISTORY", "History file of a unit"
    BUNDLE = "BUNDLE", "Archive of history files"
    VERIFY = "VERIFY", "A file or code verified"


class AuditQuery(models.Model):
    """One question, written by the system for the one who asked it. Only ever added."""

    kind = models.CharField(max_length=8, choices=QueryKind)
    by = models.CharField(max_length=150, help_text="User name.")
    role = models.CharField(max_length=16, help_text="As it was then.")
    at = models.DateTimeField()
    by_api = models.BooleanField(default=False, db_default=False)
    asked = models.JSONField(default=dict, help_text="The filter, complete; serial, code or hash.")
    n_units = models.BigIntegerField(null=True, help_text="How many it found.")

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["by", "-id"], name="audit_query_by")]


class HistoryFile(models.Model):
    """Content of a history file that was handed out, by its hash. The same content is one row."""

    code = models.CharField(max_length=19, unique=True, help_text="Short form of the hash, as printed.")
    content_sha256 = models.CharField(max_length=64, unique=True)
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    n_records = models.PositiveIntegerField()
    n_values = models.PositiveIntegerField()
    first_issued_at = models.DateTimeField()
    first_issued_by = models.CharField(max_length=150, help_text="User name.")


class Bundle(models.Model):
    """A ZIP of history files, made by a worker (as quality.reports makes reports)."""

    asked = models.JSONField(help_text="The filter, and how many units it found.")
    serials = models.JSONField(help_text="The units in it, as chosen when it was asked for.")
    seed = models.CharField(max_length=32, blank=True, help_text="Of the sample; empty: all units of the filter.")
    language = models.CharField(max_length=2)
    state = models.CharField(max_length=10, choices=ReportState, default=ReportState.QUEUED)
    progress = models.PositiveSmallIntegerField(default=0, db_default=0, help_text="Percent.")
    requested_by = models.CharField(max_length=150, help_text="User name.")
    requested_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    alive_at = models.DateTimeField(null=True, help_text="Last sign of life of the worker that makes it.")
    finished_at = models.DateTimeField(null=True)
    cancel_asked_by = models.CharField(max_length=150, blank=True, db_default="")
    code = models.CharField(max_length=16, blank=True, db_default="", help_text="Why it failed.")
    detail = models.CharField(max_length=500, blank=True, db_default="")
    name = models.CharField(max_length=120, blank=True, db_default="", help_text='Of the file, in storage "reports".')
    n_bytes = models.PositiveBigIntegerField(null=True)
    sha256 = models.CharField(max_length=64, blank=True, db_default="")

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["id"], condition=Q(state__in=["QUEUED", "RUNNING"]), name="bundle_to_do"),
        ]


class IssuedPrint(models.Model):
    """A printed history (PDF) that was handed out: it says who asked and when, so its bytes are its own."""

    sha256 = models.CharField(max_length=64, unique=True)
    history = models.ForeignKey(HistoryFile, models.PROTECT, related_name="prints")
    language = models.CharField(max_length=2)
    issued_at = models.DateTimeField()
    issued_by = models.CharField(max_length=150, help_text="User name.")
