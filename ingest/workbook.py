"""Read a sheet of an XLSX workbook as rows of text, after looking at the package that it comes in.

Belongs here: what makes a workbook dangerous or no workbook at all, and cells as text. Does not belong here:
what the cells mean (interpret.py).
"""

from __future__ import annotations

import datetime as dt
import io
import json
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator
from typing import Any

import python_calamine

from ingest.read import MAX_FIELD_CHARS, OLE, BadLine, Table, Unreadable

MAX_WORKBOOK_MEMBERS = 2_000
MAX_UNPACKED_BYTES = 400_000_000
MAX_UNPACKED_RATIO = 200  # only looked at above 10 MB: small, regular sheets pack very well
MAX_SHEET_CELLS = 20_000_000


class Workbook:
    """An XLSX workbook, checked before it is opened. Raises Unreadable."""

    def __init__(self, data: bytes):
        if not data:
            raise Unreadable("empty_file", "the file holds nothing")
        if data.startswith(OLE):
            if "EncryptedPackage".encode("utf-16-le") in data:
                raise Unreadable("encrypted", "the workbook is protected with a password: send it without")
            raise Unreadable("not_xlsx", "this is an old Excel file or another document: save it as .xlsx")
        _check_package(data)
        self._book = _parse(
            lambda: python_calamine.load_workbook(io.BytesIO(data)), "the workbook cannot be opened"
        )

    def read(self, sheet: str) -> Table:
        """A sheet as text, its heading in row 1; a row's line is its number there. Raises Unreadable."""
        if sheet not in self._book.sheet_names:
            raise Unreadable("missing_sheet", f"the workbook has no sheet `{sheet}`")
        grid = _parse(
            lambda: self._book.get_sheet_by_name(sheet).to_python(skip_empty_area=False),
            f"the sheet `{sheet}` cannot be read",
        )
        if not grid:
            raise Unreadable("empty_file", f"the sheet `{sheet}` is empty")
        headings = [_cell_text(cell).strip() for cell in grid[0]]
        while headings and not headings[-1]:
            headings.pop()
        width = len(headings)
        table = Table(headings, [], [], has_native_dates=True)
        for number, cells in enumerate(grid[1:], start=2):
            row = [cell if type(cell) is str else _cell_text(cell) for cell in cells]
            if not any(row):
                continue
            reason = None
            if any(row[width:]):
                reason = "too_many_fields"
            elif any(len(cell) > MAX_FIELD_CHARS for cell in row):
                reason = "over_long_field"
            elif any("\0" in cell for cell in row):
                reason = "nul_byte"
            if reason:
                table.bad_lines.append(BadLine(number, reason, json.dumps(row, ensure_ascii=False)))
            else:
                table.rows.append((row + [""] * width)[:width])
                table.lines.append(number)
        if not table.rows and not table.bad_lines:
            raise Unreadable("header_only", f"the sheet `{sheet}` has no row below the heading")
        return table


def _parse(read: Callable[[], Any], detail: str) -> Any:
    """What the parser makes of a workbook; Unreadable for any way in which it fails."""
    try:
        return read()
    except (KeyboardInterrupt, SystemExit, MemoryError):
        raise
    except BaseException:  # noqa: BLE001  a panic of the parser is no Exception
        # Whatever the parser says may quote the content, so it is not passed on.
        raise Unreadable("not_xlsx", detail) from None


def _cell_text(cell: object) -> str:
    """A cell as text: days and moments in ISO form, whole numbers without a decimal point."""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return str(int(cell))
    if isinstance(cell, dt.datetime):
        return cell.isoformat(sep=" ", timespec="seconds")
    return str(cell)


def _check_package(data: bytes) -> None:
    """Refuse what is no workbook, is locked, holds macros or would unpack to more than it should."""
    try:
        package = zipfile.ZipFile(io.BytesIO(data))
        members = package.infolist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError, EOFError):
        raise Unreadable("not_xlsx", "this is not a workbook, or it was cut short") from None
    names = {member.filename for member in members}
    if len(members) > MAX_WORKBOOK_MEMBERS:
        raise Unreadable("bomb", f"the workbook has {len(members)} parts, more than {MAX_WORKBOOK_MEMBERS}")
    if "[Content_Types].xml" not in names or "xl/workbook.xml" not in names:
        raise Unreadable("not_xlsx", "this is not an .xlsx workbook")
    if any(member.flag_bits & 0x1 for member in members):
        raise Unreadable("encrypted", "parts of the workbook are encrypted: send it without a password")
    if any(name.lower().endswith("vbaproject.bin") for name in names):
        raise Unreadable("not_xlsx", "the workbook holds macros: save it as .xlsx without them")
    budget = MAX_UNPACKED_BYTES
    for member in members:
        budget -= _check_member(data, member, budget)


def _check_member(data: bytes, member: zipfile.ZipInfo, budget: int) -> int:
    """Unpack a part piece by piece, as its stated size may lie, and return its true size in bytes."""
    start = member.header_offset
    start += 30 + int.from_bytes(data[start + 26 : start + 28], "little")
    start += int.from_bytes(data[member.header_offset + 28 : member.header_offset + 30], "little")
    packed = memoryview(data)[start : start + member.compress_size]
    if member.compress_type == zipfile.ZIP_STORED:
        pieces = iter([bytes(packed)])
    elif member.compress_type == zipfile.ZIP_DEFLATED:
        pieces = _inflate(packed)
    else:
        raise Unreadable("not_xlsx", "the workbook is packed in a way that Excel does not use")
    size, rows, columns, tail = 0, 1, 1, b""
    is_sheet = member.filename.lower().startswith("xl/worksheets/")
    for piece in pieces:
        size += len(piece)
        if size > budget or (size > 10_000_000 and size > MAX_UNPACKED_RATIO * max(1, member.compress_size)):
            raise Unreadable("bomb", "the workbook would unpack to far more than its size")
        seen = tail + piece
        if b"<!ENTITY" in seen or b"<!DOCTYPE" in seen:
            raise Unreadable("bomb", "the workbook defines XML entities, which no recording system does")
        if is_sheet:
            for letters, digits in re.findall(rb'[ ]r="([A-Z]{1,3})(\d{1,7})"', seen):
                rows, columns = max(rows, int(digits)), max(columns, _column_number(letters))
            if rows * columns > MAX_SHEET_CELLS:
                raise Unreadable("bomb", "a sheet spans far more cells than it fills")
        tail = piece[-64:]
    return size


def _inflate(packed: memoryview) -> Iterator[bytes]:
    unpacker = zlib.decompressobj(-15)
    pending = bytes(packed)
    try:
        while pending and not unpacker.eof:
            yield unpacker.decompress(pending, 1_000_000)
            pending = unpacker.unconsumed_tail
        yield unpacker.flush()
    except zlib.error:
        raise Unreadable("not_xlsx", "the workbook is damaged") from None


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number
