"""The facts behind a verdict as JSON, and back: what was known then can be judged again at any time. Pure."""

from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

from lines.records.visits import Visits
from traceability.feeding.facts import MountedFacts
from traceability.holds.facts import HoldFacts
from traceability.interlock.checks import Finding, check_entry
from traceability.interlock.facts import (
    Asked,
    Definition,
    GaugeFacts,
    OperatorFacts,
    SampleFacts,
    Step,
    UnitFacts,
)

_DEFINITION = tuple(f.name for f in fields(Definition))
_STEP = tuple(f.name for f in fields(Step))
_PLAIN = ("serial", "serial_fault", "is_known", "state", "operation", "work_order", "recipe", "grade", "mode")


def to_json(units: Sequence[UnitFacts]) -> list[dict[str, Any]]:
    """Everything in the facts of each unit. What is empty is left out: most units have no hold and no sample. The steps
    of a route, which the cells of a tray share, are made once."""
    steps: dict[int, list[list[Any]]] = {}
    for facts in units:
        if id(facts.steps) not in steps:
            steps[id(facts.steps)] = [_row(step, _STEP) for step in facts.steps]
    return [_unit(facts, steps[id(facts.steps)]) for facts in units]


def _unit(facts: UnitFacts, steps: list[list[Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {name: getattr(facts, name) for name in _PLAIN}
    found |= {
        "definition": _row(facts.definition, _DEFINITION) if facts.definition else None,
        "steps": steps,
        "next_operation": facts.next_step.operation if facts.next_step else None,
        "visits": {
            code: [v.count, v.failed, v.last_verdict, v.last_id, v.first_passed_id, _time(v.ended_at)]
            for code, v in facts.visits.items()
        },
        "station_operations": sorted(facts.station_operations),
        "asked": [facts.asked.recipe, facts.asked.operator, facts.asked.channel, _time(facts.asked.at)],
    }
    if facts.next_step is not None:
        # Its place there, as a rule.
        place = next((place for place, step in enumerate(facts.steps) if step == facts.next_step), None)
        found["next_step"] = _row(facts.next_step, _STEP) if place is None else place
    if facts.needs_certification:
        certified = facts.operator.certified_until.items() if facts.operator else None
        found["needs_certification"] = True
        found["certified_until"] = None if certified is None else {code: _time(until) for code, until in certified}
    rows = {
        "holds": [[h.hold_id, h.reason, _time(h.placed_at), h.at_operation, h.at_sequence] for h in facts.holds],
        "gauges": [[g.code, g.channel, _time(g.valid_until)] for g in facts.gauges],
        "mounted": [
            [m.feed_point, m.material_id, m.material_code, m.lot_id, m.supplier, m.number, m.state, _time(m.expires_at)]
            for m in facts.mounted
        ],
        "feeds": {point: sorted(takes) for point, takes in facts.feeds.items()},
        "samples": [[s.code, s.waits_at] for s in facts.samples],
        "not_contained": facts.not_contained,
        "open_elsewhere": facts.open_elsewhere,
        "extra_passes": facts.extra_passes,
        "accepted": sorted(facts.accepted),
    }
    return found | {name: value for name, value in rows.items() if value}


def from_json(found: dict[str, Any]) -> UnitFacts:
    """The inverse of to_json. Raises KeyError, TypeError or ValueError for JSON that it did not make."""
    steps = [Step(*row) for row in found["steps"]]
    recipe, operator, channel, at = found["asked"]
    certified = found.get("certified_until")
    return UnitFacts(
        **{name: found[name] for name in _PLAIN},
        definition=Definition(*found["definition"]) if found["definition"] else None,
        next_step=_next_step(found.get("next_step"), steps),
        steps=steps,
        visits={code: Visits(*[*row[:5], _read(row[5])]) for code, row in found["visits"].items()},
        holds=[HoldFacts(row[0], row[1], _must(row[2]), *row[3:]) for row in found.get("holds", ())],
        station_operations=frozenset(found["station_operations"]),
        asked=Asked(recipe, operator, channel, _must(at)),
        gauges=[GaugeFacts(code, of, _must(until)) for code, of, until in found.get("gauges", ())],
        needs_certification=found.get("needs_certification", False),
        operator=None if certified is None else OperatorFacts({c: _must(until) for c, until in certified.items()}),
        mounted=[MountedFacts(*[*row[:7], _read(row[7])]) for row in found.get("mounted", ())],
        feeds={point: frozenset(takes) for point, takes in found.get("feeds", {}).items()},
        samples=[SampleFacts(*row) for row in found.get("samples", ())],
        not_contained=found.get("not_contained", 0),
        open_elsewhere=found.get("open_elsewhere", ""),
        extra_passes=found.get("extra_passes", 0),
        accepted=frozenset(found.get("accepted", ())),
    )


def replay(found: dict[str, Any]) -> list[Finding]:
    """The verdict on the facts as they were: every reason against entry; none: it may enter."""
    return check_entry(from_json(found))


def _next_step(found: Any, steps: Sequence[Step]) -> Step | None:
    if found is None:
        return None
    return Step(*found) if isinstance(found, list) else steps[found]


def _row(record: Definition | Step, names: Sequence[str]) -> list[Any]:
    values = (getattr(record, name) for name in names)
    return [list(value) if isinstance(value, tuple | frozenset | set) else value for value in values]


def _time(time: datetime | None) -> str | None:
    return time.isoformat() if time else None


def _read(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _must(text: str) -> datetime:
    return datetime.fromisoformat(text)
