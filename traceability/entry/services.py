"""Entering results by hand: the same way into the database as a station's, with the person's name on the record."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.utils import timezone

from lines.errors import Refusal
from lines.models import Person, Station
from traceability.entry.checking import entry_of
from traceability.entry.entries import Entry
from traceability.entry.files import Group
from traceability.entry.queries import frozen_recipe, place_for, stored_answer
from traceability.interlock.permits import ask_permits
from traceability.interlock.results import take_result
from traceability.samples.services import enter_sample


def start(person: Person, station: str, operation: str, serial: str) -> None:
    """Ask for the permit that a station would ask for. Raises Refusal."""
    place = place_for(person, station, operation)
    recipe = frozen_recipe(serial, operation)
    _ask(place.station, operation, serial, person=person, at=timezone.now(), recipe=recipe)


def enter(person: Person, station: str, operation: str, entry: Entry, key: str) -> dict[str, Any]:
    """Store one unit's result; the answer as stations get it. The same key again gets the same answer.

    Raises Refusal: not this person's to enter, or not understood.
    """
    place = place_for(person, station, operation)
    recipe = frozen_recipe(entry.serial, operation)
    if stored_answer(place.station, key) is None:
        _ask(place.station, operation, entry.serial, person=person, at=entry.measured_at, recipe=recipe)
    raw = json.dumps(_body(entry, operation, person.username, recipe), sort_keys=True).encode()
    return take_result(place.station, key, "/entry/", raw, entered_by=person.username).answer


def _ask(station: Station, operation: str, serial: str, *, person: Person, at: datetime, recipe: str) -> None:
    """A denial stands in the permit log; the result then carries the same reasons as deviations."""
    question = {"serial": serial, "operation": operation, "operator": person.username, "recipe": recipe}
    ask_permits(station, "/entry/", json.dumps({**question, "source_time": at.isoformat()}).encode())


def _body(entry: Entry, operation: str, operator: str, recipe: str) -> dict[str, Any]:
    at = entry.measured_at.isoformat()
    parts = {"components": entry.components, "consumed": entry.consumed, "ranges": entry.ranges}
    return {
        "serial": entry.serial,
        "operation": operation,
        "outcome": entry.outcome,
        "reason_codes": list(entry.reasons),
        "started_at": at,
        "finished_at": at,
        "operator": operator,
        "recipe": recipe,
        "measurements": [
            {"code": v.code, "value": v.value, "unit": v.unit, "position": v.position} for v in entry.values
        ],
        **{name: list(rows) for name, rows in parts.items() if rows},
    }


def enter_all(
    person: Person, station: str, operation: str, entries: Sequence[tuple[str, Entry]]
) -> dict[str, dict[str, Any] | Refusal]:
    """Several units by their keys, each on its own: one that is refused does not keep the others out."""
    found: dict[str, dict[str, Any] | Refusal] = {}
    for key, entry in entries:
        try:
            found[key] = enter(person, station, operation, entry, key)
        except Refusal as refusal:
            found[key] = refusal
    return found


def enter_file(person: Person, groups: Sequence[Group], token: str) -> list[tuple[Group, dict[str, Any] | Refusal]]:
    """The results of a checked file, each on its own and in the order of their times."""
    found: list[tuple[Group, dict[str, Any] | Refusal]] = []
    for group in sorted(groups, key=lambda group: (group.at is not None and group.at.timestamp(), group.key)):
        key, entry = f"entry:{token}:{group.key}", entry_of(group)
        try:
            if group.sample:
                found.append((group, enter_sample(person, group.sample, entry, key)))
            else:
                found.append((group, enter(person, group.station, group.operation, entry, key)))
        except Refusal as refusal:
            found.append((group, refusal))
    return found
