"""What was held because of a signal on a control chart."""

from django.db import models

from quality.models import Signal
from traceability.holds.models import Hold


class Containment(models.Model):
    """A signal that was answered: the hold on the units behind it."""

    signal = models.OneToOneField(Signal, models.PROTECT, primary_key=True, related_name="containment")
    hold = models.ForeignKey(Hold, models.PROTECT, null=True, related_name="containments", help_text="None: no unit.")
    n_units = models.PositiveIntegerField(help_text="Units that came under the hold by it, with what was made of them.")
    contained_at = models.DateTimeField()
