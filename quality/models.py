"""Django looks for models here; each lives in its folder."""

from quality.charts.models import ChartPoint, ChartStream, ProcessChange, Signal, Uncontained
from quality.gauges.models import Calibration, Gauge, GaugeRrStudy
from quality.plans.models import (
    Characteristic,
    CharacteristicLimits,
    CharacteristicUse,
    ControlLimits,
    ControlPlan,
    PlanChange,
)
from quality.reactions.models import (
    Reaction,
    ReactionAnswer,
    ReactionCode,
    ReactionSignal,
    ReactionStep,
    Verification,
)
from quality.reports.models import Report, ReportFile, ReportSchedule
from quality.studies.models import LimitsStudy, StudyExclusion

__all__ = [
    "Calibration",
    "Characteristic",
    "CharacteristicLimits",
    "CharacteristicUse",
    "ChartPoint",
    "ChartStream",
    "ControlLimits",
    "ControlPlan",
    "Gauge",
    "GaugeRrStudy",
    "LimitsStudy",
    "PlanChange",
    "ProcessChange",
    "Reaction",
    "ReactionAnswer",
    "ReactionCode",
    "ReactionSignal",
    "ReactionStep",
    "Report",
    "ReportFile",
    "ReportSchedule",
    "Signal",
    "StudyExclusion",
    "Uncontained",
    "Verification",
]
