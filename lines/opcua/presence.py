"""Variables that go and come while their subscription runs. Not every server tells, and none tells what is new."""

from collections.abc import Mapping

from lines.opcua import nodes, subscribing
from lines.opcua.connecting import Link
from lines.opcua.errors import NODE_GONE
from lines.opcua.nodes import Fault, Found
from lines.opcua.queries import Server

# OPC UA status codes by which a server says that a node is no more: BadNodeIdInvalid, BadNodeIdUnknown.
NODE_STATUSES = frozenset({0x80330000, 0x80340000})


async def look(
    link: Link, server: Server, found: Found, faults: Mapping[int, Fault], subscription_id: int
) -> dict[int, Fault]:
    """The faults as they are now. What came (back) is followed from now on and added to `found`.

    Raises what a lost connection raises.
    """
    now = dict(faults)
    gone = await nodes.gone(link.client, found.nodes)
    lost = [each for each in server.variables if each.signal_id in faults or each.signal_id in gone]
    for each in lost:
        if each.signal_id in gone:
            found.nodes.pop(each.signal_id)
            if not each.is_optional:
                now.setdefault(each.signal_id, Fault(NODE_GONE, each.node))
    again = await nodes.find(link.client, [each for each in lost if each.signal_id not in gone])
    for signal in await nodes.gone(link.client, again.nodes):
        again.nodes.pop(signal)
    asked = subscribing.items(lost, again)
    for item, status in zip(asked, await subscribing.create_items(link, subscription_id, asked), strict=True):
        if status.is_good():
            found.nodes[item.handle] = item.node
            if item.handle in again.readers:
                found.readers[item.handle] = again.readers[item.handle]
            now.pop(item.handle, None)
    return now
