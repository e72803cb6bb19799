"""A session with one OPC UA server: an old one taken up again, or a new one. Knows nothing of subscriptions."""

import asyncio
import logging
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from asyncua import ua
from asyncua.client.client import Client
from asyncua.common.utils import Buffer
from asyncua.ua.attribute_ids import AttributeIds
from asyncua.ua.ua_binary import nodeid_from_binary, nodeid_to_binary, struct_from_binary
from asyncua.ua.uaerrors import UaError

from lines.opcua.queries import Server
from lines.opcua.security import secure
from lines.opcua.wire import Wire

logger = logging.getLogger(__name__)

REQUEST_TIMEOUT_S = 10.0
WATCH_S = 2.0
# Of the life of a channel's keys; OPC UA says 75 %.
RENEW_SHARE = 0.7
# Of how a server lets a user in, what a login needs.
_POLICY = ("PolicyId", "SecurityPolicyUri")

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_STARTED_AT = ua.NodeId.from_string("i=2257")  # Server.ServerStatus.StartTime
_CLOCK = ua.NodeId.from_string("i=2258")  # Server.ServerStatus.CurrentTime


@dataclass(frozen=True)
class SessionKey:
    """What opens a session that the server still keeps."""

    token: str
    nonce: str
    policies: tuple[dict[str, Any], ...]


class _Gathered:
    """A transport whose writes of one turn of the loop leave together: a write to the system costs as much as
    the decoding of a notification, and publish requests go out several at a time."""

    def __init__(self, transport: Any) -> None:
        self._transport = transport
        self._parts: list[bytes] = []

    def write(self, part: bytes) -> None:
        if not self._parts:
            asyncio.get_running_loop().call_soon(self._flush)
        self._parts.append(part)

    def close(self) -> None:
        self._flush()
        self._transport.close()

    def _flush(self) -> None:
        parts, self._parts = self._parts, []
        if parts:
            self._transport.write(b"".join(parts))


class Link:
    """A session that is open, on its connection."""

    def __init__(self, client: Client) -> None:
        self.client = client
        protocol = client.uaclient.protocol
        if protocol is not None and protocol.transport is not None:
            protocol.transport = _Gathered(protocol.transport)  # type: ignore[assignment]  # the two it calls
        self._wire = Wire(protocol)
        self.started_at_us = 0
        self.offset_ms: float | None = None
        self.heard_at_us = now_us()

    @property
    def key(self) -> SessionKey:
        # What the client needs for this it keeps to itself.
        nonce: bytes | None = self.client._server_nonce
        policies: list[ua.UserTokenPolicy] = self.client._policy_ids
        return SessionKey(
            nodeid_to_binary(self.client.uaclient.session.authentication_token).hex(),
            (nonce or b"").hex(),
            tuple(
                {name: getattr(each, name) for name in _POLICY} | {"TokenType": int(each.TokenType)}
                for each in policies
            ),
        )

    def read_quickly(self) -> None:
        """From now on answers to `publish` come by a way of our own, where they are simple enough."""
        self._wire.read()

    def publish(self, acknowledged: list[tuple[int, int]]) -> asyncio.Future[Any]:
        """Ask for news; `acknowledged` are subscriptions and their sequence numbers. `published` reads the future."""
        return self._wire.publish(acknowledged)

    def published(self, answer: asyncio.Future[Any]) -> bytes:
        """The body of the answer, undecoded. Raises UaError for a fault of the service."""
        body = self._wire.body(answer)
        self.heard_at_us = now_us()
        return body

    async def ask(self, request: Any, answer: type[Any]) -> Any:
        """The answer decoded. Raises UaError for a fault of the service."""
        protocol = self.client.uaclient.protocol
        if protocol is None:
            raise ConnectionError("no connection")
        body = await protocol.send_request(request)
        self.heard_at_us = now_us()
        response = struct_from_binary(answer, body)
        response.ResponseHeader.ServiceResult.check()
        return response

    async def look(self) -> None:
        """The server's clock and start. Raises what a lost connection raises."""
        request = ua.ReadRequest()
        request.Parameters.NodesToRead = [
            ua.ReadValueId(NodeId=node, AttributeId=AttributeIds.Value) for node in (_STARTED_AT, _CLOCK)
        ]
        asked_at = now_us()
        response = await self.ask(request, ua.ReadResponse)
        started_at, clock = (micros(value.Value.Value if value.Value else None) for value in response.Results)
        self.started_at_us = started_at or self.started_at_us
        self.offset_ms = (clock - (asked_at + now_us()) // 2) / 1000 if clock else None

    async def watch(self, pulse: Callable[[], None]) -> None:
        """Returns never; raises as soon as the server does not answer. Keeps the channel's keys fresh."""
        renew_at = self._renew_at()
        while True:
            await asyncio.sleep(WATCH_S)
            if time.monotonic() > renew_at:
                await self.client.open_secure_channel(renew=True)
                self.client.uaclient.revolve_security_token()
                renew_at = self._renew_at()
            await self.look()
            pulse()

    def _renew_at(self) -> float:
        return time.monotonic() + self.client.secure_channel_timeout / 1000 * RENEW_SHARE

    async def close(self, *, is_kept: bool) -> None:
        """Leave the session to the server for its time-out, or end it."""
        with suppress(Exception):
            if is_kept:
                self.client.uaclient.disconnect_socket()
            else:
                await asyncio.wait_for(self.client.disconnect(), 5)


async def connect(server: Server, key: SessionKey | None) -> tuple[Link, bool]:
    """A session, and whether it is the one of the key. Raises OSError, TimeoutError, UaError, InsecureError."""
    if key is not None:
        client = await _channel(server)
        try:
            client.uaclient.session.restore_authentication_token(nodeid_from_binary(Buffer(bytes.fromhex(key.token))))
            client._server_nonce = bytes.fromhex(key.nonce) or None  # type: ignore[assignment]  # asyncua says None
            client._policy_ids = [
                ua.UserTokenPolicy(**each | {"TokenType": ua.UserTokenType(each["TokenType"])}) for each in key.policies
            ]
            await client._activate_with_credentials()
        except (OSError, TimeoutError, UaError) as error:
            logger.info("%s: the old session is not taken up: %s", server.code, error or type(error).__name__)
            client.disconnect_socket()
        except BaseException:
            client.disconnect_socket()
            raise
        else:
            return Link(client), True
    client = await _channel(server)
    try:
        await client.create_session()
        await client._activate_with_credentials()
    except BaseException:
        client.disconnect_socket()
        raise
    return Link(client), False


async def _channel(server: Server) -> Client:
    client = Client(server.endpoint_url, timeout=REQUEST_TIMEOUT_S)
    client.name = client.description = "Denchi gateway"
    client.session_timeout = server.lifetime_s * 1000
    await secure(client, server)
    await client.connect_socket()
    protocol = client.uaclient.protocol
    if protocol is None or protocol.is_closed:
        # asyncua would wait for the answer to a greeting that it never sent.
        raise ConnectionError("the connection was closed at once")
    try:
        await client.send_hello()
        await client.open_secure_channel()
    except BaseException:
        client.disconnect_socket()
        raise
    return client


def now_us() -> int:
    return time.time_ns() // 1000


def micros(at: Any) -> int:
    """0 for what is no time, or one before 1970."""
    if not isinstance(at, datetime):
        return 0
    return max((at.replace(tzinfo=at.tzinfo or UTC) - _EPOCH) // _MICROSECOND, 0)
