"""The API below /api/v1/."""

from django.urls import path

from traceability.feeding import api as feeding
from traceability.interlock import api as interlock
from traceability.issuing import api as issuing
from traceability.trays import api as trays
from traceability.units import api as units

urlpatterns = [
    path("stations/<str:station>", interlock.StationView.as_view(), name="api-station"),
    path("stations/<str:station>/permits", interlock.PermitsView.as_view(), name="api-permits"),
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
    path("units", units.UnitsView.as_view(), name="api-units"),
    path("units/<path:serial>", units.UnitView.as_view(), name="api-unit"),
    path("lots", units.LotsView.as_view(), name="api-lots"),
    path("lots/<int:lot_id>", units.LotView.as_view(), name="api-lot"),
]
