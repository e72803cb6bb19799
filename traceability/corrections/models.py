"""Corrections: a wrong serial, lot, value or link is set right by a new row; what was recorded stays as it was."""

from django.db import models

from lines.models import OperationRecord
from traceability.genealogy.models import GenealogyLink


class CorrectionKind(models.TextChoices):
    SERIAL = "SERIAL", "Wrong serial"
    LOT = "LOT", "Wrong lot"
    VALUE = "VALUE", "Wrong value"
    LINK = "LINK", "Wrong link"


class Correction(models.Model):
    """One thing a record said wrongly, and what is right, by whom and why."""

    record = models.ForeignKey(OperationRecord, models.PROTECT, related_name="corrections")
    kind = models.CharField(max_length=6, choices=CorrectionKind)
    # VALUE: characteristic, position, sequence, value, judgement. SERIAL: serial. LOT and LINK: the link's columns.
    before = models.JSONField()
    after = models.JSONField(help_text="Empty: there should be nothing.")
    new_record = models.OneToOneField(OperationRecord, models.PROTECT, null=True, related_name="corrects")
    removed_link = models.OneToOneField(GenealogyLink, models.PROTECT, null=True, related_name="removed_by")
    added_link = models.OneToOneField(GenealogyLink, models.PROTECT, null=True, related_name="added_by")
    verdict = models.CharField(max_length=4, blank=True, help_text="The record's verdict with the right value.")
    reason = models.CharField(max_length=500)
    by = models.CharField(max_length=150, help_text="User name.")
    at = models.DateTimeField()
    xid = models.BigIntegerField(db_default=models.Func(function="denchi_xid", output_field=models.BigIntegerField()))

    class Meta:
        ordering = ["id"]
