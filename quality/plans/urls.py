"""Pages of control plans, their spreadsheet, and the studies behind their limits."""

from django.urls import path

from quality.plans import pages as plans
from quality.studies import pages as studies

urlpatterns = [
    path("plans/", plans.plans, name="plans"),
    path("plans/export.csv", plans.plans_csv, name="plans-csv"),
    path("plans/export.xlsx", plans.plans_xlsx, name="plans-xlsx"),
    path("plans/import/", plans.plans_import, name="plans-import"),
    path("plans/new/", plans.new_plan, name="new-plan"),
    path("plans/preview/", plans.plan_preview, name="plan-preview"),
    path("plans/preview/spec.json", plans.plan_preview_spec, name="plan-preview-spec"),
    path("plans/<str:code>/", plans.plan, name="plan"),
    path("plans/<str:code>/edit/", plans.edit_plan, name="edit-plan"),
    path("plans/<str:code>/studies/", studies.new_study, name="new-study"),
    path("plans/<str:code>/limits/", studies.enter, name="enter-limits"),
    path("studies/<int:study_id>/", studies.study, name="study"),
    path("studies/<int:study_id>/spec.json", studies.study_spec, name="study-spec"),
    path("studies/<int:study_id>/points/", studies.points, name="study-points"),
    path("studies/<int:study_id>/freeze/", studies.freeze, name="study-freeze"),
    path("studies/<int:study_id>/discard/", studies.discard, name="study-discard"),
]
