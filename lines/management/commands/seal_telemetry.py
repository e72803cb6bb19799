"""`manage.py seal_telemetry`: past days of signal values into Parquet files, with progress. Ctrl-C at any moment."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from lines.management.reaching import reaching_the_database
from lines.telemetry import sealing


class Command(BaseCommand):
    help = (
        "Seal the days of signal values that are older than DENCHI_HOT_DAYS into Parquet files, and remove what is"
        " older than DENCHI_COLD_DAYS. The worker does so each hour; this is for watching it, or for a first time."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--verify", action="store_true", help="Only compare every sealed file with its hash.")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with reaching_the_database():
                if options["verify"]:
                    self._verify()
                else:
                    self._seal()
        except KeyboardInterrupt:
            raise CommandError("Stopped. What was sealed stays so, the rest is in the database.") from None

    def _verify(self) -> None:
        compared: list[str] = []

        def tell(text: str) -> None:
            compared.append(text)
            self._tell(text)

        wrong = sealing.verify(tell)
        if wrong:
            raise CommandError(f"{len(wrong)} files are missing or differ")
        if not compared:
            self._tell("Nothing is sealed yet, so there is nothing to compare.")

    def _seal(self) -> None:
        made = sealing.seal(tell=self._tell)
        removed = sealing.remove_old(tell=self._tell)
        self._tell(f"{len(made)} parts sealed, {sum(part.rows for part in made):,} values; {removed} days removed.")

    def _tell(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()
