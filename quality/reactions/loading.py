"""Causes, actions and steps of a plant folder as rows."""

from lines.plant.files import PlantFiles
from lines.plant.master import Changes, Rows
from lines.plant.services import names
from quality.plans.models import ControlPlan
from quality.reactions.models import ReactionCode, ReactionStep


def load_reactions(plant: PlantFiles, changes: Changes) -> None:
    """Inside the loader's transaction, after the control plans."""
    codes = Rows(ReactionCode, changes, "code")
    for code in plant.reaction_codes:
        codes.keep(code.code, kind=code.kind, group=code.group, is_false_alarm=code.is_false_alarm, **names(code.name))
    plans = dict(ControlPlan.objects.values_list("code", "pk"))
    steps = Rows(ReactionStep, changes, "plan_id", "sequence")
    for step in plant.reaction_steps:
        steps.keep(plans[step.plan] if step.plan else None, step.sequence, **names(step.name))
