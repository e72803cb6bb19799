"""A Typst template and its data as a PDF: the same bytes for the same data, on any machine. Pure.

The only typeface is the one that a package brings (IPAexGothic, which has Latin, Greek and Japanese); the system's own
are not looked at, so that nothing looks right on one machine alone. What Typst warns of is an error; a sign that the
typeface lacks is printed as the geta mark (〓), as Japanese printers do.
"""

import json
import unicodedata
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import typst
from fontTools.ttLib import TTFont

FONT = "IPAexGothic"


class DocumentError(Exception):
    """The document can't be made as it should look."""


@cache
def font_folder() -> Path:
    """Where the typeface lies. The package's own code, which would load matplotlib, is not run."""
    found = find_spec("matplotlib_fontja")
    if found is None or found.origin is None:
        raise DocumentError("The package matplotlib-fontja, which brings the typeface, is not installed.")
    return Path(found.origin).parent / "fonts"


@cache
def _signs() -> frozenset[int]:
    """Code points that the typeface can show."""
    with TTFont(font_folder() / "ipaexg.ttf", lazy=True) as font:
        return frozenset(font.getBestCmap())


def printable(text: str) -> str:
    """The text as the typeface can show it: signs that it lacks by their like or as 〓, controls as blanks."""
    folded = text.translate(_LIKE)
    if all(sign in _signs() for sign in map(ord, folded)):
        return folded
    return "".join(_shown(sign) for sign in folded)


def _shown(sign: str) -> str:
    if ord(sign) in _signs() or sign == "\n":
        return sign
    return " " if unicodedata.category(sign)[0] in "CZ" else "〓"


_LIKE = {
    0x2011: "-",
    0x00A0: " ",
    0x202F: " ",
    0x2007: " ",
    0x0304: "",
    0x00AD: "",
    0x00B5: "μ",
    0x2264: "≦",
    0x2265: "≧",
}


def as_pdf(
    template: str, data: Mapping[str, Any], *, made_at: datetime, drawings: Mapping[str, str] | None = None
) -> bytes:
    """The template (Typst source) with `data` as `d`, a dictionary, and `drawings` (SVG) as `drawing("name", ..)`.

    `made_at` is the date the file says of itself: it is part of the bytes. Raises DocumentError.
    """
    files = {"main.typ": (_HEAD + template).encode(), "data.json": json.dumps(_clean(data), allow_nan=False).encode()}
    for name, svg in (drawings or {}).items():
        files[f"{name}.svg"] = svg.encode()
    try:
        # Files by name are taken as well as a path; the type hints do not know it.
        content, warnings = typst.compile_with_warnings(  # type: ignore[call-overload]  # see above
            files,
            font_paths=[str(font_folder())],
            ignore_system_fonts=True,
            format="pdf",
            timestamp=int(made_at.astimezone(UTC).timestamp()),
        )
    except typst.TypstError as error:
        raise DocumentError(str(error)) from error
    if warnings:
        raise DocumentError("; ".join(str(warning) for warning in warnings))
    return bytes(content)


_HEAD = f"""#set text(font: "{FONT}", fallback: false)
#let d = json("data.json")
#let drawing(name, ..how) = image(name + ".svg", format: "svg", ..how)
"""


def _clean(part: Any) -> Any:
    if isinstance(part, str):
        return printable(part)
    if isinstance(part, Mapping):
        return {str(key): _clean(inner) for key, inner in part.items()}
    if isinstance(part, list | tuple):
        return [_clean(inner) for inner in part]
    return part
