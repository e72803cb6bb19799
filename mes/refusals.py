"""A refusal that a page does not tell itself is told as a page: its code, what happened, what to do."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from lines.errors import Refusal


class RefusalPages:
    """Middleware. The API tells its refusals itself (api_errors.py)."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, Refusal):
            return None
        return render(request, "mes/refusal.html", {"refusal": exception}, status=exception.code.status)
