"""The publish loop of one session: asks the server for news again and again, hands them on in their order.

asyncua's own loop acknowledges a notification before anybody has kept it, has one request in flight and looks at no
sequence number. Here a subscription's stream says what may be acknowledged, and that is when it is safe.
"""

import asyncio
import logging
import struct
import time
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from asyncua import ua
from asyncua.common.utils import Buffer
from asyncua.ua.status_codes import StatusCodes
from asyncua.ua.ua_binary import struct_from_binary
from asyncua.ua.uaerrors import UaError, UaStatusCodeError

from lines.opcua import fast, plain
from lines.opcua.arrivals import Arrived
from lines.opcua.connecting import Link
from lines.opcua.following import SequenceLostError
from lines.opcua.subscribing import delete_subscription

logger = logging.getLogger(__name__)

IN_FLIGHT = 4
MOST_ACKNOWLEDGED = 500  # in one request
# So often it looks whether a full spool is free again and a subscription silent.
LOOK_S = 0.2

# The server holds fewer requests than were sent, or kept one too long: neither says anything of the values.
_SEND_AGAIN = frozenset({StatusCodes.BadTimeout, StatusCodes.BadRequestTimeout})
_TOO_MANY = StatusCodes.BadTooManyPublishRequests


class Stream(Protocol):
    """What the publish loop needs of a subscription."""

    subscription_id: int

    async def take(self, message: Arrived) -> None: ...

    def acknowledgements(self, most: int) -> list[int]:
        """Sequence numbers that are safe; they are not told again."""

    def not_acknowledged(self, numbers: list[int]) -> None:
        """Of those told, which may not have reached the server."""


class Publishing:
    """Runs as long as the session. `may_ask` is false while nothing more can be kept."""

    def __init__(
        self, link: Link, may_ask: Callable[[], bool], is_fast: bool = True, longest_silence_s: float = 60.0
    ) -> None:
        """Not `is_fast`: everything that comes is left to asyncua. A subscription that says nothing for
        `longest_silence_s`, not even that it lives, ends the session."""
        self._link = link
        self._may_ask = may_ask
        self._is_fast = is_fast
        self._longest_silence_s = longest_silence_s
        self._heard_at: dict[int, float] = {}
        self._streams: dict[int, Stream] = {}
        self._in_flight = 0
        self._most_in_flight = IN_FLIGHT
        self._answers: deque[asyncio.Future[Any]] = deque()
        self._news = asyncio.Event()
        self._acknowledging: dict[asyncio.Future[Any], list[tuple[int, int]]] = {}
        self._unknown: set[int] = set()
        self._readers: Mapping[int, plain.Reader] = {}
        self._retired: list[tuple[float, Stream]] = []

    def follow(self, stream: Stream, readers: Mapping[int, plain.Reader] | None = None) -> None:
        """`readers` by client handle, for the variables that hold structures."""
        self._streams[stream.subscription_id] = stream
        self._heard_at[stream.subscription_id] = time.monotonic()
        self._readers = {**self._readers, **(readers or {})}

    @property
    def has_streams(self) -> bool:
        return bool(self._streams)

    def retire(self, stream: Stream, after_s: float) -> None:
        """Follow it so long, then delete it."""
        self._retired.append((time.monotonic() + after_s, stream))

    async def run(self) -> None:
        """Ends with the session, by an exception."""
        if self._is_fast:
            self._link.read_quickly()
        looking = asyncio.create_task(self._look())
        try:
            while True:
                if self._may_ask():
                    while self._in_flight < self._most_in_flight:
                        self._send()
                else:
                    self._heard_at = dict.fromkeys(self._streams, time.monotonic())
                await self._news.wait()
                self._news.clear()
                while self._answers:
                    self._in_flight -= 1
                    await self._take(self._answers.popleft())
                while self._retired and time.monotonic() > self._retired[0][0]:
                    _, stream = self._retired.pop(0)
                    await delete_subscription(self._link, stream.subscription_id)
                    self._streams.pop(stream.subscription_id, None)
                    self._heard_at.pop(stream.subscription_id, None)
                self._listen()
        finally:
            looking.cancel()
            for answer in list(self._acknowledging):
                answer.cancel()
                self._give_back(answer)

    async def _look(self) -> None:
        # A time-out around each wait would cost as much as the notification that is waited for.
        while True:
            await asyncio.sleep(LOOK_S)
            self._news.set()

    def _answered(self, answer: asyncio.Future[Any]) -> None:
        if not answer.cancelled():
            # Looked at here, so that nobody complains of the errors of those that come behind the first one.
            answer.exception()
            self._answers.append(answer)
            self._news.set()

    def _listen(self) -> None:
        """A server may answer everything else and still have forgotten a subscription."""
        if (oldest := min(self._heard_at.values(), default=None)) is None:
            return
        if time.monotonic() - oldest > self._longest_silence_s:
            raise SequenceLostError("a subscription is silent, though its server answers")

    def _send(self) -> None:
        acknowledged: list[tuple[int, int]] = []
        for subscription, stream in self._streams.items():
            numbers = stream.acknowledgements(MOST_ACKNOWLEDGED - len(acknowledged))
            acknowledged += [(subscription, number) for number in numbers]
        answer = self._link.publish(acknowledged)
        self._acknowledging[answer] = acknowledged
        answer.add_done_callback(self._answered)
        self._in_flight += 1

    async def _take(self, answer: asyncio.Future[Any]) -> None:
        try:
            body = self._link.published(answer)
        except UaStatusCodeError as error:
            self._give_back(answer)
            if error.code == _TOO_MANY and self._most_in_flight > 1:
                self._most_in_flight -= 1
            elif error.code not in _SEND_AGAIN:
                raise
            return
        except BaseException:
            self._give_back(answer)
            raise
        del self._acknowledging[answer]
        # The next request goes out before this answer is worked on: the server need not wait for us.
        if self._may_ask() and self._in_flight < self._most_in_flight:
            self._send()
        await self._hand_on(body)

    async def _hand_on(self, body: bytes) -> None:
        message = fast.arrived(body, self._readers) if self._is_fast else None
        if message is None:
            try:
                response = struct_from_binary(ua.PublishResponse, Buffer(body))
            except (UaError, ValueError, TypeError, LookupError, struct.error) as error:
                # Its number is not known: the next message shows the gap, and Republish tells which it was.
                logger.error("A notification cannot be read: %r", error)
                return
            message = plain.arrived(response, self._readers)
        stream = self._streams.get(message.subscription_id)
        if stream is not None:
            self._heard_at[message.subscription_id] = time.monotonic()
            await stream.take(message)
        elif message.subscription_id not in self._unknown:
            # From a connection before this one: nobody would ever acknowledge what it sends.
            self._unknown.add(message.subscription_id)
            await delete_subscription(self._link, message.subscription_id)

    def _give_back(self, answer: asyncio.Future[Any]) -> None:
        for subscription, number in reversed(self._acknowledging.pop(answer, [])):
            if stream := self._streams.get(subscription):
                stream.not_acknowledged([number])
