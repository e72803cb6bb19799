"""Pages of this app."""

from django.urls import path

from quality.charts import pages as charts

urlpatterns = [
    path("charts/", charts.charts, name="charts"),
    path("charts/parts/", charts.charts_parts, name="charts-parts"),
    path("charts/<str:code>/", charts.chart, name="chart"),
    path("charts/<str:code>/parts/", charts.chart_parts, name="chart-parts"),
    path("charts/<str:code>/spec.json", charts.chart_spec, name="chart-spec"),
    path("charts/<str:code>/points/<int:number>/", charts.chart_point, name="chart-point"),
]
