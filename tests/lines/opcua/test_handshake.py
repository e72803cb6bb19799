"""The handshake with servers of both makes against a real HTTP server: answered once, whoever restarts when."""

import json
import math
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from lines.models import Station
from tests.lines.opcua.gateways import Gateway
from tests.lines.opcua.peers import Peer
from tests.lines.rows import Row
from tests.processes import wait_for

CODE = {"code": "MES-T-0001", "what": {}, "cure": {}, "detail": ""}
PERMIT = {
    **{"serial": "X", "operation": "EOL", "verdict": "DENY", "reasons": [CODE], "permit": None, "expires_at": None},
    **{"recipe": "LFP-314/EOL/v2", "work_order": None, "retry_after_s": 7},
}
RESULT = {
    **{"record": 1, "serial": "X", "operation": "EOL", "attempt": 1, "verdict": "PASS", "machine_outcome": "PASS"},
    **{"is_conforming": False, "deviations": [CODE], "disposition": "CONTINUE", "next_operation": "AIL"},
    "measurements": [],
}


class Api:
    """What the MES would answer; keeps each post, and can hang, fail or refuse."""

    def __init__(self) -> None:
        self.posts: list[tuple[str, str, str, Any]] = []
        self.sent_at: list[datetime] = []
        self.mood = "well"
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                key, token = self.headers["Idempotency-Key"], self.headers["Authorization"]
                outer.sent_at.append(datetime.fromisoformat(body.pop("sent_at")))
                outer.posts.append((self.path, key, token, body))
                if outer.mood == "hang":
                    outer.released.wait(30)
                    return
                status, answer = {
                    "well": (200, PERMIT) if self.path.endswith("permits") else (201, RESULT),
                    "ill": (503, {}),
                    "strict": (422, CODE),
                    "locked": (401, CODE),
                    "busy": (409, CODE),
                    "sure": (409, CODE),
                    "page": (400, {}),
                }[outer.mood]
                content = b"<html>" if outer.mood == "page" else json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(content)))
                if outer.mood == "busy":
                    self.send_header("Retry-After", "1")
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: Any) -> None:
                return

        self.released = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def keys(self) -> list[str]:
        return [post[1] for post in self.posts]

    def stop(self) -> None:
        self.released.set()
        self._server.shutdown()
        self._server.server_close()


class Plc:
    """The station's side of one structure."""

    def __init__(self, peer: Peer, path: str) -> None:
        self._peer = peer
        self._path = path

    def write(self, **fields: Any) -> None:
        for name, value in fields.items():
            self._peer.write(f"{self._path}/{name}", value, datetime.now(UTC).timestamp())

    def read(self, name: str) -> Any:
        return self._peer.read(f"{self._path}/{name}")

    def ask(self, sequence: int, **fields: Any) -> None:
        self.write(BootId="b1", Sequence=sequence, **fields)
        self.write(Ready=True)

    def answer(self, sequence: int, *names: str) -> list[Any]:
        wait_for("an answer", lambda: self.read("Accepted"))
        assert self.read("AnsweredSequence") == sequence
        answer = [self.read(name) for name in names]
        self.write(Ready=False)
        wait_for("the end of the handshake", lambda: not self.read("Accepted"))
        return answer


def result(**changes: Any) -> dict[str, Any]:
    at = datetime(2026, 3, 1, 9, 30, 0, 250_000, UTC)
    fields: dict[str, Any] = {
        **{"Serial": "SK1PLF0000001", "Operation": "EOL", "Outcome": "PASS", "ReasonCodes": []},
        **{"StartedAt": at, "FinishedAt": at.replace(minute=45), "Recipe": "R7", "Operator": "", "LengthM": 0.0},
        **{"MassKg": 312.5, "MeasurementCode": ["PK-OCV", "PK-IR"], "MeasurementValue": [343.2, 31.5]},
        **{"MeasurementUnit": ["V", "mohm"], "MeasurementPosition": ["", "J1"], "ConsumedMaterial": ["GLUE"]},
        **{"ConsumedSupplier": ["Ōsaka Kagaku"], "ConsumedLot": ["A-1"], "ConsumedQuantity": [0.4]},
        **{"ConsumedUnit": ["kg"], "ComponentSerial": ["C1", "C2"], "ComponentPosition": [1, 2]},
        **{"ComponentQuantity": [math.nan, 2.5], "RangeSerial": ["R1", "R1"], "RangeLane": [0, 3]},
        **{"RangeFromM": [0.0, 5.0], "RangeToM": [5.0, 9.5]},
    }
    return fields | changes


# What came into the structures after the first stations did the handshake.
LATER = (
    *("Channel", "SourceTime", "AnsweredBootId", "ExpectedRecipe", "RetryAfterS"),
    *("Grade", "Offline", "CountCode", "CountValue", "CountInspected"),
)


@pytest.fixture
def api() -> Iterator[Api]:
    running = Api()
    yield running
    running.stop()


@pytest.mark.slow
@pytest.mark.parametrize("make", ["asyncua", "opcua"])
def test_a_handshake_is_answered_whoever_restarts_when(make: str, tmp_path: Path, api: Api) -> None:
    is_new = make == "asyncua"
    row = Row(Station(code="EOL-1"), {})
    peer = Peer(make, [row], is_asking=True, lacking=() if is_new else LATER)
    tokens = tmp_path / "tokens.json"
    tokens.write_text(json.dumps({"EOL-1": "st_secret"}))
    gateway = Gateway(peer.url, "EOL-1", api.url, tokens)
    gateway.start()
    permit, post = Plc(peer, "EOL-1/Permit"), Plc(peer, "EOL-1/Result")

    # A permit: the reasons come back, the token and the key go out.
    permit.ask(1, Serial="SK1PLF0000001", Operation="EOL")
    answered = ("ExpectedRecipe", "RetryAfterS", "AnsweredBootId") if is_new else ()
    values = ["LFP-314/EOL/v2", 7, "b1"] if is_new else []
    assert permit.answer(1, "Verdict", "ReasonCodes", *answered) == ["DENY", ["MES-T-0001"], *values]
    body = {"serial": "SK1PLF0000001", "operation": "EOL"}
    assert api.posts == [("/api/v1/stations/EOL-1/permits", "EOL-1:b1:P:1", "Token st_secret", body)]
    assert abs((datetime.now(UTC) - api.sent_at[0]).total_seconds()) < 10

    # Nobody answers and the station takes the question back: it is not asked when the API is well again.
    api.mood = "ill"
    permit.ask(2, Serial="SK1PLF0000002")
    wait_for("two attempts", lambda: api.keys.count("EOL-1:b1:P:2") >= 2)
    permit.write(Ready=False)
    api.mood = "well"
    if is_new:
        at = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
        more = {"recipe": "LFP-314/EOL/v1", "operator": "op1", "channel": "B-1", "source_time": at.isoformat()}
        permit.write(Recipe="LFP-314/EOL/v1", Operator="op1", Channel="B-1", SourceTime=at)
        body |= more
    permit.ask(3, Serial="SK1PLF0000001")
    permit.answer(3)
    assert api.posts[-1][1:] == ("EOL-1:b1:P:3", "Token st_secret", body)
    assert "EOL-1:b1:P:2" not in api.keys[api.keys.index("EOL-1:b1:P:3") :]

    # A result: all of it, and nothing is written while the API is ill.
    api.posts.clear()
    api.mood = "ill"
    post.ask(1, **result())
    wait_for("two attempts", lambda: len(api.posts) >= 2)
    assert (post.read("Accepted"), post.read("AnsweredSequence")) == (False, 0)
    api.mood = "well"
    fields = ("Verdict", "Disposition", "NextOperation", "DeviationCodes")
    assert post.answer(1, *fields) == ["PASS", "CONTINUE", "AIL", ["MES-T-0001"]]
    assert set(api.keys) == {"EOL-1:b1:R:1"}
    assert api.posts[-1][3] == {
        **{"serial": "SK1PLF0000001", "operation": "EOL", "outcome": "PASS", "reason_codes": []},
        **{"started_at": "2026-03-01T09:30:00.250000+00:00", "finished_at": "2026-03-01T09:45:00.250000+00:00"},
        **{"recipe": "R7", "operator": "", "length_m": None, "mass_kg": 312.5},
        "measurements": [
            {"code": "PK-OCV", "value": 343.2, "unit": "V", "position": ""},
            {"code": "PK-IR", "value": 31.5, "unit": "mohm", "position": "J1"},
        ],
        "consumed": [{"material": "GLUE", "supplier": "Ōsaka Kagaku", "lot": "A-1", "quantity": 0.4, "unit": "kg"}],
        "components": [{"serial": "C1", "position": 1}, {"serial": "C2", "position": 2, "quantity": 2.5}],
        "ranges": [
            {"serial": "R1", "from_m": 0.0, "to_m": 5.0},
            {"serial": "R1", "lane": 3, "from_m": 5.0, "to_m": 9.5},
        ],
    }

    # An array of fixed length ends where its first column is empty; what came into the structure later.
    later: dict[str, Any] = {"Offline": True, "Grade": "A", "CountCode": ["BURR", ""], "CountValue": [3, 9]}
    later["CountInspected"] = [math.nan, 0.0]
    post.ask(7, **result(ReasonCodes=["R-1", ""]), **(later if is_new else {}))
    post.answer(7)
    assert api.posts[-1][3]["reason_codes"] == ["R-1"]
    body = {name: api.posts[-1][3].get(name) for name in ("offline", "grade", "counts")}
    counts = [{"code": "BURR", "count": 3}]
    assert list(body.values()) == ([True, "A", counts] if is_new else [None, None, None])

    # Another copy in flight: the same post goes out again after the time told. A 409 without a time is an answer.
    api.posts.clear()
    api.mood = "busy"
    post.ask(8, **result())
    wait_for("two attempts", lambda: len(api.posts) == 2)
    api.mood = "sure"
    assert post.answer(8, "Verdict", "DeviationCodes") == ["ERROR", ["MES-T-0001"]]
    assert set(api.keys) == {"EOL-1:b1:R:8"}

    # A proxy's page settles nothing, nor does a token that is being replaced: the same post goes out again.
    api.mood = "page"
    post.ask(6, **result())
    wait_for("a post", lambda: api.keys[-1] == "EOL-1:b1:R:6")
    api.mood = "locked"
    tokens.write_text(json.dumps({"EOL-1": "st_new"}))
    wait_for("the new token", lambda: api.posts[-1][2] == "Token st_new")
    api.mood = "well"
    assert post.answer(6, "Verdict") == ["PASS"]

    # Refused, and not understood: an error with its code, so that the station does not wait for ever.
    api.mood = "strict"
    post.ask(2, **result())
    assert post.answer(2, "Verdict", "DeviationCodes") == ["ERROR", ["MES-T-0001"]]
    api.mood = "well"
    post.ask(3, **result(MeasurementValue=[1.0]))
    assert post.answer(3, "Verdict", "DeviationCodes") == ["ERROR", ["MES-L-0308"]]

    # The gateway dies while it waits for the answer: the next one posts under the same key.
    api.posts.clear()
    api.mood = "hang"
    post.ask(4, **result())
    wait_for("the post", lambda: api.posts)
    gateway.kill()
    api.mood = "well"
    gateway.start()
    assert post.answer(4, "Verdict") == ["PASS"]
    assert set(api.keys) == {"EOL-1:b1:R:4"}
    assert len({json.dumps(each[3], sort_keys=True) for each in api.posts}) == 1

    # It dies between the answer and the flag; the station starts anew with a sequence that was used before.
    post.write(AnsweredSequence=5, Verdict="FAIL")
    post.ask(5, **result())
    assert post.answer(5, "Verdict") == ["PASS"]
    # Accepted was never taken back, and the gateway is new: the boot id of the answer tells that this is not it.
    if is_new:
        gateway.kill()
        post.write(Accepted=True)
    post.write(BootId="b2", Sequence=5, Ready=True)
    if is_new:
        gateway.start()
        wait_for("the other post", lambda: api.keys[-1] == "EOL-1:b2:R:5")
    assert post.answer(5, "Verdict") == ["PASS"]
    assert api.keys[-2:] == ["EOL-1:b1:R:5", "EOL-1:b2:R:5"]
    gateway.stop()
    peer.stop()
