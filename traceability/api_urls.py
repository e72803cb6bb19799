"""The API below /api/v1/."""

from django.urls import path

from traceability.audits import api as audits
from traceability.causes import api as causes
from traceability.corrections import api as corrections
from traceability.feeding import api as feeding
from traceability.genealogy import api as genealogy
from traceability.holds import api as holds
from traceability.interlock import api as interlock
from traceability.issuing import api as issuing
from traceability.labels import api as labels
from traceability.lots import api as lots
from traceability.recall import api as recall
from traceability.refused import api as refused
from traceability.rolls import api as rolls
from traceability.shipping import api as shipping
from traceability.trays import api as trays
from traceability.units import api as units
from traceability.wide import api as wide

urlpatterns = [
    path("stations/<str:station>", interlock.StationView.as_view(), name="api-station"),
    path("stations/<str:station>/permits", interlock.PermitsView.as_view(), name="api-permits"),
    path("stations/<str:station>/permits/<int:permit_id>", interlock.StationPermitView.as_view(), name="api-permit-of"),
    path("stations/<str:station>/results", interlock.ResultsView.as_view(), name="api-results"),
    path("stations/<str:station>/serial-blocks", issuing.SerialBlocksView.as_view(), name="api-serial-blocks"),
    path("stations/<str:station>/feed-points", feeding.FeedPointsView.as_view(), name="api-feed-points"),
    path("stations/<str:station>/feed-points/<str:feed_point>", feeding.FeedPointView.as_view(), name="api-feed-point"),
    path("trays/<str:tray>", trays.TrayView.as_view(), name="api-tray"),
    path("trays/<str:tray>/load", trays.LoadTrayView.as_view(), name="api-tray-load"),
    path("trays/<str:tray>/move", trays.MoveInTrayView.as_view(), name="api-tray-move"),
    path("trays/<str:tray>/unload", trays.UnloadTrayView.as_view(), name="api-tray-unload"),
    path("trays/<str:tray>/swap", trays.SwapInTrayView.as_view(), name="api-tray-swap"),
    path("trays/<str:tray>/undock", trays.UndockTrayView.as_view(), name="api-tray-undock"),
    path("audits/units", audits.AuditedUnitsView.as_view(), name="api-audited-units"),
    path("audits/sample", audits.AuditSampleView.as_view(), name="api-audit-sample"),
    path("audits/log", audits.AuditLogView.as_view(), name="api-audit-log"),
    path("audits/verify", audits.VerifyView.as_view(), name="api-verify"),
    path("audits/archives", audits.ArchivesView.as_view(), name="api-audit-archives"),
    path("audits/archives/<int:archive_id>", audits.ArchiveView.as_view(), name="api-audit-archive"),
    path("audits/archives/<int:archive_id>/cancel", audits.CancelArchiveView.as_view(), name="api-cancel-archive"),
    path("audits/archives/<int:archive_id>/file", audits.ArchiveFileView.as_view(), name="api-audit-archive-file"),
    path("labels", labels.LabelsView.as_view(), name="api-labels"),
    path("units", units.UnitsView.as_view(), name="api-units"),
    path("units/wide", wide.WideView.as_view(), name="api-wide"),
    path("permits/<int:permit_id>", interlock.PermitView.as_view(), name="api-permit"),
    path("units/<path:serial>/history", audits.HistoryFileView.as_view(), name="api-unit-history-file"),
    path("units/<path:serial>/permits", interlock.UnitPermitsView.as_view(), name="api-unit-permits"),
    path("units/<path:serial>/genealogy", genealogy.GenealogyView.as_view(), name="api-genealogy"),
    path("units/<path:serial>/ranges", rolls.RangesView.as_view(), name="api-unit-ranges"),
    path("units/<path:serial>", units.UnitView.as_view(), name="api-unit"),
    path("rolls/<path:serial>/map", rolls.RollMapView.as_view(), name="api-roll-map"),
    path("lots", lots.LotsView.as_view(), name="api-lots"),
    path("lots/merge", lots.MergeLotsView.as_view(), name="api-lots-merge"),
    path("lots/<int:lot_id>", lots.LotView.as_view(), name="api-lot"),
    path("lots/<int:lot_id>/where-used", genealogy.LotUseView.as_view(), name="api-lot-where-used"),
    path("where-used", genealogy.WhereUsedView.as_view(), name="api-where-used"),
    path("lots/<int:lot_id>/release", lots.ReleaseLotView.as_view(), name="api-lot-release"),
    path("lots/<int:lot_id>/block", lots.BlockLotView.as_view(), name="api-lot-block"),
    path("lots/<int:lot_id>/expiry", lots.LotExpiryView.as_view(), name="api-lot-expiry"),
    path("lots/<int:lot_id>/split", lots.SplitLotView.as_view(), name="api-lot-split"),
    path("refused-posts", refused.RefusedPostsView.as_view(), name="api-refused-posts"),
    path("refused-posts/<int:post_id>", refused.RefusedPostView.as_view(), name="api-refused-post"),
    path("refused-posts/<int:post_id>/replay", refused.ReplayView.as_view(), name="api-replay-refused"),
    path("refused-posts/<int:post_id>/dismiss", refused.DismissView.as_view(), name="api-dismiss-refused"),
    path("holds", holds.HoldsView.as_view(), name="api-holds"),
    path("holds/preview", holds.PreviewView.as_view(), name="api-hold-preview"),
    path("holds/<int:hold_id>", holds.HoldView.as_view(), name="api-hold"),
    path("holds/<int:hold_id>/units", holds.HoldUnitsView.as_view(), name="api-hold-units"),
    path("holds/<int:hold_id>/release", holds.ReleaseView.as_view(), name="api-hold-release"),
    path("recalls", recall.RecallsView.as_view(), name="api-recalls"),
    path("recalls/preview", recall.RecallPreviewView.as_view(), name="api-recall-preview"),
    path("recalls/<int:recall_id>", recall.RecallView.as_view(), name="api-recall"),
    path("recalls/<int:recall_id>/units", recall.RecallUnitsView.as_view(), name="api-recall-units"),
    path("recalls/<int:recall_id>/missing-links", recall.RecallMissingView.as_view(), name="api-recall-missing"),
    path("recalls/<int:recall_id>/<str:file_format>", recall.RecallFileView.as_view(), name="api-recall-file"),
    path("nonconformances", holds.NonconformancesView.as_view(), name="api-nonconformances"),
    path("nonconformances/<int:nonconformance_id>", holds.NonconformanceView.as_view(), name="api-nonconformance"),
    path(
        "nonconformances/<int:nonconformance_id>/dispositions",
        holds.DispositionsView.as_view(),
        name="api-dispositions",
    ),
    path("data-centres", shipping.DataCentresView.as_view(), name="api-data-centres"),
    path("shipments", shipping.ShipmentsView.as_view(), name="api-shipments"),
    path("shipments/<str:number>", shipping.ShipmentView.as_view(), name="api-shipment"),
    path("shipments/<str:number>/return", shipping.ReturnView.as_view(), name="api-shipment-return"),
    path("analyses/common-cause", causes.CauseAnalysesView.as_view(), name="api-cause-analyses"),
    path("analyses/common-cause/<int:analysis_id>", causes.CauseAnalysisView.as_view(), name="api-cause-analysis"),
    path(
        "analyses/common-cause/<int:analysis_id>/cancel",
        causes.CancelCauseAnalysisView.as_view(),
        name="api-cancel-cause-analysis",
    ),
    path("corrections", corrections.CorrectionsView.as_view(), name="api-corrections"),
    path("corrections/<int:correction_id>", corrections.CorrectionView.as_view(), name="api-correction"),
]
