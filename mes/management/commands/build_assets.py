"""The browser bundle of Vega, made offline from the libraries inside vl-convert: no Node, no download."""

from importlib import metadata
from pathlib import Path
from typing import Any

import vl_convert
from django.conf import settings
from django.core.management.base import BaseCommand

# The CSP forbids eval; vegaEmbed's `ast: true` uses the interpreter that vega-embed brings with it.
SNIPPET = "window.vegaEmbed = vegaEmbed"


class Command(BaseCommand):
    help = "Write the chart bundle (Vega, Vega-Lite, vega-embed) below DENCHI_VAR/assets."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        target = Path(settings.DENCHI_VAR) / "assets" / "vega" / "vega.js"
        version = metadata.version("vl-convert-python")
        head = f"/* vl-convert {version}: {SNIPPET} */\n"
        # Making it takes seconds; it changes only with vl-convert.
        if target.exists() and target.read_text(encoding="utf-8")[: len(head)] == head:
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        part = target.with_suffix(".part")
        part.write_text(head + vl_convert.javascript_bundle(SNIPPET), encoding="utf-8")
        part.replace(target)
        self.stdout.write(f"{target} written")
