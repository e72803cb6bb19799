"""What was held because of a signal on a control chart."""

from django.db import models

from quality.models import Signal
from traceability.holds.models import Hold


class Containment(models.Model):
    """A signal that was answered: the hold on the units behind it."""

    signal = models.OneToOneField(Signal, models.PROTECT, primary_key=True, related_name="containment")
    hold = models.ForeignKey(Hold, models.PROTECT, null=True, related_name="containments", help_text="None: no unit.")
    change_point = models.DateTimeField(null=True, help_text="Machine time of the estimated change.")
    model = models.CharField(max_length=8, blank=True, db_default="", help_text="STEP, DRIFT or SCALE: what fits best.")
    verified_from = models.DateTimeField(
        null=True, help_text="Where the last verification that passed before the signal begins."
    )
    n_units = models.PositiveIntegerField(help_text="Units that came under the hold by it, with what was made of them.")
    contained_at = models.DateTimeField()
