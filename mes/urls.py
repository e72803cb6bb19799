"""Every address of the product. An app's own pages and endpoints are in its urls.py; /events/ is ASGI (mes.asgi)."""

from django.contrib import admin
from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

# Addresses are tried in this order, and stations ask most often.
urlpatterns = [
    path("api/v1/", include("traceability.api_urls")),
    path("api/v1/", include("lines.api_urls")),
    path("api/v1/", include("quality.api_urls")),
    path("", include("mes.page_urls")),
    path("", include("lines.urls")),
    path("", include("quality.urls")),
    path("", include("traceability.urls")),
    path("api/schema/", SpectacularAPIView.as_view(), name="schema"),
    # Split: its script is a file of its own, which the Content Security Policy lets run.
    path("api/docs/", SpectacularSwaggerSplitView.as_view(url_name="schema"), name="api-docs"),
    path("admin/", admin.site.urls),
]

handler404 = "mes.api_errors.not_found"
handler500 = "mes.api_errors.failed"
