"""Addresses below /analyses/."""

from django.urls import path

from quality.analyses import pages

urlpatterns = [
    path("", pages.analyses, name="analyses"),
]
