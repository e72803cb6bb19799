"""What the web pages need beside the database: translations, the chart bundle, static files with hashed names."""

from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand

from mes.translations import compile_catalogues


class Command(BaseCommand):
    help = "Compile translations, build the chart bundle, collect static files."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        compile_catalogues()
        call_command("build_assets")
        call_command("collectstatic", interactive=False, verbosity=0)
