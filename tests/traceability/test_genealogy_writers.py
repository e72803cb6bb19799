"""Pages of a walk show what was committed at the first one, in whatever order writers commit."""

from base64 import urlsafe_b64encode
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from django.db import connection
from django.utils import timezone

from lines.errors import Refusal
from tests.traceability.conftest import make_hand
from tests.traceability.wound import wind
from traceability.genealogy.walking import Walk, link_page
from traceability.models import GenealogyLink

_INSERT = """
insert into traceability_genealogylink (output_id, input_unit_id, record_id, uom, basis)
values (%s, %s, %s, '', 'RECORDED') returning id
"""
_END = "insert into traceability_linkend (link_id, record_id, at, reason) values (%s, %s, now(), '')"
_REMOVE = """
insert into traceability_correction (record_id, kind, before, after, removed_link_id, verdict, reason, by, at)
values (%s, 'LINK', '{}', '{}', %s, '', 'x', 'q', now())
"""


def _writer() -> psycopg.Connection[Any]:
    at = connection.settings_dict
    return psycopg.connect(
        host=at["HOST"], port=at["PORT"], user=at["USER"], password=at["PASSWORD"], dbname=at["NAME"]
    )


def _insert(writer: psycopg.Connection[Any], *values: int) -> int:
    row = writer.execute(_INSERT, values).fetchone()
    assert row
    return int(row[0])


@pytest.mark.django_db(transaction=True)
def test_who_commits_late_with_an_early_id_shows_on_no_later_page() -> None:
    make_hand()
    plant = wind(3, 2)
    pack, other = plant.ids[plant.serials["LFP-PACK"][0]], plant.ids[plant.serials["LFP-CELL"][2]]
    links = list(GenealogyLink.objects.filter(output=pack).exclude(input_unit=None).order_by("-id"))
    record = links[0].record_id
    for as_of in (None, timezone.now() + timedelta(hours=1)):
        walk = Walk(pack, depth=1, as_of=as_of)
        with _writer() as slow, _writer() as fast:
            early = _insert(slow, pack, other, record)
            slow.execute(_END, [links[0].pk, record])
            slow.execute(_REMOVE, [record, links[1].pk])
            late = _insert(fast, pack, other, record)
            assert early < late
            fast.commit()
            page = link_page(walk, 1)
            n_links, found = page.n_links, [link["link"] for link in page.links]
            slow.commit()
            while page.next_cursor:
                page = link_page(walk, 1, page.next_cursor)
                assert page.n_links == n_links
                found += [link["link"] for link in page.links]
            assert (len(found), early in found, late in found) == (n_links, False, True)
            assert {links[0].pk, links[1].pk} <= set(found)
            now = {link["link"] for link in link_page(walk, 500).links}
            assert now == {*found, early} - {links[0].pk, links[1].pk}
            slow.execute("delete from traceability_linkend")
            slow.execute("delete from traceability_correction")


@pytest.mark.parametrize(
    "snapshot", ["", "1", "5:3:", "3:5:7", "3:9:5,4", "3:9:5,5", "3:9:5,", "0:9:", "3:9:x", "٣:9:", "1" * 19 + ":9:",
                 "1:999999:" + ",".join(map(str, range(1, 9000)))],
)  # fmt: skip
def test_a_snapshot_the_database_would_not_read_is_refused(snapshot: str) -> None:
    with pytest.raises(Refusal, match="cursor"):
        link_page(Walk(1), 1, urlsafe_b64encode(f"1.1.1.{snapshot}.1".encode()).decode())
