"""What is made and how: products, material definitions, routes, bills, recipes, work orders (ISA-95 part 2)."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from lines.names import Bilingual
from lines.plant.models import Station, StationKind


class Product(Bilingual):
    code = models.CharField(max_length=32, unique=True)
    chemistry = models.CharField(max_length=32)
    tray_slots = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="Slots of its trays; empty: unknown."
    )

    class Meta:
        ordering = ["code"]

    def __str__(self) -> str:
        return self.code


class Tracking(models.TextChoices):
    """How a material is followed. LOT is bought or bulk; all others are kinds of unit with one identifier."""

    LOT = "LOT", "Material lot"
    SLURRY_BATCH = "SLURRY_BATCH", "Slurry batch"
    ROLL = "ROLL", "Roll"
    JELLY_ROLL = "JELLY_ROLL", "Jelly roll"
    STACK = "STACK", "Stack"
    CELL = "CELL", "Cell"
    MODULE = "MODULE", "Module"
    PACK = "PACK", "Pack"
    CONTAINER = "CONTAINER", "Container"


class MaterialDefinition(Bilingual):
    """ISA-95 material definition: a bought material, or something this plant makes for one product."""

    code = models.CharField(max_length=32, unique=True)
    tracking = models.CharField(max_length=16, choices=Tracking)
    uom = models.CharField(max_length=8, help_text="Unit of measure of quantities: kg, m, pcs.")
    product = models.ForeignKey(Product, models.PROTECT, null=True, blank=True, related_name="definitions")
    design_code = models.CharField(
        max_length=3,
        blank=True,
        help_text="Three characters of the serial that claim it for this definition.",
    )
    release_on_receipt = models.BooleanField(
        default=True, help_text="A bought lot is released when it is received; else it waits in quarantine."
    )

    class Meta:
        ordering = ["code"]
        constraints = [
            models.UniqueConstraint(
                fields=["design_code"], condition=~Q(design_code=""), name="definition_design_code"
            ),
            models.CheckConstraint(
                condition=Q(tracking="LOT", product=None, design_code="")
                | (~Q(tracking="LOT") & Q(product__isnull=False) & ~Q(design_code="")),
                name="definition_lot_or_unit",
            ),
        ]

    def __str__(self) -> str:
        return self.code


class Operation(Bilingual):
    """ISA-95 process segment: what a station can do to a unit."""

    code = models.CharField(max_length=24, unique=True)
    kind = models.CharField(max_length=20, choices=StationKind)
    is_test = models.BooleanField(default=False, help_text="Its verdict says whether the unit is good.")
    needs_certification = models.BooleanField(default=False, help_text="Only certified operators may do it.")
    stations = models.ManyToManyField(Station, related_name="operations")

    class Meta:
        ordering = ["code"]

    def __str__(self) -> str:
        return self.code


class Route(models.Model):
    """The sequence of operations of one product, versioned. A unit keeps the version it started with."""

    product = models.ForeignKey(Product, models.PROTECT, related_name="routes")
    version = models.PositiveSmallIntegerField()
    valid_from = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["product", "version"], name="route_product_version")]

    def __str__(self) -> str:
        return f"{self.product_id} v{self.version}"


class OnFail(models.TextChoices):
    """What happens to a unit that failed its last allowed pass."""

    SCRAP = "SCRAP", "Scrap"
    HOLD = "HOLD", "Hold"


class RouteStep(models.Model):
    route = models.ForeignKey(Route, models.PROTECT, related_name="steps")
    definition = models.ForeignKey(MaterialDefinition, models.PROTECT, related_name="steps")
    sequence = models.PositiveSmallIntegerField()
    operation = models.ForeignKey(Operation, models.PROTECT, related_name="steps")
    duration_s = models.PositiveIntegerField(help_text="Planned time of the operation.")
    by_tray = models.BooleanField(default=False)
    max_passes = models.PositiveSmallIntegerField(default=1)
    rework_from = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="Where a failed unit starts again while passes are left; empty: at this step.",
    )
    on_fail = models.CharField(max_length=8, choices=OnFail, default=OnFail.HOLD)
    is_gate = models.BooleanField(default=False, help_text="Denies until SPC has looked at the unit's records.")
    alternatives = models.ManyToManyField(
        Operation, blank=True, related_name="+", help_text="Operations that may be done in place of this one."
    )
    sample_every = models.PositiveIntegerField(
        default=1, help_text="n: only units whose serial's sequence divides by n do this step; the others pass it by."
    )
    repeat_in_rework = models.BooleanField(
        default=True, help_text="A unit sent back repeats this step on its way; False: not once it passed it."
    )
    grades = ArrayField(models.CharField(max_length=8), default=list, blank=True, help_text="Allowed; empty: all.")
    wait_from = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="The step at whose end the waiting time begins; empty: the step before this one.",
    )
    min_wait_s = models.PositiveIntegerField(null=True, blank=True)
    max_wait_s = models.PositiveIntegerField(null=True, blank=True)

    class Meta:
        ordering = ["route", "sequence"]
        constraints = [
            models.UniqueConstraint(fields=["route", "sequence"], name="step_route_sequence"),
            models.UniqueConstraint(
                fields=["route", "definition", "operation"], name="step_route_definition_operation"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.sequence} {self.operation_id}"


class BillItem(models.Model):
    """What one step takes in for one unit."""

    step = models.ForeignKey(RouteStep, models.PROTECT, related_name="bill")
    material = models.ForeignKey(MaterialDefinition, models.PROTECT, related_name="+")
    quantity = models.FloatField()
    tolerance_pct = models.FloatField()
    positions = models.PositiveSmallIntegerField(default=0, help_text="0: no positions; n: positions 1..n.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["step", "material"], name="bill_step_material")]


class Recipe(models.Model):
    """Setpoints of one operation for one product, versioned."""

    product = models.ForeignKey(Product, models.PROTECT, related_name="recipes")
    operation = models.ForeignKey(Operation, models.PROTECT, related_name="recipes")
    version = models.PositiveSmallIntegerField()
    parameters = models.JSONField(default=dict)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["product", "operation", "version"], name="recipe_version")]

    def __str__(self) -> str:
        return f"{self.operation_id} v{self.version}"


class WorkOrderState(models.TextChoices):
    """Of the job order states of ISA-95 part 4, those that the interlock asks about."""

    RELEASED = "RELEASED", "Released"
    CLOSED = "CLOSED", "Closed"


class WorkOrder(models.Model):
    """What to make, by which version of the route and with which recipes: frozen when the order was made."""

    number = models.CharField(max_length=32, unique=True)
    product = models.ForeignKey(Product, models.PROTECT, related_name="work_orders")
    route = models.ForeignKey(Route, models.PROTECT, related_name="work_orders")
    recipes = models.ManyToManyField(Recipe, related_name="work_orders")
    quantity = models.PositiveIntegerField(help_text="Units of the route's end that are wanted.")
    state = models.CharField(max_length=8, choices=WorkOrderState, default=WorkOrderState.RELEASED)
    released_at = models.DateTimeField(help_text="New units begin under the newest released order of their product.")

    class Meta:
        ordering = ["-released_at"]
        indexes = [models.Index(fields=["product", "state", "-released_at"], name="work_order_open")]

    def __str__(self) -> str:
        return self.number
