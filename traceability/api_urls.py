"""The API below /api/v1/."""

from django.urls import path

from traceability.interlock import api as interlock
from traceability.units import api as units

urlpatterns = [
    path("stations/<str:station>", interlock.StationView.as_view(), name="api-station"),
    path("stations/<str:station>/permits", interlock.PermitsView.as_view(), name="api-permits"),
    path("stations/<str:station>/results", interlock.ResultsView.as_view(), name="api-results"),
    path("units", units.UnitsView.as_view(), name="api-units"),
    path("units/<path:serial>", units.UnitView.as_view(), name="api-unit"),
    path("lots", units.LotsView.as_view(), name="api-lots"),
    path("lots/<int:lot_id>", units.LotView.as_view(), name="api-lot"),
]
