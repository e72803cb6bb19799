"""ASGI entry: `uvicorn mes.asgi:application` serves everything on one port.

Event streams run on the loop; pages and the API run as WSGI in a thread pool, where each thread keeps its database
connection (measured: Django under ASGI opens a thread and a connection for each request).
"""

import os
from typing import Any, cast

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mes.settings")

import django

django.setup()  # the stream needs the models

from a2wsgi import WSGIMiddleware  # noqa: E402 - after setup

from lines.events.stream import Receive, Scope, Send, Stream  # noqa: E402 - after setup
from mes.wsgi import application as wsgi_application  # noqa: E402 - after setup

THREADS = 8

# Any: a2wsgi types messages by TypedDicts of its own, Django's handler by none.
_pages: Any = WSGIMiddleware(cast(Any, wsgi_application), workers=THREADS)
_stream = Stream()


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "lifespan":
        await _lifespan(receive, send)
    elif scope["type"] == "http" and scope["path"] == "/events/":
        await _stream(scope, receive, send)
    elif scope["type"] == "http":
        await _pages(scope, receive, send)
    else:
        await send({"type": "websocket.close", "code": 1000})


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
