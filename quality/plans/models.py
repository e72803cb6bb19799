"""What is measured, within which limits, and how it is watched."""

from collections.abc import Sequence

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from lines.models import Operation, Product, Station
from lines.names import Bilingual
from lines.plant.tables import RULES


class Distribution(models.TextChoices):
    NORMAL = "NORMAL", "Normal"
    LOGNORMAL = "LOGNORMAL", "Lognormal"
    POISSON = "POISSON", "Poisson"
    SKEWED = "SKEWED", "Skewed"
    AUTOCORRELATED = "AUTOCORRELATED", "Autocorrelated"


class Characteristic(Bilingual):
    code = models.CharField(max_length=24, unique=True)
    unit = models.CharField(max_length=16)
    distribution = models.CharField(max_length=16, choices=Distribution)
    formula = models.CharField(max_length=48, blank=True, help_text="Name of the function in formulas.py, if derived.")
    formula_inputs = ArrayField(
        models.CharField(max_length=24),
        default=list,
        blank=True,
        help_text="Characteristics of the same record, in the order of the function's arguments.",
    )
    reason_codes = ArrayField(models.CharField(max_length=24), default=list, blank=True)
    sampling = models.CharField(max_length=80, blank=True)
    source = models.CharField(max_length=120, blank=True)

    class Meta:
        ordering = ["code"]

    def __str__(self) -> str:
        return self.code


class CharacteristicLimits(models.Model):
    """Specification limits of a characteristic for one product, versioned. The newest valid one judges."""

    characteristic = models.ForeignKey(Characteristic, models.PROTECT, related_name="limits")
    product = models.ForeignKey(Product, models.PROTECT, related_name="+")
    version = models.PositiveIntegerField()
    lsl = models.FloatField(null=True, blank=True)
    target = models.FloatField(null=True, blank=True)
    usl = models.FloatField(null=True, blank=True)
    valid_from = models.DateTimeField()
    author = models.CharField(max_length=120)
    reason = models.CharField(max_length=200)

    class Meta:
        verbose_name_plural = "characteristic limits"
        constraints = [
            models.UniqueConstraint(fields=["characteristic", "product", "version"], name="limits_version"),
            models.CheckConstraint(
                condition=Q(lsl=None) | Q(usl=None) | Q(lsl__lt=F("usl")), name="limits_lsl_below_usl"
            ),
        ]


class CharacteristicUse(models.Model):
    """A characteristic is measured (or derived) at one operation of one product."""

    product = models.ForeignKey(Product, models.PROTECT, related_name="+")
    operation = models.ForeignKey(Operation, models.PROTECT, related_name="+")
    characteristic = models.ForeignKey(Characteristic, models.PROTECT, related_name="uses")
    is_required = models.BooleanField(default=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["product", "operation", "characteristic"], name="use_once")]


class ChartType(models.TextChoices):
    I_MR = "I-MR", "I-MR"
    XBAR_R = "XBAR-R", "Xbar-R"


class SubgroupBy(models.TextChoices):
    RECORD = "RECORD", "The values of one record"
    CONSECUTIVE = "CONSECUTIVE", "n values in order of time"


class Response(models.TextChoices):
    LOG = "LOG", "Log"
    ALARM = "ALARM", "Alarm"
    CONTAIN = "CONTAIN", "Alarm, and hold the units behind it"


def check_rules(rules: Sequence[int]) -> None:
    """The plant's files are held to the same rules."""
    if not set(RULES).issuperset(rules):
        raise ValidationError(_("Use the rules %(rules)s."), params={"rules": ", ".join(map(str, RULES))})


class ControlPlan(Bilingual):
    """One chart: characteristic x product x station, with its rules and what a signal sets off."""

    code = models.CharField(max_length=48, unique=True)
    characteristic = models.ForeignKey(Characteristic, models.PROTECT, related_name="control_plans")
    product = models.ForeignKey(Product, models.PROTECT, related_name="+")
    station = models.ForeignKey(Station, models.PROTECT, related_name="+")
    chart = models.CharField(max_length=8, choices=ChartType)
    subgroup_by = models.CharField(max_length=12, choices=SubgroupBy, default=SubgroupBy.CONSECUTIVE)
    subgroup_size = models.PositiveSmallIntegerField(default=1)
    rules = ArrayField(
        models.PositiveSmallIntegerField(), validators=[check_rules], help_text="Nelson rule numbers, 1 and 2."
    )
    response = models.CharField(max_length=8, choices=Response, default=Response.ALARM)
    reaction_en = models.TextField(blank=True)
    reaction_ja = models.TextField(blank=True)
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ["station__sequence", "code"]
        constraints = [
            models.CheckConstraint(
                condition=Q(chart="I-MR", subgroup_size=1) | Q(chart="XBAR-R", subgroup_size__gte=2),
                name="plan_subgroup_size_fits_chart",
            )
        ]

    def __str__(self) -> str:
        return self.code


class ControlLimits(models.Model):
    """Frozen mean and sigma of a plan, versioned; never bare limits (they are computed from these)."""

    plan = models.ForeignKey(ControlPlan, models.PROTECT, related_name="limits")
    version = models.PositiveIntegerField()
    center = models.FloatField()
    sigma_within = models.FloatField()
    n_values = models.PositiveIntegerField(help_text="How many values mean and sigma rest on.")
    sigma_method = models.CharField(max_length=16)
    valid_from = models.DateTimeField()
    author = models.CharField(max_length=120)
    reason = models.CharField(max_length=200)

    class Meta:
        verbose_name_plural = "control limits"
        constraints = [
            models.UniqueConstraint(fields=["plan", "version"], name="control_limits_version"),
            models.CheckConstraint(condition=Q(sigma_within__gte=0), name="control_limits_sigma"),
        ]
