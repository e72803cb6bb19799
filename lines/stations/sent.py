"""The body of a request to the API, before anything is known of it but that it says to be JSON."""

from rest_framework.exceptions import UnsupportedMediaType
from rest_framework.request import Request

from lines.stations.body import MAX_BODY_BYTES, Fields, read_json


def sent_json(request: Request) -> bytes:
    """As sent, at most one byte more than we take: DRF would take a body of any size. Raises UnsupportedMediaType."""
    media_type = request.content_type or ""
    if media_type.partition(";")[0].strip().lower() != "application/json":
        raise UnsupportedMediaType(media_type)
    body: bytes = request._request.read(MAX_BODY_BYTES + 1)
    return body


def sent_fields(request: Request) -> Fields:
    """The object that was sent. Raises as `sent_json` and `read_json` do."""
    return read_json(sent_json(request))
