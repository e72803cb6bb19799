"""One station with the permit and result handshake of docs/plc.md, on a python-opcua server: a model for a PLC program.

It makes the units named on the command line, one after the other: asks, works, reports, and prints what it is told.
What a controller keeps in retentive memory is kept in a file, so that it may be stopped and started at any point.
Loopback only: python-opcua has an unfixed weakness (CVE-2022-25304).
"""

import argparse
import json
import time
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from opcua import Server, ua

NAMESPACE = "urn:denchi:station"
CYCLE_S = 0.02

# What this station provides: a mixer has no components or roll ranges, so it has no variables for them.
PERMIT = {"Serial": "String", "Operation": "String", "Recipe": "String", "Operator": "String", "SourceTime": "DateTime"}
PERMIT_ANSWER = {"Verdict": "String", "ReasonCodes": "String[]", "ExpectedRecipe": "String", "RetryAfterS": "UInt32"}
RESULT = {
    **{"Serial": "String", "Operation": "String", "Outcome": "String", "ReasonCodes": "String[]"},
    **{"StartedAt": "DateTime", "FinishedAt": "DateTime", "Recipe": "String", "Offline": "Boolean"},
    **{"MeasurementCode": "String[]", "MeasurementValue": "Double[]", "MeasurementUnit": "String[]"},
    **{"ConsumedMaterial": "String[]", "ConsumedSupplier": "String[]", "ConsumedLot": "String[]"},
    **{"ConsumedQuantity": "Double[]", "ConsumedUnit": "String[]"},
}
RESULT_ANSWER = {
    **{"Verdict": "String", "Disposition": "String", "NextOperation": "String", "DeviationCodes": "String[]"},
}
HEAD = {"BootId": "String", "Sequence": "UInt32", "Ready": "Boolean"}
ANSWER_HEAD = {"AnsweredBootId": "String", "AnsweredSequence": "UInt32", "Accepted": "Boolean"}
EMPTY = {"String": "", "UInt32": 0, "Double": 0.0, "Boolean": False, "DateTime": datetime(1970, 1, 1)}  # noqa: DTZ001 - the library takes no offsets

# What it measures and consumes for one batch of anode slurry.
MEASURED = [("MIX-03", 15.0, "um"), ("MIX-04", 12.0, "ppb")]
CONSUMED = [("GRAPHITE", 289.5), ("CARBON-BLACK", 1.5), ("BINDER-SBR", 9.0), ("DI-WATER", 300.0)]
SUPPLIER, LOT = "ACME", "A-1"


class Structure:
    """Permit or Result: the variables of one handshake."""

    def __init__(self, index: int, folder: Any, path: str, ours: dict[str, str], theirs: dict[str, str]) -> None:
        above = folder.add_object(ua.NodeId(path, index), f"{index}:{path.rpartition('/')[2]}")
        self._variables = {}
        for name, kind in {**HEAD, **ours, **ANSWER_HEAD, **theirs}.items():
            variant = ua.VariantType[kind.removesuffix("[]")]
            first = ua.Variant([], variant, is_array=True) if kind.endswith("[]") else EMPTY[kind]
            variable = above.add_variable(ua.NodeId(f"{path}/{name}", index), f"{index}:{name}", first, variant)
            if name in ANSWER_HEAD or name in theirs:
                variable.set_writable()
            self._variables[name] = variable, variant, kind.endswith("[]")

    def write(self, **fields: Any) -> None:
        for name, value in fields.items():
            variable, variant, is_array = self._variables[name]
            variable.set_value(ua.DataValue(ua.Variant(value, variant, is_array=is_array)))

    def read(self, name: str) -> Any:
        return self._variables[name][0].get_value()

    def ask(self, boot_id: str, sequence: int, fields: dict[str, Any], wait_s: float | None = None) -> bool:
        """Raise the flag and wait for the answer to this sequence; false when none came in time."""
        while self.read("Accepted"):  # the end of the handshake before this one
            time.sleep(CYCLE_S)
        self.write(BootId=boot_id, Sequence=sequence, **fields)
        self.write(Ready=True)  # last: from here on nothing of the structure changes
        until = time.monotonic() + (wait_s or float("inf"))
        while not (self.read("Accepted") and self._is_answer_to(boot_id, sequence)):
            if time.monotonic() > until:
                self.write(Ready=False)
                return False
            time.sleep(CYCLE_S)
        return True

    def _is_answer_to(self, boot_id: str, sequence: int) -> bool:
        return bool(self.read("AnsweredSequence") == sequence and self.read("AnsweredBootId") == boot_id)

    def done(self) -> None:
        """The answer has been read; the MES takes Accepted back."""
        self.write(Ready=False)


class Memory:
    """Retentive memory: the boot id with its sequences, and the result that is not acknowledged yet."""

    def __init__(self, file: Path) -> None:
        self._file = file
        empty = {"boot_id": uuid.uuid4().hex[:8], "permits": 0, "results": 0, "open": None, "made": []}
        # A new boot id goes with sequences that begin anew, never without them.
        self.values: dict[str, Any] = json.loads(file.read_text()) if file.exists() else empty

    def keep(self, **values: Any) -> None:
        self.values |= values
        beside = self._file.with_suffix(".new")
        beside.write_text(json.dumps(self.values))
        beside.replace(self._file)


def now() -> str:
    return datetime.now(UTC).replace(tzinfo=None).isoformat()


def ask_permit(permit: Structure, memory: Memory, serial: str, operation: str, wait_s: float) -> bool | None:
    """True: may enter. False: may not. None: the MES does not answer."""
    while True:
        sequence = memory.values["permits"] + 1
        memory.keep(permits=sequence)  # before the flag: no sequence is used for two questions
        asked = {"Serial": serial, "Operation": operation, "Recipe": "", "SourceTime": datetime.fromisoformat(now())}
        if not permit.ask(memory.values["boot_id"], sequence, asked, wait_s):
            return None
        verdict, reasons, pause_s = (permit.read(name) for name in ("Verdict", "ReasonCodes", "RetryAfterS"))
        print(f"permit {sequence} {serial} {verdict} {' '.join(reasons or [])}".rstrip(), flush=True)
        recipe = permit.read("ExpectedRecipe")
        permit.done()
        if verdict != "DENY" or pause_s == 0:
            memory.keep(recipe=recipe)
            return bool(verdict == "ALLOW")
        time.sleep(pause_s)  # every reason may pass by itself: ask again, under a new sequence


def make(memory: Memory, serial: str, operation: str, work_s: float, is_offline: bool) -> None:
    """Work, and put the result into retentive memory under its sequence before telling anybody."""
    started_at = now()
    time.sleep(work_s)
    fields = {
        **{"Serial": serial, "Operation": operation, "Outcome": "PASS", "ReasonCodes": [], "Offline": is_offline},
        **{"StartedAt": started_at, "FinishedAt": now(), "Recipe": memory.values.get("recipe") or ""},
        "MeasurementCode": [code for code, _, _ in MEASURED],
        "MeasurementValue": [value for _, value, _ in MEASURED],
        "MeasurementUnit": [unit for _, _, unit in MEASURED],
        "ConsumedMaterial": [material for material, _ in CONSUMED],
        "ConsumedSupplier": [SUPPLIER for _ in CONSUMED],
        "ConsumedLot": [f"{LOT}-{material}" for material, _ in CONSUMED],
        "ConsumedQuantity": [quantity for _, quantity in CONSUMED],
        "ConsumedUnit": ["kg" for _ in CONSUMED],
    }
    sequence = memory.values["results"] + 1
    memory.keep(results=sequence, open=fields, made=[*memory.values["made"], serial])


def report(result: Structure, memory: Memory) -> None:
    """Tell the open result; wait for ever, for it is a fact. After a restart the same sequence goes out again."""
    fields = dict(memory.values["open"])
    times = {name: datetime.fromisoformat(fields[name]) for name in ("StartedAt", "FinishedAt")}
    sequence = memory.values["results"]
    result.ask(memory.values["boot_id"], sequence, {**fields, **times})
    told = [result.read(name) for name in ("Verdict", "Disposition", "NextOperation")]
    codes = " ".join(result.read("DeviationCodes") or [])
    print(f"result {sequence} {fields['Serial']} {' '.join(filter(None, told))} {codes}".rstrip(), flush=True)
    memory.keep(open=None)  # before the flag is taken back: then the answer is gone
    result.done()


def run(permit: Structure, result: Structure, memory: Memory, words: argparse.Namespace) -> None:
    """Make every unit once, going on where a run before this one stopped."""
    if memory.values["open"]:
        report(result, memory)
    for serial in words.serials:
        if serial in memory.values["made"]:
            continue
        is_allowed = ask_permit(permit, memory, serial, words.operation, words.wait)
        if is_allowed is not False:
            make(memory, serial, words.operation, words.work, is_offline=is_allowed is None)
            report(result, memory)


def serve(port: int, station: str) -> tuple[Any, Structure, Structure]:
    """The server, not started, with the station's two structures."""
    server = Server()
    server.set_endpoint(f"opc.tcp://127.0.0.1:{port}")
    server.set_security_policy([ua.SecurityPolicyType.NoSecurity])
    index = server.register_namespace(NAMESPACE)
    folder = server.get_objects_node().add_object(ua.NodeId(station, index), f"{index}:{station}")
    permit = Structure(index, folder, f"{station}/Permit", PERMIT, PERMIT_ANSWER)
    result = Structure(index, folder, f"{station}/Result", RESULT, RESULT_ANSWER)
    return server, permit, result


def read_words(words: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("serials", nargs="+")
    parser.add_argument("--station", default="MIX-1")
    parser.add_argument("--operation", default="MIX-A")
    parser.add_argument("--port", type=int, default=48401)
    parser.add_argument("--memory", type=Path, default=Path("plc_station.json"))
    parser.add_argument("--work", type=float, default=1.0, help="seconds for one unit")
    parser.add_argument("--wait", type=float, default=60.0, help="seconds without a permit's answer before running on")
    return parser.parse_args(words)


if __name__ == "__main__":
    asked_for = read_words()
    its_server, its_permit, its_result = serve(asked_for.port, asked_for.station)
    its_server.start()
    try:
        run(its_permit, its_result, Memory(asked_for.memory), asked_for)
        while its_permit.read("Accepted") or its_result.read("Accepted"):
            time.sleep(CYCLE_S)  # the MES ends the last handshake
    finally:
        its_server.stop()
