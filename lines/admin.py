"""Master data of the plant for the administrator, and what the machines did to look at."""

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import AdminUserCreationForm, UserChangeForm
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from lines import models
from lines.admin_kinds import FactAdmin, LookOnly, LookOnlyInline, MasterAdmin, actor_of
from lines.people.actors import acting

if TYPE_CHECKING:
    CreationForm = AdminUserCreationForm[models.Person]
    ChangeForm = UserChangeForm[models.Person]
    PeopleAdmin = UserAdmin[models.Person]
else:
    CreationForm, ChangeForm, PeopleAdmin = AdminUserCreationForm, UserChangeForm, UserAdmin

NAMES = ("name_en", "name_ja")

admin.site.register(models.Site, MasterAdmin, list_display=("code", *NAMES, "time_zone"))
admin.site.register(models.DataCentreSite, MasterAdmin, list_display=("code", *NAMES, "country"))
admin.site.register(models.Area, MasterAdmin, list_display=("code", *NAMES, "sequence"))
admin.site.register(models.ProductionLine, MasterAdmin, list_display=("code", *NAMES))
admin.site.register(models.Shift, MasterAdmin, list_display=("code", *NAMES, "starts_at", "ends_at"))
admin.site.register(
    models.OpcUaServer, MasterAdmin, list_display=("code", "endpoint_url", "security_policy", "is_demo", "lifetime_s")
)
admin.site.register(models.NodeFault, FactAdmin, list_display=("signal", "code", "detail", "since"))
admin.site.register(models.WorkOrder, FactAdmin, list_display=("number", "product", "route", "quantity", "state"))
admin.site.register(models.StationClock, FactAdmin, list_display=("station", "offset_s", "measured_at"))
admin.site.register(models.ModeChange, FactAdmin, list_display=("station", "mode", "reason", "by", "at"))
admin.site.register(models.AttributeCount, FactAdmin, list_display=("record", "code", "count", "inspected"))
admin.site.register(models.WithdrawnRecord, FactAdmin, list_display=("record", "at"))
admin.site.register(models.Certification, MasterAdmin, list_display=("person", "operation", "level", "valid_until"))
admin.site.register(models.Product, MasterAdmin, list_display=("code", *NAMES, "chemistry"))


@admin.register(models.Station)
class StationAdmin(MasterAdmin):
    readonly_fields = ("mode",)  # changed with a reason, on the station's page
    list_display = ("code", *NAMES, "kind", "interface", "opcua_server", "target_per_shift")
    list_filter = ("kind", "interface")
    list_select_related = ("opcua_server",)
    search_fields = ("code", *NAMES)


@admin.register(models.Signal)
class SignalAdmin(MasterAdmin):
    list_display = ("code", "station", *NAMES, "kind", "unit", "low", "high", "node", "field")
    list_filter = ("kind", "station")
    list_select_related = ("station",)
    search_fields = ("code", *NAMES)


@admin.register(models.ReasonCode)
class ReasonCodeAdmin(MasterAdmin):
    list_display = ("code", *NAMES, "group", "severity")
    list_filter = ("severity", "group")
    search_fields = ("code", *NAMES)


@admin.register(models.Operation)
class OperationAdmin(MasterAdmin):
    list_display = ("code", *NAMES, "kind")
    list_filter = ("kind",)
    filter_horizontal = ("stations",)


@admin.register(models.MaterialDefinition)
class MaterialDefinitionAdmin(MasterAdmin):
    list_display = ("code", *NAMES, "tracking", "uom", "product", "design_code")
    list_filter = ("tracking", "product")
    list_select_related = ("product",)
    search_fields = ("code", *NAMES)


class StepInline(LookOnlyInline):
    model = models.RouteStep
    fields = ("sequence", "definition", "operation", "duration_s", "by_tray", "max_passes", "on_fail", "is_gate")


class BillInline(LookOnlyInline):
    model = models.BillItem
    show_change_link = False


# A route is one whole: a new version comes from the plant's files, which are checked as a whole.
@admin.register(models.Route)
class RouteAdmin(FactAdmin):
    list_display = ("product", "version", "valid_from")
    list_select_related = ("product",)
    inlines = (StepInline,)


@admin.register(models.RouteStep)
class RouteStepAdmin(FactAdmin):
    list_display = ("route_name", "sequence", "definition", "operation", "duration_s", "on_fail")
    list_filter = ("route__product",)
    list_select_related = ("route__product", "definition", "operation")
    inlines = (BillInline,)

    @admin.display(description=_("route"))
    def route_name(self, step: models.RouteStep) -> str:
        return f"{step.route.product.code} v{step.route.version}"


@admin.register(models.Recipe)
class RecipeAdmin(LookOnly, MasterAdmin):  # like routes: a new version comes from the plant's files
    list_display = ("product", "operation", "version", "parameters")
    list_filter = ("product",)
    list_select_related = ("product", "operation")


class PersonCreationForm(CreationForm):
    class Meta:
        model = models.Person
        fields = ("username", *NAMES, "role")


class PersonChangeForm(ChangeForm):
    class Meta:
        model = models.Person
        fields = "__all__"


@admin.register(models.Person)
class PersonAdmin(PeopleAdmin):
    """People are made inactive, not deleted: their acknowledgements stay."""

    form = PersonChangeForm
    add_form = PersonCreationForm
    list_display = ("username", *NAMES, "role", "is_active", "is_superuser")
    list_filter = ("role", "is_active")
    search_fields = ("username", *NAMES)
    fieldsets = (
        (None, {"fields": ("username", "password", *NAMES, "role", "email")}),
        (_("Permissions"), {"fields": ("is_active", "is_staff", "is_superuser", "groups")}),
        (_("Important dates"), {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = ((None, {"fields": ("username", *NAMES, "role", "usable_password", "password1", "password2")}),)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002 - Django's
        return False

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        with acting(actor_of(request)):
            return super().changeform_view(request, object_id, form_url, extra_context)

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:
        with acting(actor_of(request)):
            return super().user_change_password(request, id, form_url)


class TokenAdmin(MasterAdmin):
    """Revoked here; issued by load_plant, which alone sees the plain text."""

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002 - Django's signature
        return False


@admin.register(models.StationToken)
class StationTokenAdmin(TokenAdmin):
    list_display = ("station", "created_at", "expires_at", "revoked_at")
    list_select_related = ("station",)
    fields = ("station", "created_at", "expires_at", "revoked_at")
    readonly_fields = ("station", "created_at")


@admin.register(models.PersonToken)
class PersonTokenAdmin(TokenAdmin):
    list_display = ("person", "created_at", "expires_at", "revoked_at")
    list_select_related = ("person",)
    fields = ("person", "created_at", "expires_at", "revoked_at")
    readonly_fields = ("person", "created_at")


@admin.register(models.OperationRecord)
class OperationRecordAdmin(FactAdmin):
    list_display = ("id", "station", "operation", "serial", "attempt", "verdict", "is_conforming", "source_time")
    list_filter = ("station", "verdict", "is_conforming")
    list_select_related = ("station",)
    search_fields = ("serial__exact",)
    readonly_fields = ("measurements_as_stored",)

    @admin.display(description=_("measurements"))
    def measurements_as_stored(self, record: models.OperationRecord) -> SafeString:
        # By received_at too: it names the one partition that holds them.
        rows = models.Measurement.objects.filter(received_at=record.received_at, record=record).order_by("sequence")
        cells = ((m.characteristic, m.position, m.value, m.unit, m.get_judgement_display()) for m in rows)
        lines = format_html_join("", "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>", cells)
        return format_html("<table>{}</table>", lines)


@admin.register(models.StationPost)
class StationPostAdmin(FactAdmin):
    list_display = ("id", "station", "key", "received_at", "status_code")
    list_filter = ("station",)
    list_select_related = ("station",)
    search_fields = ("key__exact",)


admin.site.register(
    models.QuarantinedBatch,
    FactAdmin,
    list_display=("source", "sequence", "received_at", "code", "settlement", "detail"),
)


@admin.register(models.QuarantinedPost)
class QuarantinedPostAdmin(FactAdmin):
    list_display = ("id", "station", "received_at", "path", "code", "detail")
    list_filter = ("code",)
    list_select_related = ("station",)


@admin.register(models.Pending)
class PendingAdmin(FactAdmin):
    list_display = ("id", "consumer", "record_id")


@admin.register(models.Alarm)
class AlarmAdmin(FactAdmin):
    list_display = ("id", "station", "code", "priority", "message_en", "raised_at", "acknowledged_by", "cleared_at")
    list_filter = ("station", "priority")
    list_select_related = ("station", "acknowledged_by")


@admin.register(models.Event)
class EventAdmin(FactAdmin):
    list_display = ("id", "kind", "station", "created_at", "payload")
    list_filter = ("kind",)


@admin.register(models.TelemetryBatch)
class TelemetryBatchAdmin(FactAdmin):
    list_display = ("id", "source", "sequence", "received_at", "rows", "duplicates")


@admin.register(models.CommittedRange)
class CommittedRangeAdmin(FactAdmin):
    list_display = ("id", "source", "first", "last")


@admin.register(models.SealedPartition)
class SealedPartitionAdmin(FactAdmin):
    list_display = (
        "day",
        "part",
        "rows",
        "size_bytes",
        "first_source_time",
        "last_source_time",
        "sealed_at",
        "removed_at",
    )


@admin.register(models.SignalLatest)
class SignalLatestAdmin(FactAdmin):
    list_display = ("signal", "value", "status", "source_time", "received_at")
    list_filter = ("signal__station",)
    list_select_related = ("signal__station",)


@admin.register(models.StateChange)
class StateChangeAdmin(FactAdmin):
    list_display = ("id", "station", "state", "source_time", "received_at")
    list_filter = ("station",)
    list_select_related = ("station",)


@admin.register(models.StationStatus)
class StationStatusAdmin(FactAdmin):
    list_display = ("station", "state", "state_since", "processed_count", "defective_count", "last_received_at")
    list_select_related = ("station",)


@admin.register(models.Gap)
class GapAdmin(FactAdmin):
    list_display = ("id", "station", "cause", "since", "until", "recovered", "lost")
    list_filter = ("station", "cause")
    list_select_related = ("station",)


@admin.register(models.LedgerHour, models.Loss, models.StationTally)
class LedgerOfStationAdmin(FactAdmin):
    list_select_related = ("station",)


@admin.register(models.LedgerNews, models.LedgerSource, models.LedgerRun)
class LedgerWorkAdmin(FactAdmin):
    """What the evaluation of the ledger still has to do, and how far it is."""
