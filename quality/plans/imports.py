"""Control plans as a spreadsheet: out with all their columns, and in again."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from lines.errors import Refusal
from lines.spreadsheets import Table as Sheet
from lines.spreadsheets import as_written
from quality.plans import errors
from quality.plans.asked import COLUMNS, AskedPlan, Wrong, asked_plan, words_of
from quality.plans.listing import all_plans, values_of_plan
from quality.plans.models import ControlPlan
from quality.spc.tables import Table, read_table, texts

SHEET = "control plans"
MOST_ROWS = 2_000


def plans_sheet(plans: Iterable[ControlPlan]) -> Sheet:
    """Name, header and a row for each plan."""
    return SHEET, COLUMNS, [row_of(words_of(values_of_plan(plan))) for plan in plans]


@dataclass(frozen=True)
class ReadPlans:
    """A table as it was read: rows with their numbers in the file, what is wrong with them included."""

    rows: list[tuple[int, AskedPlan]]
    columns: tuple[str, ...]  # those that the table has

    def sheet(self) -> Sheet:
        """To be carried from the check to the import: the table's own columns alone, so that what others changed in
        the rest of a plan meanwhile stays."""
        words = [words_of(asked.values) for _, asked in self.rows]
        return SHEET, self.columns, [[row[name] for name in self.columns] for row in words]


def row_of(words: dict[str, str]) -> list[str]:
    return [words[name] for name in COLUMNS]


def read_plans(content: bytes | str, name: str = "") -> ReadPlans:
    """Nothing is checked beside the plant.

    A column that the table leaves out stays as it is in a plan that is there, and is the usual one in a new plan.
    Raises Refusal where the file is no such table.
    """
    if not content:
        raise Refusal(errors.PLAN_FILE_EMPTY)
    table = read_table(content, name, header=True)
    titles = [title.strip().lower() for title in table.header]
    unknown = [title for title in titles if title not in COLUMNS]
    if unknown or "code" not in titles or len(set(titles)) < len(titles):
        detail = f"unknown: {', '.join(unknown)}" if unknown else "column code, each once"
        raise Refusal(errors.PLAN_FILE, detail[:200])
    if not table.rows:
        raise Refusal(errors.PLAN_FILE_EMPTY)
    if len(table.rows) > MOST_ROWS:
        raise Refusal(errors.PLAN_FILE, f"<= {MOST_ROWS}")
    return ReadPlans(_rows(table, titles), tuple(titles))


def _rows(table: Table, titles: Sequence[str]) -> list[tuple[int, AskedPlan]]:
    columns = {title: texts(table, place) for place, title in enumerate(titles)}
    there = {plan.code: words_of(values_of_plan(plan)) for plan in all_plans()}
    broken = {message.row: message for message in table.messages}
    found = []
    for place, number in enumerate(table.numbers):
        words = {title: as_written(cells[place]) for title, cells in columns.items()}
        asked = asked_plan({**there.get(words["code"].strip().upper(), {}), **words})
        message = broken.get(number)
        if message is not None:
            asked = AskedPlan(asked.values, (Wrong("code", message.code, message.detail),))
        found.append((number, asked))
    return found
