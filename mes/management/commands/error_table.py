"""Print docs/errors.md."""

from typing import Any

from django.core.management.base import BaseCommand

from mes.errors import table


class Command(BaseCommand):
    help = "Print the table of error codes as it stands in docs/errors.md."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(table(), ending="")
