"""The published documentation is true: its examples are taken as it says, and nothing answers otherwise.

Written over the document, not over the endpoints: a new endpoint is covered when it is there.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
import schemathesis
from django.db import connection, transaction
from django.utils import timezone
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck, Phase, given, seed, settings
from jsonschema import Draft202012Validator
from schemathesis.checks import CHECKS

from lines.models import MaterialDefinition, OperationRecord, Person
from lines.people.models import Role
from lines.people.services import issue_person_token
from mes.api_examples import PARAMETERS
from quality.models import ControlPlan, Reaction
from tests.traceability.conftest import Hand
from tests.web import application
from traceability.models import Unit

if TYPE_CHECKING:
    from django.test.client import _MonkeyPatchedWSGIResponse as Response

METHODS = ("get", "post", "put", "patch", "delete")
ROLL = "SK1RLC6BL000004G9"
CONTAINERS = ("SK1XLF6BL0000011N", "SK1XLF6BL0000020Y")
CELLS = ("SK1CLF6BL000456DB", "SK1CLF6BL000457CM", "SK1CLF6BL000458BX")


@dataclass(frozen=True)
class Operation:
    method: str
    path: str
    about: dict[str, Any]

    @property
    def name(self) -> str:
        return str(self.about["operationId"])

    @property
    def bodies(self) -> dict[str, Any]:
        content = self.about.get("requestBody", {}).get("content", {}).get("application/json", {})
        return {name: example["value"] for name, example in content.get("examples", {}).items()}

    @property
    def takes_body(self) -> bool:
        return "requestBody" in self.about


@dataclass
class Documented:
    """The document, and who may ask."""

    schema: dict[str, Any]
    hand: Hand
    people: dict[str, str] = field(default_factory=dict)  # token by role

    def operations(self) -> list[Operation]:
        return [
            Operation(method, path, about)
            for path, item in self.schema["paths"].items()
            for method, about in item.items()
            if method in METHODS
        ]

    def tokens(self, station: str) -> list[str]:
        return [self.hand.tokens[station], *self.people.values()]

    def check(self, operation: Operation, response: Response) -> None:
        """The status is documented and the body is what the documentation says of it."""
        where = f"{operation.name}: {response.status_code} {response.content[:300]!r}"
        answers = operation.about["responses"]
        assert str(response.status_code) in answers, where
        content = answers[str(response.status_code)].get("content")
        if content:
            shape = content["application/json"]["schema"] | {"components": self.schema["components"]}
            faults = [fault.message for fault in Draft202012Validator(shape).iter_errors(response.json())]
            assert not faults, (where, faults)
        else:
            assert not response.content, where


@pytest.fixture
def documented(hand: Hand) -> Documented:
    schema = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]  # spectacular's
    people = {role: Person.objects.filter(role=role).first() for role in Role.values}
    return Documented(schema, hand, {role: issue_person_token(p) for role, p in people.items() if p})


@pytest.fixture
def scene(documented: Documented) -> dict[str, Any]:
    """Something behind every address of the examples; the ids that stand for theirs."""
    hand = documented.hand
    for number in ("A-1", "A-7"):
        body = {"supplier": "ACME", "number": number, "material": "GRAPHITE", "quantity": 400.0}
        assert hand.post("lots", body, "MIX-1").status_code == 201
    for serial in (PARAMETERS["serial"], *CELLS):
        operation = "FORM" if serial in CELLS else "MIX-A"
        more: dict[str, Any] = {"tray": "T-9", "slot": CELLS.index(serial) + 1} if serial in CELLS else {}
        assert hand.tell(hand.body(serial, operation, **more)).status_code == 201
    for serial in (hand.serial("CLF"), *CELLS, hand.serial("CLF")):
        assert hand.tell(hand.body(serial, "GRADE", "FAIL" if serial in CELLS else "PASS")).status_code == 201
    response_of_analysis = hand.post("analyses/common-cause", {"serials": CELLS}, documented.people[Role.QUALITY])
    assert response_of_analysis.status_code == 201, response_of_analysis.content
    load = {"items": [{"serial": serial, "slot": slot} for slot, serial in enumerate(CELLS[:2], 1)], "move": True}
    response = hand.post(f"trays/{PARAMETERS['tray']}/load", load, "FORM-1")
    assert response.status_code == 200, response.content
    assert hand.post("stations/MIX-1/results", {"serial": "?"}, "MIX-1", "K-refused").status_code == 422
    assert hand.tell(hand.body(hand.serial("SLA"), "MIX-A")).status_code == 201
    wrong = {"record": record_ids()[-1], "kind": "VALUE", "reason": "Typed wrongly", "sequence": 0, "value": 1.0}
    assert hand.post("corrections", wrong, documented.people[Role.QUALITY]).status_code == 201
    assert hand.tell(hand.body(ROLL, "SLIT-C")).status_code == 201
    hold = {"scope": "STATION", "station": "MIX-1", "reason": "Scale", "window_from": hand.clock.isoformat()}
    response = hand.post("holds", hold, documented.people[Role.QUALITY], "K-hold")
    assert response.status_code == 201, response.content
    permit = hand.ask(hand.serial("SLA"), "MIX-A")["permit"]
    plan = ControlPlan.objects.order_by("pk")[0]
    now = timezone.now()
    reaction = Reaction.objects.create(plan=plan, opened_at=now, due_at=now)
    reaction.answers.create(sequence=1, text_en="Is it real?", text_ja="実際の値か")
    check = {"kind": "CHECK", "as_found_passed": False, "performed_by": "Laboratory"}
    response_of_check = hand.post(
        f"gauges/{PARAMETERS['gauge']}/calibrations", check, documented.people[Role.QUALITY]
    )  # fmt: skip
    assert response_of_check.status_code == 201, response_of_check.content
    recall = {"kind": "LOT", "supplier": "ACME", "lot": "A-1", "reason": "Iron"}
    response_of_recall = hand.post("recalls", recall, documented.people[Role.QUALITY])
    assert response_of_recall.status_code == 201, response_of_recall.content
    # After the recall: what these are made of is not recorded, so it would hold them.
    of = MaterialDefinition.objects.get(code="LFP-CONTAINER")
    for serial in CONTAINERS:
        Unit.objects.create(serial=serial, definition=of, state="COMPLETED", created_at=hand.clock, updated_at=now)
    shipment = {"number": PARAMETERS["number"], "site": "DC-SAKAI", "serials": [CONTAINERS[0]]}
    response_of_shipment = hand.post("shipments", shipment, documented.people[Role.SUPERVISOR])
    assert response_of_shipment.status_code == 201, response_of_shipment.content
    return {
        "permit_id": permit,
        "hold_id": response.json()["hold"],
        "reaction_id": reaction.pk,
        "analysis_id": response_of_analysis.json()["analysis"],
        "recall_id": response_of_recall.json()["recall"],
        "calibration_id": response_of_check.json()["calibration"],
    }


def record_ids() -> list[int]:
    return list(OperationRecord.objects.order_by("pk").values_list("pk", flat=True))


def ids(scene: dict[str, Any]) -> dict[str, Any]:
    """What the ids in an address name here, and two lots for a body."""
    tables = {
        **{"post_id": "lines_quarantinedpost", "token_id": "lines_stationtoken"},
        **{"nonconformance_id": "traceability_nonconformance", "correction_id": "traceability_correction"},
    }
    found = dict(scene)
    with connection.cursor() as cursor:
        for name, table in tables.items():
            cursor.execute(f"select max(id) from {table}")  # noqa: S608 - the names above
            found[name] = cursor.fetchone()[0]
        cursor.execute("select array_agg(id order by id) from traceability_lot where number in ('A-1', 'A-7')")
        found["lots"] = cursor.fetchone()[0]
    return found | {"lot_id": found["lots"][0]}


def replaced(body: Any, lots: list[int]) -> Any:
    """Lots 1 and 2 of an example, and record 1, are ours."""
    body = copy.deepcopy(body)
    for taken in body.get("lots", ()) if isinstance(body, dict) else ():
        taken["lot"] = lots[taken["lot"] - 1]
    if isinstance(body, dict) and "record" in body:
        body["record"] = record_ids()[body["record"] - 1]
    return body


@contextmanager
def undone() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def station_for(hand: Hand, operation: Operation, body: Any) -> str:
    """Where the operation that the body names is done; else the documentation's."""
    named = body.get("operation") if isinstance(body, dict) else None
    if named:
        return hand.station_of(named)
    if operation.path.startswith("/api/v1/trays"):
        return "FORM-1"
    return str(PARAMETERS["station"])


def test_every_example_is_taken_as_documented(documented: Documented, scene: dict[str, Any]) -> None:
    found = ids(scene)
    lacking = [each.name for each in documented.operations() if each.takes_body and not each.bodies]
    refused = []
    for operation in documented.operations():
        for name, body in operation.bodies.items():
            sent = replaced(body, found["lots"])
            station = station_for(documented.hand, operation, sent)
            path = operation.path.removeprefix("/api/v1/").format(**PARAMETERS | found | {"station": station})
            answers = []
            for token in documented.tokens(station):
                with undone():
                    response = documented.hand.post(path, sent, token, "K-example")
                    documented.check(operation, response)
                    answers.append((response.status_code, response.json() if response.content else {}))
            if not any(status < 300 for status, _ in answers):
                told = {(status, answer.get("code"), answer.get("detail")) for status, answer in answers}
                refused.append((operation.name, name, told))
    assert not refused, "\n".join(map(str, refused))
    assert lacking == [], "give each an example in mes/api_examples.py"


CHECK_NAMES = (
    *("not_a_server_error", "status_code_conformance", "content_type_conformance"),
    *("response_schema_conformance", "response_headers_conformance"),
)


def fuzz(documented: Documented, token: str | None, found: dict[str, Any], examples: int) -> None:
    """Schemathesis over every operation: the generated values beside addresses that lead somewhere."""
    schema = copy.deepcopy(documented.schema)
    for item in schema["paths"].values():
        for about in item.values():
            for parameter in about.get("parameters", []):
                known = found.get(parameter["name"], PARAMETERS.get(parameter["name"]))
                if parameter["in"] == "path" and known is not None:
                    # Half of the generated addresses are ones behind which there is something.
                    parameter["schema"] = {"anyOf": [{"enum": [known]}, parameter["schema"]]}
    loaded = schemathesis.openapi.from_dict(schema)
    loaded.app = application
    checks = CHECKS.get_by_names(list(CHECK_NAMES))
    headers = {"Authorization": f"Token {token}"} if token else {}
    faults = []
    for result in loaded.get_all_operations():
        operation: Any = result.ok()  # type: ignore[union-attr]  # an invalid document raises here

        @seed(1)
        @settings(
            max_examples=examples,
            deadline=None,
            database=None,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy())
        def post(case: Any) -> None:
            with undone():
                case.call_and_validate(headers=headers, checks=checks)

        try:
            post()
        except* Exception as group:  # what schemathesis and hypothesis raise
            faults.append(f"{operation.label}\n{_told(group)}")
    assert not faults, "\n\n".join(faults)


def _told(error: BaseException) -> str:
    """What is at fault, without the way there."""
    if isinstance(error, BaseExceptionGroup):
        return "\n".join(_told(each) for each in error.exceptions)
    return f"{type(error).__name__}: {str(error)[:1200]}"


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("who", ["station", "person", "nobody"])
def test_nothing_that_is_posted_breaks_the_api(documented: Documented, scene: dict[str, Any], who: str) -> None:
    tokens = {"station": documented.hand.tokens["MIX-1"], "person": documented.people[Role.ADMINISTRATOR]}
    fuzz(documented, tokens.get(who), ids(scene), examples=8 if who != "nobody" else 2)
