"""Pages of this app."""

from django.urls import path

from lines.alarms import pages as alarms
from lines.ledger import pages as ledger
from lines.modes import pages as modes
from lines.quarantine import pages as quarantine
from lines.tokens import pages as tokens

urlpatterns = [
    path("alarms/", alarms.alarms, name="alarms"),
    path("alarms/parts/", alarms.alarms_parts, name="alarms-parts"),
    path("alarms/<int:alarm_id>/acknowledge/", alarms.acknowledge, name="acknowledge-alarm"),
    path("quarantine/", quarantine.quarantine, name="quarantine"),
    path("quarantine/<int:batch_id>/", quarantine.batch, name="quarantined-batch"),
    path("quarantine/<int:batch_id>/again/", quarantine.try_again, name="try-quarantined-again"),
    path("quarantine/<int:batch_id>/discard/", quarantine.discard, name="discard-quarantined"),
    path("ledger/", ledger.ledger, name="ledger"),
    path("ledger/parts/", ledger.ledger_parts, name="ledger-parts"),
    path("ledger/hours.csv", ledger.ledger_csv, name="ledger-csv"),
    path("ledger/ledger.xlsx", ledger.ledger_xlsx, name="ledger-xlsx"),
    path("ledger/gaps/<int:gap_id>/", ledger.gap, name="gap"),
    path("stations/<str:code>/mode/", modes.mode, name="station-mode"),
    path("stations/<str:code>/tokens/", tokens.tokens, name="station-tokens"),
    path("stations/<str:code>/tokens/<int:token_id>/rotate/", tokens.rotate, name="rotate-token"),
    path("stations/<str:code>/tokens/<int:token_id>/revoke/", tokens.revoke, name="revoke-token"),
]
