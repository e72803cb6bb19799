"""Django looks for models here; each lives in its folder."""

from quality.charts.models import ChartPoint, OpenSubgroup, Signal
from quality.plans.models import (
    Characteristic,
    CharacteristicLimits,
    CharacteristicUse,
    ControlLimits,
    ControlPlan,
)

__all__ = [
    "Characteristic",
    "CharacteristicLimits",
    "CharacteristicUse",
    "ChartPoint",
    "ControlLimits",
    "ControlPlan",
    "OpenSubgroup",
    "Signal",
]
