"""Addresses that nothing can be found by."""

from collections.abc import Callable
from urllib.parse import unquote

from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, JsonResponse

from lines.errors import WRONG_PARAMETER, as_json

_Handler = Callable[[HttpRequest], HttpResponse]


def refuse_nul(get_response: _Handler) -> _Handler:
    """Middleware: PostgreSQL stores no NUL, so a path or parameter with one is refused before it is asked for."""

    def handle(request: HttpRequest) -> HttpResponse:
        if "\0" not in unquote(request.path_info + request.META.get("QUERY_STRING", "")):
            return get_response(request)
        if request.path_info.startswith("/api/"):
            told = as_json(WRONG_PARAMETER, "the address holds a NUL character")
            return JsonResponse(told, status=400, json_dumps_params={"ensure_ascii": False})
        return HttpResponseBadRequest("400 Bad Request", content_type="text/plain")

    return handle
