"""Every sentence of the screens can be read in Japanese."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.extract import extract
from babel.messages.pofile import read_po
from django.utils.translation.template import templatize

from mes.translations import catalogues

ROOT = Path(__file__).resolve().parent.parent.parent
APPS = ["lines", "quality", "traceability", "mes"]
KEYWORDS = {
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "_": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
}
# Names and signs that are the same in both languages.
UNITS = {"kg", "m", "mm", "Ah", "V", "mV", "kW", "kWh", "MWh", "h", "min", "s"}
SAME_EVERYWHERE = UNITS | {
    "Asia",
    "Tokyo",
    "Denchi",
    "MES",
    "Denchi MES",
    "English",
    "API",
    "HTTP",
    "SPC",
    "OPC UA",
    "ID",
    # Figures as the standards name them, and the name of an option as it must be typed.
    *("LSL", "USL", "ndc", "lambda"),
    "電池",
    "日本語",
}


def templates() -> list[Path]:
    return sorted(path for app in APPS for path in (ROOT / app).rglob("*.html"))


def translatable(path: Path) -> Iterator[tuple[str | None, str]]:
    """(context, source string) of a template or module; of a plural its singular."""
    source = path.read_text()
    if path.suffix == ".html":
        # Python's tokenizer reads it next, and a template's indentation means nothing to Python.
        source = re.sub(r"^[ \t]+", "", templatize(source, origin=str(path)), flags=re.MULTILINE)
    for _line, message, _comments, context in extract("python", BytesIO(source.encode()), keywords=KEYWORDS):
        yield context, message if isinstance(message, str) else message[0]


def japanese() -> dict[tuple[str | None, str], list[str]]:
    found: dict[tuple[str | None, str], list[str]] = {}
    for path in catalogues():
        with path.open("rb") as file:
            for message in read_po(file, locale="ja"):
                source = message.id if isinstance(message.id, str) else message.id[0]
                target = [message.string] if isinstance(message.string, str) else list(message.string or ())
                if all(target) and not message.fuzzy:
                    found[message.context, source] = target
    return found


def test_every_string_has_its_japanese() -> None:
    known = japanese()
    paths = [*templates(), *(path for app in APPS for path in (ROOT / app).rglob("*.py"))]
    missing = {
        f"{path.relative_to(ROOT)}: {source}"
        for path in paths
        for context, source in translatable(path)
        if (context, source) not in known
    }
    assert sorted(missing) == []


def test_placeholders_are_the_same_in_japanese() -> None:
    placeholder = re.compile(r"%\(\w+\)[sd]|%[sd]|{\w*}")
    wrong = [
        f"{source} -> {target}"
        for (_context, source), targets in japanese().items()
        for target in targets
        if set(placeholder.findall(source)) != set(placeholder.findall(target))
    ]
    assert wrong == []


class _Text(HTMLParser):
    """Collects what a reader sees: text between tags and the attributes that are read out or shown."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._silent += tag in {"script", "style"}
        self.found += [
            value for name, value in attrs if value and name in {"title", "alt", "placeholder", "aria-label"}
        ]

    def handle_endtag(self, tag: str) -> None:
        self._silent -= tag in {"script", "style"}

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.found.append(data)


@pytest.mark.parametrize("path", templates(), ids=lambda path: str(path.relative_to(ROOT)))
def test_no_word_stands_outside_the_translation(path: Path) -> None:
    source = path.read_text()
    for pattern in (
        r"{#.*?#}",
        r"{%\s*comment.*?endcomment\s*%}",
        r"{%\s*blocktrans(?:late)?\b.*?endblocktrans(?:late)?\s*%}",
        r"{%.*?%}",
        r"{{.*?}}",
    ):
        source = re.sub(pattern, " ", source, flags=re.DOTALL)
    parser = _Text()
    parser.feed(source)
    words = {text for found in parser.found for text in re.findall(r"[^\W\d_][\w .,'-]*[^\W\d_]", found)}
    assert words - SAME_EVERYWHERE == set()
