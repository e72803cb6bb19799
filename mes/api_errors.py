"""Every refusal of the API leaves in one shape: a code, what happened, what to do (lines.errors)."""

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.defaults import page_not_found, server_error
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import exception_handler

from lines import errors
from lines.errors import Refusal, as_json
from lines.people.errors import THROTTLED

_CODE_BY_EXCEPTION: list[tuple[type[exceptions.APIException], errors.Code]] = [
    (exceptions.NotAuthenticated, errors.NOT_SIGNED_IN),
    (exceptions.AuthenticationFailed, errors.NOT_SIGNED_IN),
    (exceptions.PermissionDenied, errors.NOT_ALLOWED),
    (exceptions.NotFound, errors.NOT_FOUND),
    (exceptions.ParseError, errors.NOT_JSON),
    (exceptions.MethodNotAllowed, errors.WRONG_METHOD),
    (exceptions.UnsupportedMediaType, errors.WRONG_MEDIA_TYPE),
    (exceptions.ValidationError, errors.WRONG_PARAMETER),
    (exceptions.Throttled, THROTTLED),
]

_AS_UTF8 = {"ensure_ascii": False}  # as DRF answers


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler404: an address of the API that leads nowhere is answered as the API answers."""
    if request.path.startswith("/api/"):
        return JsonResponse(as_json(errors.NOT_FOUND, request.path[:200]), status=404, json_dumps_params=_AS_UTF8)
    return page_not_found(request, exception)


def failed(request: HttpRequest) -> HttpResponse:
    """Django's handler500: a fault of ours, told in the API's shape where the API was asked."""
    if request.path.startswith("/api/"):
        return JsonResponse(as_json(errors.FAILED, request.path[:200]), status=500, json_dumps_params=_AS_UTF8)
    return server_error(request)


def handle(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's EXCEPTION_HANDLER."""
    if isinstance(error, Refusal):
        retry_after_s = error.extra.get("retry_after_s")
        return Response(
            {**as_json(error.code, error.detail), **error.extra},
            status=error.code.status,
            headers={"Retry-After": str(retry_after_s)} if retry_after_s is not None else None,
        )
    response = exception_handler(error, context)  # turns Http404 and the like into DRF's own
    if response is None:
        return None
    for kind, code in _CODE_BY_EXCEPTION:
        if isinstance(error, kind) or (response.status_code == code.status and code is not errors.NOT_JSON):
            response.data = as_json(code, str(getattr(error, "detail", "")))
            break
    return response
