"""Pages of control charts, below /charts/."""

from django.urls import path

from quality.charts import pages

urlpatterns = [
    path("", pages.charts, name="charts"),
    path("parts/", pages.charts_parts, name="charts-parts"),
    path("wall/", pages.wall, name="chart-wall"),
    path("wall/parts/", pages.wall_parts, name="chart-wall-parts"),
    path("pareto/", pages.pareto, name="chart-pareto"),
    path("pareto/<str:what>.json", pages.pareto_drawing, name="chart-pareto-spec"),
    path("<str:code>/", pages.chart, name="chart"),
    path("<str:code>/parts/", pages.chart_parts, name="chart-parts"),
    path("<str:code>/spec.json", pages.chart_spec, name="chart-spec"),
    path("<str:code>/points/<int:number>/", pages.chart_point, name="chart-point"),
    path("<str:code>/changes/", pages.note_change, name="chart-changes"),
    path("<str:code>/capability/", pages.capability, name="chart-capability"),
    path("<str:code>/capability/spec.json", pages.capability_spec, name="chart-capability-spec"),
]
