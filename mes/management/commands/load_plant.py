"""Bring the database to what a plant folder says."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from lines.errors import PLANT_FILE
from lines.management.reaching import reaching_the_database
from lines.plant.files import PlantFileError
from mes.loading.services import load_plant


class Command(BaseCommand):
    help = "Load a plant's files. Run again, it changes nothing; a bad file is refused as a whole."

    def add_arguments(self, parser: ArgumentParser) -> None:
        default = settings.BASE_DIR / "fixtures" / "plant" / "osaka"
        parser.add_argument("folder", nargs="?", type=Path, default=default)
        parser.add_argument(
            "--credentials",
            type=Path,
            metavar="FILE",
            help="Give the demo people passwords and the stations tokens, and write them here (mode 0600).",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with reaching_the_database():
                loaded = load_plant(options["folder"], options["credentials"])
        except PlantFileError as error:
            raise CommandError(f"{PLANT_FILE.code} {error}") from None
        self.stdout.write(
            f"{loaded.stations} stations, {loaded.products} products: {loaded.made} made, {loaded.changed} changed."
        )
