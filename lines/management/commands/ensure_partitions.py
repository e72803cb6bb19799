"""Make the daily partitions of samples and measurements ahead; run it before the first start."""

from typing import Any

from django.core.management.base import BaseCommand

from lines.telemetry import services


class Command(BaseCommand):
    help = "Make the daily partitions of samples and measurements from yesterday to a week ahead."

    def handle(self, *args: Any, **options: Any) -> None:
        made = services.ensure_partitions()
        self.stdout.write(f"{made} partitions made")
