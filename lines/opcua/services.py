"""What the gateway tells of signals that it cannot follow or whose values it cannot take."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils import timezone

from lines.people.actors import acting
from lines.plant.models import NodeFault, Signal

LONGEST_DETAIL = 300
Faults = Mapping[int, tuple[str, str]]


def take_notes(notes: Iterable[Mapping[str, Any]]) -> None:
    """The notes of batches, in their order, in the caller's transaction."""
    for note in notes:
        if note["kind"] == "nodes":
            report_nodes(note["server"], {signal: (code, detail) for signal, code, detail in note["faults"]})
        elif note["kind"] == "refused":
            add_faults({note["signal_id"]: (note["code"], "")})


def report_nodes(server: str, faults: Faults) -> None:
    """The faults of a server's signals by signal id (code, detail): all of them. What is not named is well again."""
    with acting("task:gateway"):
        known = NodeFault.objects.filter(signal__station__opcua_server__code=server).in_bulk()
        NodeFault.objects.filter(pk__in=[pk for pk in known if pk not in faults]).delete()
        _keep({pk: fault for pk, fault in faults.items() if pk not in known or known[pk].code != fault[0]})


def add_faults(faults: Faults) -> None:
    """Faults that showed just now, while the signals were followed. A value that comes later is well again."""
    with acting("task:gateway"):
        _keep(faults)


def _keep(faults: Faults) -> None:
    now = timezone.now()
    signals = set(Signal.objects.filter(pk__in=faults).values_list("pk", flat=True))
    NodeFault.objects.bulk_create(
        [
            NodeFault(signal_id=pk, code=code, detail=detail[:LONGEST_DETAIL], since=now)
            for pk, (code, detail) in faults.items()
            if pk in signals
        ],
        update_conflicts=True,
        unique_fields=["signal"],
        update_fields=["code", "detail", "since"],
    )
