"""What the API's documentation says of every endpoint alike: refusals with their codes, example values of the address.

drf-spectacular calls `complete` with the whole document (POSTPROCESSING_HOOKS). What a view documents itself stays.
"""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

from mes.api_examples import BODIES, PARAMETERS
from mes.errors import ALL_CODES

ERROR = "#/components/schemas/ErrorShape"
_RETRY_AFTER = {"Retry-After": {"description": "Seconds.", "schema": {"type": "integer"}}}
_WORDS = {
    400: "Not JSON, a header is missing, or a parameter is not taken.",
    401: "No valid token and no session.",
    403: "This token or person may not do that.",
    404: "Nothing at this address.",
    409: "Something stands against it; with Retry-After: the same request may be sent again.",
    413: "The body is larger than 1 MB.",
    415: "The body is not application/json.",
    422: "Understood, and not acceptable; nothing was stored.",
    429: "Too many requests with this token.",
}
_TIME = re.compile(r"2027-04-0\dT\d\d:\d\d:\d\dZ")
_EXAMPLES_AT = datetime(2027, 4, 1, 10, 0, tzinfo=UTC)


def complete(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Every operation with every refusal it may answer, examples of its body, and an example for each parameter."""
    # A station's times must be near ours, so those of the examples move with the day the document is read.
    shift = datetime.now(UTC).replace(microsecond=0) - _EXAMPLES_AT
    for item in result["paths"].values():
        for operation in item.values():
            _add_refusals(operation)
            _add_examples(operation)
            if "requestBody" in operation:
                operation["requestBody"]["required"] = True
            for content in operation.get("requestBody", {}).get("content", {}).values():
                content["examples"] = _moved(content.get("examples", {}), shift)
    return result


def _add_refusals(operation: dict[str, Any]) -> None:
    places = {parameter["in"] for parameter in operation.get("parameters", [])}
    statuses = {401, 403, 429}
    if "path" in places:
        statuses.add(404)
    if "query" in places:
        statuses.add(400)
    if "requestBody" in operation:
        statuses |= {400, 409, 413, 415, 422}
    responses = operation["responses"]
    for status in statuses:
        responses.setdefault(str(status), {"content": {"application/json": {"schema": {"$ref": ERROR}}}})
    for status, response in responses.items():
        if int(status) >= 400:
            known = sorted(code.code for code in ALL_CODES.values() if code.status == int(status))
            response["description"] = _WORDS.get(int(status), "")
            if len(known) <= 5:
                response["description"] += f" {', '.join(known)}"
        if status in ("409", "429"):
            response["headers"] = _RETRY_AFTER
    operation["responses"] = dict(sorted(responses.items()))


def _add_examples(operation: dict[str, Any]) -> None:
    for parameter in operation.get("parameters", []):
        if parameter["name"] in PARAMETERS:
            parameter.setdefault("example", PARAMETERS[parameter["name"]])
    for content in operation.get("requestBody", {}).get("content", {}).values():
        if not content.get("examples"):
            content["examples"] = {
                re.sub(r"\W", "", summary.title()): {"summary": summary, "value": value}
                for summary, value in BODIES.get(operation["operationId"], {}).items()
            }


def _moved(value: Any, shift: timedelta) -> Any:
    if isinstance(value, dict):
        return {name: _moved(each, shift) for name, each in value.items()}
    if isinstance(value, list):
        return [_moved(each, shift) for each in value]
    if isinstance(value, str) and _TIME.fullmatch(value):
        return (datetime.fromisoformat(value) + shift).isoformat().replace("+00:00", "Z")
    return value
