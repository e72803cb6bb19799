"""The OPC UA handshake of stations without HTTP: a flag, a structure, an answer; each becomes one HTTP post.

Level-triggered: every step reads all fields and does what they call for, so that a restart of either side at any
point goes on rightly. The post's Idempotency-Key (station, PLC boot, permit or result, sequence) makes a repeated
post count once, so an answer whose writing was cut short is simply asked for again. The controller's side of it is
in docs/plc.md.
"""

import asyncio
import json
import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
from asyncua import ua
from asyncua.client.client import Client
from asyncua.ua.status_codes import StatusCodes
from asyncua.ua.uaerrors import UaStatusCodeError

from lines.errors import HANDSHAKE_UNREADABLE, NO_STATION_TOKEN, NODE_MISSING
from lines.opcua import posts
from lines.opcua.nodes import node_id

logger = logging.getLogger(__name__)

SWEEP_S = 5.0
BACK_OFF_S = (0.2, 0.5, 1.0, 2.0, 5.0)
POST_TIMEOUT_S = 30.0
LONGEST_RETRY_AFTER_S = 30.0
# Not an answer to the question: the same post may well be taken later.
_TRY_AGAIN = frozenset({401, 408, 425, 429})

_CLOCK = ua.NodeId.from_string("i=2258")  # Server.ServerStatus.CurrentTime
# A variable that the controller does not have, unlike one that can't be read just now.
_NO_SUCH_NODE = frozenset({StatusCodes.BadNodeIdUnknown, StatusCodes.BadNodeIdInvalid})
_TYPES = {
    "Accepted": ua.VariantType.Boolean,
    "AnsweredSequence": ua.VariantType.UInt32,
    "RetryAfterS": ua.VariantType.UInt32,
}


class ComeAgainError(Exception):
    """There is no answer yet: no way to the API, no token, trouble on its side, or it asks to be asked later."""

    def __init__(self, after_s: float = 0.0) -> None:
        super().__init__(after_s)
        self.after_s = after_s


@dataclass(frozen=True)
class Kind:
    """What differs between asking for a permit and reporting a result."""

    folder: str
    letter: str  # in the Idempotency-Key
    fields: tuple[str, ...]
    more: tuple[str, ...]  # fields that a controller may lack
    answer_more: tuple[str, ...]  # so with these of the answer
    address: str  # below /api/v1/stations/<station>/
    request: Callable[[posts.Fields], dict[str, Any]]
    answer: Callable[[Mapping[str, Any]], dict[str, Any]]
    error: Callable[[str], dict[str, Any]]


PERMIT = Kind(
    *("Permit", "P", posts.PERMIT, posts.PERMIT_MORE, posts.PERMIT_ANSWER_MORE, "permits"),
    *(posts.permit_request, posts.permit_answer, posts.permit_error),
)
RESULT = Kind(
    *("Result", "R", posts.RESULT, posts.RESULT_MORE, posts.RESULT_ANSWER_MORE, "results"),
    *(posts.result_request, posts.result_answer, posts.result_error),
)


class Poster:
    """Posts for all stations of a line, each with its own token."""

    def __init__(self, api_url: str, tokens_file: Path) -> None:
        self._client = httpx.AsyncClient(base_url=api_url, timeout=POST_TIMEOUT_S)
        self._tokens_file = tokens_file
        self._tokens: dict[str, str] = {}

    async def post(self, station: str, address: str, key: str, body: dict[str, Any]) -> httpx.Response:
        """The API's answer. Raises ComeAgainError where there is none yet."""
        token = self._token(station)
        if token is None:
            logger.error("%s: %s: %s", NO_STATION_TOKEN.code, station, NO_STATION_TOKEN.cure_en)
            raise ComeAgainError
        try:
            answer = await self._client.post(
                f"/api/v1/stations/{station}/{address}",
                json=body,
                headers={"Authorization": f"Token {token}", "Idempotency-Key": key},
            )
        except httpx.HTTPError as error:
            logger.warning("%s: post %s: %s", station, key, error or type(error).__name__)
            raise ComeAgainError from error
        if answer.status_code == 401:
            # A token that was replaced since: the file is read again for the next try.
            self._tokens = {}
        # A 409 with a time is another copy in flight; without, it is the answer.
        is_later = answer.is_error and "Retry-After" in answer.headers
        if is_later or answer.status_code >= 500 or answer.status_code in _TRY_AGAIN or not _is_object(answer):
            logger.warning("%s: post %s: HTTP %d", station, key, answer.status_code)
            raise ComeAgainError(_seconds(answer.headers.get("Retry-After", "")))
        return answer

    def _token(self, station: str) -> str | None:
        if station not in self._tokens:
            try:
                self._tokens = json.loads(self._tokens_file.read_text())
            except (OSError, ValueError) as error:
                logger.error("%s: %s: %s", NO_STATION_TOKEN.code, self._tokens_file, error)
        return self._tokens.get(station)

    async def close(self) -> None:
        await self._client.aclose()


def _is_object(answer: httpx.Response) -> bool:
    """Every answer of the API is a JSON object; a proxy's page is none, and settles nothing."""
    try:
        return isinstance(answer.json(), dict)
    except ValueError:
        return False


def _seconds(retry_after: str) -> float:
    """A date, the header's other spelling, is not worth reading: the usual pause does."""
    return min(float(retry_after), LONGEST_RETRY_AFTER_S) if retry_after.isdecimal() else 0.0


class Handshake:
    """One structure of one station, as long as the session lasts."""

    def __init__(self, client: Client, station: str, kind: Kind, namespace: int, poster: Poster) -> None:
        self.path = f"{station}/{kind.folder}"
        self._client = client
        self._station = station
        self._kind = kind
        self._namespace = namespace
        self._poster = poster
        self._wake = asyncio.Event()
        self._answered: tuple[str, int] | None = None  # what the OPC UA session answered last
        self._lacking: set[str] = set()  # variables that the server does not have

    def wake(self) -> None:
        self._wake.set()

    async def run(self) -> None:
        """Ends by cancellation or with the session. Without its variables the handshake rests."""
        failures = 0
        while True:
            # The net below the subscription: a flag whose change was lost is found by looking.
            pause_s = SWEEP_S
            try:
                await self._step()
                failures = 0
            except ComeAgainError as error:
                # All is read again for the next try: the station may have taken its question back.
                pause_s = max(error.after_s, BACK_OFF_S[min(failures, len(BACK_OFF_S) - 1)])
                failures += 1
            except (UaStatusCodeError, LookupError) as error:
                logger.error("%s: handshake %s: %s", NODE_MISSING.code, self.path, error)
            except OSError:
                raise  # the connection: the session ends and begins again
            except Exception as error:
                # One station's odd structure must not end the session that all stations of the server share.
                logger.error("%s: handshake %s: %r", HANDSHAKE_UNREADABLE.code, self.path, error)
            with suppress(TimeoutError):
                async with asyncio.timeout(pause_s):
                    await self._wake.wait()
            self._wake.clear()

    async def _step(self) -> None:
        fields = await self._read()
        turn = (str(fields["BootId"]), int(fields["Sequence"]))
        if not fields["Ready"]:
            if fields["Accepted"]:
                await self._write({"Accepted": False})
            return
        if self._is_answered(fields, turn):
            return
        if fields["Accepted"]:
            await self._write({"Accepted": False})
        answer = await self._ask(fields, f"{self._station}:{turn[0]}:{self._kind.letter}:{turn[1]}")
        answer |= {"AnsweredBootId": turn[0], "AnsweredSequence": turn[1]}
        await self._write({name: value for name, value in answer.items() if name not in self._lacking})
        await self._write({"Accepted": True})
        self._answered = turn

    def _is_answered(self, fields: posts.Fields, turn: tuple[str, int]) -> bool:
        if not fields["Accepted"] or fields["AnsweredSequence"] != turn[1]:
            return False
        # Without the boot id of the answer, the first look of a session must trust the sequence.
        return fields["AnsweredBootId"] == turn[0] if "AnsweredBootId" in fields else self._answered in (None, turn)

    async def _ask(self, fields: posts.Fields, key: str) -> dict[str, Any]:
        """The answer's fields. Raises ComeAgainError where there is no answer yet."""
        try:
            body = self._kind.request(fields)
        except posts.UnreadableError as error:
            logger.error("%s: %s %s: %s", HANDSHAKE_UNREADABLE.code, self.path, key, error)
            return self._kind.error(HANDSHAKE_UNREADABLE.code)
        if fields["sent_at"]:
            # First, so that without it the rest is the same text: a repeat is told by that.
            body = {"sent_at": fields["sent_at"], **body}
        answer = await self._poster.post(self._station, self._kind.address, key, body)
        content = answer.json()
        if answer.is_success:
            return self._kind.answer(content)
        logger.error("%s: post %s refused: %s", self._station, key, answer.text)
        return self._kind.error(content.get("code", f"HTTP-{answer.status_code}"))

    async def _read(self) -> dict[str, Any]:
        """All fields that are there, and the server's clock as sent_at. Raises LookupError where one that must be
        there has no value."""
        needed, may_lack = posts.HEAD + self._kind.fields, self._kind.more
        names = needed + may_lack + self._kind.answer_more
        nodes = [self._client.get_node(self._node(name)) for name in names]
        *values, clock = await self._client.read_attributes([*nodes, self._client.get_node(_CLOCK)])
        bad = {name: _bad_status(value) for name, value in zip(names, values, strict=True) if _bad_status(value)}
        self._lacking = {name for name, status in bad.items() if status in _NO_SUCH_NODE}
        missing = [name for name in bad if name in needed or (name in may_lack and name not in self._lacking)]
        if missing:
            raise LookupError(f"no value of {', '.join(missing)}")
        fields = {name: _content(value) for name, value in zip(names, values, strict=True) if name not in bad}
        return fields | {"sent_at": _time_of(clock)}

    async def _write(self, fields: dict[str, Any]) -> None:
        nodes = [self._client.get_node(self._node(name)) for name in fields]
        values = [
            ua.DataValue(ua.Variant(value, _TYPES.get(name, ua.VariantType.String))) for name, value in fields.items()
        ]
        await self._client.write_values(nodes, values)

    def _node(self, name: str) -> ua.NodeId:
        return node_id(f"{self.path}/{name}", self._namespace)


def _bad_status(value: ua.DataValue) -> int:
    """0 where the value is good enough."""
    return value.StatusCode.value if value.StatusCode and value.StatusCode.is_bad() else 0


def _content(value: ua.DataValue) -> Any:
    return value.Value.Value if value.Value else None


def _time_of(clock: ua.DataValue) -> str | None:
    """The controller's clock; None where its server does not say."""
    at = None if _bad_status(clock) else _content(clock)
    if not isinstance(at, datetime) or at.year < 2000:
        return None
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).isoformat()


def handshakes_of(client: Client, stations: tuple[str, ...], namespace: int, poster: Poster) -> list[Handshake]:
    return [Handshake(client, station, kind, namespace, poster) for station in stations for kind in (PERMIT, RESULT)]
