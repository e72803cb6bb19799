"""Who asks a page, and whether they may."""

from collections.abc import Callable
from typing import cast

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.views.decorators.http import require_http_methods

from lines.people.models import Person

get_or_post = require_http_methods(["GET", "HEAD", "POST"])


def person_of(request: HttpRequest) -> Person:
    return cast(Person, request.user)  # LoginRequiredMiddleware let it pass


def actor_of(request: HttpRequest, may: Callable[[Person], bool]) -> str:
    """The actor's name for what is written. Raises PermissionDenied."""
    person = person_of(request)
    if not may(person):
        raise PermissionDenied
    return f"person:{person.username}"
