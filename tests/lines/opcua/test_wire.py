"""The bytes of a publish request are those that asyncua would send. What comes back by this way: every session test."""

from datetime import UTC, datetime, timedelta
from typing import Any

import asyncua
import pytest
from asyncua.common.utils import Buffer
from asyncua.ua.ua_binary import nodeid_to_binary, struct_from_binary, struct_to_binary

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
