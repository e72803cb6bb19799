"""The part of the API below /api/v1/ that this app answers."""

from django.urls import path

from quality.analyses import api as analyses
from quality.gauges import api as gauges
from quality.reactions import api as reactions
from quality.reports import api as reports

urlpatterns = [
    path("gauges", gauges.GaugesView.as_view(), name="api-gauges"),
    path("gauges/calibrations/<int:calibration_id>/suspects", gauges.SuspectsView.as_view(), name="api-suspects"),
    path("gauges/<str:gauge>", gauges.GaugeView.as_view(), name="api-gauge"),
    path("gauges/<str:gauge>/calibrations", gauges.CalibrationsView.as_view(), name="api-calibrations"),
    path("reactions", reactions.ReactionsView.as_view(), name="api-reactions"),
    path("reactions/<int:reaction_id>", reactions.ReactionView.as_view(), name="api-reaction"),
    path("spc/reports", reports.ReportsView.as_view(), name="api-reports"),
    path("spc/reports/<int:report_id>", reports.ReportView.as_view(), name="api-report"),
    path("spc/reports/<int:report_id>/cancel", reports.CancelReportView.as_view(), name="api-cancel-report"),
    path(
        "spc/reports/<int:report_id>/files/<str:file_format>", reports.ReportFileView.as_view(), name="api-report-file"
    ),
    path("spc/analyses", analyses.AnalysesView.as_view(), name="api-analyses"),
]
