"""The simulator's own account of a run, as tables to compare the MES with."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass
class Truth:
    results: dict[tuple[str, str, str], dict[str, Any]] = field(default_factory=dict)  # (station, key, serial)
    definitions: dict[str, str] = field(default_factory=dict)  # of units, by serial
    # (output, kind of input, input): quantities, positions and ranges as they were sent
    links: list[dict[str, Any]] = field(default_factory=list)
    planted: list[dict[str, Any]] = field(default_factory=list)
    webs: dict[str, dict[str, Any]] = field(default_factory=dict)  # lanes, marks and scans of rolls, by serial
    cuts: list[dict[str, Any]] = field(default_factory=list)
    removed: list[dict[str, Any]] = field(default_factory=list)  # parts taken out again
    shipments: list[dict[str, Any]] = field(default_factory=list)
    samples: dict[tuple[str, str], dict[str, Any]] = field(
        default_factory=dict
    )  # (station, signal): count, first, last

    def planted_as(self, what: str) -> list[dict[str, Any]]:
        return [entry for entry in self.planted if entry["what"] == what]

    def inputs_of(self, serial: str) -> set[str]:
        """Everything a unit is made of, down to the lots: serials, and lots as `supplier number`."""
        by_output: dict[str, set[str]] = {}
        for link in self.links:
            by_output.setdefault(link["output"], set()).add(name_of_input(link))
        found: set[str] = set()
        open_ones = [serial]
        while open_ones:
            for name in by_output.get(open_ones.pop(), set()) - found:
                found.add(name)
                open_ones.append(name)
        return found


def name_of_input(link: dict[str, Any]) -> str:
    lot = link.get("lot")
    return f"{lot['supplier']} {lot['number']}" if lot else str(link["input_serial"])


def read_truth(path: Path) -> Truth:
    truth = Truth()
    for line in path.read_text(encoding="utf-8").splitlines():
        entry = json.loads(line)
        match entry["type"]:
            case "result":
                truth.results[entry["station"], entry["key"], entry["serial"]] = entry
            case "unit":
                truth.definitions[entry["serial"]] = entry["definition"]
            case "link":
                truth.links.append(entry)
            case "web":
                truth.webs[entry["serial"]] = entry
            case "cut":
                truth.cuts.append(entry)
            case "removed":
                truth.removed.append(entry)
            case "shipment":
                truth.shipments.append(entry)
            case "planted":
                truth.planted.append(entry)
            case "sample_count":
                # Told again and again; the last word of a run counts.
                truth.samples[entry["station"], entry["signal"]] = entry
    return truth
