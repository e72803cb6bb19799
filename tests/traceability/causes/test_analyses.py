"""Common-cause analyses of wound and graded cells: found through the genealogy, over the API and in the background."""

import random
from typing import Any, cast

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django.plugin import DjangoDbBlocker

from lines.models import Person, ReasonCode
from lines.people.models import Role
from lines.people.services import issue_person_token
from tests.traceability.causes.graded import grade
from tests.traceability.conftest import Hand
from tests.traceability.test_units_api import fits
from tests.traceability.wound import Wound, wind
from traceability.causes import schemas, services
from traceability.causes.models import AnalysisState, CauseAnalysis
from traceability.causes.onward import with_links
from traceability.models import GenealogyLink, RollMark, Unit


def token(role: Role) -> str:
    return issue_person_token(Person.objects.filter(role=role).order_by("pk")[0])


def ask(hand: Hand, body: Any, role: Role = Role.QUALITY) -> Any:
    response = hand.post("analyses/common-cause", body, token(role))
    assert response.status_code in (201, 202), response.content
    return response.json()


def refused(hand: Hand, body: Any, role: Role = Role.QUALITY) -> tuple[int, str]:
    response = hand.post("analyses/common-cause", body, token(role))
    return response.status_code, response.json()["code"]


def on_roll(plant: Wound, roll: str, begin: float, end: float) -> set[str]:
    """Cells with something of these metres of a coated cathode roll: by the lanes' own links and plain geometry. The
    calender stretches by half a percent and turns round, the slitter turns round again; lane 2 lacks 4 m."""
    ahead: dict[int, list[GenealogyLink]] = {}
    for link in GenealogyLink.objects.filter(input_unit__isnull=False).select_related("output"):
        ahead.setdefault(link.input_unit_id or 0, []).append(link)
    (pressed,) = ahead[plant.ids[roll]]
    found = set()
    for lane in ahead.get(pressed.output_id, []):
        for jelly in ahead.get(lane.output_id, []):
            assert jelly.from_m is not None and jelly.to_m is not None
            assert lane.own_from_m is not None and lane.own_to_m is not None and lane.to_m is not None
            low, high = max(jelly.from_m, lane.own_from_m), min(jelly.to_m, lane.own_to_m)
            # On the calendered roll's axis, then on the coated one's.
            top, bottom = lane.to_m - (low - lane.own_from_m), lane.to_m - (high - lane.own_from_m)
            if low < high and 1000.0 - top / 1.005 < end and 1000.0 - bottom / 1.005 > begin:
                found |= {each.output.serial for each in ahead.get(jelly.output_id, [])}
    return found


@pytest.fixture(scope="module")
def plant(loaded: Hand, django_db_blocker: DjangoDbBlocker) -> Wound:  # noqa: ARG001 - the plant's data
    with django_db_blocker.unblock():
        return wind(300)


def test_metres_of_a_coated_roll_are_found_behind_the_cells_cut_there(hand: Hand, plant: Wound) -> None:
    """Four lanes are wound one after the other: the same metres come back in cells that are far apart in time."""
    roll = plant.serials["CATHODE-ROLL"][0]
    bad = on_roll(plant, roll, 300.0, 420.0)
    assert 16 <= len(bad) <= 20
    rng = random.Random(5)
    failed = grade(plant, lambda serial: rng.random() < (0.8 if serial in bad else 0.01))
    answer = ask(hand, {"serials": failed})
    fits(schemas.CauseAnalysisShape(), answer)
    compared, first = answer["result"]["compared"], answer["result"]["factors"][0]
    assert (compared["definition"], compared["operation"]) == ("LFP-CELL", "GRADE")
    assert set(compared["chosen"]) == {"operation", "span", "good"}
    assert compared["n_failed"] == len(failed)
    assert first["is_finding"] and first["q"] < 1e-6 and first["lift"] > 10
    # The same metres on the calendered roll's axis are told too: as good, and of rank 1 as well.
    best = [factor for factor in answer["result"]["factors"] if factor["rank"] == 1]
    found = next(name for factor in best for name in factor["names"] if name["level"] == roll)
    assert (found["kind"], found["factor"], found["lane"]) == ("range", "CATHODE-ROLL", None)
    assert 270 <= found["from_m"] <= 335 and 385 <= found["to_m"] <= 450
    assert first["n_exposed_failed"] >= 0.9 * len(bad & set(failed))
    shown = hand.get(f"analyses/common-cause/{answer['analysis']}").json()
    assert shown["result"] == answer["result"]
    listed = hand.get("analyses/common-cause").json()
    fits(schemas.CauseAnalysisPage(), listed)
    assert [item["analysis"] for item in listed["items"]] == [answer["analysis"]]


def test_batches_lie_behind_their_metres_and_what_came_later_is_no_cause(hand: Hand, plant: Wound) -> None:
    cells = plant.serials["LFP-CELL"]
    # A batch of which only a part of a roll was coated.
    coated = Unit.objects.get(serial=plant.serials["CATHODE-ROLL"][2])
    links = list(GenealogyLink.objects.filter(output=coated, input_unit__isnull=False).order_by("own_from_m"))
    assert len(links) == 2 and links[0].own_to_m is not None
    batch = links[0].input_unit
    assert batch is not None
    bad: set[str] = set()
    for link in GenealogyLink.objects.filter(input_unit=batch):
        assert link.own_from_m is not None and link.own_to_m is not None
        bad |= on_roll(plant, link.output.serial, link.own_from_m, link.own_to_m)
    rng = random.Random(2)
    failed = grade(plant, lambda serial: rng.random() < (0.4 if serial in bad else 0.01))
    answer = ask(hand, {"serials": failed, "good": sorted(set(cells) - set(failed))}, Role.SUPERVISOR)
    first = answer["result"]["factors"][0]
    assert batch.serial in {name["level"] for name in first["names"]}
    # And those that may have it, within what is known of the ends of the batch.
    assert len(bad) <= first["n_exposed"] <= len(bad) + 4
    # After the failure every cell is packed: packing stations are never named.
    assert not {n["factor"] for f in answer["result"]["factors"] for n in f["names"]} & {"PACK", "CONT"}


def test_failures_without_a_cause_are_told_as_such(hand: Hand, plant: Wound) -> None:
    rng = random.Random(11)
    failed = grade(plant, lambda _serial: rng.random() < 0.05)
    day = {"operation": "GRADE", "since": "2020-01-01T00:00:00Z", "until": "2020-01-02T00:00:00Z"}
    assert refused(hand, day) == (422, "MES-T-0974")
    answer = ask(hand, {"serials": failed, "within": "DAY", "reason": "GRA-LOW"})
    assert answer["result"]["n_findings"] == 0
    assert answer["result"]["n_tested"] > 100


def test_what_cannot_be_asked_is_refused_with_its_code(hand: Hand, plant: Wound) -> None:
    cells, jellies = plant.serials["LFP-CELL"], plant.serials["LFP-JELLY"]
    grade(plant, lambda serial: serial in cells[:5])
    aware = {"since": "2026-01-01T00:00:00Z", "until": "2026-01-02T00:00:00Z"}
    wrong: list[tuple[Any, str]] = [
        ({}, "MES-T-0970"),
        ({"serials": "SK1"}, "MES-T-0970"),
        ({"serials": cells[:5], "colour": "red"}, "MES-T-0970"),
        ({"serials": cells[:5], "good": cells[4:9]}, "MES-T-0970"),
        ({"serials": cells[:5], "within": "YEAR"}, "MES-T-0970"),
        ({"operation": "GRADE", "since": "2026-01-02", "until": "2026-01-01"}, "MES-T-0971"),
        ({"operation": "GRADE", "since": "2020-01-01T00:00:00Z", "until": "2026-01-01T00:00:00Z"}, "MES-T-0971"),
        ({"operation": "NOWHERE", **aware}, "MES-T-0972"),
        ({"serials": ["SK1CLF6BL9999999", *cells[:3]]}, "MES-T-0972"),
        ({"serials": [*cells[:4], jellies[0]]}, "MES-T-0973"),
        ({"serials": cells[:2]}, "MES-T-0974"),
        ({"serials": cells}, "MES-T-0975"),  # takes in everything: nothing is left to compare with
        ({"serials": cells[:5], "good": ["NOBODY"]}, "MES-T-0972"),
    ]
    for body, code in wrong:
        assert refused(hand, body) == (422, code), body
    good = {"serials": cells[:5]}
    for role in (Role.AUDITOR, Role.OPERATOR):
        assert refused(hand, good, role) == (403, "MES-T-0978")
    assert hand.get("analyses/common-cause/999999").json()["code"] == "MES-T-0977"
    assert not CauseAnalysis.objects.exists()


def test_a_large_one_is_made_by_a_worker_or_cancelled(hand: Hand, plant: Wound, monkeypatch: Any) -> None:
    monkeypatch.setattr(services, "AT_ONCE", 10)
    cells = plant.serials["LFP-CELL"]
    grade(plant, lambda serial: serial in cells[:8])
    first, second = (ask(hand, {"serials": cells[:8]}) for _ in range(2))
    assert (first["state"], first["result"]) == ("QUEUED", None)
    path = f"analyses/common-cause/{second['analysis']}/cancel"
    assert hand.post(path, {}, token(Role.SUPERVISOR)).json()["code"] == "MES-T-0978"  # another person's
    assert hand.post(path, {}, token(Role.QUALITY)).json()["state"] == "CANCELLED"
    assert hand.post(path, {}, token(Role.QUALITY)).json()["code"] == "MES-T-0979"
    assert services.make_next() == 1
    done = hand.get(f"analyses/common-cause/{first['analysis']}").json()
    assert (done["state"], done["progress"]) == ("DONE", 100)
    assert done["result"]["factors"]
    # A worker that died: its work is taken up again.
    CauseAnalysis.objects.filter(pk=first["analysis"]).update(
        state=AnalysisState.RUNNING, result=None, alive_at=timezone.now() - services.FORSAKEN_AFTER * 2
    )
    assert services.make_next() == 1
    again = hand.get(f"analyses/common-cause/{first['analysis']}").json()
    assert again["result"] == done["result"]


def signed_in(role: Role) -> Client:
    client = Client()
    client.force_login(Person.objects.filter(role=role).order_by("pk")[0])
    return client


@pytest.mark.usefixtures("hand")
def test_the_pages_ask_tell_and_lead_on(plant: Wound, monkeypatch: Any) -> None:
    cells = plant.serials["LFP-CELL"]
    grade(plant, lambda serial: serial in cells[96:112])  # a tray
    client, form = signed_in(Role.QUALITY), {"serials": "\n".join(cells[96:112]), "within": "SPAN"}
    answer = client.post("/common-cause/", form)
    assert answer.status_code == 302
    page = client.get(answer["Location"]).content.decode()
    assert "T-0006" in page and "/recall/?kind=TRAY&amp;tray=T-0006" in page and "/holds/new/?scope=TRAY" in page
    assert client.get(f"{answer['Location']}?all").status_code == 200
    assert "LFP-CELL" in client.get("/common-cause/").content.decode()
    wrong = client.post("/common-cause/", {**form, "serials": "NOBODY"})
    assert wrong.status_code == 422 and "MES-T-0972" in wrong.content.decode()
    monkeypatch.setattr(services, "AT_ONCE", 10)
    queued = client.post("/common-cause/", form)["Location"]
    assert "every 1s" in client.get(f"{queued}parts/").content.decode()
    assert client.post(f"{queued}cancel/").status_code == 302
    assert client.post(f"{queued}cancel/").status_code == 409
    # Reading is everybody's, asking not.
    for role in (Role.AUDITOR, Role.OPERATOR):
        reader = signed_in(role)
        assert reader.get(answer["Location"]).status_code == 200
        assert reader.post("/common-cause/", form).status_code == 403
        assert reader.get("/wide/?definition=LFP-CELL").status_code == 200
    assert client.get("/common-cause/999999/").status_code == 404


def test_a_mark_leads_to_its_metres_charts_recalls_and_holds(hand: Hand, plant: Wound) -> None:
    roll = plant.serials["CATHODE-ROLL"][0]
    seen = RollMark.objects.filter(code="COA-LINE", roll__definition__code="CATHODE-ROLL").select_related("roll")
    marks = [
        RollMark(roll=each.roll, record=each.record, lane=2, side="A", from_m=300.0, to_m=360.0, code="COA-PIN")
        for each in seen
    ]
    RollMark.objects.bulk_create(marks)
    mark = next(each for each in marks if each.roll.serial == roll)
    bad: set[str] = set()
    for each in marks:
        metres = {"serial": each.roll.serial, "lane": each.lane, "from_m": each.from_m, "to_m": each.to_m}
        used = hand.get("where-used", kind="range", kinds="cell", **metres).json()
        bad |= {unit["serial"] for unit in used["units"]}
    grade(plant, lambda serial: serial in bad)
    client = signed_in(Role.QUALITY)
    answer = client.post("/common-cause/", {"serials": "\n".join(bad), "within": "SPAN"})
    result = CauseAnalysis.objects.get(pk=int(answer["Location"].strip("/").rpartition("/")[2])).result
    assert result is not None
    names = [name for factor in with_links(result) for name in factor["names"]]
    (told,) = [name for name in names if name["kind"] == "mark" and name["factor"] == "CATHODE-ROLL"]
    place = next(place for place in told["places"] if place["serial"] == roll)
    assert (place["lane"], place["from_m"], place["to_m"]) == (mark.lane, mark.from_m, mark.to_m)
    for page in ("page", "recall", "hold"):
        assert client.get(place[page]).status_code == 200, place[page]
    assert "answer" in client.get(place["recall"]).context
    assert {plan.station.code for plan in told["charts"]} == {mark.record.station.code}
    for name in names:
        if name["factor"] == "CATHODE-ROLL":
            assert name["charts"], name
    client.cookies["django_language"] = "ja"
    assert mark.code not in (shown := client.get(answer["Location"]).content.decode()), "its name, not its code"
    assert ReasonCode.objects.get(code=mark.code).name_ja in shown


def test_the_page_of_the_wide_table_counts_shows_and_gives_files(plant: Wound) -> None:
    client = signed_in(Role.AUDITOR)
    page = client.get("/wide/?definition=LFP-CELL&column=COA-01&column=GRA-01").content.decode()
    assert "300 units, 2 characteristics" in page and plant.serials["LFP-CELL"][0] in page
    file = client.get("/wide/units.csv?definition=LFP-CELL&column=COA-01")
    assert b"".join(cast("Any", file)).count(b"\n") == 301
    assert client.get("/wide/units.pdf?definition=LFP-CELL").status_code == 404
    assert "MES-T-0985" in client.get("/wide/?definition=NMP").content.decode()
    assert client.get("/wide/units.csv").status_code == 400
