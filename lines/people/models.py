"""People, and the tokens by which machines and scripts speak."""

from django.contrib.auth.models import AbstractUser
from django.contrib.postgres.fields import ArrayField
from django.db import models

from lines.names import Bilingual
from lines.plant.models import Station


class Role(models.TextChoices):
    OPERATOR = "OPERATOR", "Operator"
    SUPERVISOR = "SUPERVISOR", "Line supervisor"
    QUALITY = "QUALITY", "Quality engineer"
    AUDITOR = "AUDITOR", "Auditor"
    ADMINISTRATOR = "ADMINISTRATOR", "Administrator"


class Person(AbstractUser, Bilingual):
    role = models.CharField(max_length=16, choices=Role, default=Role.AUDITOR)

    class Meta(AbstractUser.Meta):
        verbose_name = "person"
        verbose_name_plural = "people"


class Certification(models.Model):
    """What a person may do at a machine, and until when (ISA-95 qualification test)."""

    person = models.ForeignKey(Person, models.CASCADE, related_name="certifications")
    operation = models.ForeignKey("lines.Operation", models.PROTECT, related_name="certifications")
    level = models.PositiveSmallIntegerField(default=1)
    valid_until = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "operation"], name="certification_once")]


class StationToken(models.Model):
    """A station's credential. Only its hash is kept."""

    station = models.ForeignKey(Station, models.PROTECT, related_name="tokens")
    sha256 = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    operations = ArrayField(models.CharField(max_length=24), default=list, blank=True, help_text="Empty: all.")
    certificate_sha256 = models.CharField(
        max_length=64, blank=True, help_text="Only with this client certificate, as the proxy checked it."
    )
    made_by = models.CharField(max_length=120, blank=True)
    replaces = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="replaced_by")


class PersonToken(models.Model):
    """A person's credential for the API. Only its hash is kept."""

    person = models.ForeignKey(Person, models.CASCADE, related_name="tokens")
    sha256 = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
