"""Tell the database where the OPC UA servers listen."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from lines.plant.services import set_endpoints


class Command(BaseCommand):
    help = "Write {server code: endpoint URL} of a JSON file into the plant's OPC UA servers."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        file: Path = options["file"]
        try:
            endpoints = json.loads(file.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise CommandError(f"{file}: cannot be read ({error}).") from None
        if not isinstance(endpoints, dict) or not all(
            isinstance(url, str) and url.startswith("opc.tcp://") for url in endpoints.values()
        ):
            raise CommandError(f'{file}: is not an object of endpoints. Write {{"COATING": "opc.tcp://host:port"}}.')
        unknown = set_endpoints(endpoints)
        if unknown:
            raise CommandError(f"{file}: {', '.join(unknown)}: no such OPC UA server. Load the plant first.")
