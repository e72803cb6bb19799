"""Pages of this app."""

from django.urls import path

from lines.alarms import pages as alarms
from lines.modes import pages as modes
from lines.tokens import pages as tokens

urlpatterns = [
    path("alarms/", alarms.alarms, name="alarms"),
    path("alarms/parts/", alarms.alarms_parts, name="alarms-parts"),
    path("alarms/<int:alarm_id>/acknowledge/", alarms.acknowledge, name="acknowledge-alarm"),
    path("stations/<str:code>/mode/", modes.mode, name="station-mode"),
    path("stations/<str:code>/tokens/", tokens.tokens, name="station-tokens"),
    path("stations/<str:code>/tokens/<int:token_id>/rotate/", tokens.rotate, name="rotate-token"),
    path("stations/<str:code>/tokens/<int:token_id>/revoke/", tokens.revoke, name="revoke-token"),
]
