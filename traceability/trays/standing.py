"""Whether a result names the place where its unit was loaded. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field

# tray, slot and channel of a unit
Place = tuple[str, int, str]


@dataclass(frozen=True, slots=True)
class Loads:
    """Where the units of one post are, and what is in the slots of its tray. Empty: nobody loaded any of it."""

    of_unit: Mapping[int, Place] = field(default_factory=dict)
    in_slot: Mapping[int, str] = field(default_factory=dict)  # slot: serial

    def difference(self, unit_id: int, serial: str, named: tuple[str, int | None, str]) -> str:
        """What differs from the tray, slot and channel that the result names (empty or None: not named), in English;
        empty where nothing does or no load is known."""
        tray, slot, channel = named
        loaded = self.of_unit.get(unit_id)
        if loaded is None:
            other = self.in_slot.get(slot) if slot is not None else None
            return f"{serial}: slot {slot} of {tray} holds {other}" if other is not None and other != serial else ""
        wrong = []
        if tray and tray != loaded[0]:
            wrong.append(f"tray {tray}, loaded into {loaded[0]}")
        elif tray and slot is not None and slot != loaded[1]:
            wrong.append(f"slot {slot}, loaded into {loaded[1]}")
        if channel and loaded[2] and channel != loaded[2]:
            wrong.append(f"channel {channel}, loaded onto {loaded[2]}")
        return f"{serial}: {', '.join(wrong)}" if wrong else ""
