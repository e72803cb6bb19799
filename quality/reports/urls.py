"""Pages of reports, below /reports/."""

from django.urls import path

from quality.reports import pages

urlpatterns = [
    path("", pages.reports, name="reports"),
    path("parts/", pages.reports_parts, name="reports-parts"),
    path("new/", pages.new_report, name="new-report"),
    path("schedules/", pages.schedule_list, name="report-schedules"),
    path("schedules/new/", pages.schedule, name="new-report-schedule"),
    path("schedules/<int:schedule_id>/", pages.schedule, name="report-schedule"),
    path("<int:report_id>/", pages.report, name="report"),
    path("<int:report_id>/parts/", pages.report_parts, name="report-parts"),
    path("<int:report_id>/cancel/", pages.cancel, name="cancel-report"),
    path("<int:report_id>/files/<str:kind>/", pages.report_file, name="report-file"),
]
