"""The search page: a code that names one object leads straight to it."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from mes.search import queries


@require_safe
def search(request: HttpRequest) -> HttpResponse:
    answer = queries.find(request.GET.get("q", ""))
    if len(answer.exact) == 1 and answer.tray is None:
        hit = answer.exact[0]
        return redirect(hit.kind, hit.key)
    is_found = bool(answer.exact or answer.tray or answer.begins_like)
    context = {
        "answer": answer,
        "query": answer.text,
        "is_found": is_found,
        "example": "" if is_found else queries.newest_serial(),
    }
    return render(request, "mes/search.html", context)
