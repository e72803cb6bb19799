"""Pages of this app."""

from django.urls import path

from lines.alarms import pages as alarms

urlpatterns = [
    path("alarms/", alarms.alarms, name="alarms"),
]
