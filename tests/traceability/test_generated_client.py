"""A client that a generator makes of the published documentation works, with types and all."""

import json
import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import httpx
import pytest
from drf_spectacular.generators import SchemaGenerator

from tests.traceability.conftest import Hand
from tests.web import application
from traceability.labels.queries import FORMATS


def generate(folder: Path) -> None:
    """A package denchi_client; any warning of the generator is a failure."""
    schema = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]  # spectacular's
    (folder / "schema.json").write_text(json.dumps(schema))
    # What is neither JSON nor text is bytes to the generator, once it is told so.
    binary = dict.fromkeys(("application/zip", "application/pdf", *FORMATS.values()), "application/octet-stream")
    (folder / "config.json").write_text(json.dumps({"content_type_overrides": binary}))
    words = ["generate", "--path", "schema.json", "--output-path", "denchi_client", "--meta", "none"]
    words += ["--config", "config.json"]
    done = subprocess.run(
        [sys.executable, "-m", "openapi_python_client", *words, "--fail-on-warning"],
        cwd=folder,
        env={**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},  # it calls ruff
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
def test_a_generated_client_asks_posts_and_reads(hand: Hand, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    generate(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    own, models = import_module("denchi_client"), import_module("denchi_client.models")

    def call(module: str, *words: Any, token: str, **named: Any) -> Any:
        client = own.AuthenticatedClient(
            base_url="http://testserver",
            token=token,
            prefix="Token",
            raise_on_unexpected_status=True,
            httpx_args={"transport": httpx.WSGITransport(app=application)},
        )
        return import_module(f"denchi_client.api.{module}").sync(*words, client=client, **named)

    serial = hand.serial("SLA")
    asked = models.PermitRequestOne(serial=serial, operation="MIX-A")
    permit = call("stations.ask_permit", "MIX-1", token=hand.tokens["MIX-1"], body=asked)
    assert (permit.verdict, permit.serial) == (models.PermitVerdictEnum.ALLOW, serial)

    step = hand.step(serial, "MIX-A")
    assert step
    body = hand.body(serial, "MIX-A", **hand.inputs(step))
    posted = models.PostedOne.from_dict(body)
    for _ in range(2):  # the second is a repeat
        result = call(
            "stations.post_result", "MIX-1", token=hand.tokens["MIX-1"], body=posted, idempotency_key="MIX-1:g:R:1"
        )
        assert (result.verdict, result.is_conforming) == (models.VerdictEnum.PASS, True), result.deviations
        assert {each.code for each in result.measurements} == {each["code"] for each in body["measurements"]}

    unit = call("units.show_unit", serial, token=hand.person_token)
    assert unit.serial == serial
    assert [record.record for record in unit.records] == [result.record]

    refused = call("stations.ask_permit", "WIND-1", token=hand.tokens["MIX-1"], body=asked)
    assert refused.code == "MES-L-0002"
