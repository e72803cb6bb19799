"""How often a token may ask. Bursts of a PLC that posts its buffer pass; a loop gone wild does not."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from django.conf import settings
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from lines.people.auth import StationUser
from lines.people.buckets import Buckets

if TYPE_CHECKING:
    # rest_framework.views reads the settings that name this module.
    from rest_framework.views import APIView

_STATIONS, _PEOPLE = Buckets(), Buckets()


class Throttle(BaseThrottle):
    """A bucket for each station token and each person, in this process's memory: it costs no query and needs no Redis.

    Each web process counts for itself, so N processes let N times the limit through; the limit is there to keep one
    client from starving the others, not to count. A rate of 0 switches it off.
    """

    def __init__(self) -> None:
        self._wait_s = 0.0

    def allow_request(self, request: Request, view: APIView) -> bool:  # noqa: ARG002 - DRF's signature
        user = request.user
        if isinstance(user, StationUser):
            buckets, holder = _STATIONS, user.token_id
            burst, rate = settings.DENCHI_STATION_BURST, settings.DENCHI_STATION_RATE
        else:
            buckets, holder = _PEOPLE, user.pk or 0
            burst, rate = settings.DENCHI_PERSON_BURST, settings.DENCHI_PERSON_RATE
        if rate <= 0:
            return True
        self._wait_s = buckets.take(holder, burst, rate, time.monotonic())
        return self._wait_s == 0

    def wait(self) -> float:
        """Seconds for Retry-After."""
        return self._wait_s
