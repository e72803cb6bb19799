"""reaction_codes.csv and reaction_steps.csv as records. Pure."""

from pathlib import Path

from lines.plant.shapes import ReactionCodeFile, ReactionStepFile
from lines.plant.tables import rows_of

KINDS = ("CAUSE", "ACTION")
GROUPS = ("", "MAN", "MACHINE", "MATERIAL", "METHOD", "MEASUREMENT", "ENVIRONMENT")


def read_reaction_codes(folder: Path) -> tuple[ReactionCodeFile, ...]:
    """Causes and actions that a reaction to a signal is closed with."""
    return tuple(
        ReactionCodeFile(
            code=row.code("code"),
            name=row.name(),
            kind=row.choice("kind", KINDS),
            group=row.choice("group", GROUPS, ""),
            is_false_alarm=row.choice("false_alarm", ("yes", "no")) == "yes",
        )
        for row in rows_of(folder, "reaction_codes.csv", ("code", "kind", "group", "false_alarm", "name_en", "name_ja"))
    )


def read_reaction_steps(folder: Path) -> tuple[ReactionStepFile, ...]:
    """Steps that have to be answered: of one control plan, or of all that have none of their own."""
    return tuple(
        ReactionStepFile(
            plan=row.text("plan") if row.has("plan") else "",
            sequence=row.integer("sequence", least=1, most=99),
            name=row.name(),
        )
        for row in rows_of(folder, "reaction_steps.csv", ("code", "plan", "sequence", "name_en", "name_ja"))
    )
