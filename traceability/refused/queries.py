"""Refused posts: what could not be understood or trusted, and what became of it."""

import json
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet
from django.db.models.enums import TextChoices
from django.utils.translation import gettext_lazy as _

from lines.errors import WRONG_PARAMETER, Code, Refusal, as_json
from lines.models import OperationRecord, QuarantinedPost, StationPost
from lines.records.errors import REFUSED_UNKNOWN
from traceability.codes import described
from traceability.refused.bodies import item_index, posted_to, readable, replay_key
from traceability.units.queries import Window, page_of


class Show(TextChoices):
    """The tabs of the list."""

    OPEN = "open", _("To settle")
    REPLAYED = "replayed", _("Replayed")
    DISMISSED = "dismissed", _("Dismissed")
    ALL = "all", _("All")


_SHOWN = {
    Show.OPEN: Q(settled_at=None),
    Show.REPLAYED: Q(settlement="REPLAYED"),
    Show.DISMISSED: Q(settlement="DISMISSED"),
    Show.ALL: Q(),
}


@dataclass(frozen=True)
class RefusedPost:
    """One refused post with its code in words."""

    post: QuarantinedPost
    code: Code

    @property
    def is_replayable(self) -> bool:
        """A result that a station posted for itself, not settled yet."""
        return self.post.settled_at is None and is_replayable(self.post)

    @property
    def item(self) -> int | None:
        return item_index(self.post.path)

    @property
    def body(self) -> str:
        return readable(bytes(self.post.body))

    @property
    def replayed_body(self) -> str:
        return readable(bytes(self.post.replayed_body)) if self.post.replayed_body is not None else ""


def is_replayable(post: QuarantinedPost) -> bool:
    station = post.station
    return station is not None and posted_to(post.path) == f"/api/v1/stations/{station.code}/results"


def key_of(post: QuarantinedPost, raw: bytes) -> str:
    """The key under which it is stored when it is replayed with the body `raw`."""
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError):
        body = None
    has_result_id = isinstance(body, dict) and bool(body.get("result_id"))
    return replay_key(post.key, post.path, post.pk, has_result_id)


def refused_posts(show: Show, station: str = "", code: str = "") -> QuerySet[QuarantinedPost]:
    """Newest first; empty filters take all. Bodies are not loaded."""
    found = QuarantinedPost.objects.filter(_SHOWN[show]).select_related("station").order_by("-id")
    if station:
        found = found.filter(station__code=station)
    if code:
        found = found.filter(code=code)
    return found.defer("body", "replayed_body")


def listed(post: QuarantinedPost) -> RefusedPost:
    return RefusedPost(post, described(post.code))


def filters() -> tuple[list[str], list[Code]]:
    """Stations and codes that have open refused posts."""
    rows = QuarantinedPost.objects.filter(settled_at=None).values_list("station__code", "code").distinct()
    codes = sorted({code for _station, code in rows})
    return sorted({station for station, _code in rows if station}), [described(code) for code in codes]


def one_refused(post_id: int) -> RefusedPost | None:
    found = QuarantinedPost.objects.select_related("station", "replayed_as").filter(pk=post_id).first()
    return listed(found) if found else None


def stored_since(post: QuarantinedPost) -> StationPost | None:
    """What the station stored under this key after all: it corrected itself, so a replay would say the same twice."""
    if post.station is None or not post.key or item_index(post.path) is not None:
        return None
    return StationPost.objects.filter(station=post.station, key=post.key).first()


def serials_of(post: StationPost | None) -> list[str]:
    """Units whose results a stored post told, at most 512."""
    return list(OperationRecord.objects.filter(post=post).order_by("id").values_list("serial", flat=True)[:512])


# For the API.


def _row(found: RefusedPost) -> dict[str, Any]:
    post = found.post
    return {
        "id": post.pk,
        "station": post.station.code if post.station else None,
        "received_at": post.received_at.isoformat(),
        "path": post.path,
        "key": post.key,
        "error": as_json(found.code, post.detail),
        "is_replayable": found.is_replayable,
        "settlement": post.settlement or None,
        "settled_at": post.settled_at.isoformat() if post.settled_at else None,
        "settled_by": post.settled_by or None,
        "note": post.note,
    }


def list_refused(state: str, station: str, code: str, of: Window) -> dict[str, Any]:
    """Refused posts, newest first. Raises Refusal WRONG_PARAMETER for a state that is none."""
    if state and state not in Show.values:
        raise Refusal(WRONG_PARAMETER, f"state: one of {', '.join(Show.values)}")
    rows = refused_posts(Show(state) if state else Show.OPEN, station, code)
    return page_of(rows, of, lambda post: _row(listed(post)))


def show_refused(post_id: int) -> dict[str, Any]:
    """One of them, with its body. Raises Refusal REFUSED_UNKNOWN."""
    found = one_refused(post_id)
    if found is None:
        raise Refusal(REFUSED_UNKNOWN, str(post_id))
    return {
        **_row(found),
        "body": found.body,
        "replayed_body": found.replayed_body or None,
        "serials": serials_of(found.post.replayed_as) if found.post.replayed_as else [],
    }
