"""Message catalogues: the .po files are the source, the .mo files Django reads are made from them, not committed."""

from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

ROOT = Path(__file__).resolve().parent.parent


def catalogues() -> list[Path]:
    """The .po file of each app and language."""
    return sorted(ROOT.glob("*/locale/*/LC_MESSAGES/django.po"))


def compile_catalogues() -> int:
    """Make each .mo that is missing or older than its .po. Returns how many were made."""
    made = 0
    for source in catalogues():
        target = source.with_suffix(".mo")
        if target.exists() and target.stat().st_mtime >= source.stat().st_mtime:
            continue
        with source.open("rb") as file:
            catalogue = read_po(file, locale=source.parents[1].name)
        # Another process may compile at the same time, so the file appears whole or not at all.
        half = target.with_suffix(f".mo.{id(catalogue)}")
        with half.open("wb") as file:
            write_mo(file, catalogue)
        half.replace(target)
        made += 1
    return made
