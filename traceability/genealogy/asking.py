"""What is asked of a genealogy, read from an address."""

from collections.abc import Mapping

from lines.errors import WRONG_PARAMETER, Refusal
from lines.orders.serials import canonical
from traceability import errors
from traceability.genealogy.starts import read_kinds
from traceability.genealogy.walking import DEEPEST, DIRECTIONS, LOT, MADE_OF, Walk
from traceability.units.models import Unit
from traceability.units.queries import KINDS, moment, number


def read_walk(serial: str, words: Mapping[str, str]) -> tuple[str, Walk]:
    """The unit's serial and what to walk of it. Raises Refusal UNIT_NOT_FOUND or WRONG_PARAMETER."""
    direction = words.get("direction", "") or MADE_OF
    if direction not in DIRECTIONS:
        raise Refusal(WRONG_PARAMETER, f"direction: one of {', '.join(DIRECTIONS)}")
    ended = words.get("with_ended", "") or "false"
    if ended not in ("true", "false"):
        raise Refusal(WRONG_PARAMETER, "with_ended: true or false")
    depth = number("depth", words.get("depth", "") or str(DEEPEST), most=DEEPEST)
    as_of, kinds = moment("as_of", words.get("as_of", "")), read_kinds(words.get("kinds", ""), (LOT, *KINDS))
    wanted = canonical(serial)
    unit = Unit.objects.filter(serial=wanted).first() if wanted.isprintable() else None
    if unit is None:
        raise Refusal(errors.UNIT_NOT_FOUND, wanted if wanted.isprintable() else "")
    return unit.serial, Walk(unit.pk, direction, depth, as_of, kinds, ended == "true")
