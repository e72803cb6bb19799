"""What the gateway leaves in the database: which signals it cannot follow."""

from collections.abc import Mapping

from django.utils import timezone

from lines.people.actors import acting
from lines.plant.models import NodeFault, Signal

LONGEST_DETAIL = 300


def report_nodes(server: str, faults: Mapping[int, tuple[str, str]]) -> None:
    """The faults of a server's signals by signal id (code, detail): all of them. What is not named is well again."""
    with acting("task:gateway"):
        known = NodeFault.objects.filter(signal__station__opcua_server__code=server).in_bulk()
        NodeFault.objects.filter(pk__in=[pk for pk in known if pk not in faults]).delete()
        _keep(faults, known)


def add_faults(faults: Mapping[int, tuple[str, str]]) -> None:
    """Faults that showed while the signals were followed; they stand until the next `report_nodes` of the server."""
    with acting("task:gateway"):
        _keep(faults, NodeFault.objects.in_bulk(list(faults)))


def _keep(faults: Mapping[int, tuple[str, str]], known: Mapping[int, NodeFault]) -> None:
    now = timezone.now()
    signals = set(Signal.objects.filter(pk__in=faults).values_list("pk", flat=True))
    NodeFault.objects.bulk_create(
        [
            NodeFault(
                signal_id=pk,
                code=code,
                detail=detail[:LONGEST_DETAIL],
                since=known[pk].since if pk in known and known[pk].code == code else now,
            )
            for pk, (code, detail) in faults.items()
            if pk in signals
        ],
        update_conflicts=True,
        unique_fields=["signal"],
        update_fields=["code", "detail", "since"],
    )
