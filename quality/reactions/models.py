"""What people do about a signal: the plan's steps, who answered them and when, the cause and the action, and the
verification that lets the station count as good again."""

from django.db import models
from django.db.models import Q

from lines.models import Alarm
from lines.names import Bilingual
from quality.charts.models import Signal
from quality.plans.models import ControlPlan


class CodeKind(models.TextChoices):
    CAUSE = "CAUSE", "Cause"
    ACTION = "ACTION", "Action"


class CauseGroup(models.TextChoices):
    """Where a cause lies, as a fishbone diagram sorts them."""

    NONE = "", "None"
    MAN = "MAN", "People"
    MACHINE = "MACHINE", "Machine"
    MATERIAL = "MATERIAL", "Material"
    METHOD = "METHOD", "Method"
    MEASUREMENT = "MEASUREMENT", "Measurement"
    ENVIRONMENT = "ENVIRONMENT", "Environment"


class ReactionCode(Bilingual):
    """A cause or an action to choose from when a reaction is closed."""

    code = models.CharField(max_length=24, unique=True)
    kind = models.CharField(max_length=6, choices=CodeKind)
    group = models.CharField(max_length=12, choices=CauseGroup, blank=True, default=CauseGroup.NONE)
    is_false_alarm = models.BooleanField(default=False, help_text="A cause that is none: nothing was found.")
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ["kind", "code"]

    def __str__(self) -> str:
        return self.code


class ReactionStep(Bilingual):
    """A step of the reaction plan that must be answered. A plan with steps of its own uses them alone."""

    plan = models.ForeignKey(
        ControlPlan, models.CASCADE, null=True, blank=True, related_name="steps", help_text="None: of all plans."
    )
    sequence = models.PositiveSmallIntegerField()
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ["sequence", "id"]


class Reaction(models.Model):
    """The reaction plan of a run of signals of one plan and stream, with its clock. Signals that come before the
    station is verified again belong to it."""

    plan = models.ForeignKey(ControlPlan, models.PROTECT, related_name="reactions")
    stream = models.CharField(max_length=48, blank=True)
    alarm = models.ForeignKey(Alarm, models.PROTECT, null=True, related_name="+", help_text="Of the first signal.")
    opened_at = models.DateTimeField()
    due_at = models.DateTimeField()
    worked_at = models.DateTimeField(null=True, help_text="When the last step was answered: it stops the clock.")
    overdue_alarm = models.ForeignKey(
        Alarm, models.PROTECT, null=True, related_name="+", help_text="Raised when it was not worked in time."
    )
    verified_at = models.DateTimeField(null=True, help_text="Machine time from which the station counts as good.")
    verified_by = models.CharField(max_length=150, blank=True)
    verification = models.CharField(max_length=500, blank=True, help_text="What was measured, or how many points.")
    cause = models.ForeignKey(ReactionCode, models.PROTECT, null=True, related_name="+")
    action = models.ForeignKey(ReactionCode, models.PROTECT, null=True, related_name="+")
    note = models.CharField(max_length=500, blank=True)
    closed_at = models.DateTimeField(null=True)
    closed_by = models.CharField(max_length=150, blank=True)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["plan", "stream"], condition=Q(closed_at=None), name="reaction_open"),
            models.Index(fields=["plan", "stream", "-id"], name="reaction_of_plan"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(closed_at=None) | Q(cause__isnull=False, action__isnull=False, verified_at__isnull=False),
                name="reaction_closed_whole",
            ),
            models.UniqueConstraint(
                fields=["plan", "stream"], condition=Q(verified_at=None), name="reaction_unverified_once"
            ),
        ]

    @property
    def n_answered(self) -> int:
        return sum(1 for step in self.answers.all() if step.answered_at is not None)


class ReactionSignal(models.Model):
    """A signal that a reaction answers."""

    signal = models.OneToOneField(Signal, models.PROTECT, primary_key=True, related_name="answered_by")
    reaction = models.ForeignKey(Reaction, models.PROTECT, related_name="signals")


class ReactionAnswer(models.Model):
    """One step of a reaction, in the words it had when the reaction began, and what was answered."""

    reaction = models.ForeignKey(Reaction, models.PROTECT, related_name="answers")
    sequence = models.PositiveSmallIntegerField()
    text_en = models.TextField()
    text_ja = models.TextField()
    answer = models.CharField(max_length=500, blank=True)
    answered_at = models.DateTimeField(null=True)
    answered_by = models.CharField(max_length=150, blank=True)

    class Meta:
        ordering = ["sequence", "id"]
        constraints = [models.UniqueConstraint(fields=["reaction", "sequence"], name="reaction_step_once")]


class Verification(models.Model):
    """A station was looked at and found good, or not, for one chart: by a person, or by its points."""

    plan = models.ForeignKey(ControlPlan, models.PROTECT, related_name="verifications")
    stream = models.CharField(max_length=48, blank=True)
    at = models.DateTimeField(help_text="Machine time: what was made before it is what it speaks of.")
    is_passed = models.BooleanField()
    by = models.CharField(max_length=150)
    note = models.CharField(max_length=500, blank=True)
    reaction = models.ForeignKey(Reaction, models.PROTECT, null=True, related_name="verifications")

    class Meta:
        ordering = ["-at", "-id"]
        indexes = [models.Index(fields=["plan", "stream", "-at"], name="verification_last")]
