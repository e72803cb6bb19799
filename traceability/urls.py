"""Pages of this app."""

from django.urls import path

from traceability.entry.pages import file as entry_file
from traceability.entry.pages import table as entry_table
from traceability.entry.pages import unit as entry
from traceability.refused import pages as refused
from traceability.samples import pages as samples
from traceability.units import pages as units

urlpatterns = [
    path("units/<path:serial>/", units.unit, name="unit"),
    path("lots/<int:lot_id>/", units.lot, name="lot"),
    path("entry/", entry.entry, name="entry"),
    path("entry/table/", entry_table.table, name="entry-table"),
    path("entry/file/", entry_file.file, name="entry-file"),
    path("entry/file/template.csv", entry_file.template, name="entry-template"),
    path("entry/unit/<str:station>/<str:operation>/<path:serial>/", entry.unit, name="entry-unit"),
    path("entry/answers/<str:station>/<str:token>/", entry.answer, name="entry-answer"),
    path("samples/", samples.samples, name="samples"),
    path("samples/take/", samples.take, name="take-sample"),
    path("samples/<str:code>/", samples.sample, name="sample"),
    path("samples/<str:code>/cancel/", samples.cancel, name="cancel-sample"),
    path("refused/", refused.refused, name="refused"),
    path("refused/replay/", refused.replay_chosen, name="replay-refused-chosen"),
    path("refused/<int:post_id>/", refused.refused_post, name="refused-post"),
    path("refused/<int:post_id>/replay/", refused.replay, name="replay-refused"),
    path("refused/<int:post_id>/dismiss/", refused.dismiss, name="dismiss-refused"),
]
