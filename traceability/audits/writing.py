"""Figures, times and sentences of a printed history, in one language and time zone. Pure."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, tzinfo
from typing import Any

from traceability.audits.words import in_words

Words = Mapping[str, str]
_UNITS = {"degC": "°C", "um": "µm", "mOhm": "mΩ", "MOhm": "MΩ", "Ohm": "Ω", "mOhm.cm2": "mΩ·cm²"}


def table(
    head: Sequence[str], rows: Sequence[Sequence[str]], widths: Sequence[int], numbers: Sequence[int] = ()
) -> dict[str, Any]:
    """`widths`: 0 as needed, below 8 a share of what is left, else millimetres; `numbers`: columns to the right."""
    return {"head": list(head), "rows": [list(row) for row in rows], "widths": list(widths), "numbers": list(numbers)}


class Writer:
    """`w`: the words of the language, "en" or "ja"."""

    def __init__(self, w: Words, language: str, zone: tzinfo) -> None:
        self.w, self.language, self._zone = w, language, zone

    def time(self, text: str | None) -> str:
        return f"{datetime.fromisoformat(text).astimezone(self._zone):%Y-%m-%d %H:%M:%S}" if text else "–"

    def time_since(self, text: str, since: str) -> str:
        """Without the day where it is that of `since`."""
        told = self.time(text)
        return told[11:] if told[:10] == self.time(since)[:10] else told

    def day(self, text: str | None) -> str:
        return f"{datetime.fromisoformat(text).astimezone(self._zone):%Y-%m-%d}" if text else "–"

    def figure(self, value: float | None) -> str:
        """As it was recorded, without the noise of binary fractions: at most 9 significant digits."""
        if value is None or not math.isfinite(value):
            return "–"
        return f"{value:.9g}".replace("-", "\u2212")

    def actor(self, who: str | None) -> str:
        return (who or "").removeprefix("person:").removeprefix("station:")

    def unit(self, sign: str) -> str:
        return _UNITS.get(sign, sign.replace("cm2", "cm²").replace("cm3", "cm³").replace(".", "·"))

    def name(self, names: Mapping[str, str] | None) -> str:
        return names[self.language] if names else ""

    def named(self, row: Mapping[str, Any] | None) -> str:
        return f"{self.name(row['name'])} ({row['code']})" if row else "–"

    def lot(self, lot: Mapping[str, Any] | None) -> str:
        return f"{lot['supplier']} {lot['number']}" if lot else "–"

    def limits(self, value: Mapping[str, Any]) -> str:
        low, high = value["lsl"], value["usl"]
        if low is None and high is None:
            return "–"
        if low is None:
            return f"≦ {self.figure(high)}"
        return f"≧ {self.figure(low)}" if high is None else f"{self.figure(low)} … {self.figure(high)}"

    def what(self, said: Mapping[str, Any]) -> str:
        """What a correction says, in one line."""
        if not said:
            return "–"
        if said.get("lot"):
            return self.lot(said["lot"])
        if said.get("serial"):
            return str(said["serial"])
        if "value" in said:
            return " ".join(
                part for part in (said.get("characteristic", ""), said.get("position", ""), self.figure(said["value"]))
                if part
            )  # fmt: skip
        return ", ".join(f"{key} {value}" for key, value in sorted(said.items()) if value not in (None, ""))

    def decision(self, row: Mapping[str, Any]) -> str:
        told = in_words(row["disposition"], self.language)
        told += "".join(f" {row[name]}" for name in ("rework_to", "grade") if row[name])
        second = f" ({self.w['second']})" if row["is_confirmation"] else ""
        return f"{told}{second}: {row['reason']} — {row['decided_by']}, {self.time(row['decided_at'])}"

    def certified(self, row: Mapping[str, Any]) -> str:
        limits = self.limits({"lsl": row["lower"], "usl": row["upper"]})
        within = "" if limits == "–" else f" ({limits})"
        return f"{row['property']} {self.figure(row['value'])} {self.unit(row['unit'])}{within}"

    def link(self, row: Mapping[str, Any], of: str) -> list[str]:
        places = []
        if row["quantity"] is not None:
            places.append(f"{self.figure(row['quantity'])} {row['uom']}".strip())
        if row["position"] is not None:
            places.append(f"#{row['position']}")
        if row["lane"] is not None:
            places.append(f"L{row['lane']}")
        if row["from_m"] is not None:
            places.append(f"{row['from_m']:.2f} – {row['to_m']:.2f} m")
        how = in_words(row["basis"], self.language)
        return [of, row["material"] or "–", ", ".join(places), row["operation"], how]

    def known(self, is_inferred: bool | None) -> str:
        """How sure it is that a lot is inside."""
        if is_inferred is None:
            return self.w["part_of"]
        return self.w["inferred"] if is_inferred else ""

    def web(self, row: Mapping[str, Any]) -> list[str]:
        """Metres of a roll, with what was seen there: how many marks of each kind, scans by characteristic and side."""
        marks = Counter(str(mark["code"]) for mark in row["marks"])
        scans: dict[str, list[float]] = {}
        for scan in row["scans"]:
            scans.setdefault(f"{scan['characteristic']} {scan['side']}".strip(), []).extend(scan["values"])
        told = [
            f"{name}: n = {len(values)}, {self.figure(min(values))} … {self.figure(max(values))}"
            for name, values in sorted(scans.items())
            if values
        ]
        whole = row.get("from_m") is None
        metres = self.w["whole"] if whole else f"{row['from_m']:.2f} – {row['to_m']:.2f}"
        if row.get("delta_m"):
            metres += f" ± {row['delta_m']:.2f}"
        how = self.w["inferred"] if row.get("is_inferred") else in_words("RECORDED", self.language)
        seen = ", ".join(f"{code} {n}" for code, n in sorted(marks.items()))
        return [row["serial"], str(row.get("lane") or "–"), metres, how, seen or "–", "\n".join(told) or "–"]
