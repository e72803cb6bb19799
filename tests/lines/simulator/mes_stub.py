"""An MES that is small enough to trust: answers permits and results by the route, over real HTTP and real OPC UA.

Also a process: `python -m tests.lines.simulator.mes_stub PLANT PORT ENDPOINTS`, to measure the simulator alone.
"""

import asyncio
import json
import math
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import asyncua as asyncua_library

from lines.orders.serials import parse_serial
from lines.plant.files import StepFile, read_plant
from lines.simulator.nodes import NAMESPACE, PERMIT_FIELDS, measured, result_fields_of
from lines.simulator.routes import Plant, Route

# Its own annotations ask for its own wrappers of str and int, which it does not need.
asyncua: Any = asyncua_library
ua: Any = asyncua.ua


class MesStub:
    """Keeps every post; `down` makes it answer 503, `deaf` closes connections without an answer after storing."""

    def __init__(self, plant: Path) -> None:
        self.plant = Plant(read_plant(plant))
        self.designs = {d.design_code: (r, d.code) for r in self.plant.routes.values() for d in r.product.definitions}
        self.next: dict[str, StepFile | None] = {}
        self.visits: Counter[tuple[str, str]] = Counter()
        self.answers: dict[tuple[str, str], tuple[str, Any]] = {}  # (station, key): body, answer
        self.posts: list[tuple[str, str, dict[str, Any]]] = []  # station, key, body; each key once
        self.repeats = 0
        self.lots: dict[tuple[str, str], dict[str, Any]] = {}
        self.handled: list[tuple[str, dict[str, Any]]] = []  # lots mounted, trays loaded and unloaded
        self.permits: Counter[str] = Counter()
        self.down = False
        self.deaf_every = 0  # every n-th request is done but not answered
        self.requests = 0
        self.url = ""
        self._server: asyncio.Server | None = None

    # The interlock in short

    def _route(self, serial: str) -> tuple[Route, str]:
        return self.designs[parse_serial(serial).design]

    def _step(self, serial: str) -> StepFile | None:
        route, definition = self._route(serial)
        return self.next.get(serial, route.first(definition))

    def permit(self, serial: str, operation: str) -> dict[str, Any]:
        step = self._step(serial)
        is_next = step is not None and operation in (step.operation, *step.alternatives)
        self.permits["ALLOW" if is_next else "DENY"] += 1
        reasons = [] if is_next else [{"code": "MES-T-0006", "what": {}, "cure": {}, "detail": ""}]
        recipe = f"X/{operation}/v1"
        return {"serial": serial, "verdict": "ALLOW" if is_next else "DENY", "reasons": reasons, "recipe": recipe}

    def _result(self, whole: dict[str, Any], item: dict[str, Any]) -> dict[str, Any]:
        serial, operation = item["serial"], whole["operation"]
        route, _ = self._route(serial)
        step = self._step(serial)
        self.visits[serial, operation] += 1
        answer = {"serial": serial, "verdict": item["outcome"], "deviations": [], "next_operation": None}
        if step is None or operation not in (step.operation, *step.alternatives):
            return {**answer, "disposition": "HOLD", "deviations": [{"code": "MES-T-0006"}]}
        if item["outcome"] == "PASS":
            self.next[serial] = route.after(step, serial)
            following = self.next[serial]
            return {**answer, "disposition": "CONTINUE", "next_operation": following and following.operation}
        if self.visits[serial, operation] < step.max_passes:
            back = route.by_sequence[step.rework_from or step.sequence]
            self.next[serial] = back
            return {**answer, "disposition": "REWORK", "next_operation": back.operation}
        self.next[serial] = None
        return {**answer, "disposition": step.on_fail}

    def result(self, station: str, key: str, text: str) -> tuple[int, Any]:
        if (station, key) in self.answers:
            known, answer = self.answers[station, key]
            if json.loads(known) | {"sent_at": 0} != json.loads(text) | {"sent_at": 0}:
                return 422, {"code": "MES-L-0220"}
            self.repeats += 1
            return 201, answer
        body = json.loads(text)
        if any(isinstance(m["value"], str) for item in body.get("items", [body]) for m in item["measurements"]):
            return 422, {"code": "MES-L-0203"}
        items = [self._result(body, item) for item in body.get("items", [body])]
        answer = {"items": items} if "items" in body else items[0]
        self.answers[station, key] = text, answer
        self.posts.append((station, key, body))
        return 201, answer

    # HTTP

    async def start(self, port: int = 0) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", port)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/api/v1"

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while line := await reader.readline():
                headers = {}
                while (header := await reader.readline()) not in (b"\r\n", b""):
                    name, _, value = header.decode().partition(":")
                    headers[name.lower()] = value.strip()
                text = (await reader.readexactly(int(headers.get("content-length", 0)))).decode()
                self.requests += 1
                status, answer = self._answer(line.split()[1].decode(), headers, text)
                if self.deaf_every and self.requests % self.deaf_every == 0:
                    break
                payload = json.dumps(answer).encode()
                writer.write(b"HTTP/1.1 %d X\r\nContent-Length: %d\r\n\r\n" % (status, len(payload)) + payload)
        except ConnectionError:
            pass
        finally:
            writer.close()

    def _answer(self, path: str, headers: dict[str, str], text: str) -> tuple[int, Any]:
        if self.down:
            return 503, {}
        if path.endswith("/lots"):
            lot = json.loads(text)
            self.lots[lot["supplier"], lot["number"]] = lot
            return 201, lot
        station, what = path.split("/")[-2:]
        if "/feed-points/" in path or "/trays/" in path:
            self.handled.append((path.partition("/v1/")[2], json.loads(text)))
            return 200, {}
        if headers.get("authorization") != f"Token {station}-token":
            return 401, {"code": "MES-L-0001"}
        return self._station(station, what, headers, text)

    def _station(self, station: str, what: str, headers: dict[str, str], text: str) -> tuple[int, Any]:
        if what == "permits":
            body = json.loads(text)
            if "serials" in body:
                return 200, {"items": [self.permit(serial, body["operation"]) for serial in body["serials"]]}
            return 200, self.permit(body["serial"], body["operation"])
        return self.result(station, headers["idempotency-key"], text)


class GatewayStub:
    """The other side of the handshake, for every OPCUA station of a plant."""

    def __init__(self, mes: MesStub, endpoints: dict[str, str]) -> None:
        self.mes = mes
        self.endpoints = endpoints
        self.values: Counter[str] = Counter()  # telemetry notifications by path
        self.stamps: list[float] = []
        self._clients: list[Any] = []
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        for server, url in self.endpoints.items():
            client = asyncua.Client(url, timeout=30)
            await client.connect()
            self._clients.append(client)
            index = await client.get_namespace_index(NAMESPACE)
            stations = [s for s in self.mes.plant.files.stations if s.opcua_server == server]
            paths = [
                f"{s.code}/{folder}/Ready"
                for s in stations
                if s.interface == "OPCUA"
                for folder in ("Permit", "Result")
            ]
            paths += [path for s in stations for path in measured(s)]
            subscription = await client.create_subscription(100, _Handler(self, client, index))
            nodes = [client.get_node(f"ns={index};s={path}") for path in paths]
            await subscription.subscribe_data_change(nodes, queuesize=1000)

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        for client in self._clients:
            try:
                await asyncio.wait_for(client.disconnect(), 5)
            except (TimeoutError, ConnectionError, ua.UaError):
                continue

    def answer(self, client: Any, index: int, folder: str) -> None:
        task = asyncio.get_running_loop().create_task(self._answer(client, index, folder))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _answer(self, client: Any, index: int, folder: str) -> None:
        station, kind = folder.split("/")
        fields = PERMIT_FIELDS if kind == "Permit" else result_fields_of(self.mes.plant.stations[station])

        def node(name: str) -> Any:
            return client.get_node(f"ns={index};s={folder}/{name}")

        read = dict(zip(fields, await client.read_values([node(name) for name in fields]), strict=True))
        if kind == "Permit":
            answer = self.mes.permit(read["Serial"], read["Operation"])
            told = {"Verdict": answer["verdict"], "ReasonCodes": [r["code"] for r in answer["reasons"]]}
        else:
            key = f"{station}:{read['BootId']}:R:{read['Sequence']}"
            _, answer = self.mes.result(station, key, json.dumps(as_body(read)))
            told = {
                "Verdict": answer["verdict"],
                "Disposition": answer["disposition"],
                "NextOperation": answer["next_operation"] or "",
                "DeviationCodes": [d["code"] for d in answer["deviations"]],
            }
        for name, value in told.items():
            await node(name).write_value(ua.Variant(value, ua.VariantType.String, is_array=isinstance(value, list)))
        await node("AnsweredSequence").write_value(ua.Variant(read["Sequence"], ua.VariantType.UInt32))
        await node("Accepted").write_value(True)


class _Handler:
    def __init__(self, gateway: GatewayStub, client: Any, index: int) -> None:
        self._gateway, self._client, self._index = gateway, client, index

    def datachange_notification(self, node: Any, value: Any, data: Any) -> None:
        folder, _, name = node.nodeid.Identifier.rpartition("/")
        if name != "Ready":
            self._gateway.values[node.nodeid.Identifier] += 1
            self._gateway.stamps.append(data.monitored_item.Value.SourceTimestamp.timestamp())
        elif value:
            self._gateway.answer(self._client, self._index, folder)
        else:
            asyncio.get_running_loop().create_task(
                self._client.get_node(f"ns={self._index};s={folder}/Accepted").write_value(False)
            )


def as_body(read: dict[str, Any]) -> dict[str, Any]:
    """The JSON body that a gateway makes of a Result structure."""

    def rows(prefix: str, **names: str) -> list[dict[str, Any]]:
        columns = [read[prefix + column] or [] for column in names.values()]
        return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]

    def more(prefix: str, **names: str) -> list[dict[str, Any]]:
        return rows(prefix, **names) if read.get(f"{prefix}Serial") or read.get(f"{prefix}Code") else []

    web = {
        "marks": more("Mark", code="Code", from_m="FromM", to_m="ToM", lane="Lane", side="Side"),
        "cut_outs": more("Cut", serial="Serial", lane="Lane", from_m="FromM", to_m="ToM", code="Code"),
        "removed": more("Removed", serial="Serial", position="Position", reason="Reason"),
    }
    components = rows("Component", serial="Serial", position="Position", quantity="Quantity")
    return {
        "serial": read["Serial"],
        "operation": read["Operation"],
        "outcome": read["Outcome"],
        "reason_codes": read["ReasonCodes"] or [],
        "started_at": read["StartedAt"].isoformat(timespec="milliseconds"),
        "finished_at": read["FinishedAt"].isoformat(timespec="milliseconds"),
        "length_m": read["LengthM"] or None,
        "mass_kg": read["MassKg"] or None,
        "measurements": rows("Measurement", code="Code", value="Value", unit="Unit", position="Position"),
        "consumed": rows(
            "Consumed", material="Material", supplier="Supplier", lot="Lot", quantity="Quantity", unit="Unit"
        ),
        "components": [{k: v for k, v in c.items() if not (k == "quantity" and math.isnan(v))} for c in components],
        "ranges": rows("Range", serial="Serial", lane="Lane", from_m="FromM", to_m="ToM"),
        "counts": rows("Count", code="Code", count="Value", inspected="Inspected"),
        "offline": read["Offline"],
        "grade": read["Grade"],
        **{name: found for name, found in web.items() if found},
    }


async def _main(plant: Path, port: int, endpoints: Path) -> None:
    mes = MesStub(plant)
    await mes.start(port)
    while not endpoints.exists():
        await asyncio.sleep(0.2)
    gateway = GatewayStub(mes, json.loads(endpoints.read_text()))
    await gateway.start()
    while True:
        await asyncio.sleep(10)
        packs = sum(1 for _, _, body in mes.posts if body["operation"] == "EOL")
        print(len(mes.posts), "posts", sum(gateway.values.values()), "values", packs, "packs tested", flush=True)


if __name__ == "__main__":
    asyncio.run(_main(Path(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])))
