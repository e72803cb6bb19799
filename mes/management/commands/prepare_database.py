"""Tables, partitions and the plant's master data, in one process; what is there already stays."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from mes.private_files import write_private


class Command(BaseCommand):
    help = "Migrate, make partitions, load the plant."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("plant", help="Folder with the plant's files.")
        parser.add_argument("--credentials", help="Where passwords and tokens are written; what it has is kept.")
        parser.add_argument("--station-tokens", help="Where the tokens alone are written, for the gateway.")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["station_tokens"] and not options["credentials"]:
            raise CommandError("--station-tokens takes the tokens out of the file of --credentials: give both.")
        call_command("migrate", interactive=False, verbosity=1)
        call_command("ensure_partitions")
        credentials = ["--credentials", options["credentials"]] if options["credentials"] else []
        call_command("load_plant", options["plant"], *credentials)
        if options["station_tokens"]:
            tokens = json.loads(Path(options["credentials"]).read_text())["station_tokens"]
            write_private(Path(options["station_tokens"]), json.dumps(tokens))
