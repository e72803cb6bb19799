"""Units and lots: what carries an identifier in this plant."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Upper

from lines.models import MaterialDefinition, Product, Route, RouteStep, WorkOrder


class UnitState(models.TextChoices):
    IN_PROCESS = "IN_PROCESS", "In process"
    COMPLETED = "COMPLETED", "Completed its route"
    CONSUMED = "CONSUMED", "Built into another unit"
    SCRAPPED = "SCRAPPED", "Scrapped"
    RETURNED = "RETURNED", "Returned to the supplier"
    SHIPPED = "SHIPPED", "Shipped to a data centre"


class Unit(models.Model):
    """Whatever a station asks a permit for: slurry batch, roll, jelly roll or stack, cell, pack."""

    serial = models.CharField(max_length=64, unique=True)
    # Both empty for a serial no rule knows: a fact is stored all the same (code MES-T in the record).
    definition = models.ForeignKey(MaterialDefinition, models.PROTECT, null=True, related_name="units")
    product = models.ForeignKey(Product, models.PROTECT, null=True, related_name="units")
    state = models.CharField(max_length=12, choices=UnitState, default=UnitState.IN_PROCESS)
    route = models.ForeignKey(
        Route,
        models.PROTECT,
        null=True,
        related_name="units",
        help_text="The version it started with, and keeps.",
    )
    next_step = models.ForeignKey(
        RouteStep,
        models.PROTECT,
        null=True,
        related_name="waiting_units",
        help_text="None: nothing left to do.",
    )
    work_order = models.ForeignKey(WorkOrder, models.PROTECT, null=True, related_name="units")
    grade = models.CharField(
        max_length=8, blank=True, db_default="", help_text="As sorted, or as a disposition downgraded it."
    )
    accepted = ArrayField(
        models.CharField(max_length=24),
        default=list,
        db_default=[],
        help_text="Operations that a disposition let it pass although they failed or were left out.",
    )
    extra_passes = models.PositiveSmallIntegerField(
        default=0, db_default=0, help_text="Granted by dispositions, at every operation that is repeated."
    )
    last_test_passed = models.BooleanField(null=True, help_text="Verdict of the last test; None: no test stands.")
    length_m = models.FloatField(null=True)
    lanes = models.PositiveSmallIntegerField(null=True, help_text="Of a roll: how many lie side by side.")
    mass_kg = models.FloatField(null=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["definition", "-id"], name="unit_definition"),
            models.Index(fields=["next_step", "id"], name="unit_next_step"),
        ]

    def __str__(self) -> str:
        return self.serial


class LotState(models.TextChoices):
    RELEASED = "RELEASED", "Released"
    QUARANTINE = "QUARANTINE", "In quarantine"
    BLOCKED = "BLOCKED", "Blocked"
    UNKNOWN = "UNKNOWN", "Never announced, first seen in a result"


class Lot(models.Model):
    """Bought or bulk material, keyed by (supplier, number)."""

    supplier = models.CharField(max_length=64)
    number = models.CharField(max_length=64)
    material = models.ForeignKey(MaterialDefinition, models.PROTECT, null=True, related_name="lots")
    material_code = models.CharField(max_length=32, help_text="As posted.")
    state = models.CharField(max_length=12, choices=LotState, default=LotState.UNKNOWN)
    expires_at = models.DateTimeField(null=True, blank=True)
    quantity = models.FloatField(null=True, help_text="As received, or as split and merged; in the material's unit.")
    received_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["supplier", "number"], name="lot_supplier_number")]
        # A number that was typed or scanned, in whatever case (mes.search).
        indexes = [models.Index(Upper("number"), name="lot_number_any_case")]

    def __str__(self) -> str:
        return f"{self.supplier} {self.number}"


class LotEventKind(models.TextChoices):
    RECEIVED = "RECEIVED", "Received"
    RELEASED = "RELEASED", "Released"
    BLOCKED = "BLOCKED", "Blocked"
    EXPIRY = "EXPIRY", "Expiry changed"
    SPLIT = "SPLIT", "Split"
    MERGED = "MERGED", "Merged"


class LotEvent(models.Model):
    """What somebody did with a lot, and why. Only ever added."""

    lot = models.ForeignKey(Lot, models.PROTECT, related_name="events")
    kind = models.CharField(max_length=10, choices=LotEventKind)
    state = models.CharField(max_length=12, choices=LotState, help_text="Of the lot after it.")
    expires_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=500, blank=True)
    by = models.CharField(max_length=120)
    at = models.DateTimeField()

    class Meta:
        ordering = ["id"]


class LotPart(models.Model):
    """A quantity of one lot that became part of another one: by splitting, or by merging."""

    parent = models.ForeignKey(Lot, models.PROTECT, related_name="children")
    child = models.ForeignKey(Lot, models.PROTECT, related_name="parents")
    quantity = models.FloatField()
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["parent", "child"], name="lot_part_once"),
            models.CheckConstraint(condition=~models.Q(parent=models.F("child")), name="lot_part_not_itself"),
        ]


class CertificateValue(models.Model):
    """One line of a lot's certificate of analysis."""

    lot = models.ForeignKey(Lot, models.PROTECT, related_name="certificate_values")
    property = models.CharField(max_length=64)
    value = models.FloatField()
    unit = models.CharField(max_length=16)
    lower = models.FloatField(null=True, help_text="As the supplier specifies it.")
    upper = models.FloatField(null=True)

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["lot", "property"], name="certificate_property_once")]
