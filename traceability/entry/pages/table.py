"""Entering several units of one operation in a table; each row counts for itself."""

from dataclasses import dataclass, field
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from lines.errors import Refusal
from traceability.entry import errors, queries
from traceability.entry.entries import Entry
from traceability.entry.forms import Posted, read_row
from traceability.entry.pages.unit import asked_at, get_or_post, new_token, person_of, token_of
from traceability.entry.services import enter_all

ROWS, MOST_ROWS = 12, 48  # Django takes 1000 fields of a form
ROW_COUNTS = (12, 24, 48)


@dataclass
class Row:
    """One row of the table on its way round: as typed, what is wrong, what was answered."""

    number: int
    posted: Posted
    entry: Entry | None = None
    refused: Refusal | None = None
    answer: dict[str, Any] | None = None
    cells: list["Cell"] = field(default_factory=list)

    @property
    def serial(self) -> str:
        return self.posted.word("serial")


@dataclass
class Cell:
    code: str
    word: str
    problem: Refusal | None


@get_or_post
def table(request: HttpRequest) -> HttpResponse:
    person = person_of(request)
    words = request.POST if request.method == "POST" else request.GET
    chosen = words.get("place", "")
    context: dict[str, Any] = {
        "places": queries.places(person),
        "chosen": chosen,
        "tab": "table",
        "row_counts": ROW_COUNTS,
    }
    if not chosen:
        return render(request, "traceability/entry/table.html", context)
    station, _, operation = chosen.partition("/")
    try:
        place = queries.place_for(person, station, operation)
    except Refusal as refusal:
        return render(
            request, "traceability/entry/table.html", {**context, "refused": refusal}, status=refusal.code.status
        )
    columns = queries.columns(operation)
    asked = asked_at(place, {column.code: column.unit for column in columns})
    rows = [Row(number, _posted(request, number)) for number in range(_n_rows(words.get("rows", "")))]
    token, status = new_token(), 200
    if request.method == "POST":
        token = token_of(request)
        filled = [row for row in rows if row.serial]
        for row in filled:
            row.entry = read_row(row.posted, asked, request.POST.get("at", ""))
        keys = {f"entry:{token}:{row.number}": row for row in filled}
        good = [(key, row.entry) for key, row in keys.items() if row.entry is not None]
        for key, said in enter_all(person, station, operation, good).items():
            if isinstance(said, Refusal):
                keys[key].refused = said
            else:
                keys[key].answer = said
        if not filled:
            context["refused"] = Refusal(errors.NOTHING_ENTERED)
        status = 200 if filled and all(row.answer for row in filled) else 422
    for row in rows:
        names = [column.code for column in columns]
        row.cells = [Cell(c, row.posted.word(f"v-{c}"), row.posted.problems.get(f"v-{c}")) for c in names]
    context |= {
        "place": place,
        "columns": columns,
        "rows": rows,
        "token": token,
        "at": request.POST.get("at") or f"{timezone.localtime():%Y-%m-%dT%H:%M:%S}",
        "n_rows": len(rows),
        "n_stored": sum(row.answer is not None for row in rows),
        "n_refused": sum(bool(row.refused or row.posted.problems) for row in rows),
    }
    return render(request, "traceability/entry/table.html", context, status=status)


def _posted(request: HttpRequest, number: int) -> Posted:
    """The row's own fields, without its number."""
    tail = f"-{number}"
    return Posted({name[: -len(tail)]: str(word) for name, word in request.POST.items() if name.endswith(tail)})


def _n_rows(text: str) -> int:
    return min(max(int(text), 1), MOST_ROWS) if text.isascii() and text.isdigit() and len(text) < 4 else ROWS
