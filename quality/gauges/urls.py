"""Addresses below /gauges/."""

from django.urls import path

from quality.gauges import pages

urlpatterns = [
    path("", pages.gauges, name="gauges"),
    path("calibrations/<int:calibration_id>/suspects/", pages.suspects, name="gauge-suspects"),
    path("studies/<int:study_id>/", pages.study, name="gauge-study"),
    path("<str:code>/", pages.gauge, name="gauge"),
    path("<str:code>/calibrations/", pages.calibrate, name="calibrate"),
    path("<str:code>/characteristics/", pages.link, name="link-gauge"),
    path("<str:code>/studies/", pages.new_study, name="new-gauge-study"),
]
