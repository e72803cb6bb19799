"""Nodes by the names on their way from the Objects folder, in whatever namespaces the names are."""

import asyncio
from collections.abc import Collection, Iterator
from typing import Any, TypeVar

from asyncua import ua
from asyncua.client.client import Client

from lines.errors import NODE_MISSING, Code
from lines.opcua.errors import BROWSE_BOUND, NODE_AMBIGUOUS

# In all, while one server's paths are looked up; what does not match is not kept.
MOST_REFERENCES = 200_000
REFERENCES_AT_ONCE = 1_000
PATHS_AT_ONCE = 200
TIMEOUT_S = 30.0
# A server with more namespaces is browsed instead of being asked for each of them.
MOST_NAMESPACES = 16

Path = tuple[str, ...]
Result = ua.NodeId | Code
T = TypeVar("T")

_OBJECTS = ua.NodeId.from_string("i=85")
_HIERARCHICAL = ua.NodeId.from_string("i=33")
# asyncua's annotations ask for a wrapper around bool, which it does not need.
_YES: Any = True
_NO: Any = False
_OBJECTS_AND_VARIABLES = ua.NodeClass.Object | ua.NodeClass.Variable


class Browsing:
    """One look-up of many paths."""

    def __init__(self, client: Client, namespaces: int) -> None:
        self._client = client
        self._namespaces = namespaces
        self._left = MOST_REFERENCES

    async def find(self, paths: Collection[Path]) -> dict[Path, Result]:
        """The node of each path, or why there is none."""
        found: dict[Path, Result] = {}
        if self._namespaces <= MOST_NAMESPACES:
            found = await self._translate(paths)
        left = [path for path in paths if path not in found]
        try:
            async with asyncio.timeout(TIMEOUT_S):
                return found | await self._browse(left)
        except TimeoutError:
            # asyncua's server tells a whole folder at once. The other variables are not kept waiting for it.
            return found | dict.fromkeys(left, BROWSE_BOUND)

    async def _translate(self, paths: Collection[Path]) -> dict[Path, Result]:
        """Paths whose names are all of one namespace, as most are: the server knows the way."""
        asked = [(path, namespace) for path in paths for namespace in range(self._namespaces)]
        targets: dict[Path, set[ua.NodeId]] = {}
        for part in _parts(asked, PATHS_AT_ONCE):
            results = await self._client.uaclient.translate_browsepaths_to_nodeids(
                [_browse_path(*each) for each in part]
            )
            for (path, _), result in zip(part, results, strict=True):
                targets.setdefault(path, set()).update(_plain_id(each.TargetId) for each in result.Targets or ())
        return {path: _only(nodes) for path, nodes in targets.items() if nodes}

    async def _browse(self, paths: Collection[Path]) -> dict[Path, Result]:
        """Level by level, each folder once for all paths that lead through it."""
        reached: dict[Path, set[ua.NodeId]] = {(): {_OBJECTS}}
        children = {path[: depth + 1] for path in paths for depth in range(len(path))}
        for depth in range(max((len(path) for path in paths), default=0)):
            for parent in {path[:-1] for path in children if len(path) == depth + 1}:
                names = {path[-1] for path in children if path[:-1] == parent}
                for node in reached.get(parent, ()):
                    async for name, child in self._children(node):
                        if name in names:
                            reached.setdefault((*parent, name), set()).add(child)
        missing = NODE_MISSING if self._left > 0 else BROWSE_BOUND
        return {path: _only(reached[path]) if path in reached else missing for path in paths}

    async def _children(self, node: ua.NodeId) -> Any:
        """(browse name, node id) of each, a thousand at a time; ends early when the bound is reached."""
        request = ua.BrowseParameters()
        request.RequestedMaxReferencesPerNode = REFERENCES_AT_ONCE
        request.NodesToBrowse = [
            ua.BrowseDescription(
                NodeId=node,
                BrowseDirection=ua.BrowseDirection.Forward,
                ReferenceTypeId=_HIERARCHICAL,
                IncludeSubtypes=_YES,
                NodeClassMask=_OBJECTS_AND_VARIABLES,
                ResultMask=ua.BrowseResultMask.BrowseName,
            )
        ]
        (result,) = await self._client.uaclient.browse(request)
        while True:
            for reference in result.References or ():
                self._left -= 1
                if self._left >= 0:
                    yield reference.BrowseName.Name, _plain_id(reference.NodeId)
            if not result.ContinuationPoint:
                return
            more = ua.BrowseNextParameters()
            more.ReleaseContinuationPoints = self._left <= 0
            more.ContinuationPoints = [result.ContinuationPoint]
            (result,) = await self._client.uaclient.browse_next(more) or [ua.BrowseResult()]


def _parts(items: list[T], length: int) -> Iterator[list[T]]:
    return (items[start : start + length] for start in range(0, len(items), length))


def _browse_path(path: Path, namespace: int) -> ua.BrowsePath:
    elements = [
        ua.RelativePathElement(
            ReferenceTypeId=_HIERARCHICAL,
            IsInverse=_NO,
            IncludeSubtypes=_YES,
            TargetName=ua.QualifiedName(name, namespace),
        )
        for name in path
    ]
    return ua.BrowsePath(StartingNode=_OBJECTS, RelativePath=ua.RelativePath(Elements=elements))


def _plain_id(node: ua.NodeId) -> ua.NodeId:
    """Servers answer with expanded ids, which are not taken everywhere."""
    return ua.NodeId(node.Identifier, node.NamespaceIndex, node.NodeIdType)


def _only(nodes: set[ua.NodeId]) -> Result:
    return next(iter(nodes)) if len(nodes) == 1 else NODE_AMBIGUOUS
