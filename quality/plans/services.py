"""Making and changing control plans, one at a time or a table of them: whole, or not at all."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from django.db import connection

from lines.errors import Code, Refusal
from lines.people.actors import acting
from lines.people.auth import may_edit_plans
from lines.people.models import Person
from quality.plans import errors
from quality.plans.asked import IDENTITY, AskedPlan, Wrong, words_of
from quality.plans.listing import Known, known_names, last_change, last_changes, values_of_plan
from quality.plans.models import ControlPlan

LONGEST_REASON = 200
_Drawn: TypeAlias = dict[tuple[Any, ...], list[str]]


class RefusedPlan(Refusal):
    """Refused with everything that is wrong, by field."""

    def __init__(self, wrong: Sequence[Wrong]) -> None:
        super().__init__(wrong[0].code, f"{wrong[0].field}: {wrong[0].detail}")
        self.wrong = tuple(wrong)


def require_editor(person: Person) -> None:
    """Raises Refusal."""
    if not may_edit_plans(person):
        raise Refusal(errors.PLAN_NOT_YOURS, f"{person.username} is {person.get_role_display()}")


def checked_reason(reason: str, code: Code = errors.PLAN_REASON) -> str:
    """Raises Refusal unless it says something in at most 200 characters."""
    reason = " ".join(reason.split())
    if not reason or len(reason) > LONGEST_REASON or not reason.isprintable():
        raise Refusal(code, f"{len(reason)} characters")
    return reason


def make_plan(asked: AskedPlan, person: Person, reason: str) -> ControlPlan:
    """Raises RefusedPlan, or Refusal: not allowed, no reason."""
    require_editor(person)
    reason = checked_reason(reason)
    with acting(f"person:{person.username}"):
        known = _known([asked])
        wrong = [*asked.wrong, *_against(asked, known, _drawn(known, [asked]))]
        if asked["code"] in known.plans:
            wrong.append(Wrong("code", errors.PLAN_CODE_TAKEN))
        if wrong:
            raise RefusedPlan(wrong)
        return _write(asked, known, reason)


def change_plan(code: str, asked: AskedPlan, person: Person, reason: str, seen: int) -> ControlPlan:
    """`seen`: the newest change when the editor opened the plan. Raises RefusedPlan, or Refusal."""
    require_editor(person)
    reason = checked_reason(reason)
    with acting(f"person:{person.username}"):
        # Held until the end, so that of two editors the second is told. Points that name the plan go on being stored.
        plan = ControlPlan.objects.select_for_update(no_key=True).filter(code=code).first()
        if plan is None:
            raise Refusal(errors.PLAN_UNKNOWN, code)
        if last_change(plan) != seen:
            raise Refusal(errors.PLAN_CHANGED, f"change {last_change(plan)}, seen {seen}")
        known = _known([asked])
        wrong = [*asked.wrong, *_against(asked, known, _drawn(known, [asked]))]
        if asked["code"] != code:
            wrong.append(Wrong("code", errors.PLAN_FIXED, code))
        if wrong:
            raise RefusedPlan(wrong)
        return _write(asked, known, reason)


@dataclass(frozen=True)
class TableRow:
    """One row of an uploaded table and what it would do."""

    line: int
    code: str
    is_new: bool
    changes: Mapping[str, tuple[str, str]]  # by column: (before, after)
    wrong: tuple[Wrong, ...]


def check_table(rows: Sequence[tuple[int, AskedPlan]]) -> list[TableRow]:
    """What importing these (line, plan) would do; nothing is written."""
    return _checked(rows, _known([asked for _, asked in rows]))


def _checked(rows: Sequence[tuple[int, AskedPlan]], known: Known) -> list[TableRow]:
    drawn = _drawn(known, [asked for _, asked in rows])
    names: set[str] = set()
    found = []
    for line, asked in rows:
        wrong = [*asked.wrong, *_against(asked, known, drawn)]
        code = asked["code"]
        if code and code in names:
            wrong.append(Wrong("code", errors.PLAN_ROW_TWICE, code))
        names.add(code)
        before = known.plans.get(code)
        found.append(TableRow(line, code, before is None, _changes(before, asked) if not wrong else {}, tuple(wrong)))
    return found


def import_plans(
    rows: Sequence[tuple[int, AskedPlan]], person: Person, reason: str, seen: Mapping[str, int]
) -> list[TableRow]:
    """All rows, or none: raises Refusal (PLAN_ROWS) where one is wrong. Plans that no row names stay as they are.

    `seen`: by code the newest change when the table was checked; PLAN_CHANGED where there is a newer one.
    """
    require_editor(person)
    reason = checked_reason(reason)
    if not rows:
        raise Refusal(errors.PLAN_FILE_EMPTY)
    with acting(f"person:{person.username}"):
        list(ControlPlan.objects.select_for_update(no_key=True).order_by("pk").values_list("pk"))
        newest = last_changes()
        named = {asked["code"] for _, asked in rows}
        changed = sorted(code for code in named & newest.keys() if newest[code] != seen.get(code))
        if changed:
            raise Refusal(errors.PLAN_CHANGED, ", ".join(changed)[:200])
        known = _known([asked for _, asked in rows])
        found = _checked(rows, known)
        if any(row.wrong for row in found):
            raise Refusal(errors.PLAN_ROWS, f"{sum(bool(row.wrong) for row in found)} rows")
        for (_, asked), row in zip(rows, found, strict=True):
            if row.is_new or row.changes:
                _write(asked, known, reason)
    return found


def _against(asked: AskedPlan, known: Known, drawn: _Drawn) -> list[Wrong]:
    """What is wrong with a plan beside the plant and the plans that are there."""
    # An empty one is told as such.
    wrong = [Wrong(name, errors.PLAN_NAME_UNKNOWN, asked[name]) for name in known.unknown(asked) if asked[name]]
    signal = asked["signal_code"]
    if signal and asked["station"] in known.stations and (asked["station"], signal) not in known.signals:
        wrong.append(Wrong("signal_code", errors.PLAN_NAME_UNKNOWN, signal))
    before = known.plans.get(asked["code"])
    if before is not None and before.code in known.charted:
        was = values_of_plan(before)
        wrong += [
            Wrong(name, errors.PLAN_FIXED, str(was[name])) for name in IDENTITY if _fixed(was[name], asked[name], name)
        ]
    if asked["is_active"] and not asked.wrong:
        same = next((code for code in drawn.get(_identity(asked), ()) if code != asked["code"]), "")
        if same:
            wrong.append(Wrong("characteristic", errors.PLAN_TWICE, same))
    return wrong


def _fixed(was: Any, asked: Any, name: str) -> bool:
    # The period only says something where a plan uses it.
    return bool(was != asked) and not (name == "period_s" and asked is None)


def _identity(values: Mapping[str, Any] | AskedPlan) -> tuple[Any, ...]:
    return tuple(values[name] for name in IDENTITY)


def _drawn(known: Known, rows: Sequence[AskedPlan]) -> _Drawn:
    """Codes of the active plans by what they would draw, once these rows are stored."""
    named = {asked["code"] for asked in rows}
    found: _Drawn = {}
    for code, plan in known.plans.items():
        if code not in named and plan.is_active:
            found.setdefault(_identity(values_of_plan(plan)), []).append(code)
    for asked in rows:
        if asked["is_active"] and not asked.wrong:
            found.setdefault(_identity(asked), []).append(asked["code"])
    return found


def _known(asked: Sequence[AskedPlan]) -> Known:
    return known_names({each["station"] for each in asked if each["signal_code"]}, {each["code"] for each in asked})


def _changes(before: ControlPlan | None, asked: AskedPlan) -> dict[str, tuple[str, str]]:
    after = words_of(asked.values)
    was = dict.fromkeys(after, "") if before is None else words_of(values_of_plan(before))
    return {name: (was[name], after[name]) for name in after if was[name] != after[name]}


def _write(asked: AskedPlan, known: Known, reason: str) -> ControlPlan:
    """Inside the caller's transaction; the database notes the change itself, with this reason."""
    rows = {name: some[asked[name]] for name, some in known.rows().items()}
    plan = known.plans.get(asked["code"]) or ControlPlan()
    for name, value in {**asked.values, **rows}.items():
        setattr(plan, name, value)
    with connection.cursor() as cursor:
        cursor.execute("select set_config('denchi.reason', %s, true)", [reason])
    plan.save()
    return plan
