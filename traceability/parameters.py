"""Parameters of an address that nobody reads are refused: a misspelt filter must not answer for everything."""

from collections.abc import Iterable

from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request

from lines.errors import WRONG_PARAMETER, Refusal


def known_only(request: Request, known: Iterable[OpenApiParameter]) -> None:
    """`known`: as the view documents them. Raises Refusal WRONG_PARAMETER."""
    names = [each.name for each in known if each.location == OpenApiParameter.QUERY]
    unknown = sorted(set(request.query_params) - set(names))
    if unknown:
        told = ", ".join(name[:32] for name in unknown[:5] if name.isprintable())
        raise Refusal(WRONG_PARAMETER, f"{told}: not known here; known are {', '.join(names)}")
