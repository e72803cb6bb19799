"""The part of the API below /api/v1/ that this app answers."""

from django.urls import path

from quality.analyses import api as analyses

urlpatterns = [
    path("spc/analyses", analyses.AnalysesView.as_view(), name="api-analyses"),
]
