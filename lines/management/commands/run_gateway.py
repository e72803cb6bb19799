"""The OPC UA gateway of one line."""

import asyncio
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from lines.opcua.gateway import run_until_stopped


class Command(BaseCommand):
    help = "Follow the OPC UA servers of a line until stopped."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--line", required=True, help="Code of the production line, e.g. L1")

    def handle(self, *args: Any, **options: Any) -> None:
        asyncio.run(run_until_stopped(options["line"]))
