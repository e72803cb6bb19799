"""Units and lots: what carries an identifier in this plant."""

from django.db import models

from lines.models import MaterialDefinition, Product, Route, RouteStep


class UnitState(models.TextChoices):
    IN_PROCESS = "IN_PROCESS", "In process"
    COMPLETED = "COMPLETED", "Completed its route"
    CONSUMED = "CONSUMED", "Built into another unit"
    SCRAPPED = "SCRAPPED", "Scrapped"


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
    last_test_passed = models.BooleanField(null=True, help_text="Verdict of the last test; None: no test stands.")
    length_m = models.FloatField(null=True)
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
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["supplier", "number"], name="lot_supplier_number")]

    def __str__(self) -> str:
        return f"{self.supplier} {self.number}"
