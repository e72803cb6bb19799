"""Units, lots and what was made of what, to look at: only stations and the interlock write them."""

from django.contrib import admin

from lines.admin_kinds import FactAdmin, MasterAdmin
from traceability import models


@admin.register(models.Unit)
class UnitAdmin(FactAdmin):
    list_display = ("serial", "definition", "state", "next_step", "last_test_passed", "updated_at")
    list_filter = ("state", "product")
    list_select_related = ("definition", "next_step")
    search_fields = ("serial__exact",)


@admin.register(models.Lot)
class LotAdmin(FactAdmin):
    list_display = ("supplier", "number", "material_code", "state", "expires_at")
    list_filter = ("state",)
    search_fields = ("number__exact",)


@admin.register(models.GenealogyLink)
class GenealogyLinkAdmin(FactAdmin):
    list_display = ("id", "output", "input_unit", "input_lot", "quantity", "position", "lane", "from_m", "to_m")
    list_select_related = ("output", "input_unit", "input_lot")
    search_fields = ("output__serial__exact", "input_unit__serial__exact")


@admin.register(models.TrayPlacement)
class TrayPlacementAdmin(FactAdmin):
    list_display = ("unit", "tray", "slot", "channel", "source_time")
    list_select_related = ("unit",)
    search_fields = ("unit__serial__exact", "tray__exact")


@admin.register(models.Permit)
class PermitAdmin(FactAdmin):
    list_display = ("id", "station", "operation", "serial", "verdict", "reasons", "decided_at")
    list_filter = ("verdict", "station")
    list_select_related = ("station",)
    search_fields = ("serial__exact",)


@admin.register(models.Nonconformance)
class NonconformanceAdmin(FactAdmin):
    list_display = ("id", "unit", "codes", "opened_at")
    list_select_related = ("unit",)
    search_fields = ("unit__serial__exact",)


@admin.register(models.Hold)
class HoldAdmin(FactAdmin):
    list_display = ("id", "scope", "unit", "reason", "placed_at", "placed_by", "released_at")
    list_select_related = ("unit",)
    search_fields = ("unit__serial__exact",)


admin.site.register(models.FeedPoint, MasterAdmin, list_display=("station", "code", "name_en", "name_ja"))
for _model, _columns in (
    (models.HoldUnit, ("hold", "unit", "added_at", "released_at")),
    (models.DispositionDecision, ("nonconformance", "disposition", "decided_by", "decided_at")),
    (models.LotEvent, ("lot", "kind", "state", "by", "at")),
    (models.LotPart, ("parent", "child", "quantity", "at")),
    (models.Containment, ("signal", "hold", "n_units", "contained_at")),
    (models.CertificateValue, ("lot", "property", "value", "unit")),
    (models.TrayLoad, ("tray", "slot", "channel", "unit", "loaded_at", "unloaded_at")),
    (models.Mounting, ("feed_point", "lot", "mounted_at", "unmounted_at")),
    (models.SerialCounter, ("design_code", "day", "next_sequence")),
    (models.SerialBlock, ("station", "definition", "day", "first_sequence", "count")),
    (models.Shipment, ("number", "site", "shipped_at", "by")),
    (models.ShippedUnit, ("shipment", "unit", "returned_at", "reason")),
    (models.Sample, ("code", "unit", "operation", "state", "taken_at")),
    (models.Correction, ("record", "kind", "by", "at")),
    (models.Rejudgement, ("record", "codes_before", "codes_after", "at")),
    (models.AuditQuery, ("kind", "by", "role", "at", "n_units")),
    (models.HistoryFile, ("code", "unit", "n_records", "n_values", "first_issued_at", "first_issued_by")),
    (models.IssuedPrint, ("history", "language", "issued_at", "issued_by")),
    (models.Bundle, ("state", "requested_by", "requested_at", "finished_at", "sha256")),
    (models.CauseAnalysis, ("state", "requested_by", "requested_at", "n_failed", "n_findings")),
    (models.LinkEnd, ("link", "at", "reason")),
    (models.Recall, ("subject", "reason", "made_at", "made_by", "n_recorded", "n_inferred", "n_possible")),
    (models.RecallContent, ("recall",)),
    (models.LinkCheck, ("checked_at", "unit_id")),
    (models.LinkToCheck, ("unit",)),
    (models.MissingLink, ("unit", "step", "material", "needed", "found", "why")),
    (models.LostLink, ("unit", "operation", "material", "position", "lost_at")),
    (models.RollMark, ("roll", "from_m", "to_m", "lane", "side", "code")),
    (models.RollScan, ("roll", "characteristic", "side", "at_m", "gauge")),
    (models.RollCut, ("roll", "lane", "from_m", "to_m", "code")),
):
    admin.site.register(_model, FactAdmin, list_display=_columns)
