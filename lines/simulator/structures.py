"""Structures of numbers on asyncua's server, described by their data type as a real controller describes its own."""

import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import asyncua
from asyncua.common.structures104 import new_struct, new_struct_field

from lines.simulator.nodes import NodeSpec

ua: Any = asyncua.ua


@dataclass(frozen=True)
class ServedStructure:
    """How the values of one variable are written. Its fields are Doubles, nested ones stand in place."""

    data_type: Any  # node id
    encoding: Any  # node id
    fields: tuple[str, ...]

    def value(self, values: Mapping[str, float] | None) -> Any:
        numbers = [values[name] if values else 0.0 for name in self.fields]
        return ua.ExtensionObject(TypeId=self.encoding, Body=struct.pack(f"<{len(numbers)}d", *numbers))


async def add_structure(server: Any, index: int, spec: NodeSpec) -> ServedStructure:
    """The data type of the variable, and those of the structures in it."""
    name = spec.path.replace("/", "_")
    data_type, encoding = await _add(server, index, f"{name}Type", spec.fields)
    return ServedStructure(data_type.nodeid, encoding.nodeid, spec.fields)


async def _add(server: Any, index: int, name: str, fields: Iterable[str]) -> tuple[Any, Any]:
    inner: dict[str, list[str]] = {}
    for path in fields:
        head, _, rest = path.partition(".")
        inner.setdefault(head, []).append(rest)
    described = []
    for head, rests in inner.items():
        if rests == [""]:
            described.append(new_struct_field(head, ua.VariantType.Double))
        else:
            nested, _ = await _add(server, index, f"{name}_{head}", rests)
            described.append(new_struct_field(head, nested))
    data_type, (encoding,) = await new_struct(server, index, name, described)
    return data_type, encoding
