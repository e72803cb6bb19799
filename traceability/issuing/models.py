"""Serials handed out to stations in blocks: none is ever given twice."""

from django.db import models

from lines.models import MaterialDefinition, Station


class SerialCounter(models.Model):
    """The next sequence of one design on one day."""

    design_code = models.CharField(max_length=3)
    day = models.DateField()
    next_sequence = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["design_code", "day"], name="serial_counter_once")]


class SerialBlock(models.Model):
    """Consecutive serials a station may mark; asked again with the same key, it gets the same block."""

    station = models.ForeignKey(Station, models.PROTECT, related_name="serial_blocks")
    key = models.CharField(max_length=128)
    definition = models.ForeignKey(MaterialDefinition, models.PROTECT, related_name="serial_blocks")
    day = models.DateField(help_text="The date in the serials.")
    first_sequence = models.PositiveIntegerField()
    count = models.PositiveIntegerField()
    body_sha256 = models.CharField(max_length=64, help_text="Of the request, so that the key serves no other one.")
    issued_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["station", "key"], name="serial_block_key")]
