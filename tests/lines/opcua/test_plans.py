"""What a gateway follows outlives it on its own disk, so that it starts while the database is away."""

from pathlib import Path

import pytest

from lines.opcua import queries
from lines.opcua.plans import Plans
from lines.plant.models import Signal
from tests.lines.rows import make_line, make_server, make_station


@pytest.mark.django_db
def test_the_plan_that_was_kept_is_the_plan_that_is_found(tmp_path: Path) -> None:
    server = make_server(make_line(), "PACK")
    row = make_station(server, "EOL-1", interface="OPCUA")
    Signal.objects.create(
        **{"station": row.station, "code": "Scan[0]", "kind": "MEASUREMENT", "name_en": "Scan", "name_ja": "走査"},
        elements=1,
        deadband=0.5,
    )
    plan = queries.server("PACK")
    path = tmp_path / "plans.json"
    Plans(path).keep(["OTHER", "PACK"], {"PACK": plan})
    again = Plans(path)
    assert (again.codes(), again.server("PACK"), again.server("OTHER")) == (["OTHER", "PACK"], plan, None)
    again.keep(["OTHER"], {})  # the line has lost a server
    assert (Plans(path).codes(), Plans(path).server("PACK")) == (["OTHER"], None)


@pytest.mark.parametrize("content", ["", "{", "[]", '{"codes": ["A"]}', '{"codes": [], "servers": {"A": {"new": 1}}}'])
def test_a_file_of_another_version_is_no_plan(tmp_path: Path, content: str) -> None:
    path = tmp_path / "plans.json"
    path.write_text(content)
    assert (Plans(path).codes(), Plans(path).server("A")) == (None, None)
