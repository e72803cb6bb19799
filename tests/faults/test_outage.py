"""Ten minutes without the MES at five stations: nothing is lost or doubled, and every violator is held."""

import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from django.utils import timezone

from lines.models import OperationRecord, Station, StationPost
from mes.embedded import free_port
from tests.processes import Processes, processes, wait_for
from tests.traceability.conftest import make_hand
from tests.traceability.short_route import (
    STATIONS,
    STEPS,
    is_held,
    make_short_route,
    new_serial,
    offline,
    standing,
)
from traceability.holds.services import hold_unit
from traceability.interlock import errors as entry_errors
from traceability.units.models import Unit

__all__ = ["processes"]

UNITS = 45
EVERY = timedelta(seconds=11)  # a unit enters the first station
MAY_RUN_ON = 38  # at the fourth station

pytestmark = pytest.mark.slow


@dataclass
class Sender:
    """One station's control: asks, runs on when nobody answers, and posts its buffer in order when somebody does."""

    station: str
    token: str
    base_url: str
    buffer: list[dict[str, Any]] = field(default_factory=list)
    unanswered: int = 0
    answers: list[dict[str, Any]] = field(default_factory=list)
    client: httpx.Client = field(default_factory=lambda: httpx.Client(timeout=20))

    def _post(self, path: str, body: dict[str, Any], key: str = "") -> httpx.Response:
        headers = {"Authorization": f"Token {self.token}", "Idempotency-Key": key}
        return self.client.post(f"{self.base_url}/api/v1/stations/{self.station}/{path}", json=body, headers=headers)

    def make(self, body: dict[str, Any]) -> None:
        """Nobody says whether the unit may enter: it is worked on, and told later."""
        try:
            self._post("permits", {"serial": body["serial"], "operation": body["operation"]})
        except httpx.TransportError:
            self.unanswered += 1
        self.buffer.append(body)

    def drain(self) -> None:
        for number, body in enumerate(self.buffer):
            while True:
                try:
                    answer = self._post("results", body, f"{self.station}-{number}")
                except httpx.TransportError:
                    time.sleep(0.1)
                    continue
                if answer.status_code == 201:
                    self.answers.append(answer.json())
                    break
                assert answer.status_code in (409, 429, 503), answer.text
                time.sleep(0.05)


def _start_web(processes: Processes, name: str, port: int) -> None:
    words = ("-m", "uvicorn", "mes.asgi:application", "--port", str(port), "--log-level", "warning")
    processes.start(name, *words)
    wait_for("the web process", lambda: _answers(f"http://127.0.0.1:{port}/healthz"), 60)


def _answers(url: str) -> bool:
    try:
        return httpx.get(url).status_code == 200
    except httpx.TransportError:
        return False


def test_ten_minutes_at_five_stations(processes: Processes) -> None:
    hand = make_hand()
    port = free_port()
    base_url = f"http://127.0.0.1:{port}"
    began = timezone.now() - timedelta(minutes=12)
    make_short_route(began)
    Station.objects.filter(code=STATIONS[3]).update(offline_units=MAY_RUN_ON)
    senders = [Sender(station, hand.tokens[station], base_url) for station in STATIONS]
    serials = [new_serial() for _ in range(UNITS)]
    held, astray = set(serials[5::20]), set(serials[7::20])

    # Before the outage: the MES knows the units that somebody holds.
    for serial in held:
        body = offline(serial, STEPS[0], began - timedelta(minutes=30)) | {"offline": False}
        assert hand.ask(serial, STEPS[0])["verdict"] == "ALLOW"
        assert hand.tell(body).status_code == 201
        hold_unit(Unit.objects.get(serial=serial).pk, reason="Look", by="person:x", now=began - timedelta(minutes=20))
    _start_web(processes, "web", port)
    processes.kill("web")

    made: list[tuple[datetime, int, dict[str, Any]]] = []
    for number, serial in enumerate(serials):
        for place, operation in enumerate(STEPS):
            if (serial in held and place == 0) or (serial in astray and place == 1):
                continue  # made before; or passed by, which nobody noticed
            ended = began + number * EVERY + place * timedelta(seconds=30)
            made.append((ended, place, offline(serial, operation, ended)))
    made.sort(key=lambda each: each[0])
    for _, place, body in made:
        senders[place].make(body)
    assert all(sender.unanswered == len(sender.buffer) for sender in senders)

    _start_web(processes, "again", port)
    threads = [threading.Thread(target=sender.drain) for sender in senders]
    for thread in threads:
        thread.start()
    wait_for("a part of the buffers", lambda: sum(len(s.answers) for s in senders) > len(made) // 3, 60)
    processes.kill("again")  # and once more, in the middle
    _start_web(processes, "third", port)
    for thread in threads:
        thread.join(60)
    assert not any(thread.is_alive() for thread in threads)

    records = OperationRecord.objects.filter(is_offline=True)
    assert Counter(records.values_list("serial", "operation")) == Counter(
        (body["serial"], body["operation"]) for *_, body in made
    )
    assert StationPost.objects.filter(records__in=records).distinct().count() == len(made)
    beyond = {
        record.serial
        for record in records
        if entry_errors.OFFLINE_BEYOND.code in record.deviation_codes and record.station.code == STATIONS[3]
    }
    fourth = [body["serial"] for _, place, body in made if place == 3]
    assert beyond == set(fourth[MAY_RUN_ON:])
    violators = held | astray | beyond
    for serial in serials:
        stands = standing(serial)
        assert is_held(serial) == (serial in violators), (serial, stands)
        if serial not in violators:
            assert stands["place"][:2] == ("COMPLETED", None)
            assert not any(codes for *_, codes, _ in stands["visits"]), stands
