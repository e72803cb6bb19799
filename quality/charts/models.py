"""Points of control charts and the signals found on them."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from lines.models import Alarm, Station
from quality.plans.models import ControlLimits, ControlPlan


class ChartPoint(models.Model):
    """One plotted point: an individual, a closed subgroup, or a member that came after its subgroup was closed.

    `number` counts in order of evaluation and never changes; a chart's order is (source_time, number), so that a late
    point stands where it belongs.
    """

    plan = models.ForeignKey(ControlPlan, models.PROTECT, related_name="points")
    stream = models.CharField(max_length=48, blank=True, db_default="")
    limits = models.ForeignKey(ControlLimits, models.PROTECT, related_name="+")
    number = models.PositiveIntegerField(help_text="0-based, per plan and stream, in order of evaluation.")
    source_time = models.DateTimeField(help_text="Machine time of the last member, less its clock's measured offset.")
    location = models.FloatField(help_text="The individual, the subgroup's mean, or its share or rate.")
    spread = models.FloatField(null=True, help_text="Moving range, range or standard deviation; none where unknown.")
    within = models.FloatField(null=True, help_text="Three-way charts: range or sd inside the subgroup.")
    statistic = models.FloatField(null=True, help_text="EWMA: z; CUSUM: the upper sum.")
    statistic_low = models.FloatField(null=True, help_text="CUSUM: the lower sum.")
    n = models.PositiveSmallIntegerField()
    size = models.FloatField(null=True, help_text="Attribute charts: sample size or area of opportunity.")
    is_late = models.BooleanField(db_default=False, help_text="It came after a point of a later time was judged.")
    is_excluded = models.BooleanField(db_default=False, help_text="Out of limit calculations: its cause is assigned.")
    records = ArrayField(models.BigIntegerField(), help_text="OperationRecords of the members; none: telemetry.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["plan", "stream", "number"], name="point_plan_stream_number")]
        indexes = [models.Index(fields=["plan", "stream", "source_time", "number"], name="point_in_order")]


class ChartStream(models.Model):
    """Where the evaluation of one plan and stream goes on: members of the subgroup that is not full yet.

    G and T charts count in `sizes` and `times` what has passed since the last event.
    """

    plan = models.ForeignKey(ControlPlan, models.PROTECT, related_name="streams")
    stream = models.CharField(max_length=48, blank=True, db_default="")
    values = ArrayField(models.FloatField(), default=list, db_default=[])
    sizes = ArrayField(models.FloatField(), default=list, db_default=[])
    records = ArrayField(models.BigIntegerField(), default=list, db_default=[])
    times = ArrayField(models.DateTimeField(), default=list, db_default=[])
    seen = models.PositiveBigIntegerField(default=0, db_default=0, help_text="Values that came, charted or not.")
    next_number = models.PositiveIntegerField(default=0, db_default=0, help_text="Points judged so far.")
    newest_at = models.DateTimeField(null=True, help_text="The latest machine time of a judged point.")
    is_full = models.BooleanField(
        default=False, db_default=False, help_text="PERIOD: the newest point has all it can hold, its period goes on."
    )
    watched_until = models.DateTimeField(null=True, help_text="TELEMETRY: values of earlier periods are worked off.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["plan", "stream"], name="chart_stream_once")]


class Signal(models.Model):
    """A rule violated on a chart. Never recomputed away."""

    plan = models.ForeignKey(ControlPlan, models.PROTECT, related_name="signals")
    stream = models.CharField(max_length=48, blank=True, db_default="")
    limits = models.ForeignKey(ControlLimits, models.PROTECT, related_name="+")
    point = models.ForeignKey(ChartPoint, models.PROTECT, related_name="signals")
    chart = models.CharField(max_length=8, help_text="Which panel: I, MR, XBAR, R, S, EWMA, CUSUM, P, C, ...")
    rule = models.PositiveSmallIntegerField(help_text="Nelson rule number.")
    side = models.SmallIntegerField(help_text="+1 above, -1 below, 0 neither.")
    window_first = models.PositiveIntegerField(help_text="Number of the first point of the window, in order of time.")
    raised_at = models.DateTimeField()
    superseded_at = models.DateTimeField(
        null=True, help_text="When a late point showed that its window does not hold. It stays, marked."
    )
    alarm = models.ForeignKey(Alarm, models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ["-id"]
        constraints = [
            # What a late point ended, a later one may show again.
            models.UniqueConstraint(
                fields=["point", "chart", "rule", "side"], condition=models.Q(superseded_at=None), name="signal_once"
            )
        ]
        indexes = [models.Index(fields=["plan", "stream", "-id"], name="signal_of_stream")]


class Uncontained(models.Model):
    """A signal of a plan with the response CONTAIN whose units are not held yet. Claimed by DELETE ... SKIP LOCKED."""

    signal = models.OneToOneField(Signal, models.PROTECT, primary_key=True, related_name="uncontained")


class ChangeKind(models.TextChoices):
    """4M."""

    MAN = "MAN", "Man"
    MACHINE = "MACHINE", "Machine"
    MATERIAL = "MATERIAL", "Material"
    METHOD = "METHOD", "Method"


class ProcessChange(models.Model):
    """Something changed at a station: charts mark it, for the eye that looks for the cause of a shift."""

    station = models.ForeignKey(Station, models.PROTECT, related_name="process_changes")
    product = models.CharField(max_length=32, blank=True, db_default="", help_text="Empty: whatever is made.")
    at = models.DateTimeField(help_text="Machine time.")
    kind = models.CharField(max_length=8, choices=ChangeKind)
    subject = models.CharField(max_length=48, blank=True, db_default="", help_text="What has one value at a time.")
    value = models.CharField(max_length=120, blank=True, db_default="")
    is_first = models.BooleanField(default=False, db_default=False, help_text="The first value seen: not marked.")
    text_en = models.CharField(max_length=200)
    text_ja = models.CharField(max_length=200)
    noted_by = models.CharField(max_length=150, blank=True, db_default="", help_text="Empty: found in the records.")
    noted_at = models.DateTimeField()

    class Meta:
        ordering = ["-at", "-id"]
        indexes = [
            models.Index(fields=["station", "at"], name="process_change_at"),
            models.Index(fields=["station", "product", "subject", "-at"], name="process_change_subject"),
        ]
