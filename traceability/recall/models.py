"""Recalls as they were kept."""

from django.db import models

from traceability.holds.models import Hold


class Recall(models.Model):
    """What was asked, what was found then, and the hold that was placed. Never changed."""

    token = models.CharField(max_length=36, unique=True, help_text="Of the form or request: sent twice, it is one.")
    asked = models.JSONField(help_text="The suspect.")
    subject = models.CharField(max_length=300, help_text="The suspect in words.")
    reason = models.CharField(max_length=200)
    made_at = models.DateTimeField()
    made_by = models.CharField(max_length=150, help_text="User name.")
    hold = models.ForeignKey(Hold, models.PROTECT, null=True, related_name="recalls", help_text="None: a drill.")
    n_recorded = models.PositiveIntegerField(help_text="Units with it in them, recorded all the way.")
    n_inferred = models.PositiveIntegerField(help_text="By what was mounted, or within an uncertainty.")
    n_possible = models.PositiveIntegerField(help_text="Behind a link that is missing.")
    n_missing = models.PositiveIntegerField(help_text="Links missing on the way.")
    n_shipped = models.PositiveIntegerField(help_text="Units of all three that had left the plant.")
    content_sha256 = models.CharField(max_length=64)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"Recall {self.pk}"

    @property
    def n_units(self) -> int:
        return self.n_recorded + self.n_inferred + self.n_possible


class RecallContent(models.Model):
    """The canonical content, whose SHA-256 is the recall's: JSON, compressed."""

    recall = models.OneToOneField(Recall, models.PROTECT, primary_key=True, related_name="content")
    compressed = models.BinaryField()
