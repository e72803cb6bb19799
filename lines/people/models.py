"""People, and the tokens by which machines and scripts speak."""

from django.contrib.auth.models import AbstractUser
from django.db import models

from lines.names import Bilingual
from lines.plant.models import Station


class Role(models.TextChoices):
    SUPERVISOR = "SUPERVISOR", "Line supervisor"
    QUALITY = "QUALITY", "Quality engineer"
    AUDITOR = "AUDITOR", "Auditor"
    ADMINISTRATOR = "ADMINISTRATOR", "Administrator"


class Person(AbstractUser, Bilingual):
    role = models.CharField(max_length=16, choices=Role, default=Role.AUDITOR)

    class Meta(AbstractUser.Meta):
        verbose_name = "person"
        verbose_name_plural = "people"


class StationToken(models.Model):
    """A station's credential. Only its hash is kept."""

    station = models.ForeignKey(Station, models.PROTECT, related_name="tokens")
    sha256 = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)


class PersonToken(models.Model):
    """A person's credential for the API. Only its hash is kept."""

    person = models.ForeignKey(Person, models.CASCADE, related_name="tokens")
    sha256 = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
