"""Pages of this app."""

from django.urls import include, path, re_path

from quality.reports import pages as reports

urlpatterns = [
    path("", include("quality.plans.urls")),
    path("analyses/", include("quality.analyses.urls")),
    path("charts/<str:code>/data/", reports.chart_data, name="chart-data"),
    re_path(r"^charts/(?P<code>[^/]+)/data\.(?P<kind>csv|xlsx)$", reports.chart_data_file, name="chart-data-file"),
    path("charts/", include("quality.charts.urls")),
    path("gauges/", include("quality.gauges.urls")),
    path("reports/", include("quality.reports.urls")),
    path("reactions/", include("quality.reactions.urls")),
]
