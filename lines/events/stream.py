"""/events/: server-sent events by ASGI, for screens that follow live. No stream holds a database connection.

    GET /events/?station=COAT-1,CAL-1&kinds=VALUES,STATE&after=<xid>-<id>      with the session cookie

Each event carries `id: <xid>-<id>`; a browser that reconnects sends the last one as Last-Event-ID and misses
nothing. `after` is the same for the first connection: the position at which the page was rendered. One that is too
far behind gets the event RESET, which says: read the page again.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from http.cookies import CookieError, SimpleCookie
from typing import Any, TypeVar
from urllib.parse import parse_qs

from django.conf import settings
from django.contrib.auth import get_user
from django.contrib.sessions.backends.db import SessionStore
from django.db import close_old_connections, connection
from django.http import HttpRequest

from lines.errors import NOT_SIGNED_IN, WRONG_METHOD, WRONG_PARAMETER, Code, as_json
from lines.events.broadcast import Broadcaster, Subscription
from lines.events.models import EventKind
from lines.events.queries import Position, StoredEvent, current_position, events_after, is_forgotten

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
T = TypeVar("T")

HEARTBEAT_S = 10.0
# Streams end now and then, so that a person who signed out or lost the account does not follow for ever.
LONGEST_S = 900.0
# More than this behind: rendering the page again is cheaper than replaying.
REPLAY = 2000

# One thread, so one connection for a process however many screens it serves.
_reader = ThreadPoolExecutor(max_workers=1, thread_name_prefix="events")


async def _in_reader(work: Callable[..., T], *arguments: Any) -> T:
    def run() -> T:
        close_old_connections()
        try:
            return work(*arguments)
        except Exception:
            connection.close()
            raise

    return await asyncio.get_running_loop().run_in_executor(_reader, run)


async def _read(position: Position, limit: int) -> list[StoredEvent]:
    return await _in_reader(events_after, position, limit)


async def _start() -> Position:
    return await _in_reader(current_position)


def _is_signed_in(session_key: str) -> bool:
    request = HttpRequest()
    request.session = SessionStore(session_key)
    user = get_user(request)
    return bool(user.is_authenticated and user.is_active)


class Stream:
    """The ASGI application. One instance serves one process; its broadcaster belongs to one event loop."""

    def __init__(self) -> None:
        self._broadcaster: Broadcaster | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] != "GET":
            await _refuse(send, WRONG_METHOD, scope["method"])
            return
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        if not await _in_reader(_is_signed_in, _session_key(headers.get("cookie", ""))):
            await _refuse(send, NOT_SIGNED_IN, "the session is missing or over")
            return
        try:
            query = parse_qs(scope["query_string"].decode("latin-1"), max_num_fields=10)
            wants, after = _wanted(query), _after(headers.get("last-event-id", ""), query)
        except ValueError as error:
            await _refuse(send, WRONG_PARAMETER, str(error))
            return
        await self._follow(_newer(wants, after), after, receive, send)

    async def _follow(
        self, wants: Callable[[StoredEvent], bool], after: Position | None, receive: Receive, send: Send
    ) -> None:
        if self._broadcaster is None:
            self._broadcaster = Broadcaster(_read, _start)
        subscription, begin = await self._broadcaster.subscribe(wants)
        gone = asyncio.create_task(_disconnected(receive))
        try:
            await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
            # The id at once: a screen that is cut off before its first event knows where to go on.
            await _write(send, f"retry: 2000\nid: {after or begin}\n: following\n\n")
            async for text in _texts(subscription, wants, after, begin, gone):
                await _write(send, text)
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        except OSError:
            pass  # uvicorn's ClientDisconnected: nobody is there to be told
        finally:
            gone.cancel()
            self._broadcaster.unsubscribe(subscription)


_HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
    (b"x-content-type-options", b"nosniff"),
]


async def _texts(
    subscription: Subscription,
    wants: Callable[[StoredEvent], bool],
    after: Position | None,
    begin: Position,
    gone: asyncio.Task[None],
) -> AsyncIterator[str]:
    """First what was missed, then what comes; ends when the reader is gone, slow, or has been here long enough."""
    if after is not None and after < begin:
        missed = await _read(after, REPLAY)
        if len(missed) == REPLAY or (missed and await _in_reader(is_forgotten, after)):
            yield f"id: {begin}\nevent: RESET\ndata: {{}}\n\n"
        else:
            for event in missed:
                if event.position <= begin and wants(event):
                    yield _as_text(event)
    end = time.monotonic() + LONGEST_S
    while not subscription.is_dropped and time.monotonic() < end:
        next_event = asyncio.ensure_future(subscription.queue.get())
        done, _ = await asyncio.wait({next_event, gone}, timeout=HEARTBEAT_S, return_when=asyncio.FIRST_COMPLETED)
        if next_event not in done:
            next_event.cancel()
            if gone in done:
                return
            yield ": heartbeat\n\n"
            continue
        texts = [_as_text(next_event.result())]
        while not subscription.queue.empty():
            texts.append(_as_text(subscription.queue.get_nowait()))
        yield "".join(texts)


def _as_text(event: StoredEvent) -> str:
    # Both are JSON objects on one line; joining them as text spares parsing what is only passed on.
    station = json.dumps({"station": event.station})
    payload = event.payload
    data = station if payload == "{}" else f"{station[:-1]}, {payload[1:]}"
    return f"id: {event.position}\nevent: {event.kind}\ndata: {data}\n\n"


def _session_key(cookie: str) -> str:
    try:
        morsel = SimpleCookie(cookie).get(settings.SESSION_COOKIE_NAME)
    except CookieError:
        return ""
    return morsel.value if morsel else ""


def _wanted(query: dict[str, list[str]]) -> Callable[[StoredEvent], bool]:
    stations = _listed(query, "station")
    kinds = _listed(query, "kinds")
    unknown = kinds - set(EventKind.values)
    if unknown:
        raise ValueError(f"kinds: {', '.join(sorted(unknown))}; taken are {', '.join(EventKind.values)}")

    def wants(event: StoredEvent) -> bool:
        return (not stations or event.station in stations) and (not kinds or event.kind in kinds)

    return wants


def _newer(wants: Callable[[StoredEvent], bool], after: Position | None) -> Callable[[StoredEvent], bool]:
    """A page may have been rendered a moment ahead of the broadcaster; it gets nothing twice."""
    return wants if after is None else lambda event: event.position > after and wants(event)


def _listed(query: dict[str, list[str]], name: str) -> set[str]:
    return {part for value in query.get(name, []) for part in value.split(",") if part}


def _after(last_event_id: str, query: dict[str, list[str]]) -> Position | None:
    text = last_event_id or query.get("after", [""])[0]
    try:
        return Position.parse(text) if text else None
    except ValueError:
        raise ValueError(f"after or Last-Event-ID: {text!r} is not <xid>-<id>") from None


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _write(send: Send, text: str) -> None:
    await send({"type": "http.response.body", "body": text.encode(), "more_body": True})


async def _refuse(send: Send, code: Code, detail: str) -> None:
    body = json.dumps(as_json(code, detail)).encode()
    headers = [(b"content-type", b"application/json"), (b"cache-control", b"no-store")]
    await send({"type": "http.response.start", "status": code.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
