"""Tables, partitions and the plant's master data, in one process; what is there already stays."""

from argparse import ArgumentParser
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand


class Command(BaseCommand):
    help = "Migrate, make partitions, load the plant."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("plant", help="Folder with the plant's files.")
        parser.add_argument("--credentials", help="Where demo passwords and station tokens are written.")

    def handle(self, *args: Any, **options: Any) -> None:
        call_command("migrate", interactive=False, verbosity=1)
        call_command("ensure_partitions")
        credentials = ["--credentials", options["credentials"]] if options["credentials"] else []
        call_command("load_plant", options["plant"], *credentials)
