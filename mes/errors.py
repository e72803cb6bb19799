"""The one table of error codes, from the errors.py of every folder; a test holds docs/errors.md equal to it."""

from traceability.codes import CODES as ALL_CODES

__all__ = ["ALL_CODES", "table"]


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
