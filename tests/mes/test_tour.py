"""The tour leads to objects that exist, and says so where one does not yet."""

import json
import re

import pytest
from django.test import Client
from django.utils import timezone

from lines.models import Alarm, Person, Station
from lines.people.models import Role
from quality.models import ChartPoint, ControlPlan, Signal
from tests.traceability.conftest import Hand, hand, loaded  # noqa: F401 - fixtures


@pytest.fixture
def client(hand: Hand) -> Client:  # noqa: ARG001, F811 - the plant comes first
    client = Client()
    client.force_login(Person.objects.get(role=Role.AUDITOR))
    return client


def test_what_is_not_there_yet_says_so(client: Client) -> None:
    html = client.get("/tour/").content.decode()
    assert html.count("is-waiting") == 13
    assert "within 10 minutes" in html


@pytest.mark.slow
def test_each_card_leads_to_a_page_that_is_there(client: Client, hand: Hand) -> None:  # noqa: F811 - a fixture
    roll, mark = hand.serial("RCC"), {"from_m": 20.0, "code": "COA-PIN"}
    assert hand.tell(hand.body(roll, "COAT-C", length_m=100.0, marks=[mark])).status_code == 201
    cell = hand.make("LFP-CELL", until="DEGAS")
    step = hand.step(cell, "DEGAS")
    assert step is not None
    hand.run(cell, "DEGAS", "FAIL", **hand.inputs(step))
    hand.run(cell, "DEGAS", **hand.inputs(step))
    assert json.loads(hand.tell(hand.body(cell, "GRADE")).content)["is_conforming"] is False
    assembled = hand.make("LFP-PACK", until="EOL")
    assert f"/units/{assembled}/" not in client.get("/tour/").content.decode()
    pack = hand.make("LFP-PACK")
    plan = ControlPlan.objects.get(code="FIL-01-LFP")
    limits, now = plan.limits.get(), timezone.now()
    alarm = Alarm.objects.create(
        station=Station.objects.get(code="FILL-1"), code="SPC-RULE-1", priority=1, message_en="Out", message_ja="外",
        subject_kind="chart", subject_id=plan.code, source_time=now, raised_at=now,
    )  # fmt: skip
    point = ChartPoint.objects.create(
        plan=plan, limits=limits, number=0, source_time=now, location=860, spread=None, n=1, records=[]
    )
    Signal.objects.create(
        plan=plan, limits=limits, point=point, chart="I", rule=1, side=1, window_first=0, raised_at=now, alarm=alarm
    )
    offline, can = hand.make("LFP-CELL", until="CAN"), hand.step(cell, "CAN")
    assert can is not None
    assert hand.tell(hand.body(offline, "CAN", offline=True, **hand.inputs(can))).status_code == 201
    tray = hand.make("LFP-CELL", until="FORM")
    load = {"items": [{"serial": tray, "slot": 1, "channel": "FORM-1-R01-C01"}]}
    assert hand.post("trays/T-0009/load", load, "FORM-1").status_code == 200
    assert hand.ask(tray, "WIND")["verdict"] == "DENY"
    assert hand.tell(hand.body(tray, "FORM") | {"measurements": 1}).status_code == 422
    html = client.get("/tour/").content.decode()
    assert "is-waiting" not in html
    assert "/trays/T-0009/" in html
    assert f"/units/{pack}/" in html
    assert f"/audits/histories/pdf/{pack}/" in html
    assert f"/rolls/{roll}/" in html
    assert "/charts/FIL-01-LFP/" in html
    assert html.count(f"/units/{cell}/#record-") == 2
    assert f"/units/{offline}/#record-" in html
    cards = html[html.index('class="tour"') : html.index("</main>")]
    addresses = re.findall(r'href="(/[^"#]*)', cards)
    assert len(addresses) >= 18
    for address in addresses:
        assert client.get(address.replace("&amp;", "&")).status_code == 200, address
