"""Stations that ask and tell by an OPC UA handshake; the MES's gateway is the client.

The station fills the fields, raises Sequence and sets Ready; the client answers in the same folder and sets Accepted
last; the station takes Ready back, and the client Accepted. A station that starts again with a result still open
raises the same BootId and Sequence, so that the MES counts it once.
"""

import asyncio
import math
from datetime import datetime
from typing import Any

from lines.plant.files import StationFile
from lines.simulator.clock import SimulatedClock, as_datetime
from lines.simulator.links import Body, PermitAnswer, Question, ResultAnswer
from lines.simulator.nodes import result_fields_of
from lines.simulator.servers import StationServer


class _Folder:
    """One of the two structures of a station: Permit or Result."""

    def __init__(self, server: StationServer, path: str, clock: SimulatedClock, offset_s: float) -> None:
        self._server = server
        self._path = path
        self._clock = clock
        self._offset_s = offset_s
        self._lock = asyncio.Lock()
        self._told = asyncio.Event()
        self._accepted = False
        server.watch(f"{path}/Accepted", self._on_accepted)

    def _on_accepted(self, value: Any) -> None:
        self._accepted = bool(value)
        self._told.set()

    async def exchange(self, boot_id: str, sequence: int, fields: dict[str, Any], answer: list[str]) -> dict[str, Any]:
        async with self._lock:
            await self._until(False)
            for name, value in {"BootId": boot_id, "Sequence": sequence, **fields}.items():
                await self._write(name, value)
            await self._write("Ready", True)
            while True:
                await self._until(True)
                if self._server.read(f"{self._path}/AnsweredSequence") == sequence:
                    break
                await self._until(False)  # an answer to an earlier question
            told = {name: self._server.read(f"{self._path}/{name}") for name in answer}
            await self._write("Ready", False)
            return told

    async def _until(self, accepted: bool) -> None:
        while self._accepted is not accepted:
            self._told.clear()
            await self._told.wait()

    async def _write(self, name: str, value: Any) -> None:
        await self._server.write(f"{self._path}/{name}", value, self._clock.now() + self._offset_s)


class HandshakeLink:
    """One station's link."""

    def __init__(self, server: StationServer, station: StationFile, clock: SimulatedClock, offset_s: float) -> None:
        self._permit = _Folder(server, f"{station.code}/Permit", clock, offset_s)
        self._result = _Folder(server, f"{station.code}/Result", clock, offset_s)
        self._fields = result_fields_of(station)
        self._boot_id = ""
        self.permit_sequence = 0

    def restore(self, boot_id: str, permit_sequence: int) -> None:
        self._boot_id, self.permit_sequence = boot_id, permit_sequence

    async def permits(self, question: Question) -> list[PermitAnswer]:
        """One question after the other: the structure holds one serial."""
        answers = []
        for serial in question.serials:
            self.permit_sequence += 1
            told = await self._permit.exchange(
                self._boot_id,
                self.permit_sequence,
                {
                    "Serial": serial,
                    "Operation": question.operation,
                    "Recipe": question.recipe,
                    "Operator": question.operator,
                    "SourceTime": as_datetime(question.source_time),
                },
                ["Verdict", "ReasonCodes", "ExpectedRecipe", "RetryAfterS"],
            )
            answers.append(
                PermitAnswer(
                    serial,
                    told["Verdict"] == "ALLOW",
                    tuple(told["ReasonCodes"] or ()),
                    told["ExpectedRecipe"] or "",
                    told["RetryAfterS"] or None,
                )
            )
        return answers

    async def post(self, key: str, body: Body) -> list[ResultAnswer]:
        _, boot_id, _, sequence = key.rsplit(":", 3)
        told = await self._result.exchange(
            boot_id,
            int(sequence),
            {name: value for name, value in result_fields(body).items() if name in self._fields},
            ["Verdict", "Disposition", "NextOperation", "DeviationCodes"],
        )
        codes = tuple(told["DeviationCodes"] or ())
        if told["Verdict"] == "ERROR":
            return [ResultAnswer(body["serial"], error=codes[0] if codes else "ERROR")]
        return [
            ResultAnswer(body["serial"], told["Verdict"], told["Disposition"] or "", told["NextOperation"] or "", codes)
        ]


def result_fields(body: Body) -> dict[str, Any]:
    """The Result structure of a one-unit body: lists of equal length instead of lists of objects, 0 for no length,
    mass or lane, NaN for no quantity."""
    measurements, consumed = body["measurements"], body["consumed"]
    components, ranges, counts = body["components"], body["ranges"], body.get("counts", [])
    return {
        "Serial": body["serial"],
        "Operation": body["operation"],
        "Outcome": body["outcome"],
        "ReasonCodes": list(body["reason_codes"]),
        "StartedAt": datetime.fromisoformat(body["started_at"]),
        "FinishedAt": datetime.fromisoformat(body["finished_at"]),
        "Recipe": body["recipe"],
        "Operator": body["operator"],
        "LengthM": body["length_m"] or 0.0,
        "MassKg": body["mass_kg"] or 0.0,
        "MeasurementCode": [m["code"] for m in measurements],
        "MeasurementValue": [float(m["value"]) for m in measurements],
        "MeasurementUnit": [m["unit"] for m in measurements],
        "MeasurementPosition": [m["position"] for m in measurements],
        "ConsumedMaterial": [c["material"] for c in consumed],
        "ConsumedSupplier": [c["supplier"] for c in consumed],
        "ConsumedLot": [c["lot"] for c in consumed],
        "ConsumedQuantity": [float(c["quantity"]) for c in consumed],
        "ConsumedUnit": [c["unit"] for c in consumed],
        "ComponentSerial": [c["serial"] for c in components],
        "ComponentPosition": [c["position"] for c in components],
        "ComponentQuantity": [float(c.get("quantity", math.nan)) for c in components],
        "RangeSerial": [r["serial"] for r in ranges],
        "RangeLane": [r.get("lane", 0) for r in ranges],
        "RangeFromM": [float(r["from_m"]) for r in ranges],
        "RangeToM": [float(r["to_m"]) for r in ranges],
        "Grade": body.get("grade", ""),
        "Offline": body.get("offline", False),
        "CountCode": [c["code"] for c in counts],
        "CountValue": [c["count"] for c in counts],
        "CountInspected": [float(c.get("inspected", math.nan)) for c in counts],
        **_web_fields(body),
    }


def _web_fields(body: Body) -> dict[str, Any]:
    """What a roll or a reworked pack tells beside that."""
    found: dict[str, Any] = {"Lanes": body.get("lanes") or 0}
    for head, rows in (("Range", body["ranges"]), ("Component", body["components"]), ("Consumed", body["consumed"])):
        for column, name in (("OwnFromM", "own_from_m"), ("OwnToM", "own_to_m"), ("DeltaM", "delta_m")):
            found[head + column] = [_or_nan(row.get(name)) for row in rows]
    for column, name in (("RangeReversed", "reversed"), ("RangeFlipped", "flipped"), ("RangeMirrored", "mirrored")):
        found[column] = [bool(row.get(name)) for row in body["ranges"]]
    marks, scans, cuts = body.get("marks", []), body.get("scans", []), body.get("cut_outs", [])
    for head, rows in (("Mark", marks), ("Cut", cuts)):
        found[f"{head}Code"] = [row["code"] for row in rows]
        found[f"{head}Lane"] = [row.get("lane") or 0 for row in rows]
        found[f"{head}FromM"] = [float(row["from_m"]) for row in rows]
        found[f"{head}ToM"] = [float(row["to_m"]) for row in rows]
    found["CutSerial"] = [cut["serial"] for cut in cuts]
    found["MarkSide"] = [mark.get("side", "") for mark in marks]
    found["MarkYMm"] = [_or_nan(mark.get("y_mm")) for mark in marks]
    found["MarkSizeMm"] = [_or_nan(mark.get("size_mm")) for mark in marks]
    found["ScanCharacteristic"] = [scan["characteristic"] for scan in scans]
    found["ScanSide"] = [scan["side"] for scan in scans]
    found["ScanAtM"] = [float(scan["at_m"]) for scan in scans]
    found["ScanGauge"] = [scan["gauge"] for scan in scans]
    found["ScanValue"] = [value for scan in scans for value in scan["values"]]
    removed = body.get("removed", [])
    return found | {
        "RemovedSerial": [part["serial"] for part in removed],
        "RemovedPosition": [part["position"] for part in removed],
        "RemovedReason": [part["reason"] for part in removed],
    }


def _or_nan(value: float | None) -> float:
    return math.nan if value is None else float(value)
