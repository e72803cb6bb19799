"""What goes over a connection once for each notification, by two structs: publish requests and their answers.

asyncua makes a dozen objects of each, which costs several times what decoding a notification does. Here are only
messages of one chunk (OPC UA Part 6, 6.7.2) on a channel that is not secured; on any other, and with every other
message, it does its work as ever. Its count of requests and of chunks stays the one there is, so both may take turns.
"""

import asyncio
import struct
import time
from typing import Any

from asyncua.common.utils import Buffer
from asyncua.crypto.security_policies import CryptographyNone
from asyncua.ua.ua_binary import nodeid_to_binary

# Type id (PublishRequest, four-byte node id); the token follows; then time, request handle, no diagnostics wanted, no
# audit entry, no time-out, no additional header, how many acknowledgements.
_PUBLISH_REQUEST = struct.pack("<I", 826 << 16 | 0x0001)
_REQUEST = struct.Struct("<qIIiI3si")
_ACKNOWLEDGEMENT = struct.Struct("<II")
_PUBLISH_RESPONSE = struct.pack("<I", 829 << 16 | 0x0001)
# A message of one chunk: kind, size, channel and its token; number of the chunk, request it belongs to.
_CHUNK = struct.Struct("<4sIIIII")
_SINGLE = b"MSGF"
_HIGHEST = 2**32 - 1
# 100 ns from 1601, where OPC UA counts from, to 1970.
_EPOCH_TICKS = 116_444_736_000_000_000


def publish_request(token: bytes, handle: int, acknowledged: list[tuple[int, int]]) -> bytes:
    """The body. `token` opens the session, encoded; `acknowledged` are subscriptions and their sequence numbers."""
    ticks = time.time_ns() // 1000 * 10 + _EPOCH_TICKS
    head = _REQUEST.pack(ticks, handle, 0, -1, 0, b"\0\0\0", len(acknowledged))
    return b"".join((_PUBLISH_REQUEST, token, head, *[_ACKNOWLEDGEMENT.pack(*each) for each in acknowledged]))


class Wire:
    """Beside asyncua's protocol, on its connection."""

    def __init__(self, protocol: Any) -> None:
        """None: the connection is lost already."""
        self._protocol = protocol
        self._token = b""
        self._opens: Any = None

    def read(self) -> None:
        """From now on answers to publish requests are read here."""
        if self._protocol is not None:
            self._protocol.data_received = self._received

    def publish(self, acknowledged: list[tuple[int, int]]) -> "asyncio.Future[Any]":
        """Send a request. Never raises: `body` reads the future."""
        protocol = self._protocol
        future = asyncio.get_running_loop().create_future()
        if protocol is None or protocol.transport is None:
            future.set_exception(ConnectionError("no connection"))
            return future
        if self._opens is not protocol.authentication_token:
            self._opens = protocol.authentication_token
            self._token = nodeid_to_binary(self._opens)
        protocol._request_handle += 1
        body = publish_request(self._token, protocol._request_handle, acknowledged)
        protocol.revolve_security_token()
        number = protocol._request_id + 1
        message = self._chunk(body, number)
        protocol._request_id = number
        protocol._callbackmap[number] = future
        protocol.transport.write(message)
        return future

    def body(self, answer: "asyncio.Future[Any]") -> bytes:
        """Raises UaError for a fault of the service, and what a lost connection raises."""
        body = bytes(answer.result())
        if not body.startswith(_PUBLISH_RESPONSE):
            self._protocol.check_answer(Buffer(body), " in response to PublishRequest")
        return body

    def _chunk(self, body: bytes, request: int) -> bytes:
        connection = self._protocol._connection
        size = _CHUNK.size + len(body)
        if not self._is_plain() or size > connection._limits.max_send_buffer:
            message: bytes = connection.message_to_binary(body, request_id=request)
            return message
        number = connection._sequence_number = connection._sequence_number % _HIGHEST + 1
        token = connection.security_token
        return _CHUNK.pack(_SINGLE, size, token.ChannelId, token.TokenId, number, request) + body

    def _is_plain(self) -> bool:
        return type(self._protocol._connection.security_policy.symmetric_cryptography) is CryptographyNone

    def _received(self, data: bytes) -> None:
        protocol, at = self._protocol, 0
        if protocol.receive_buffer:
            data = protocol.receive_buffer + data
            protocol.receive_buffer = None
        if self._is_plain():
            while size := self._take(data, at):
                at += size
        if at < len(data):
            protocol._process_received_data(data[at:] if at else data)

    def _take(self, data: bytes, at: int) -> int:
        """Hand on the answer that begins here. Returns its size; 0: it is not whole, or none of ours."""
        if len(data) - at < _CHUNK.size:
            return 0
        kind, size, channel, token, number, request = _CHUNK.unpack_from(data, at)
        connection = self._protocol._connection
        expected, limits = connection.security_token, connection._limits
        is_next = connection._peer_sequence_number is not None and number == connection._peer_sequence_number + 1
        if (
            kind != _SINGLE
            or request not in self._protocol._callbackmap
            or not is_next
            or connection._incoming_parts
            or (channel, token) != (expected.ChannelId, expected.TokenId)
            or not _CHUNK.size < size <= min(limits.max_recv_buffer, len(data) - at)
        ):
            return 0
        begin = at + _CHUNK.size
        if data[begin : begin + len(_PUBLISH_RESPONSE)] != _PUBLISH_RESPONSE:
            return 0
        connection._peer_sequence_number = number
        future = self._protocol._callbackmap.pop(request)
        if not future.done():
            future.set_result(data[begin : at + size])
        return int(size)
