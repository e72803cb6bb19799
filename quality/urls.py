"""Pages of this app."""

from django.urls import include, path

urlpatterns = [
    path("", include("quality.plans.urls")),
    path("analyses/", include("quality.analyses.urls")),
    path("charts/", include("quality.charts.urls")),
    path("gauges/", include("quality.gauges.urls")),
    path("reports/", include("quality.reports.urls")),
    path("reactions/", include("quality.reactions.urls")),
]
