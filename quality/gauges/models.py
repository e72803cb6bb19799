"""What measures: gauges of stations and formation channels, their calibrations and what studies say of them."""

from django.db import models
from django.db.models import Q

from lines.models import Station
from lines.names import Bilingual
from quality.plans.models import Characteristic


class Gauge(Bilingual):
    """A gauge measures for its whole station; one with a `channel` only for what is in that channel.

    `calibrated_at` and `valid_until` follow from its calibrations; the interlock denies from `valid_until` on.
    """

    code = models.CharField(max_length=48, unique=True)
    station = models.ForeignKey(Station, models.PROTECT, related_name="gauges")
    channel = models.CharField(max_length=48, blank=True)
    interval_days = models.PositiveSmallIntegerField(
        default=365, db_default=365, help_text="From one calibration to the next."
    )
    calibrated_at = models.DateTimeField()
    valid_until = models.DateTimeField()
    characteristics = models.ManyToManyField(
        Characteristic,
        related_name="gauges",
        blank=True,
        help_text="What it measures; none: whatever its station measures.",
    )

    class Meta:
        ordering = ["code"]
        constraints = [
            models.UniqueConstraint(
                fields=["station", "channel"], condition=~models.Q(channel=""), name="gauge_station_channel"
            )
        ]

    def __str__(self) -> str:
        return self.code


class CalibrationKind(models.TextChoices):
    CALIBRATION = "CALIBRATION", "Calibration"
    CHECK = "CHECK", "Check against a reference, nothing adjusted"


class Calibration(models.Model):
    """What was found when a gauge was looked at, and how it was left. Never changed."""

    gauge = models.ForeignKey(Gauge, models.PROTECT, related_name="calibrations")
    kind = models.CharField(max_length=12, choices=CalibrationKind)
    at = models.DateTimeField(help_text="When it was done.")
    as_found = models.FloatField(null=True, help_text="Error against the reference before any adjustment.")
    as_left = models.FloatField(null=True, help_text="Error after it.")
    allowed = models.FloatField(null=True, help_text="Greatest permissible error, either way.")
    unit = models.CharField(max_length=16, blank=True)
    as_found_passed = models.BooleanField(help_text="False: the gauge was out of order; what it judged is suspect.")
    as_left_passed = models.BooleanField(help_text="False: it is not to be used.")
    performed_by = models.CharField(max_length=120, help_text="Person or laboratory.")
    certificate = models.CharField(max_length=120, blank=True, help_text="Number of the certificate.")
    next_due = models.DateTimeField(null=True, help_text="Of a calibration that passed.")
    note = models.CharField(max_length=500, blank=True)
    recorded_at = models.DateTimeField()
    recorded_by = models.CharField(max_length=160, help_text="person:<username> or task:<name>.")

    class Meta:
        ordering = ["-at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["gauge", "at", "kind"], name="calibration_once"),
            models.CheckConstraint(
                condition=~Q(kind="CALIBRATION", as_left_passed=True)
                | Q(next_due__isnull=False, next_due__gt=models.F("at")),
                name="calibration_next_due",
            ),
            models.CheckConstraint(
                condition=~Q(kind="CHECK") | Q(as_left_passed=models.F("as_found_passed"), next_due=None),
                name="calibration_check_adjusts_nothing",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.gauge_id} {self.at:%Y-%m-%d}"


class GaugeRrStudy(models.Model):
    """A gauge R&R study: its readings, and what was calculated of them when it was recorded. Never changed."""

    gauge = models.ForeignKey(Gauge, models.PROTECT, related_name="studies")
    characteristic = models.ForeignKey(Characteristic, models.PROTECT, related_name="gauge_studies")
    at = models.DateTimeField(help_text="When it was measured.")
    tolerance = models.FloatField(null=True, help_text="USL - LSL; none: percent of the study variation alone.")
    readings = models.JSONField(help_text="[part, operator, value], as measured.")
    n_parts = models.PositiveSmallIntegerField()
    n_operators = models.PositiveSmallIntegerField()
    n_repeats = models.PositiveSmallIntegerField()
    interaction_p = models.FloatField(null=True)
    with_interaction = models.BooleanField(help_text="False: pooled with repeatability (p above 0.25).")
    components = models.JSONField(
        help_text="By source: variance, contribution %, study variation, % of it, % of the tolerance."
    )
    grr_percent = models.FloatField(help_text="Of the tolerance if given, else of the study variation.")
    ndc = models.PositiveIntegerField()
    verdict = models.CharField(max_length=16, help_text="ACCEPTABLE, MARGINAL or UNACCEPTABLE.")
    note = models.CharField(max_length=200, blank=True)
    recorded_at = models.DateTimeField()
    recorded_by = models.CharField(max_length=160)

    class Meta:
        verbose_name = "gauge R&R study"
        verbose_name_plural = "gauge R&R studies"
        ordering = ["-at", "-id"]
        indexes = [models.Index(fields=["characteristic", "gauge", "-at"], name="gauge_study_newest")]
        constraints = [models.UniqueConstraint(fields=["gauge", "characteristic", "at"], name="gauge_study_once")]

    def __str__(self) -> str:
        return f"{self.gauge_id} {self.at:%Y-%m-%d}"
