"""Pages that mix apps, signing in, and what every installation needs. Before the apps' own pages in mes.urls."""

from django.contrib.auth.views import LogoutView
from django.urls import path

from mes.pages import account, feeding, go, overview, search, station, tour

urlpatterns = [
    path("", overview.overview, name="overview"),
    path("overview/tiles/", overview.tiles, name="overview-tiles"),
    path("stations/<str:code>/", station.station, name="station"),
    path("stations/<str:code>/parts/", station.parts, name="station-parts"),
    path("stations/<str:code>/trend.json", station.trend, name="station-trend"),
    path("stations/<str:code>/mount/", feeding.mount, name="station-mount"),
    path("stations/<str:code>/feed-points/<str:feed_point>/take-off/", feeding.take_off, name="station-take-off"),
    path("search/", search.search, name="search"),
    path("tour/", tour.tour, name="tour"),
    path("go/<slug:kind>/<path:key>/", go.go, name="go"),
    path("login/", account.SignIn.as_view(), name="login"),
    path("logout/", LogoutView.as_view(), name="logout"),
    path("i18n/setlang/", account.set_language, name="set_language"),
    path("healthz", account.healthz, name="healthz"),
]
