"""The one table of error codes, joined from the apps; docs/errors.md is checked against it by a test."""

from lines import errors as lines_errors
from lines.errors import Code
from lines.people import errors as people_errors
from quality import errors as quality_errors
from traceability import errors as traceability_errors
from traceability.feeding import errors as feeding_errors
from traceability.holds import errors as holds_errors
from traceability.issuing import errors as issuing_errors
from traceability.trays import errors as trays_errors

ALL_CODES: dict[str, Code] = {
    code.code: code
    for module in (
        lines_errors,
        people_errors,
        quality_errors,
        traceability_errors,
        feeding_errors,
        holds_errors,
        issuing_errors,
        trays_errors,
    )
    for code in module.CODES
}


def table() -> str:
    """docs/errors.md: what a code means and what to do, for people and for machines that read it."""
    lines = [
        "# Error and deviation codes",
        "",
        "Written by `python manage.py error_table > docs/errors.md`; a test holds it equal to the code. A code is",
        "never reused. Status 0: it refuses no request, but is a reason against a permit or a deviation of a record.",
        "",
        "| code | status | what happened | what to do |",
        "|---|---|---|---|",
    ]
    for code in sorted(ALL_CODES.values(), key=lambda code: code.code):
        what, cure = f"{code.what_en}<br>{code.what_ja}", f"{code.cure_en}<br>{code.cure_ja}"
        lines.append(f"| {code.code} | {code.status} | {what} | {cure} |".replace("\n", " "))
    return "\n".join(lines) + "\n"
