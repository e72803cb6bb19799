"""Pages of this app."""

from django.urls import path

from traceability.units import pages as units

urlpatterns = [
    path("units/<path:serial>/", units.unit, name="unit"),
    path("lots/<int:lot_id>/", units.lot, name="lot"),
]
