"""Which node of a server each variable of the plant data is, and what of it is missing."""

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from asyncua import ua
from asyncua.client.client import Client
from asyncua.ua.attribute_ids import AttributeIds
from asyncua.ua.status_codes import StatusCodes
from asyncua.ua.ua_binary import struct_to_binary

from lines.errors import NODE_MISSING, Code
from lines.opcua import structures
from lines.opcua.browsing import Browsing
from lines.opcua.definitions import Definitions
from lines.opcua.errors import ITEM_REFUSED, STRUCTURE_UNREADABLE
from lines.opcua.plain import Reader
from lines.opcua.posts import NAMESPACE_URI
from lines.opcua.queries import Followed
from lines.opcua.structures import Structure, UnreadableError

logger = logging.getLogger(__name__)

NAMED = 20  # faults that a report names one by one
LONGEST_DETAIL = 200
MOST_TOLD = 2_000  # of one server; a batch carries them
READ_AT_ONCE = 500
_NO_SUCH_NODE = frozenset({StatusCodes.BadNodeIdUnknown, StatusCodes.BadNodeIdInvalid})


def node_id(path: str, namespace: int) -> ua.NodeId:
    """The variable at a path like COAT-1/Telemetry/Speed; `namespace` is the server's index of NAMESPACE_URI."""
    return _node_id(path, namespace)


def _node_id(identifier: Any, namespace: Any) -> ua.NodeId:
    """asyncua's annotations ask for its own wrappers around str and int, which it does not need."""
    return ua.NodeId(identifier, namespace)


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a signal cannot be followed."""

    code: Code
    detail: str = ""


@dataclass
class Found:
    """All by signal id of the variable's first number."""

    nodes: dict[int, ua.NodeId] = field(default_factory=dict)
    readers: dict[int, Reader] = field(default_factory=dict)  # of those that hold structures
    faults: dict[int, Fault] = field(default_factory=dict)


async def find(client: Client, variables: Iterable[Followed]) -> Found:
    """Look up what the plant data name. What has a node id is not asked for: making its monitored item tells.

    Raises what a lost connection raises; what is wrong with one variable does not keep the others.
    """
    variables = tuple(variables)
    namespaces = await client.get_namespace_array()
    found = Found()
    by_path: dict[tuple[str, ...], list[Followed]] = {}
    for each in variables:
        if each.node.startswith("/"):
            by_path.setdefault(tuple(each.node.split("/")[2:]), []).append(each)
        elif (node := _by_id(each.node, namespaces)) is not None:
            found.nodes[each.signal_id] = node
        elif not each.is_optional:
            found.faults[each.signal_id] = Fault(NODE_MISSING, f"{each.node}: no such namespace")
    if by_path:
        browsed = await Browsing(client, len(namespaces)).find(by_path)
        for path, followed in by_path.items():
            for each in followed:
                result = browsed[path]
                if isinstance(result, ua.NodeId):
                    found.nodes[each.signal_id] = result
                else:
                    found.faults[each.signal_id] = Fault(result, each.node)
    definitions = Definitions(client)
    for each in variables:
        if each.fields and each.signal_id in found.nodes:
            await _add_reader(definitions, each, found)
    return found


def _by_id(text: str, namespaces: Sequence[str]) -> ua.NodeId | None:
    uri, identifier = NAMESPACE_URI, f"s={text}"
    if text.startswith("nsu="):
        uri, _, identifier = text.removeprefix("nsu=").partition(";")
    if uri not in namespaces:
        return None
    kind, _, value = identifier.partition("=")
    return _node_id(int(value) if kind == "i" else value, namespaces.index(uri))


async def _add_reader(definitions: Definitions, variable: Followed, found: Found) -> None:
    try:
        structure, encoding = await definitions.of_variable(found.nodes[variable.signal_id])
    except UnreadableError as error:
        if not await definitions.exists(found.nodes[variable.signal_id]):
            return  # making its monitored item tells
        del found.nodes[variable.signal_id]
        found.faults |= {signal: Fault(STRUCTURE_UNREADABLE, str(error)) for signal in variable.signal_ids}
        return
    known = structures.paths(structure)
    for signal, path in zip(variable.signal_ids, variable.fields, strict=True):
        if structures.without_indices(path) not in known:
            found.faults[signal] = Fault(STRUCTURE_UNREADABLE, f"{variable.node}: no number at {path}")
    found.readers[variable.signal_id] = reader(structure, encoding, variable.fields)


def reader(structure: Structure, encoding: ua.NodeId, fields: Sequence[str]) -> Reader:
    """Takes a structure as asyncua gives it apart: its fields in this order, NaN for one that is not there."""
    wanted = frozenset(fields)

    def read(value: Any) -> list[float] | None:
        if isinstance(value, ua.ExtensionObject):
            if value.TypeId != encoding or value.Body is None:
                return None
            body = bytes(value.Body)
        elif hasattr(value, "data_type"):  # of a type that somebody registered with asyncua in this process
            body = struct_to_binary(value)
        else:
            return None
        try:
            numbers = structures.numbers(structure, body, wanted)
        except UnreadableError:
            return None
        return [numbers.get(each, float("nan")) for each in fields]

    return read


def refusals(variables: Iterable[Followed], statuses: Mapping[int, ua.StatusCode]) -> dict[int, Fault]:
    """Faults of the variables whose monitored items could not be made. `statuses` by the variable's signal id."""
    faults = {}
    for each in variables:
        status = statuses.get(each.signal_id)
        if status is None or status.is_good():
            continue
        if status.value in _NO_SUCH_NODE:
            if not each.is_optional:
                faults[each.signal_id] = Fault(NODE_MISSING, each.node)
        else:
            faults[each.signal_id] = Fault(ITEM_REFUSED, f"{each.node}: {status.name}")
    return faults


async def gone(client: Client, nodes: Mapping[int, ua.NodeId]) -> set[int]:
    """Which of the nodes are no more. Not every server tells its subscribers when a variable is taken away."""
    found = set()
    items = list(nodes.items())
    for start in range(0, len(items), READ_AT_ONCE):
        part = items[start : start + READ_AT_ONCE]
        values = await client.uaclient.read_attributes([node for _, node in part], AttributeIds.NodeClass)
        found |= {
            signal
            for (signal, _), value in zip(part, values, strict=True)
            if value.StatusCode is not None and value.StatusCode.value in _NO_SUCH_NODE
        }
    return found


def note(server: str, faults: Mapping[int, Fault]) -> dict[str, Any]:
    """All faults of a server's signals, for the database (`services.take_notes`)."""
    told = [[signal, fault.code.code, fault.detail[:LONGEST_DETAIL]] for signal, fault in faults.items()]
    return {"kind": "nodes", "server": server, "faults": told[:MOST_TOLD]}


def report(server: str, variables: Iterable[Followed], faults: Mapping[int, Fault]) -> None:
    """Say in the log what the server lacks, a line for each kind of fault."""
    nodes = {signal: each.node for each in variables for signal in each.signal_ids}
    by_code: dict[str, list[str]] = {}
    whats = {fault.code.code: fault.code.what_en for fault in faults.values()}
    for signal, fault in faults.items():
        by_code.setdefault(fault.code.code, []).append(fault.detail or nodes.get(signal, str(signal)))
    for code, names in sorted(by_code.items()):
        unique = list(dict.fromkeys(names))
        more = f" and {len(unique) - NAMED} more" if len(unique) > NAMED else ""
        logger.error("%s: %s: %s %s%s", code, server, whats[code], ", ".join(unique[:NAMED]), more)
