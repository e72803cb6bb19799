"""Pages of this app."""

from django.urls import path

from lines.alarms import pages as alarms

urlpatterns = [
    path("alarms/", alarms.alarms, name="alarms"),
    path("alarms/parts/", alarms.alarms_parts, name="alarms-parts"),
    path("alarms/<int:alarm_id>/acknowledge/", alarms.acknowledge, name="acknowledge-alarm"),
]
