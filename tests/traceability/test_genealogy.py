"""Made-of, where-used and the pages that show them, on a plant whose geometry a test can reckon by itself."""

import csv
import io
import json
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django.plugin import DjangoDbBlocker
from python_calamine import CalamineWorkbook

from lines.models import OperationRecord, Person
from lines.people.models import Role
from tests.traceability.conftest import Hand
from tests.traceability.test_units_api import fits
from tests.traceability.wound import LENGTH, STRETCH, TAKEN, Wound, wind
from tests.web import ROOT
from traceability.genealogy import schemas
from traceability.genealogy.services import NewLink, add_links
from traceability.models import Correction, GenealogyLink, LinkEnd, LotPart, Unit

LINES = "application/x-ndjson"
CELLS = 272  # two and a half coated rolls: the third is coated from two batches
PACK_OF = 34


@pytest.fixture(scope="module")
def grown(loaded: Hand, django_db_blocker: DjangoDbBlocker) -> Iterator[Wound]:  # noqa: ARG001 - the plant comes first
    with django_db_blocker.unblock(), transaction.atomic():
        plant = wind(CELLS, PACK_OF, with_scans=True)
        with connection.cursor() as cursor:
            cursor.execute("analyze traceability_unit, traceability_genealogylink, lines_operationrecord")
        yield plant
        transaction.set_rollback(True)


@pytest.fixture
def plant(grown: Wound, hand: Hand) -> Wound:  # noqa: ARG001 - order
    return grown


def browser(role: str = Role.AUDITOR, language: str = "en") -> Client:
    client = Client(headers={"accept-language": language})
    client.force_login(Person.objects.get(role=role))
    return client


def page(path: str, language: str = "en") -> str:
    response = browser(language=language).get(path)
    assert response.status_code == 200, path
    return re.sub(r"\s+", " ", response.content.decode())


def pages_of(hand: Hand, path: str, name: str, **query: Any) -> list[dict[str, Any]]:
    """Every item of every page."""
    found: list[dict[str, Any]] = []
    cursor = ""
    while True:
        answer = hand.get(path, cursor=cursor, **query).json()
        found += answer[name]
        cursor = answer["next_cursor"]
        if not cursor:
            return found


def lines_of(hand: Hand, path: str, **query: Any) -> list[dict[str, Any]]:
    headers = {"Authorization": f"Token {hand.person_token}", "Accept": LINES}
    response = hand.client.get(f"/api/v1/{path}", query, headers=headers)
    assert (response.status_code, response["Content-Type"]) == (200, LINES)
    return [json.loads(line) for line in b"".join(response.streaming_content).splitlines()]  # type: ignore[attr-defined] # of a streamed answer


def batches_of_jellies(plant: Wound) -> dict[str, set[str]]:
    """Cathode batches certainly in each jelly roll, reckoned metre by metre without any of the product's code.

    A jelly roll's metres of a lane, on the lane's axis, lie the other way round on the calendered roll (lane 2 there
    lacks the metres that were cut out), and the other way round again, shorter, on the coated one.
    """
    definitions = {u.pk: u.definition.code for u in Unit.objects.select_related("definition") if u.definition}
    names = dict(Unit.objects.values_list("id", "serial"))
    links = list(GenealogyLink.objects.exclude(input_unit=None))
    slit = [k for k in links if definitions[k.output_id] == "CATHODE-LANE"]
    pressed = {k.output_id: k.input_unit_id for k in links if definitions[k.output_id] == "CATHODE-CAL"}
    fed = [k for k in links if definitions[k.output_id] == "CATHODE-ROLL"]
    found: dict[str, set[str]] = {serial: set() for serial in plant.serials["LFP-JELLY"]}
    for jelly in (k for k in links if definitions[k.output_id] == "LFP-JELLY"):
        if definitions[jelly.input_unit_id or 0] != "CATHODE-LANE":
            continue
        begin = jelly.from_m or 0.0
        for metre in (begin + 0.001 + n * 0.1 for n in range(int(TAKEN["C"] * 10))):
            segment = next(
                k
                for k in slit
                if k.output_id == jelly.input_unit_id and k.own_from_m <= metre < k.own_to_m  # type: ignore[operator] # both are there
            )
            on_pressed = segment.to_m - (metre - segment.own_from_m)  # type: ignore[operator] # both are there
            on_coated = LENGTH["C"] - on_pressed / STRETCH
            coated = pressed[segment.input_unit_id or 0]
            found[names[jelly.output_id]] |= {
                names[k.input_unit_id or 0]
                for k in fed
                if k.output_id == coated and k.own_from_m <= on_coated < k.own_to_m  # type: ignore[operator] # both are there
            }
    return found


def test_the_answers_are_as_documented(plant: Wound, hand: Hand) -> None:
    pack, lot = plant.serials["LFP-PACK"][0], plant.lots["NMP-000"]
    walked = hand.get(f"units/{pack}/genealogy", limit=500).json()
    fits(schemas.GenealogyPage(), walked)
    assert walked["n_links"] == len(pages_of(hand, f"units/{pack}/genealogy", "links", limit=150))
    used = hand.get(f"lots/{lot}/where-used", limit=3).json()
    fits(schemas.WhereUsed(), used)
    assert used == hand.get("where-used", kind="lot", lot=lot, limit=3).json()
    counts = {each["definition"]: each["n_units"] for each in used["counts"]}
    assert (counts["LFP-CELL"], counts["LFP-PACK"]) == (CELLS, CELLS // PACK_OF)
    assert used["n_units"] == sum(counts.values())


def test_a_pack_leads_down_to_its_lots_and_a_lot_up_to_its_packs(plant: Wound, hand: Hand) -> None:
    pack = plant.serials["LFP-PACK"][0]
    links = lines_of(hand, f"units/{pack}/genealogy")
    cells = {link["serial"] for link in links if link["output"] == pack and link["kind"] == "cell"}
    assert cells == set(plant.serials["LFP-CELL"][:PACK_OF])
    lots = {link["lot"]["id"] for link in links if link["lot"]}
    assert lots == {lot for lot in plant.lots.values() if pack in packs_with(hand, lot)}
    assert {link["level"] for link in links if link["kind"] == "cell"} == {1}
    near = hand.get(f"units/{pack}/genealogy", depth=1).json()
    assert near["n_links"] == PACK_OF + 4
    assert {link["kind"] for link in pages_of(hand, f"units/{pack}/genealogy", "links", kinds="roll,lot")} == {
        "roll",
        "lot",
    }


def packs_with(hand: Hand, lot: int) -> set[str]:
    return {unit["serial"] for unit in pages_of(hand, f"lots/{lot}/where-used", "units", kinds="pack", limit=500)}


def test_forward_equals_backward_equals_the_metres_that_were_cut(plant: Wound, hand: Hand) -> None:
    truth = batches_of_jellies(plant)
    batches = plant.serials["CATHODE-SLURRY"]
    assert {len(found) for found in truth.values()} == {1, 2}  # some lie in a transition zone
    forward: dict[str, set[str]] = {serial: set() for serial in truth}
    for batch in batches:
        for unit in lines_of(hand, "where-used", kind="unit", serial=batch, kinds="jelly_roll"):
            if not unit["is_inferred"]:
                forward[unit["serial"]].add(batch)
    assert forward == truth
    for jelly in [*plant.serials["LFP-JELLY"][:2], *(j for j, found in truth.items() if len(found) == 2)][:4]:
        links = lines_of(hand, f"units/{jelly}/genealogy", kinds="slurry_batch")
        behind = {link["serial"] for link in links if link["serial"] in batches}
        assert truth[jelly] <= behind
        # What is more lies within the uncertainty of the batches' ends, and is told as inferred the other way too.
        for batch in behind - truth[jelly]:
            reached = {u["serial"]: u["is_inferred"] for u in lines_of(hand, "where-used", kind="unit", serial=batch)}
            assert reached[jelly]


def test_pages_hold_together_while_stations_post_and_people_correct(plant: Wound, hand: Hand) -> None:
    pack = plant.serials["LFP-PACK"][1]
    path = f"units/{pack}/genealogy"
    before = [link["link"] for link in lines_of(hand, path)]
    first = hand.get(path, limit=100).json()
    pages, cursor = [first["links"]], first["next_cursor"]
    assert first["n_links"] == len(before)
    record = OperationRecord.objects.filter(serial=pack).get()
    direct = GenealogyLink.objects.filter(output__serial=pack).order_by("id")
    while cursor:
        # A part more, one that is corrected away with all behind it, and one taken out.
        add_links([NewLink(plant.ids[pack], record.pk, input_unit_id=plant.ids[plant.serials["LFP-CELL"][-1]])])
        gone, out = direct.filter(removed_by=None, end=None)[2:4]
        Correction.objects.create(
            record=record, kind="LINK", before={}, after={}, removed_link=gone, reason="x", by="q", at=timezone.now()
        )
        LinkEnd.objects.create(link=out, record=record, at=timezone.now())
        answer = hand.get(path, limit=100, cursor=cursor).json()
        assert answer["n_links"] == len(before)
        pages.append(answer["links"])
        cursor = answer["next_cursor"]
    assert [link["link"] for found in pages for link in found] == before
    assert len(lines_of(hand, path)) < len(before)
    # Units that come meanwhile shift nothing in where-used either.
    lot = plant.lots["NMP-000"]
    every = [unit["serial"] for unit in lines_of(hand, f"lots/{lot}/where-used")]
    first = hand.get(f"lots/{lot}/where-used", limit=500).json()
    new = Unit.objects.create(serial="NEW-1", created_at=timezone.now(), updated_at=timezone.now())
    add_links([NewLink(new.pk, record.pk, input_lot_id=lot)])
    rest = pages_of(hand, f"lots/{lot}/where-used", "units", limit=500)
    assert [unit["serial"] for unit in rest] == ["NEW-1", *every]
    second = hand.get(f"lots/{lot}/where-used", limit=500, cursor=first["next_cursor"]).json()
    assert [u["serial"] for u in first["units"] + second["units"]] == every[:1000]


def test_what_was_known_then_and_what_was_taken_out_stays_visible(plant: Wound, hand: Hand) -> None:
    pack, cell = plant.serials["LFP-PACK"][0], plant.serials["LFP-CELL"][0]
    link = GenealogyLink.objects.get(output__serial=pack, input_unit__serial=cell)
    rework = OperationRecord.objects.filter(serial=pack).get()
    LinkEnd.objects.create(link=link, record=rework, at=rework.source_time, reason="swollen")
    told = lines_of(hand, f"units/{pack}/genealogy", depth=1)
    assert cell not in {each["serial"] for each in told}
    ever = {each["serial"]: each for each in lines_of(hand, f"units/{pack}/genealogy", depth=1, with_ended="true")}
    assert ever[cell]["ended_at"] == rework.source_time.isoformat()
    assert lines_of(hand, f"units/{cell}/genealogy", direction="used_in", depth=1) == []
    assert len(lines_of(hand, f"units/{cell}/genealogy", direction="used_in", depth=1, with_ended="true")) == 1
    assert "swollen" in page(f"/genealogy/{pack}/")
    assert pack in page(f"/genealogy/{cell}/")
    # As of before the pack was built, nothing was in it.
    early = (rework.received_at - timedelta(seconds=1)).isoformat()
    assert lines_of(hand, f"units/{pack}/genealogy", as_of=early) == []
    # A removal is known when its record came, not when its machine says it was.
    again = GenealogyLink.objects.get(output__serial=pack, input_unit__serial=plant.serials["LFP-CELL"][1])
    LinkEnd.objects.create(link=again, record=rework, at=rework.received_at + timedelta(days=300))
    links = lines_of(hand, f"units/{pack}/genealogy", depth=1, with_ended="true", as_of=rework.received_at.isoformat())
    assert {each["serial"] for each in links if each["ended_at"]} == {cell, plant.serials["LFP-CELL"][1]}
    told = lines_of(hand, f"units/{pack}/genealogy", depth=1)
    late = hand.get(f"units/{pack}/genealogy", as_of=timezone.now().isoformat(), depth=1).json()
    assert late["n_links"] == len(told)


def test_every_start_names_its_units(plant: Wound, hand: Hand) -> None:
    def counts(**start: Any) -> dict[str, int]:
        answer = hand.get("where-used", **start).json()
        return {each["definition"]: each["n_units"] for each in answer["counts"]}

    lane = plant.serials["CATHODE-LANE"][0]
    certain = [
        u for u in lines_of(hand, "where-used", kind="range", serial=lane, from_m=16, to_m=31) if not u["is_inferred"]
    ]
    assert [u["kind"] for u in certain if u["kind"] == "jelly_roll"] == ["jelly_roll"]
    coated = plant.serials["CATHODE-ROLL"][0]
    assert counts(kind="range", serial=coated, from_m=16, to_m=31, lane=2)["CATHODE-LANE"] == 1
    assert counts(kind="tray", tray="T-0003")["LFP-CELL"] == 16
    assert counts(kind="channel", channel="R1-C05")["LFP-CELL"] == CELLS // 16
    begun = (OperationRecord.objects.earliest("source_time").source_time - timedelta(hours=1)).isoformat()
    filled = counts(kind="station", station="FILL-1", **{"from": begun})
    assert filled == counts(kind="station", station="CAN-1", **{"from": begun})
    assert filled["LFP-CELL"] == CELLS
    records = OperationRecord.objects.filter(operation="FILL").order_by("source_time")
    window = {"from": records[3].source_time.isoformat(), "to": records[9].source_time.isoformat()}
    assert counts(kind="station", station="FILL-1", **window)["LFP-CELL"] == 7
    # A lot that another one was split off leads to what the part is in.
    part = plant.lots["NMP-000"]
    whole = plant.lots["GRAPHITE-000"]
    LotPart.objects.create(parent_id=whole, child_id=part, quantity=1.0, at=timezone.now())
    assert counts(kind="lot", lot=whole)["CATHODE-ROLL"] == len(plant.serials["CATHODE-ROLL"])


@pytest.mark.parametrize(
    ("path", "query", "refused"),
    [
        ("units/NOWHERE/genealogy", {}, (404, "MES-T-0201")),
        ("units/{pack}/genealogy", {"direction": "sideways"}, (400, "MES-L-0007")),
        ("units/{pack}/genealogy", {"depth": "0"}, (400, "MES-L-0007")),
        ("units/{pack}/genealogy", {"depth": "25"}, (400, "MES-L-0007")),
        ("units/{pack}/genealogy", {"as_of": "yesterday"}, (400, "MES-L-0007")),
        ("units/{pack}/genealogy", {"kinds": "cell,wheel"}, (400, "MES-L-0007")),
        ("units/{pack}/genealogy", {"with_ended": "1"}, (400, "MES-L-0007")),
        ("units/{pack}/genealogy", {"limit": "501"}, (400, "MES-L-0007")),
        ("units/{pack}/genealogy", {"cursor": "MTIz"}, (400, "MES-L-0007")),
        ("lots/999999/where-used", {}, (404, "MES-T-0202")),
        ("where-used", {}, (400, "MES-L-0007")),
        ("where-used", {"kind": "moon"}, (400, "MES-L-0007")),
        ("where-used", {"kind": "lot", "lot": "x"}, (404, "MES-T-0202")),
        ("where-used", {"kind": "unit", "serial": "NOWHERE"}, (404, "MES-T-0201")),
        ("where-used", {"kind": "range", "serial": "{pack}"}, (422, "MES-T-0940")),
        ("where-used", {"kind": "range", "serial": "{roll}", "from_m": "nan"}, (400, "MES-L-0007")),
        ("where-used", {"kind": "range", "serial": "{roll}", "from_m": "1e999"}, (400, "MES-L-0007")),
        ("where-used", {"kind": "range", "serial": "{roll}", "from_m": "9", "to_m": "3"}, (400, "MES-L-0007")),
        ("where-used", {"kind": "range", "serial": "{roll}", "lane": "0"}, (400, "MES-L-0007")),
        ("where-used", {"kind": "range", "serial": "{roll}", "from_m": "9000", "to_m": "9100"}, (422, "MES-T-0904")),
        ("where-used", {"kind": "range", "serial": "{roll}", "from_m": "10", "to_m": "9100"}, (422, "MES-T-0904")),
        ("where-used", {"kind": "range", "serial": "{roll}", "lane": "9"}, (422, "MES-T-0904")),
        ("where-used", {"kind": "channel", "channel": "NOWHERE"}, (404, "MES-T-0942")),
        ("where-used", {"kind": "tray", "tray": "NOWHERE"}, (404, "MES-T-0942")),
        ("where-used", {"kind": "station", "station": "NOWHERE", "from": "2026-11-01T00:00:00Z"}, (404, "MES-T-0941")),
        ("where-used", {"kind": "station", "station": "FILL-1"}, (400, "MES-L-0007")),
        ("where-used", {"kind": "station", "station": "FILL-1", "to": "2026-11-01T00:00:00Z"}, (400, "MES-L-0007")),
        ("where-used", {"kind": "tray"}, (400, "MES-L-0007")),
        ("where-used", {"kind": "tray", "tray": "T", "from": "noon"}, (400, "MES-L-0007")),
        ("where-used", {"kind": "unit", "serial": "{roll}", "kinds": "lot"}, (400, "MES-L-0007")),
        ("where-used", {"kind": "unit", "serial": "{roll}", "cursor": "%%"}, (400, "MES-L-0007")),
    ],
)
def test_wrong_questions_are_refused_with_a_code(
    plant: Wound, hand: Hand, path: str, query: dict[str, str], refused: tuple[int, str]
) -> None:
    names = {"pack": plant.serials["LFP-PACK"][0], "roll": plant.serials["CATHODE-ROLL"][0]}
    response = hand.get(path.format(**names), **{name: value.format(**names) for name, value in query.items()})
    assert (response.status_code, response.json()["code"]) == refused


def test_a_wrong_loop_in_the_links_ends(plant: Wound, hand: Hand) -> None:
    cell, pack = (plant.serials[code][0] for code in ("LFP-CELL", "LFP-PACK"))
    record = OperationRecord.objects.filter(serial=cell).first()
    assert record
    add_links([NewLink(plant.ids[cell], record.pk, input_unit_id=plant.ids[pack])])
    for serial in (cell, pack):
        for direction in ("made_of", "used_in"):
            assert hand.get(f"units/{serial}/genealogy", direction=direction).status_code == 200
        page(f"/genealogy/{serial}/")


def test_the_page_shows_a_card_for_each_kind_in_order_of_time(plant: Wound) -> None:
    pack = plant.serials["LFP-PACK"][0]
    html = page(f"/genealogy/{pack}/")
    cards = re.findall(r'<h3> ?([^<]*?) ?</h3> (?:<strong class="n">([^<]*)</strong>)?', html)
    names = [name for name, _count in cards]
    order = ["Cathode slurry", "Coated cathode roll", "Calendered cathode roll", "Slit cathode lane", "Jelly roll",
             "LFP cell", "LFP pack", "LFP container"]  # fmt: skip
    assert [name for name in names if name in order] == order
    assert dict(cards)["LFP cell"] == str(PACK_OF)
    assert f'data-to="card-focus"' in html  # noqa: F541 - as the page writes it
    assert "NMP-000" in html and "SEP-000" in html
    # The table twin has the cells in the order of their positions.
    key = re.search(r'href="\?of=(\w+)#table"[^>]*> ?LFP cell', html)
    assert key
    table = page(f"/genealogy/{pack}/?of={key[1]}")
    shown = re.findall(r'<td class="code"><a href="/genealogy/(\w+)/"', table)
    assert shown == plant.serials["LFP-CELL"][:PACK_OF]
    assert "inferred (mounted)" in page(f"/genealogy/{pack}/?of=lots")
    japanese = page(f"/genealogy/{pack}/", "ja")
    assert "系譜" in japanese and "正極スラリー" in japanese


def test_the_page_of_a_lot_is_as_short_for_many_cells_and_asks_as_few_questions(plant: Wound) -> None:
    def cost(path: str) -> tuple[int, int]:
        with CaptureQueriesContext(connection) as asked:
            length = len(page(path))
        return len(asked), length

    many = cost(f"/genealogy/lots/{plant.lots['NMP-000']}/")
    few = cost(f"/genealogy/lots/{plant.lots['LID-000']}/")
    assert many[0] <= few[0] + 1
    html = page(f"/genealogy/lots/{plant.lots['NMP-000']}/")
    assert "this lot" in html and f"all {CELLS} in the table" in html
    assert "made from" in page(f"/genealogy/step/{plant.serials['LFP-CELL'][0]}/")


def test_files_hold_every_link_and_no_formula(plant: Wound) -> None:
    pack = plant.serials["LFP-PACK"][0]
    Unit.objects.filter(serial=plant.serials["LFP-CELL"][0]).update(serial="=1+1")
    client = browser()
    text = b"".join(client.get(f"/genealogy/links.csv/{pack}/").streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined] # of a streamed answer
    rows = list(csv.DictReader(io.StringIO(text)))
    assert {row["direction"] for row in rows} == {"made_of", "used_in"}
    assert "'=1+1" in {row["input"] for row in rows}
    book = b"".join(client.get(f"/genealogy/links.xlsx/{pack}/").streaming_content)  # type: ignore[attr-defined] # of a streamed answer
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(book)).get_sheet_by_index(0).to_python()
    assert len(sheet) == len(rows) + 1
    uses = client.get(f"/genealogy/lots/{plant.lots['NMP-000']}/uses.csv")
    assert b"".join(uses.streaming_content).count(b"\n") > CELLS  # type: ignore[attr-defined] # of a streamed answer
    for path in (f"/genealogy/links.pdf/{pack}/", "/genealogy/lots/999999/uses.csv", "/genealogy/NOWHERE/"):
        assert client.get(path).status_code == 404


def test_pages_are_for_those_who_signed_in_and_lead_on_from_others(plant: Wound) -> None:
    pack, roll = plant.serials["LFP-PACK"][0], plant.serials["CATHODE-ROLL"][0]
    for path in (f"/genealogy/{pack}/", f"/rolls/{roll}/", f"/rolls/behind/{pack}/"):
        assert Client().get(path).status_code == 302
        assert browser().get(path).status_code == 200  # an auditor
        assert browser().post(path).status_code == 405
    operator = Client()
    operator.force_login(Person.objects.filter(role=Role.OPERATOR).first() or Person())
    assert operator.get(f"/rolls/{roll}/").status_code == 200
    assert browser().get(f"/genealogy/{pack.lower()}/")["Location"] == f"/genealogy/{pack}/"
    assert f"/genealogy/{pack}/" in page(f"/units/{pack}/")
    assert f"/rolls/{roll}/" in page(f"/units/{roll}/")
    assert f"/rolls/behind/{plant.serials['LFP-CELL'][0]}/" in page(f"/units/{plant.serials['LFP-CELL'][0]}/")
    lot = plant.lots["NMP-000"]
    assert f"/genealogy/lots/{lot}/" in page(f"/lots/{lot}/")


def test_the_questions_of_the_guide_are_answered(plant: Wound, hand: Hand) -> None:
    guide = (ROOT / "docs" / "genealogy.md").read_text()
    asked = re.findall(r"^    GET /api/v1/(\S+)$", guide, re.MULTILINE)
    names = {
        "pack": plant.serials["LFP-PACK"][0],
        "slurry": plant.serials["CATHODE-SLURRY"][0],
        "roll": plant.serials["CATHODE-ROLL"][0],
        "lot": plant.lots["NMP-000"],
        "channel": "R1-C05",
    }
    assert len(asked) >= 9
    for question in asked:
        assert hand.get(question.format(**names)).status_code == 200, question
