"""Codes for scanners, QR and DataMatrix, as SVG, PNG and as a PDF sheet of labels. Pure.

A QR code is ISO/IEC 18004 with error correction M (15 %), its quiet zone 4 modules; a DataMatrix is square, ECC 200
(ISO/IEC 16022), its quiet zone at least 1 module. What is not ASCII is UTF-8 and says so (ECI 26).
"""

import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

import segno
import zxingcpp

from documents.pdf import as_pdf

TEMPLATE = (Path(__file__).parent / "labels.typ").read_text(encoding="utf-8")
LONGEST_TEXT = 200
# Pixels of one module on a PNG: at 300 dpi 0.5 mm, which any hand scanner resolves.
PNG_SCALE = 6


class Symbol(StrEnum):
    """Kinds of code."""

    QR = "qr"
    DATAMATRIX = "datamatrix"


_QUIET = {Symbol.QR: 4, Symbol.DATAMATRIX: 2}


class LabelError(ValueError):
    """The text can't stand in a code."""


@dataclass(frozen=True)
class Label:
    """What one label says: `text` in the code and readable beside it, `lines` below."""

    text: str
    title: str
    lines: Sequence[str] = ()


Modules = tuple[tuple[bool, ...], ...]  # rows of dark (True) and light modules, without the quiet zone


def modules(text: str, symbol: Symbol) -> Modules:
    """Raises LabelError for an empty text, one longer than 200 characters, or one with control characters."""
    if not text or len(text) > LONGEST_TEXT or not text.isprintable():
        raise LabelError(f"1 to {LONGEST_TEXT} printable characters")
    if symbol == Symbol.QR:
        # Not micro: many scanners read only the full symbol.
        how: dict[str, Any] = {} if text.isascii() else {"encoding": "utf-8", "eci": True}
        code = segno.make_qr(text, error="m", boost_error=False, **how)
        return tuple(tuple(bool(dark) for dark in row) for row in code.matrix)
    told = {} if text.isascii() else {"eci": "UTF-8"}
    matrix = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.DataMatrix, forceSquare=True, **told)
    picture: Any = matrix.to_image(scale=1, add_quiet_zones=False)
    rows, columns = picture.shape
    grey = bytes(picture)
    return tuple(tuple(grey[row * columns + column] < 128 for column in range(columns)) for row in range(rows))


def as_svg(text: str, symbol: Symbol, *, width_mm: float | None = None) -> str:
    """A drawing with its quiet zone; `width_mm` for paper, else as wide as its frame. Raises LabelError."""
    dark, quiet = modules(text, symbol), _QUIET[symbol]
    size = len(dark) + 2 * quiet
    runs = []
    for y, row in enumerate(dark, start=quiet):
        x = 0
        while x < len(row):
            start = x
            while x < len(row) and row[x] == row[start]:
                x += 1
            if row[start]:
                runs.append(f"M{start + quiet} {y}h{x - start}v1h-{x - start}z")
    wide = f' width="{width_mm:g}mm" height="{width_mm:g}mm"' if width_mm is not None else ""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size} {size}"{wide} shape-rendering="crispEdges">'
        f'<path fill="#fff" d="M0 0h{size}v{size}H0z"/><path d="{"".join(runs)}"/></svg>'
    )


def as_png(text: str, symbol: Symbol, scale: int = PNG_SCALE) -> bytes:
    """The same in black and white, one bit a pixel, `scale` pixels a module. Raises LabelError."""
    dark, quiet = modules(text, symbol), _QUIET[symbol]
    size = (len(dark) + 2 * quiet) * scale
    blank = bytes((size + 7) // 8)
    lines = [blank] * (quiet * scale)
    for row in dark:
        pixels = "0" * quiet * scale + "".join(("1" if each else "0") * scale for each in row)
        packed = int(pixels.ljust(len(blank) * 8, "0"), 2).to_bytes(len(blank), "big")
        lines += [packed] * scale
    lines += [blank] * (quiet * scale)
    # 1 is dark here and light in a PNG of greys: turned over.
    raw = b"".join(b"\x00" + bytes(255 - byte for byte in line) for line in lines)
    header = struct.pack(">IIBBBBB", size, size, 1, 0, 0, 0, 0)
    parts = [(b"IHDR", header), (b"IDAT", zlib.compress(raw, 9)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in parts
    )


def as_sheet(labels: Sequence[Label], symbol: Symbol, *, made_at: datetime) -> bytes:
    """Labels of 70 x 37 mm, 24 to a sheet of A4, as a PDF. Raises LabelError."""
    drawings = {f"code-{n}": as_svg(label.text, symbol) for n, label in enumerate(labels)}
    data = {
        "title": "Denchi MES",
        "labels": [
            {"code": f"code-{n}", "text": label.text, "title": label.title, "lines": list(label.lines)}
            for n, label in enumerate(labels)
        ],
    }
    return as_pdf(TEMPLATE, data, made_at=made_at, drawings=drawings)
