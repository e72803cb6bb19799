"""People enter results: by form, in a table, from a file. The same way in as a station's, with the person's name."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from lines import errors as l_errors
from lines.errors import Refusal
from lines.models import Measurement, Operation, OperationRecord, Person, StationPost
from lines.people.models import Role
from quality import errors as q_errors
from tests.traceability.conftest import Hand
from traceability import errors as t_errors
from traceability.entry import errors
from traceability.entry.reading import read_number, read_numbers

Sign = Callable[[Role], Client]


@pytest.fixture
def sign_in(hand: Hand) -> Sign:  # noqa: ARG001 - the plant comes first
    def sign(role: Role) -> Client:
        person, _ = Person.objects.get_or_create(username=f"p-{role.lower()}", defaults={"role": role})
        client = Client()
        client.force_login(person)
        return client

    return sign


def now_text() -> str:
    return f"{timezone.localtime() - timedelta(minutes=1):%Y-%m-%dT%H:%M:%S}"


def batch(hand: Hand) -> str:
    """A serial that nobody has seen, for the first operation of a slurry."""
    return hand.serial(hand.design("CATHODE-SLURRY"))


def form(hand: Hand, serial: str, **more: str) -> dict[str, str]:
    values = {f"v-{m['code']}": str(m["value"]) for m in hand.values(serial, "MIX-C")}
    lots = "\n".join(
        " ".join(str(lot[name]) for name in ("material", "supplier", "lot", "quantity"))
        for item in step_bill(hand, serial)
        if (lot := hand.lot(item))
    )
    return {"token": "token-0001", "at": now_text(), "outcome": "PASS", "consumed": lots, **values, **more}


def step_bill(hand: Hand, serial: str) -> list[str]:
    step = hand.step(serial, "MIX-C")
    assert step is not None
    return [item.material for item in step.bill]


@pytest.mark.parametrize(
    ("text", "number"),
    [("12.5", 12.5), ("１２．５", 12.5), ("−0.03", -0.03), ("ー３", -3.0), (" 1e-3 ", 0.001), (".5", 0.5)],
)
def test_numbers_are_read_in_any_width(text: str, number: float) -> None:
    assert read_number(text) == number


@pytest.mark.parametrize("text", ["1,5", "1.234,5", "abc", "", "nan", "inf", "1e999", "1 2", "0x10", "٣"])
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(Refusal) as caught:
        read_number(text)
    assert caught.value.code == errors.NOT_A_NUMBER


def test_several_values_stand_between_blanks() -> None:
    assert read_numbers("1.2　１．３; 1.4") == [1.2, 1.3, 1.4]


def test_a_form_sent_twice_counts_once_and_the_record_says_who(hand: Hand, sign_in: Sign) -> None:
    client = sign_in(Role.SUPERVISOR)
    station, serial = hand.station_of("MIX-C"), batch(hand)
    started = client.post("/entry/", {"place": f"{station}/MIX-C", "serial": f" {serial.lower()} "})
    assert started.status_code == 302, started.content
    assert started["Location"] == f"/entry/unit/{station}/MIX-C/{serial}/"
    page = client.get(started["Location"]).content.decode()
    shown = set(re.findall(r'name="v-([\w-]+)"', page))
    assert shown == {m["code"] for m in hand.values(serial, "MIX-C")}
    sent = form(hand, serial)
    answers = [client.post(started["Location"], sent) for _ in range(2)]
    assert [a.status_code for a in answers] == [302, 302], answers[0].content.decode()
    record = OperationRecord.objects.get(serial=serial)
    assert (record.entered_by, record.operator, record.verdict) == ("p-supervisor", "p-supervisor", "PASS")
    assert record.is_conforming, record.deviation_codes
    for answer in answers:
        said = client.get(answer["Location"]).content.decode()
        assert serial[9:15] in said
    # A token that is no part of an address is not taken over.
    other = batch(hand)
    sent_on = client.post(f"/entry/unit/{station}/MIX-C/{other}/", form(hand, other, token="token/0002"))
    assert sent_on.status_code == 302 and client.get(sent_on["Location"]).status_code == 200
    # A station may use any key for a tray's post: that is no entry of one unit.
    StationPost.objects.filter(key="entry:token-0001").update(answer='{"items": []}')
    assert client.get(answers[0]["Location"]).status_code == 404
    # The same form with other words is another result: not taken under the same token.
    assert client.post(started["Location"], sent | {"outcome": "FAIL"}).status_code == 422
    assert OperationRecord.objects.filter(serial=serial).count() == 1
    assert "p-supervisor" in client.get(f"/units/{serial}/").content.decode()


def test_what_cannot_be_read_is_told_beside_its_field(hand: Hand, sign_in: Sign) -> None:
    client, serial = sign_in(Role.QUALITY), batch(hand)
    path = f"/entry/unit/{hand.station_of('MIX-C')}/MIX-C/{serial}/"
    code = hand.values(serial, "MIX-C")[0]["code"]
    sent = form(hand, serial) | {f"v-{code}": "1,5", "at": "2001-01-01T00:00", "reasons": "NO-SUCH"}
    response = client.post(path, sent)
    assert response.status_code == 422
    page = response.content.decode()
    assert f'id="v-{code}-error"' in page
    for expected in (errors.NOT_A_NUMBER, l_errors.TIME_OUTSIDE, l_errors.UNKNOWN_REASON):
        assert expected.code in page
    assert not OperationRecord.objects.filter(serial=serial).exists()


def test_each_role_enters_what_it_may(hand: Hand, sign_in: Sign) -> None:
    station = hand.station_of("MIX-C")
    Operation.objects.filter(code="MIX-C").update(needs_certification=True)
    path = f"/entry/unit/{station}/MIX-C/{batch(hand)}/"
    for role, status in (
        (Role.AUDITOR, 403),
        (Role.OPERATOR, 403),  # not certified for it
        (Role.SUPERVISOR, 200),
        (Role.QUALITY, 200),
        (Role.ADMINISTRATOR, 200),
    ):
        client = sign_in(role)
        assert client.get(path).status_code == status, role
        offered = f'value="{station}/MIX-C"' in client.get("/entry/").content.decode()
        assert offered == (status == 200), role
    assert sign_in(Role.AUDITOR).post(path, {"outcome": "PASS", "at": now_text()}).status_code == 403
    assert f'value="{station}/MIX-A"' in sign_in(Role.OPERATOR).get("/entry/").content.decode()


def test_each_row_of_a_table_counts_for_itself(hand: Hand, sign_in: Sign) -> None:
    client, station = sign_in(Role.QUALITY), hand.station_of("MIX-C")
    serials = [batch(hand) for _ in range(3)]
    sent = {"place": f"{station}/MIX-C", "token": "token-0002", "at": now_text(), "rows": "4"}
    for row, serial in enumerate(serials):
        sent[f"serial-{row}"] = serial
        sent |= {f"v-{m['code']}-{row}": str(m["value"]) for m in hand.values(serial, "MIX-C")}
    code = hand.values(serials[0], "MIX-C")[0]["code"]
    bad = client.post("/entry/table/", sent | {f"v-{code}-1": "twelve"})
    assert bad.status_code == 422
    assert errors.NOT_A_NUMBER.code in bad.content.decode()
    assert set(OperationRecord.objects.values_list("serial", flat=True)) == {serials[0], serials[2]}
    # The row put right and all sent again: what is recorded counts once.
    assert client.post("/entry/table/", sent).status_code == 200
    assert OperationRecord.objects.filter(serial__in=serials).count() == 3


def csv(*lines: str) -> SimpleUploadedFile:
    header = "serial,operation,characteristic,value,unit,source_time,outcome,reason_codes"
    return SimpleUploadedFile("results.csv", "\r\n".join([header, *lines]).encode("cp932"))


def test_a_file_with_bad_lines_stores_nothing_and_names_each(hand: Hand, sign_in: Sign) -> None:
    client, serial, other = sign_in(Role.QUALITY), batch(hand), batch(hand)
    at, value = now_text(), hand.values(serial, "MIX-C")[0]
    good = f"{serial},MIX-C,{value['code']},{value['value']},{value['unit']},{at},,"
    bad = {
        3: (f"{serial},MIX-C,NO-SUCH,1,,{at},,", q_errors.UNKNOWN_CHARACTERISTIC),
        4: (f"{serial},MIX-C,{value['code']},1,{value['unit']},{at},,", l_errors.REPEATED),
        5: (f"{other},JUGGLE,{value['code']},1,,{at},,", l_errors.UNKNOWN_OPERATION),
        6: (f"{other[:-2]}ZZ,MIX-C,{value['code']},1,,{at},,", t_errors.SERIAL_MALFORMED),
        7: (f"{other},MIX-C,{value['code']},viel,,{at},,", errors.NOT_A_NUMBER),
        8: (f"{other},MIX-A,MIX-01,1,furlong,{at},,", q_errors.WRONG_UNIT),
        9: (f"{other},MIX-E,MIX-01,1,,gestern,,", errors.TIME_NOT_READ),
    }
    response = client.post("/entry/file/", {"file": csv(good, *(line for line, _ in bad.values()))})
    assert response.status_code == 422
    named = {line.number: [code for code, _ in line.problems] for line in response.context["checked"].bad}
    assert {number: codes[0] for number, codes in named.items()} == {n: code for n, (_, code) in bad.items()}
    page = response.content.decode()
    assert [code.code for _, code in bad.values() if code.code not in page] == []
    again = client.post("/entry/file/", {"text": response.context["text"], "confirm": "1", "token": "token-0003"})
    assert again.status_code == 422
    assert not OperationRecord.objects.exists()


def test_a_good_file_is_shown_first_and_stored_once_confirmed(hand: Hand, sign_in: Sign) -> None:
    client, serial = sign_in(Role.QUALITY), batch(hand)
    values, at = hand.values(serial, "MIX-C"), now_text()
    lines = [f"{serial},MIX-C,{v['code']},{v['value']},{v['unit']},{at},," for v in values]
    shown = client.post("/entry/file/", {"file": csv(*lines)})
    assert shown.status_code == 200
    assert not OperationRecord.objects.exists()
    confirm = {"text": shown.context["text"], "confirm": "1", "token": "token-0004"}
    for _ in range(2):
        assert client.post("/entry/file/", confirm).status_code == 200
    record = OperationRecord.objects.get(serial=serial)
    assert Measurement.objects.filter(record=record.pk, is_derived=False).count() == len(values)
    template = client.get(f"/entry/file/template.csv?place={hand.station_of('MIX-C')}/MIX-C").content.decode(
        "utf-8-sig"
    )
    assert template.startswith("serial,operation,characteristic,value")
    assert "MIX-01" in template
    for place in ("=HYPERLINK(1)", "NO-SUCH"):
        template = client.get("/entry/file/template.csv", {"place": f"{place}/MIX-C"}).content.decode("utf-8-sig")
        assert "MIX-C" in template and place not in template
