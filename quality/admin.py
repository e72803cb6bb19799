"""What is measured and how it is watched for the administrator; points and signals to look at."""

from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest

from lines.admin_kinds import FactAdmin, MasterAdmin, VersionAdmin
from quality import models

NAMES = ("name_en", "name_ja")


class IdentityAdmin(MasterAdmin):
    """Facts name the row and mean what it meant then: `identity` is fixed once stored, as the plant's loader has it."""

    identity: ClassVar[tuple[str, ...]] = ()

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return [*super().get_readonly_fields(request, obj), *(self.identity if obj else ())]


@admin.register(models.Characteristic)
class CharacteristicAdmin(IdentityAdmin):
    identity = ("code", "unit")
    list_display = ("code", *NAMES, "unit", "distribution", "formula")
    list_filter = ("distribution",)
    search_fields = ("code", *NAMES)


@admin.register(models.CharacteristicUse)
class CharacteristicUseAdmin(MasterAdmin):
    list_display = ("characteristic", "product", "operation", "is_required")
    list_filter = ("product", "operation")
    list_select_related = ("characteristic", "product", "operation")
    search_fields = ("characteristic__code",)


@admin.register(models.CharacteristicLimits)
class CharacteristicLimitsAdmin(VersionAdmin):
    list_display = ("characteristic", "product", "version", "lsl", "target", "usl", "valid_from", "author")
    list_filter = ("product",)
    list_select_related = ("characteristic", "product")
    search_fields = ("characteristic__code",)
    readonly_fields = ("version", "author")
    version_of = ("characteristic", "product")


@admin.register(models.ControlPlan)
class ControlPlanAdmin(IdentityAdmin):
    identity = (
        *("code", "characteristic", "product", "station", "source", "signal_code", "summary", "stream_by"),
        *("chart", "subgroup_by", "subgroup_size", "period_s", "every_nth"),
    )
    list_display = ("code", *NAMES, "characteristic", "product", "station", "chart", "is_active")
    list_filter = ("is_active", "station")
    list_select_related = ("characteristic", "product", "station")
    search_fields = ("code", *NAMES)


@admin.register(models.ControlLimits)
class ControlLimitsAdmin(VersionAdmin):
    list_display = ("plan", "version", "center", "sigma_within", "n_values", "sigma_method", "valid_from", "author")
    list_select_related = ("plan",)
    readonly_fields = ("version", "author")
    version_of = ("plan",)


@admin.register(models.ChartPoint)
class ChartPointAdmin(FactAdmin):
    list_display = ("id", "plan", "number", "source_time", "location", "spread", "n")
    list_filter = ("plan",)
    list_select_related = ("plan",)


@admin.register(models.ChartStream)
class ChartStreamAdmin(FactAdmin):
    list_display = ("plan", "values")
    list_select_related = ("plan",)


@admin.register(models.Signal)
class SignalAdmin(FactAdmin):
    list_display = ("id", "plan", "chart", "rule", "side", "raised_at")
    list_filter = ("plan", "rule")
    list_select_related = ("plan",)


admin.site.register(models.Gauge, MasterAdmin, list_display=("code", "station", "channel", "valid_until"))
admin.site.register(
    models.Calibration,
    FactAdmin,
    list_display=("gauge", "kind", "at", "as_found_passed", "as_left_passed"),
    list_select_related=("gauge",),
)
admin.site.register(
    models.GaugeRrStudy,
    FactAdmin,
    list_display=("gauge", "characteristic", "at", "grr_percent", "verdict"),
    list_select_related=("gauge", "characteristic"),
)
admin.site.register(models.Uncontained, FactAdmin, list_display=("signal",))
admin.site.register(models.PlanChange, FactAdmin, list_display=("plan", "at", "actor", "is_first", "reason"))
admin.site.register(models.LimitsStudy, FactAdmin, list_display=("plan", "stream", "made_at", "author", "frozen_as"))
admin.site.register(models.StudyExclusion, FactAdmin, list_display=("study", "place", "reason", "author", "at"))
admin.site.register(
    models.ProcessChange, FactAdmin, list_display=("station", "at", "kind", "text_en", "noted_by"),
    list_select_related=("station",),
)  # fmt: skip
admin.site.register(
    models.Report,
    FactAdmin,
    list_display=("id", "state", "requested_by", "requested_at", "content_sha256"),
    list_filter=("state",),
)
admin.site.register(
    models.ReportFile,
    FactAdmin,
    list_display=("report", "format", "n_bytes", "sha256"),
    list_select_related=("report",),
)
admin.site.register(
    models.ReportSchedule,
    FactAdmin,
    list_display=("name", "every", "is_active", "next_at", "made_by"),
    ordering=("name",),
)
admin.site.register(models.ReactionCode, MasterAdmin, list_display=("code", *NAMES, "kind", "group", "is_active"))
admin.site.register(
    models.ReactionStep,
    MasterAdmin,
    list_display=("plan", "sequence", *NAMES, "is_active"),
    list_select_related=("plan",),
)
admin.site.register(
    models.Reaction,
    FactAdmin,
    list_display=("id", "plan", "stream", "opened_at", "worked_at", "cause", "action", "closed_at"),
    list_select_related=("plan", "cause", "action"),
)
admin.site.register(
    models.ReactionAnswer, FactAdmin, list_display=("reaction", "sequence", "answer", "answered_at", "answered_by")
)
admin.site.register(models.ReactionSignal, FactAdmin, list_display=("signal_id", "reaction_id"))
admin.site.register(
    models.Verification,
    FactAdmin,
    list_display=("plan", "stream", "at", "is_passed", "by"),
    list_select_related=("plan",),
)
