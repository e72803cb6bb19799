"""Phase I: the data a study looked at, what was left out and why, and the limits that were frozen from it."""

from django.db import models

from quality.plans.models import ControlLimits, ControlPlan, SigmaMethod


class LimitsStudy(models.Model):
    """A study of past data of one plan and stream.

    It keeps its own copy of the data, so that the frozen limits can be computed again from what they rest on,
    whatever arrives late or is moved to cold storage.
    """

    plan = models.ForeignKey(ControlPlan, models.PROTECT, related_name="studies")
    stream = models.CharField(max_length=48, blank=True, db_default="")
    since = models.DateTimeField()
    until = models.DateTimeField()
    sigma_method = models.CharField(max_length=16, choices=SigmaMethod)
    groups = models.JSONField(
        help_text="In order of time: {t: time of the last member, v: values, r: records, size: sample size or area}."
    )
    author = models.CharField(max_length=150)
    made_at = models.DateTimeField()
    frozen_as = models.OneToOneField(ControlLimits, models.PROTECT, null=True, related_name="study")
    verdict = models.JSONField(
        default=dict, db_default={}, help_text="As frozen: limits and signals before and after the exclusions."
    )
    discarded_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name_plural = "limits studies"
        ordering = ["-id"]


class StudyExclusion(models.Model):
    """A point left out of a study, with its assignable cause."""

    study = models.ForeignKey(LimitsStudy, models.PROTECT, related_name="exclusions")
    place = models.PositiveIntegerField(help_text="0-based, in the study's groups.")
    reason = models.CharField(max_length=200)
    author = models.CharField(max_length=150)
    at = models.DateTimeField()

    class Meta:
        ordering = ["place"]
        constraints = [models.UniqueConstraint(fields=["study", "place"], name="exclusion_once")]
