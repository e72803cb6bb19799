"""Points of control charts and the signals found on them."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from lines.models import Alarm
from quality.plans.models import ControlLimits, ControlPlan


class ChartPoint(models.Model):
    """One plotted point: an individual or a closed subgroup."""

    plan = models.ForeignKey(ControlPlan, models.PROTECT, related_name="points")
    limits = models.ForeignKey(ControlLimits, models.PROTECT, related_name="+")
    number = models.PositiveIntegerField(help_text="0-based place in the chart, in order of evaluation.")
    source_time = models.DateTimeField(help_text="Machine time of the last member.")
    location = models.FloatField(help_text="The individual, or the subgroup's mean.")
    spread = models.FloatField(null=True, help_text="Moving range or range; none for the first individual.")
    n = models.PositiveSmallIntegerField()
    records = ArrayField(models.BigIntegerField(), help_text="OperationRecords of the members.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["plan", "number"], name="point_plan_number")]


class OpenSubgroup(models.Model):
    """Members of a consecutive subgroup that is not full yet."""

    plan = models.OneToOneField(ControlPlan, models.PROTECT, primary_key=True, related_name="open_subgroup")
    values = ArrayField(models.FloatField(), default=list)
    records = ArrayField(models.BigIntegerField(), default=list)


class Signal(models.Model):
    """A rule violated on a chart. Never recomputed away."""

    plan = models.ForeignKey(ControlPlan, models.PROTECT, related_name="signals")
    limits = models.ForeignKey(ControlLimits, models.PROTECT, related_name="+")
    point = models.ForeignKey(ChartPoint, models.PROTECT, related_name="signals")
    chart = models.CharField(max_length=8, help_text="Which of the pair: I, MR, XBAR, R.")
    rule = models.PositiveSmallIntegerField(help_text="Nelson rule number.")
    side = models.SmallIntegerField(help_text="+1 above, -1 below, 0 neither.")
    window_first = models.PositiveIntegerField(help_text="Number of the first point of the window.")
    raised_at = models.DateTimeField()
    alarm = models.ForeignKey(Alarm, models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["point", "chart", "rule"], name="signal_once")]


class Uncontained(models.Model):
    """A signal of a plan with the response CONTAIN whose units are not held yet. Claimed by DELETE ... SKIP LOCKED."""

    signal = models.OneToOneField(Signal, models.PROTECT, primary_key=True, related_name="uncontained")
