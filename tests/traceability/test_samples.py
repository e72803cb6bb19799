"""Samples: the result comes hours later; the unit waits where it was told to, and may be scrapped by it."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import timezone

from lines.models import OperationRecord, Person
from lines.people.models import Role
from tests.traceability.conftest import Hand
from traceability.errors import HELD, SCRAPPED
from traceability.holds.models import HoldUnit
from traceability.interlock.errors import SAMPLE_WAITING
from traceability.models import GenealogyLink, Sample, Unit
from traceability.samples.errors import SAMPLE_BUILT_IN, SAMPLE_LABEL, SAMPLE_NOT_YOURS

Sign = Callable[[Role], Client]


@pytest.fixture
def sign_in(hand: Hand) -> Sign:  # noqa: ARG001 - the plant comes first
    def sign(role: Role) -> Client:
        person, _ = Person.objects.get_or_create(username=f"p-{role.lower()}", defaults={"role": role})
        client = Client()
        client.force_login(person)
        return client

    return sign


def take(client: Client, serial: str, **more: str) -> Sample:
    response = client.post("/samples/take/", {"serial": serial, "operation": "SLIT-C", **more})
    assert response.status_code == 302, response.content.decode()
    return Sample.objects.get(code=response["Location"].split("/")[2])


def enter(hand: Hand, client: Client, sample: Sample, token: str, **changed: float) -> int:
    values = {f"v-{m['code']}": str(m["value"]) for m in hand.values(sample.unit.serial, sample.operation, **changed)}
    at = f"{timezone.localtime():%Y-%m-%dT%H:%M:%S}"
    sent = {"token": token, "at": at, "outcome": "PASS", **values}
    # Twice, as a double click sends it.
    return [client.post(f"/samples/{sample.code}/", sent).status_code for _ in range(2)][-1]


def reasons(hand: Hand, serial: str) -> list[str]:
    return [reason["code"] for reason in hand.ask(serial, "NOTCH-C")["reasons"]]


def lane(hand: Hand) -> str:
    """A lane that was slit and has still to be notched."""
    return hand.make("CATHODE-LANE", until="NOTCH-C")


def test_the_unit_waits_for_the_lab_at_the_operation_named_and_goes_on_after_it(hand: Hand, sign_in: Sign) -> None:
    client, serial = sign_in(Role.OPERATOR), lane(hand)
    sample = take(client, serial, waits_at="NOTCH-C", code="Lab-7")
    assert sample.code == "LAB-7"
    assert SAMPLE_WAITING.code in reasons(hand, serial)
    before = Unit.objects.values("state", "next_step", "last_test_passed").get(serial=serial)
    assert enter(hand, client, sample, "token-0001") == 302
    assert reasons(hand, serial) == []
    # A record of the unit, by a person, that is no visit and moved it nowhere.
    record = OperationRecord.objects.get(serial=serial, attempt=0)
    assert (record.operation, record.verdict, record.entered_by) == ("SLIT-C", "PASS", "p-operator")
    assert Unit.objects.values("state", "next_step", "last_test_passed").get(serial=serial) == before
    assert Sample.objects.get().record == record
    page = client.get(f"/units/{serial}/").content.decode()
    assert "LAB-7" in page and "p-operator" in page
    assert hand.tell(hand.body(serial, "NOTCH-C")).json()["attempt"] == 1


def test_a_failed_sample_holds_its_unit(hand: Hand, sign_in: Sign) -> None:
    client, serial = sign_in(Role.QUALITY), lane(hand)
    sample = take(client, serial)
    assert sample.code.startswith("S-")
    assert reasons(hand, serial) == []  # it was not told to wait
    code = hand.values(serial, "SLIT-C")[0]["code"]
    assert enter(hand, client, sample, "token-0002", **{code.replace("-", "_"): 1e6}) == 302
    assert Sample.objects.get().state == "FAILED"
    hold = HoldUnit.objects.get(unit__serial=serial).hold
    assert sample.code in hold.reason and hold.nonconformance is not None
    assert code in hold.nonconformance.codes
    assert HELD.code in reasons(hand, serial)


def test_a_destructive_sample_scraps_its_unit(hand: Hand, sign_in: Sign) -> None:
    client, serial = sign_in(Role.QUALITY), lane(hand)
    sample = take(client, serial, is_destructive="on")
    assert sample.waits_at == "NOTCH-C"  # it goes nowhere meanwhile
    assert enter(hand, client, sample, "token-0003") == 302
    assert Unit.objects.get(serial=serial).state == "SCRAPPED"
    assert SCRAPPED.code in reasons(hand, serial)
    page = client.get(f"/units/{serial}/").content.decode()
    assert sample.code in page and "Destructive" in page
    assert client.post("/samples/take/", {"serial": serial, "operation": "SLIT-C"}).status_code == 409


def test_a_cancelled_sample_lets_its_unit_go_on(hand: Hand, sign_in: Sign) -> None:
    client, serial = sign_in(Role.OPERATOR), lane(hand)
    sample = take(client, serial, waits_at="NOTCH-C")
    page = client.get("/samples/").content.decode()
    assert sample.code in page and serial in page
    cancel = f"/samples/{sample.code}/cancel/"
    assert client.post(cancel, {"reason": "spilt"}).status_code == SAMPLE_NOT_YOURS.status
    assert sign_in(Role.SUPERVISOR).post(cancel, {"reason": " "}).status_code == 422
    assert sign_in(Role.SUPERVISOR).post(cancel, {"reason": "spilt"}).status_code == 302
    assert reasons(hand, serial) == []
    assert "spilt" in Sample.objects.get().note
    assert enter(hand, client, sample, "token-0004") == 422
    assert sign_in(Role.AUDITOR).post("/samples/take/", {"serial": serial, "operation": "SLIT-C"}).status_code == 403


def test_a_file_carries_results_of_samples_too(hand: Hand, sign_in: Sign) -> None:
    client, serial = sign_in(Role.QUALITY), lane(hand)
    sample = take(client, serial)
    at = f"{timezone.localtime():%Y-%m-%d %H:%M}"
    lines = [f"{sample.code},{v['code']},{v['value']},{at}" for v in hand.values(serial, "SLIT-C")]
    text = "\n".join(["sample,characteristic,value,source_time", *lines])
    sent = {"text": text, "confirm": "1", "token": "token-0005"}
    assert client.post("/entry/file/", sent).status_code == 200
    assert Sample.objects.get().state == "PASSED"


@pytest.mark.parametrize("label", ["A/B", ".", "..", "A B", "Ａ", "X" * 33])
def test_a_label_that_is_no_part_of_an_address_is_refused(hand: Hand, sign_in: Sign, label: str) -> None:
    client, serial = sign_in(Role.OPERATOR), hand.make("CATHODE-SLURRY")
    response = client.post("/samples/take/", {"serial": serial, "operation": "MIX-C", "code": label})
    assert response.status_code == 422 and SAMPLE_LABEL.code in response.content.decode()
    assert not Sample.objects.exists()


def test_a_failed_sample_holds_what_its_unit_is_in_too(hand: Hand, sign_in: Sign) -> None:
    client, serial = sign_in(Role.QUALITY), lane(hand)
    link = GenealogyLink.objects.filter(output__serial=serial).select_related("input_unit").first()
    assert link is not None and link.input_unit is not None
    mother = link.input_unit.serial
    operation = OperationRecord.objects.filter(serial=mother).order_by("pk")[0].operation
    sample = take(client, mother, operation=operation)
    code = hand.values(mother, operation)[0]["code"]
    assert enter(hand, client, sample, "token-0006", **{code.replace("-", "_"): 1e6}) == 302
    assert sample.code in HoldUnit.objects.get(unit__serial=serial, released_at=None).hold.reason
    assert HELD.code in reasons(hand, serial)


def test_a_unit_that_was_built_in_is_not_used_up_by_measuring(hand: Hand, sign_in: Sign) -> None:
    client, serial = sign_in(Role.QUALITY), lane(hand)
    before = take(client, serial, is_destructive="on")
    Unit.objects.filter(serial=serial).update(state="CONSUMED")
    assert enter(hand, client, before, "token-0007") == 422
    more = {"serial": serial, "operation": "SLIT-C", "is_destructive": "on"}
    response = client.post("/samples/take/", more)
    assert response.status_code == 409 and SAMPLE_BUILT_IN.code in response.content.decode()
    assert Unit.objects.get(serial=serial).state == "CONSUMED"
    assert Sample.objects.get().state == "TAKEN"
