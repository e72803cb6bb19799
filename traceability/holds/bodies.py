"""Bodies of the API about holds and dispositions. Pure."""

from dataclasses import dataclass

from lines.errors import OUT_OF_RANGE, WRONG_TYPE
from lines.orders.serials import canonical
from lines.stations.body import Fields, known_only, read_count, read_text, refuse
from traceability.holds.disposing import LONGEST_REASON, AskedDecision
from traceability.holds.placing import LONGEST_RELEASE_REASON

MOST_UNITS = 1000
_LARGEST_ID = 2**62
_DECISION = frozenset({"disposition", "reason", "rework_to", "grade", "confirms"})


@dataclass(frozen=True, slots=True)
class AskedRelease:
    reason: str
    serials: tuple[str, ...] | None  # None: the whole hold


def read_release(body: Fields) -> AskedRelease:
    known_only(body, frozenset({"reason", "serials"}), "$")
    serials = body.get("serials")
    if serials is not None:
        if not isinstance(serials, list) or not all(isinstance(each, str) for each in serials):
            refuse(WRONG_TYPE, "$.serials", "expected a list of serials")
        if not 1 <= len(serials) <= MOST_UNITS:
            refuse(OUT_OF_RANGE, "$.serials", f"1 to {MOST_UNITS}; leave it out for the whole hold")
        serials = tuple(canonical(each) for each in serials)
    return AskedRelease(read_text(body, "reason", "$", longest=LONGEST_RELEASE_REASON), serials)


def read_decision(body: Fields) -> AskedDecision:
    known_only(body, _DECISION, "$")
    return AskedDecision(
        disposition=read_text(body, "disposition", "$"),
        reason=read_text(body, "reason", "$", longest=LONGEST_REASON),
        rework_to=read_text(body, "rework_to", "$"),
        grade=read_text(body, "grade", "$"),
        confirms=read_count(body, "confirms", "$", largest=_LARGEST_ID),
    )
