"""The bytes of a publish request are those that asyncua would send, and its answer is what asyncua would read."""

import asyncio
from datetime import UTC, datetime, timedelta
from itertools import accumulate, pairwise
from typing import Any

import asyncua
import pytest
from asyncua.client.ua_client import UASocketProtocol
from asyncua.common.connection import SecureConnection, TransportLimits
from asyncua.common.utils import Buffer
from asyncua.crypto.security_policies import SecurityPolicyNone
from asyncua.ua.ua_binary import header_from_binary, nodeid_to_binary, struct_from_binary, struct_to_binary
from hypothesis import given, settings
from hypothesis import strategies as st

from lines.opcua import wire

ua: Any = asyncua.ua


@pytest.mark.parametrize("token", [ua.NodeId(7, 0), ua.NodeId(70_000, 3), ua.NodeId("a", 2), ua.NodeId(b"\1\2", 1)])
@pytest.mark.parametrize("acknowledged", [[], [(4, 1)], [(4, 2**32 - 1), (9, 2)]])
def test_a_publish_request(token: Any, acknowledged: list[tuple[int, int]]) -> None:
    body = wire.publish_request(nodeid_to_binary(token), 12, acknowledged)
    read = struct_from_binary(ua.PublishRequest, Buffer(body))
    assert struct_to_binary(read) == body
    assert abs(read.RequestHeader.Timestamp - datetime.now(UTC)) < timedelta(seconds=5)
    expected = ua.PublishRequest()
    expected.RequestHeader.AuthenticationToken, expected.RequestHeader.RequestHandle = token, 12
    expected.RequestHeader.Timestamp = read.RequestHeader.Timestamp
    expected.Parameters.SubscriptionAcknowledgements = [ua.SubscriptionAcknowledgement(*each) for each in acknowledged]
    assert struct_to_binary(expected) == body


class Sent:
    """What a connection was given to send."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []

    def write(self, part: bytes) -> None:
        self.parts.append(part)


def answer(number: int, is_publish: bool, size: int) -> bytes:
    kind = ua.PublishResponse if is_publish else ua.ReadResponse
    return struct_to_binary(kind())[:4] + bytes([number]) * size


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from([True, True, True, False]), st.sampled_from([0, 1, 30, 5_000, 60_000, 150_000])),
        min_size=2,
        max_size=12,
    ),
    st.lists(st.tuples(st.integers(1, 12), st.sampled_from([0, 0, 1, 11, 23, 24, 25, 70, 3_000])), max_size=8),
)
def test_answers_arrive_whole_however_the_network_cuts_them(
    kinds: list[tuple[bool, int]], cuts: list[tuple[int, int]]
) -> None:
    """Taken by either way in turn: both count the same chunks. A cut lies so far behind the beginning of a message."""

    async def scenario() -> None:
        policy: Any = SecurityPolicyNone()  # type: ignore[no-untyped-call]  # asyncua ships it without types
        limits = TransportLimits(65535, 65535, 0, 0)
        protocol, server = UASocketProtocol(), SecureConnection(policy, limits)
        asked = SecureConnection(policy, limits)
        protocol._connection.security_policy = policy
        protocol.transport = sent = Sent()  # type: ignore[assignment]  # all that is used of it
        way = wire.Wire(protocol)
        way.read()
        futures = []
        for number, (is_publish, _) in enumerate(kinds):
            futures.append(way.publish([(1, number)]) if is_publish else protocol._send_request(ua.ReadRequest()))
        # The server takes both for what they are, and in their order.
        for number, part in enumerate(sent.parts):
            buffer = Buffer(part)
            message = asked.receive_from_header_and_body(header_from_binary(buffer), buffer)
            assert message.request_id() == number + 1
        messages = [
            server.message_to_binary(answer(number, *each), request_id=number + 1) for number, each in enumerate(kinds)
        ]
        stream, begins = b"".join(messages), [0, *accumulate(map(len, messages))]
        places = {begins[min(message, len(kinds))] + offset for message, offset in cuts}
        ends = sorted({0, len(messages[0]), len(stream), *(place for place in places if place < len(stream))})
        for begin, end in pairwise(ends):
            protocol.data_received(stream[begin:end])
        assert [bytes(future.result()) for future in futures] == [answer(n, *each) for n, each in enumerate(kinds)]

    asyncio.run(scenario())
