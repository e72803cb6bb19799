"""Signing in and out, the language, and whether the process answers."""

from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import LoginView
from django.http import HttpRequest, JsonResponse
from django.utils.decorators import method_decorator
from django.views.i18n import set_language as django_set_language

from mes.health import database_answers

# Before signing in, too: the login page is read in the reader's language.
set_language = login_not_required(django_set_language)


@method_decorator(login_not_required, name="dispatch")
class SignIn(LoginView):
    template_name = "mes/login.html"
    redirect_authenticated_user = True


@login_not_required
def healthz(request: HttpRequest) -> JsonResponse:  # noqa: ARG001 - a view's signature
    """For proxies and the demo: 200 while pages can be served, which needs the database."""
    if database_answers():
        return JsonResponse({"status": "ok"})
    return JsonResponse({"status": "no database"}, status=503)
