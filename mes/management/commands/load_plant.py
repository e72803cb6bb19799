"""Bring the database to what a plant folder says."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError, ProgrammingError

from lines.errors import PLANT_FILE
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
            loaded = load_plant(options["folder"], options["credentials"])
        except PlantFileError as error:
            raise CommandError(f"{PLANT_FILE.code} {error}") from None
        except OperationalError as error:
            reason = str(error).strip().splitlines()[0]
            raise CommandError(f"The database does not answer: {reason}. Check DENCHI_DATABASE_URL.") from None
        except ProgrammingError as error:
            reason = str(error).strip().splitlines()[0]
            raise CommandError(f"The database lacks our tables: {reason}. Run `manage.py migrate`.") from None
        self.stdout.write(
            f"{loaded.stations} stations, {loaded.products} products: {loaded.made} made, {loaded.changed} changed."
        )
