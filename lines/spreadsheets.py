"""Tables for spreadsheets, as CSV and XLSX. No cell of either is ever taken for a formula. Pure."""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import IO
from xml.sax.saxutils import escape, quoteattr
from zipfile import ZIP_DEFLATED, ZipFile

# A cell that begins like this is a formula to a spreadsheet.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_DOCUMENT = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_LINKS = "http://schemas.openxmlformats.org/package/2006/relationships"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
XLSX = f"{_TYPE}.sheet"  # what a file is announced as
_NO_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_LONGEST_TEXT = 32_767
_ROWS_A_PIECE, _MOST_TEXTS = 1_000, 50_000
Cell = str | float | None
Table = tuple[str, Sequence[str], Iterable[Sequence[Cell]]]  # name, header, rows


def neutral(text: str) -> str:
    """A text that no spreadsheet takes for a formula: one that begins like one gets an apostrophe in front."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def as_written(text: str) -> str:
    """What `neutral` made a text of."""
    return text[1:] if text.startswith("'") and text[1:].startswith(_FORMULA) else text


def as_csv(header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> str:
    """One table, with the mark that makes spreadsheets read it as UTF-8. Texts are neutralised, numbers are numbers."""
    text = io.StringIO()
    write_csv(header, rows, text)
    return "\ufeff" + text.getvalue()


def write_csv(header: Sequence[str], rows: Iterable[Sequence[Cell]], into: IO[str]) -> None:
    """The same into an open file, which has the mark already or needs none; rows are taken one at a time."""
    writer = csv.writer(into)
    writer.writerow(header)
    for row in rows:
        writer.writerow([neutral(cell) if isinstance(cell, str) else cell for cell in row])


def as_xlsx(tables: Sequence[Table]) -> bytes:
    """A workbook with a sheet for each table."""
    content = io.BytesIO()
    write_xlsx(tables, content)
    return content.getvalue()


def write_xlsx(tables: Iterable[Table], into: IO[bytes]) -> None:
    """The same into an open file; rows are taken one at a time and none is held.

    Written here because a report has millions of cells: sheets of plain numbers and inline texts, no formulas at all.
    """
    names: list[str] = []
    with ZipFile(into, "w", ZIP_DEFLATED, compresslevel=1) as book:
        for name, header, rows in tables:
            names.append(_sheet_name(name, names))
            with book.open(f"xl/worksheets/sheet{len(names)}.xml", "w", force_zip64=True) as sheet:
                _write_sheet(header, rows, sheet)
        for path, text in _parts(names):
            book.writestr(path, f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n{text}')


def _write_sheet(header: Sequence[str], rows: Iterable[Sequence[Cell]], sheet: IO[bytes]) -> None:
    columns = [_letters(place) for place in range(max(len(header), 1))]
    widths = f'<cols><col min="1" max="{len(columns)}" width="18" customWidth="1"/></cols>'
    frozen = '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/>'
    sheet.write(
        f'<worksheet xmlns="{_MAIN}"><sheetViews><sheetView workbookViewId="0">{frozen}</sheetView></sheetViews>'
        f"{widths}<sheetData>".encode()
    )
    texts: dict[str, str] = {}
    piece = [_row(1, header, columns, texts, ' s="1"')]
    for n, row in enumerate(rows, start=2):
        piece.append(_row(n, row, columns, texts))
        if len(piece) >= _ROWS_A_PIECE:
            sheet.write("".join(piece).encode())
            piece.clear()
            if len(texts) > _MOST_TEXTS:
                texts.clear()
    sheet.write(f"{''.join(piece)}</sheetData></worksheet>".encode())


def _row(n: int, cells: Sequence[Cell], columns: Sequence[str], texts: dict[str, str], style: str = "") -> str:
    """`texts` keeps how a text is written: most stand in many rows."""
    written = []
    for column, cell in zip(columns, cells, strict=False):
        if isinstance(cell, str):
            text = texts.get(cell)
            if text is None:
                text = texts[cell] = _text(cell)
            if text:
                written.append(f'<c r="{column}{n}"{style} t="inlineStr">{text}</c>')
        elif cell is not None:
            written.append(f'<c r="{column}{n}"{style}><v>{cell!r}</v></c>')
    return f'<row r="{n}">{"".join(written)}</row>'


def _text(text: str) -> str:
    shown = escape(_NO_XML.sub("", neutral(text))[:_LONGEST_TEXT])
    return f'<is><t xml:space="preserve">{shown}</t></is>' if shown else ""


def _letters(place: int) -> str:
    return (_letters(place // 26 - 1) if place >= 26 else "") + chr(65 + place % 26)


def _sheet_name(name: str, others: Sequence[str]) -> str:
    """At most 31 signs, none of those that no sheet may have, and not that of another sheet."""
    plain = re.sub(r"[\[\]:*?/\\]", " ", _NO_XML.sub("", name))[:31].strip("' ") or "-"
    found, n = plain, 1
    while found.casefold() in {other.casefold() for other in others}:
        n += 1
        found = f"{plain[: 30 - len(str(n))]} {n}"
    return found


def _parts(names: Sequence[str]) -> Iterator[tuple[str, str]]:
    """What a workbook has beside its sheets: their names, and one style for the header's cells."""
    numbers = range(1, len(names) + 1)
    types = "".join(
        f'<Override PartName="/xl/worksheets/sheet{n}.xml" ContentType="{_TYPE}.worksheet+xml"/>' for n in numbers
    )
    yield (
        "[Content_Types].xml",
        '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPE}.sheet.main+xml"/>'
        f'<Override PartName="/xl/styles.xml" ContentType="{_TYPE}.styles+xml"/>{types}</Types>',
    )
    yield (
        "_rels/.rels",
        f'<Relationships xmlns="{_LINKS}"><Relationship Id="rId1" Type="{_DOCUMENT}/officeDocument"'
        ' Target="xl/workbook.xml"/></Relationships>',
    )
    sheets = "".join(
        f'<sheet name={quoteattr(name)} sheetId="{n}" r:id="rId{n}"/>' for n, name in zip(numbers, names, strict=True)
    )
    yield (
        "xl/workbook.xml",
        f'<workbook xmlns="{_MAIN}" xmlns:r="{_DOCUMENT}"><sheets>{sheets}</sheets></workbook>',
    )
    links = "".join(
        f'<Relationship Id="rId{n}" Type="{_DOCUMENT}/worksheet" Target="worksheets/sheet{n}.xml"/>' for n in numbers
    )
    styles = f'<Relationship Id="rId{len(names) + 1}" Type="{_DOCUMENT}/styles" Target="styles.xml"/>'
    yield "xl/_rels/workbook.xml.rels", f'<Relationships xmlns="{_LINKS}">{links}{styles}</Relationships>'
    yield (
        "xl/styles.xml",
        f'<styleSheet xmlns="{_MAIN}"><fonts count="2"><font><sz val="11"/><name val="Calibri"/></font>'
        '<font><b/><sz val="11"/><name val="Calibri"/></font></fonts>'
        '<fills count="2"><fill><patternFill patternType="none"/></fill>'
        '<fill><patternFill patternType="gray125"/></fill></fills>'
        '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
        '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
        '<cellXfs count="2"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>'
        '<xf numFmtId="0" fontId="1" fillId="0" borderId="0" xfId="0" applyFont="1"/></cellXfs></styleSheet>',
    )
