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
    I_MR = "I-MR", "I-MR: individuals and moving ranges"
    XBAR_R = "XBAR-R", "Xbar-R: means and ranges"
    XBAR_S = "XBAR-S", "Xbar-S: means and standard deviations"
    I_MR_R = "I-MR-R", "I-MR-R: three-way, between and within (range)"
    I_MR_S = "I-MR-S", "I-MR-S: three-way, between and within (standard deviation)"
    EWMA = "EWMA", "EWMA: exponentially weighted moving average"
    CUSUM = "CUSUM", "CUSUM: cumulative sums"
    P = "P", "p: share nonconforming"
    NP = "NP", "np: number nonconforming"
    C = "C", "c: count of nonconformities"
    U = "U", "u: nonconformities per unit"
    LANEY_P = "LANEY-P", "p': share nonconforming, overdispersed"
    LANEY_U = "LANEY-U", "u': nonconformities per unit, overdispersed"
    G = "G", "g: units between rare events"
    T = "T", "t: time between rare events"


class SubgroupBy(models.TextChoices):
    RECORD = "RECORD", "The values of one record"
    CONSECUTIVE = "CONSECUTIVE", "n values in order of time"
    PERIOD = "PERIOD", "The values of a period"


class Source(models.TextChoices):
    RECORD = "RECORD", "Results of the station"
    TELEMETRY = "TELEMETRY", "A signal of the station"


class StreamBy(models.TextChoices):
    """What a characteristic is charted apart by: each stream has its own points and may have its own limits."""

    NONE = "", "All together"
    CHANNEL = "CHANNEL", "Formation channel"
    POSITION = "POSITION", "Position posted with the value: lane, side, cavity, joint"


class Summary(models.TextChoices):
    """How the elements of an array signal (a scan profile), or the values of an interval, become one value."""

    MEAN = "MEAN", "Mean"
    RANGE = "RANGE", "Range"
    RANGE_PERCENT = "RANGE_PCT", "Range in percent of the mean"
    SD = "SD", "Standard deviation"
    MINIMUM = "MIN", "Least"
    MAXIMUM = "MAX", "Greatest"


class SigmaMethod(models.TextChoices):
    """quality.spc names them alike."""

    MR_MEAN = "MR-MEAN", "mean(MR) / d2(2)"
    MR_MEDIAN = "MR-MEDIAN", "median(MR) / 0.9539"
    UWAVE_R = "UWAVE-R", "mean(R / d2(n))"
    UWAVE_SD = "UWAVE-SD", "mean(S / c4(n))"
    MVLUE_R = "MVLUE-R", "Minimum-variance weighted R / d2(n)"
    MVLUE_SD = "MVLUE-SD", "Minimum-variance weighted S / c4(n)"
    RMSDF = "RMSDF", "Pooled sd / c4(df + 1)"
    POOLED = "POOLED", "Pooled sd, no correction"
    NONE = "NONE", "Of the distribution: p, c, u and g charts"


class Response(models.TextChoices):
    LOG = "LOG", "Log"
    ALARM = "ALARM", "Alarm"
    CONTAIN = "CONTAIN", "Alarm, and hold the units behind it"


def check_rules(rules: Sequence[int]) -> None:
    """The plant's files are held to the same rules."""
    if not set(RULES).issuperset(rules):
        raise ValidationError(_("Use the rules %(rules)s."), params={"rules": ", ".join(map(str, RULES))})


class ControlPlan(Bilingual):
    """Characteristic x product x station: how it is charted, with which rules, and what a signal sets off."""

    code = models.CharField(max_length=48, unique=True)
    characteristic = models.ForeignKey(Characteristic, models.PROTECT, related_name="control_plans")
    product = models.ForeignKey(Product, models.PROTECT, related_name="+")
    station = models.ForeignKey(Station, models.PROTECT, related_name="+")
    source = models.CharField(max_length=10, choices=Source, default=Source.RECORD, db_default=Source.RECORD)
    signal_code = models.CharField(
        max_length=48, blank=True, db_default="", help_text="TELEMETRY: the signal; of an array its name without [n]."
    )
    summary = models.CharField(
        max_length=10, choices=Summary, blank=True, db_default="", help_text="TELEMETRY: of the elements or interval."
    )
    stream_by = models.CharField(max_length=10, choices=StreamBy, blank=True, default=StreamBy.NONE, db_default="")
    chart = models.CharField(max_length=8, choices=ChartType)
    subgroup_by = models.CharField(max_length=12, choices=SubgroupBy, default=SubgroupBy.CONSECUTIVE)
    subgroup_size = models.PositiveSmallIntegerField(default=1)
    period_s = models.PositiveIntegerField(
        null=True, blank=True, help_text="PERIOD: how long one is; TELEMETRY: one value each so many seconds."
    )
    every_nth = models.PositiveIntegerField(default=1, db_default=1, help_text="Sampling: each nth value is charted.")
    rules = ArrayField(models.PositiveSmallIntegerField(), validators=[check_rules], help_text="Nelson rule numbers.")
    run_lengths = models.JSONField(
        default=dict, blank=True, db_default={}, help_text='Other lengths of a rule than Nelson\'s, as {"2": 8}.'
    )
    sigma_method = models.CharField(max_length=16, choices=SigmaMethod, blank=True, db_default="")
    options = models.JSONField(
        default=dict, blank=True, db_default={}, help_text="EWMA: lambda, L; CUSUM: k, h, head_start; nominal: DNOM."
    )
    response = models.CharField(max_length=8, choices=Response, default=Response.ALARM)
    margin_units = models.PositiveIntegerField(
        default=5, db_default=5, help_text="CONTAIN: so many units before the estimated change point are held too."
    )
    verify_points = models.PositiveIntegerField(
        default=0, db_default=0, help_text="Points in control after which the station counts as verified; 0: by people."
    )
    reaction_en = models.TextField(blank=True)
    reaction_ja = models.TextField(blank=True)
    reaction_due_min = models.PositiveIntegerField(
        default=30, db_default=30, help_text="Within how many minutes the reaction plan is to be worked."
    )
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ["station__sequence", "code"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(chart__in=["I-MR", "C", "G", "T"]) | Q(subgroup_size=1), name="plan_individuals_size"
            ),
            models.CheckConstraint(
                condition=~Q(chart__in=["XBAR-R", "XBAR-S", "I-MR-R", "I-MR-S"]) | Q(subgroup_size__gte=2),
                name="plan_subgroup_size",
            ),
            models.CheckConstraint(condition=Q(every_nth__gte=1), name="plan_every_nth"),
            models.CheckConstraint(
                condition=Q(source="RECORD") | (~Q(signal_code="") & ~Q(summary="") & Q(period_s__gte=1)),
                name="plan_telemetry_named",
            ),
            models.CheckConstraint(condition=~Q(subgroup_by="PERIOD") | Q(period_s__gte=1), name="plan_period_known"),
        ]

    def __str__(self) -> str:
        return self.code


class ControlLimits(models.Model):
    """Frozen mean and sigma of a plan, versioned; never bare limits (they are computed from these)."""

    plan = models.ForeignKey(ControlPlan, models.PROTECT, related_name="limits")
    stream = models.CharField(
        max_length=48, blank=True, db_default="", help_text="Empty: all that have none of their own."
    )
    version = models.PositiveIntegerField(help_text="Counted per plan, over all its streams.")
    center = models.FloatField()
    sigma_within = models.FloatField()
    n_values = models.PositiveIntegerField(help_text="How many values mean and sigma rest on.")
    sigma_method = models.CharField(max_length=16)
    parameters = models.JSONField(
        default=dict,
        blank=True,
        db_default={},
        help_text="What else was frozen: sigma_between of a three-way chart, sigma_z of Laney's.",
    )
    valid_from = models.DateTimeField()
    author = models.CharField(max_length=120)
    reason = models.CharField(max_length=200)

    class Meta:
        verbose_name_plural = "control limits"
        constraints = [
            models.UniqueConstraint(fields=["plan", "version"], name="control_limits_version"),
            models.CheckConstraint(condition=Q(sigma_within__gte=0), name="control_limits_sigma"),
        ]


class PlanChange(models.Model):
    """What was changed in a plan, by whom and why. Written by the database itself, whichever way the change came."""

    plan = models.ForeignKey(ControlPlan, models.PROTECT, related_name="changes")
    at = models.DateTimeField()
    actor = models.CharField(max_length=160, help_text="person:<username>, task:<name> or command:<name>.")
    is_first = models.BooleanField(help_text="The plan was made.")
    reason = models.TextField(help_text="As the person gave it; empty: the plant's files or the administration.")
    changes = models.JSONField(help_text="By column: [before, after]; of a new plan its values.")

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["plan", "-id"], name="plan_change_newest")]
