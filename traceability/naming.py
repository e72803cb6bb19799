"""Names behind the codes that answers tell, in the reader's language."""

from lines.models import DataCentreSite, MaterialDefinition, Operation, ReasonCode


def names() -> dict[str, str]:
    """By code: materials and kinds of unit, operations, sites, reasons."""
    found: dict[str, str] = {}
    for model in (ReasonCode, Operation, DataCentreSite, MaterialDefinition):
        found |= {row.code: row.name for row in model.objects.all()}
    return found
