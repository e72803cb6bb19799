"""The part of the API below /api/v1/ that this app answers."""

from django.urls import path

from lines.ledger import api as ledger
from lines.telemetry import api as telemetry
from lines.tokens import api as tokens

urlpatterns = [
    path("stations/<str:station>/signals/<str:code>/samples", telemetry.SamplesView.as_view(), name="api-samples"),
    path("telemetry/ledger", ledger.LedgerView.as_view(), name="api-ledger"),
    path("telemetry/gaps", ledger.GapsView.as_view(), name="api-gaps"),
    path("telemetry/gaps/<int:gap_id>", ledger.GapView.as_view(), name="api-gap"),
    path("stations/<str:station>/tokens", tokens.TokensView.as_view(), name="api-tokens"),
    path("stations/<str:station>/tokens/rotate", tokens.RotateTokenView.as_view(), name="api-rotate-token"),
    path("stations/<str:station>/tokens/<int:token_id>", tokens.RevokeTokenView.as_view(), name="api-token"),
]
