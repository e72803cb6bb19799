"""The real plant, loaded once for each module, and a hand that posts to its API as stations do."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone
from pytest_django.plugin import DjangoDbBlocker

from lines.models import Pending, Person, Station
from lines.orders.serials import Serial, make_serial
from lines.people.models import Role
from lines.people.services import issue_person_token, issue_station_token
from lines.plant.files import PlantFiles, read_plant
from lines.plant.shapes import ProductFile, StepFile
from mes.loading.services import load_plant
from tests.plant_copies import load_once
from tests.plants import plain_plant

if TYPE_CHECKING:
    # What the test client returns; it exists for type checkers only.
    from django.test.client import _MonkeyPatchedWSGIResponse as Response

MADE_ON = date(2026, 11, 20)


@dataclass
class Hand:
    """Posts as stations do. Times run on by a minute for each result, and for a unit that has to wait by its wait."""

    plant: PlantFiles
    tokens: dict[str, str]
    person_token: str
    client: Client = field(default_factory=Client)
    made: int = 0
    clock: datetime = field(default_factory=lambda: timezone.now() - timedelta(days=9))
    lots: dict[str, str] = field(default_factory=dict)  # material: lot number received
    waited: dict[str, timedelta] = field(default_factory=dict)  # by serial

    def product_of(self, serial: str) -> ProductFile:
        """By the serial's design code; the first product for a serial that no rule knows."""
        products = self.plant.products
        return next((p for p in products for d in p.definitions if d.design_code == serial[3:6]), products[0])

    def step(self, serial: str, operation: str) -> StepFile | None:
        return next((s for s in self.product_of(serial).steps if s.operation == operation), None)

    def station_of(self, operation: str) -> str:
        return next(s.code for s in self.plant.stations if operation in s.operations)

    def serial(self, design: str) -> str:
        self.made += 1
        return make_serial(Serial("SK", "1", design, MADE_ON, self.made))

    def design(self, definition: str) -> str:
        return next(d.design_code for p in self.plant.products for d in p.definitions if d.code == definition)

    def post(self, path: str, body: Any, station: str, key: str | None = None, **headers: str) -> Response:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        if key is not None:
            headers["Idempotency-Key"] = key
        token = self.tokens.get(station, station)
        return self.client.post(
            f"/api/v1/{path}",
            raw,
            content_type=headers.pop("content_type", "application/json"),
            headers={"Authorization": f"Token {token}", **headers},
        )

    def get(self, path: str, **query: Any) -> Response:
        return self.client.get(f"/api/v1/{path}", query, headers={"Authorization": f"Token {self.person_token}"})

    def ask(self, serial: str, operation: str, station: str | None = None, **more: Any) -> dict[str, Any]:
        """A permit's answer, asked by the hand's clock."""
        station = station or self.station_of(operation)
        body = {
            "serial": serial,
            "operation": operation,
            "source_time": self.now(serial).isoformat(),
            "operator": self.operator(operation),
            **more,
        }
        response = self.post(f"stations/{station}/permits", body, station)
        assert response.status_code == 200, response.content
        answer: dict[str, Any] = response.json()
        return answer

    def cancel(self, permit: int, station: str) -> Response:
        headers = {"Authorization": f"Token {self.tokens[station]}"}
        return self.client.delete(f"/api/v1/stations/{station}/permits/{permit}", headers=headers)

    def values(self, serial: str, operation: str, **changed: float) -> list[dict[str, Any]]:
        """Every characteristic that the station of this operation posts, at its target."""
        product, step = self.product_of(serial), self.step(serial, operation)
        characteristics = {c.code: c for c in self.plant.characteristics}
        found = []
        for code in step.characteristics if step else ():
            characteristic = characteristics[code]
            if characteristic.formula:
                continue
            limits = product.limits.get(code)
            target = limits.target if limits else characteristic.target
            name = code.replace("-", "_")
            found.append({"code": code, "value": changed.get(name, target), "unit": characteristic.unit})
        return found

    def lot(self, material: str) -> dict[str, Any]:
        """A received lot of a material, with what one unit takes of it left open."""
        if material not in self.lots:
            self.lots[material] = f"LOT-{material}"
            self.receive(material, self.lots[material])
        uom = next(m.uom for m in self.plant.materials if m.code == material)
        return {"material": material, "supplier": "ACME", "lot": self.lots[material], "quantity": 1.5, "unit": uom}

    def receive(self, material: str, number: str, expires_at: datetime | None = None) -> Response:
        body = {"supplier": "ACME", "number": number, "material": material}
        if expires_at is not None:
            body["expires_at"] = expires_at.isoformat()
        return self.post("lots", body, "MIX-1")

    def now(self, serial: str) -> datetime:
        """The machine's time for a unit."""
        return self.clock + self.waited.get(serial, timedelta())

    def operator(self, operation: str) -> str:
        """Somebody certified, where the operation asks for that."""
        if not any(o.needs_certification for o in self.plant.operations if o.code == operation):
            return ""
        people = (p for p in self.plant.people for c in p.certifications if c.operation == operation)
        return next(person.username for person in people)

    def body(self, serial: str, operation: str, outcome: str = "PASS", **more: Any) -> dict[str, Any]:
        self.clock += timedelta(minutes=1)
        finished_at = self.now(serial)
        body = {
            "serial": serial,
            "operation": operation,
            "outcome": outcome,
            "started_at": (finished_at - timedelta(seconds=30)).isoformat(),
            "finished_at": finished_at.isoformat(),
            "measurements": self.values(serial, operation),
            "operator": self.operator(operation),
        }
        if operation == "GRADE":
            body["grade"] = "A"
        return body | more

    def tell(self, body: dict[str, Any], key: str | None = None, station: str | None = None) -> Response:
        """Post a result without asking for a permit first."""
        self.made += 1
        station = station or self.station_of(body["operation"])
        return self.post(f"stations/{station}/results", body, station, key or f"K-{self.made}")

    def run(self, serial: str, operation: str, outcome: str = "PASS", **more: Any) -> dict[str, Any]:
        """Permit, then result; the result's answer. Told to come again, it does: then the charts have looked at the
        unit's records, and it has waited."""
        permit = self.ask(serial, operation)
        if permit["retry_after_s"]:
            self.contain(serial)
            self.waited[serial] = self.waited.get(serial, timedelta()) + timedelta(seconds=permit["retry_after_s"])
            permit = self.ask(serial, operation)
        assert permit["verdict"] == "ALLOW", permit
        response = self.tell(self.body(serial, operation, outcome, **more))
        assert response.status_code == 201, response.content
        answer: dict[str, Any] = response.json()
        return answer

    def contain(self, serial: str) -> None:
        """Nobody has to look at the unit's records any more."""
        Pending.objects.filter(record__serial=serial).delete()

    def inputs(self, step: StepFile, per_position: int = 2) -> dict[str, Any]:
        """What one unit takes in at a step, made or received first; at most `per_position` of each positioned part."""
        found: dict[str, list[dict[str, Any]]] = {"consumed": [], "components": [], "ranges": []}
        bought = {m.code for m in self.plant.materials}
        definitions = {d.code: d for p in self.plant.products for d in p.definitions}
        for item in step.bill:
            if item.material in bought:
                found["consumed"].append(self.lot(item.material))
                continue
            tracking = definitions[item.material].tracking
            if tracking == "ROLL":
                roll = self.make(item.material)
                found["ranges"].append({"serial": roll, "lane": 1, "from_m": 10.0, "to_m": 10.0 + item.quantity / 2})
            elif tracking == "SLURRY_BATCH":
                found["components"].append({"serial": self.make(item.material), "quantity": item.quantity})
            else:
                for position in range(1, min(item.positions, per_position) + 1):
                    found["components"].append({"serial": self.make(item.material), "position": position})
        return {name: rows for name, rows in found.items() if rows}

    def make(self, definition: str, until: str | None = None) -> str:
        """A unit that has passed every step of its definition, or those before operation `until`, with all inputs."""
        serial = self.serial(self.design(definition))
        product = next(p for p in self.plant.products for s in p.steps if s.definition == definition)
        for step in product.steps:
            if step.definition != definition:
                continue
            if step.operation == until:
                break
            if int(serial[9:15]) % step.sample_every:
                continue
            more = self.inputs(step)
            if step.by_tray:
                more |= {"tray": "T-0001", "slot": 1}
            answer = self.run(serial, step.operation, **more)
            assert answer["is_conforming"] and answer["verdict"] == "PASS", answer
        return serial


def make_hand() -> Hand:
    """The plain plant in the database, with a token for every station and one for an auditor."""
    hand = load_once("plain", _load_plain)
    return Hand(hand.plant, hand.tokens, hand.person_token)


def _load_plain() -> Hand:
    with tempfile.TemporaryDirectory() as scratch:
        folder = plain_plant(Path(scratch))
        load_plant(folder)
        plant = read_plant(folder)
    tokens = {station.code: issue_station_token(station) for station in Station.objects.all()}
    auditor = Person.objects.get(role=Role.AUDITOR)
    return Hand(plant, tokens, issue_person_token(auditor))


@pytest.fixture(scope="module")
def loaded(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Hand]:  # noqa: ARG001 - order
    """The plant in a transaction that ends with the module; each test rolls back to here."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield make_hand()
        transaction.set_rollback(True)


@pytest.fixture
def hand(loaded: Hand, db: None) -> Hand:  # noqa: ARG001 - order
    return Hand(loaded.plant, loaded.tokens, loaded.person_token)
