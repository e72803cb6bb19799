"""Pages of reactions, below /reactions/."""

from django.urls import path

from quality.reactions import pages

urlpatterns = [
    path("", pages.reactions, name="reactions"),
    path("<int:reaction_id>/", pages.reaction, name="reaction"),
    path("<int:reaction_id>/answer/", pages.answer, name="answer-reaction"),
    path("<int:reaction_id>/verify/", pages.verify, name="verify-reaction"),
    path("<int:reaction_id>/close/", pages.close, name="close-reaction"),
]
