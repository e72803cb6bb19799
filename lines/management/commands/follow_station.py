"""The handshake of one station, for commissioning: before it is in the plant's gateway, or beside it."""

import asyncio
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from lines.opcua.handshake import Poster
from lines.opcua.queries import Server
from lines.opcua.sessions import Session


async def _follow(server: Server, poster: Poster) -> None:
    async def load(_code: str) -> Server:
        return server

    try:
        await Session(server.code, load, None, poster).run()
    finally:
        await poster.close()


class Command(BaseCommand):
    help = (
        "Answer the OPC UA handshake of one station (docs/plc.md) until stopped. Not encrypted: for a bench, not for a "
        "plant. Needs no database; posts to DENCHI_API_URL."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("station", help="Code of the station, as in the plant data")
        parser.add_argument("endpoint", help="opc.tcp://host:port of its server")
        parser.add_argument("--tokens", type=Path, required=True, help='JSON file: {"MIX-1": "the station\'s token"}')

    def handle(self, *args: Any, **options: Any) -> None:
        station, endpoint, tokens = options["station"], options["endpoint"], options["tokens"]
        if not endpoint.startswith("opc.tcp://"):
            raise CommandError(f"{endpoint}: is not an endpoint. Write opc.tcp://host:port.")
        if not tokens.is_file():
            raise CommandError(f'{tokens}: is not there. Write {{"{station}": "the station\'s token"}} into it.')
        server = Server(f"{station} at {endpoint}", endpoint, True, (), (station,))
        try:
            asyncio.run(_follow(server, Poster(settings.DENCHI_API_URL, tokens)))
        except KeyboardInterrupt:
            return
