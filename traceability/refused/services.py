"""Settling refused posts: replayed as if the station had posted now what it should have, or dismissed with a note."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils import timezone

from lines.errors import Code, Refusal
from lines.models import Person, QuarantinedPost, StationPost
from lines.people.actors import acting
from lines.people.auth import may_settle_refused_posts
from lines.records import errors
from lines.records.models import Settlement
from lines.stations.body import read_json
from lines.stations.contracts import read_result_id
from traceability.interlock.results import Taken, take_result
from traceability.refused.bodies import posted_to
from traceability.refused.queries import is_replayable, key_of

LONGEST_NOTE = 500


def replay(post_id: int, person: Person, body: bytes | None = None) -> Taken:
    """Take a refused result as the station's post is taken, with `body` in place of what came where it was edited.

    Its times are judged as of when it came, and its key binds now. In one transaction with the settlement: refused
    again, the refused post stays open as it was and nothing new is kept. Raises Refusal.
    """
    with acting(f"person:{person.username}"):
        post = _open_one(post_id, person)
        if post.station is None or not is_replayable(post):
            raise Refusal(errors.NOT_REPLAYABLE, post.path)
        came = bytes(post.body)
        is_edited = body is not None and body != came
        raw = body if body is not None and is_edited else came
        key = key_of(post, raw)
        taken = take_result(post.station, key, posted_to(post.path), raw, came_at=post.received_at)
        _settle(post, person, Settlement.REPLAYED, "")
        post.replayed_as = StationPost.objects.get(station=post.station, key=key or read_result_id(read_json(raw)))
        post.replayed_body = raw if is_edited else None
        post.save(update_fields=["replayed_as", "replayed_body"])
        return taken


@dataclass(frozen=True)
class Tried:
    """What came of one of several; `code` None: it is stored now."""

    post_id: int
    code: Code | None
    detail: str


def replay_all(post_ids: Iterable[int], person: Person) -> list[Tried]:
    """Each as it came, oldest first and each by itself: one that is refused again keeps none from going on."""
    tried = []
    for post_id in sorted(set(post_ids)):
        try:
            replay(post_id, person)
        except Refusal as refusal:
            tried.append(Tried(post_id, refusal.code, refusal.detail))
        else:
            tried.append(Tried(post_id, None, ""))
    return tried


def dismiss(post_id: int, person: Person, note: str) -> None:
    """Nothing will come of it, and `note` says why. Raises Refusal."""
    note = " ".join(note.split())
    if not note or len(note) > LONGEST_NOTE or not note.isprintable():
        what = f"the note has {len(note)} characters, 1 to {LONGEST_NOTE} printable ones are taken"
        raise Refusal(errors.DISMISS_NOTE, what)
    with acting(f"person:{person.username}"):
        _settle(_open_one(post_id, person), person, Settlement.DISMISSED, note)


def _open_one(post_id: int, person: Person) -> QuarantinedPost:
    """The refused post, locked. Raises Refusal: not allowed, unknown, settled."""
    if not may_settle_refused_posts(person):
        raise Refusal(errors.REFUSED_NOT_YOURS, person.username)
    found = QuarantinedPost.objects.select_for_update(of=("self",)).select_related("station").filter(pk=post_id).first()
    if found is None:
        raise Refusal(errors.REFUSED_UNKNOWN, str(post_id))
    if found.settled_at is not None:
        raise Refusal(errors.REFUSED_SETTLED, f"{found.settlement} by {found.settled_by}")
    return found


def _settle(post: QuarantinedPost, person: Person, settlement: Settlement, note: str) -> None:
    post.settled_at, post.settled_by, post.settlement, post.note = (
        timezone.now(), person.username, settlement, note
    )  # fmt: skip
    post.save(update_fields=["settled_at", "settled_by", "settlement", "note"])
