"""What is mounted at a station's feed points, for its page."""

from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from lines.errors import Code
from lines.models import Station
from traceability.codes import described
from traceability.feeding.models import FeedPoint, Mounting
from traceability.feeding.queries import feed_points, mounting_of


@dataclass(frozen=True)
class FeedRow:
    point: FeedPoint
    mounting: Mounting | None
    wrong: list[Code]  # as the scan found it
    now: datetime

    @property
    def is_expired(self) -> bool:
        expires_at = self.mounting.lot.expires_at if self.mounting else None
        return expires_at is not None and expires_at < self.now

    @property
    def is_bad(self) -> bool:
        return (
            self.is_expired or bool(self.wrong) or (self.mounting is not None and self.mounting.lot.state != "RELEASED")
        )


def feeds(station: Station) -> list[FeedRow]:
    now = timezone.now()
    found = []
    for point in feed_points(station):
        mounting = mounting_of(point)
        wrong = [described(code) for code in mounting.deviation_codes] if mounting else []
        found.append(FeedRow(point, mounting, wrong, now))
    return found
