"""The part of the API below /api/v1/ that this app answers."""

from django.urls import path

from quality.analyses import api as analyses
from quality.reactions import api as reactions

urlpatterns = [
    path("reactions", reactions.ReactionsView.as_view(), name="api-reactions"),
    path("reactions/<int:reaction_id>", reactions.ReactionView.as_view(), name="api-reaction"),
    path("spc/analyses", analyses.AnalysesView.as_view(), name="api-analyses"),
]
