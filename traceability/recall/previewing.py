"""The answer to a suspect for pages and the API: nothing is written."""

from dataclasses import dataclass
from typing import Any

from lines.errors import as_json
from traceability.completeness.queries import missing_row
from traceability.recall import errors
from traceability.recall.asked import AskedSuspect
from traceability.recall.kept import ANSWER
from traceability.recall.queries import header_of, traced, unit_row
from traceability.recall.suspects import look_up

MOST_MISSING = 100


@dataclass(frozen=True, slots=True)
class Answer:
    """`more_missing`: there are more than are listed."""

    header: dict[str, Any]
    units: list[dict[str, Any]]
    missing: list[dict[str, Any]]
    more_missing: bool
    last_unit: int  # id of the last one listed; 0: there are no more


def answer(asked: AskedSuspect, *, after: int = 0, n_units: int = 0, n_missing: int = MOST_MISSING) -> Answer:
    """Raises WrongField where the suspect is not known."""
    with traced(look_up(asked)) as found:
        units = list(found.units(after=after, limit=n_units + 1)) if n_units else []
        listed = units[:n_units]
        missing = list(found.missing(n_missing + 1))
        return Answer(
            header_of(found),
            [unit_row(each) for each in listed],
            [missing_row(row) for row in missing[:n_missing]],
            len(missing) > n_missing,
            listed[-1].unit.unit_id if len(units) > n_units else 0,
        )


def preview_json(asked: AskedSuspect) -> dict[str, Any]:
    found = answer(asked)
    header = {name: found.header[name] for name in ANSWER}
    warnings = [as_json(errors.MATCHES_EVERYTHING)] if header["is_everything"] else []
    return {**header, "missing": found.missing, "warnings": warnings}
