"""The one table of error codes, joined from the apps; docs/errors.md is checked against it by a test."""

from lines import errors as lines_errors
from lines.errors import Code
from quality import errors as quality_errors
from traceability import errors as traceability_errors

ALL_CODES: dict[str, Code] = {
    code.code: code for module in (lines_errors, quality_errors, traceability_errors) for code in module.CODES
}
