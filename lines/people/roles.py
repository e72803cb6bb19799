"""What the roles may do with units and material. Auditors read only."""

from lines.people.models import Person, Role


def may_move_units(person: Person) -> bool:
    """Into trays, out of them and from one to another."""
    return person.role != Role.AUDITOR


def may_part_lots(person: Person) -> bool:
    """Split and merge: booking what was done with the material, no judgement on it."""
    return person.role in (Role.SUPERVISOR, Role.QUALITY, Role.ADMINISTRATOR)


def may_judge_lots(person: Person) -> bool:
    """Release, block, change the expiry."""
    return person.role in (Role.QUALITY, Role.ADMINISTRATOR)


def may_analyse(person: Person) -> bool:
    """Asking why units failed; what was found is read by all."""
    return person.role in (Role.SUPERVISOR, Role.QUALITY, Role.ADMINISTRATOR)
