"""What a request for serials says. Pure."""

from dataclasses import dataclass
from datetime import date

from lines.errors import BAD_TIME, MISSING_FIELD, REPEATED
from lines.stations.body import Fields, known_only, read_count, read_text, refuse

MOST_SERIALS = 1000


@dataclass(frozen=True, slots=True)
class Wanted:
    """`definition` or `design_code`, the other is empty. `day` None: today, where the plant is."""

    definition: str
    design_code: str
    count: int
    day: date | None


def read_wanted(body: Fields) -> Wanted:
    known_only(body, frozenset({"definition", "design_code", "count", "day"}), "$")
    definition = read_text(body, "definition", "$", longest=32)
    design_code = read_text(body, "design_code", "$", longest=3)
    if not definition and not design_code:
        refuse(MISSING_FIELD, "$", "'definition' or 'design_code'")
    if definition and design_code:
        refuse(REPEATED, "$", "'definition' and 'design_code' say the same; send one")
    count = read_count(body, "count", "$", largest=MOST_SERIALS)
    if count is None:
        refuse(MISSING_FIELD, "$", "'count'")
    text = read_text(body, "day", "$", longest=10)
    try:
        day = date.fromisoformat(text) if text else None
    except ValueError:
        refuse(BAD_TIME, "$.day", f"{text!r}; a day like 2027-04-01")
    return Wanted(definition, design_code, count, day)
