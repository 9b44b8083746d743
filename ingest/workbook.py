"""Read a sheet of an XLSX workbook as rows of text, after looking at the package that it comes in.

Belongs here: what makes a workbook dangerous or no workbook at all, and cells as text. Does not belong here:
cells that the parser leaves out (unread_cells.py), what the cells mean (interpret.py).
"""

from __future__ import annotations

import datetime as dt
import io
import json
import posixpath
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator
from typing import Any

import python_calamine
from defusedxml.ElementTree import fromstring

from ingest import unread_cells
from ingest.read import MAX_FIELD_CHARS, OLE, BadLine, Table, Unreadable

MAX_WORKBOOK_MEMBERS = 2_000
MAX_UNPACKED_BYTES = 400_000_000
MAX_UNPACKED_RATIO = 200  # only looked at above 10 MB: small, regular sheets pack very well
MAX_SHEET_CELLS = 20_000_000
MAX_COLUMNS = 16_384  # as many as Excel has


class Workbook:
    """An XLSX workbook, checked before it is opened. Raises Unreadable."""

    def __init__(self, data: bytes):
        if not data:
            raise Unreadable("empty_file", "the file holds nothing")
        if data.startswith(OLE):
            if "EncryptedPackage".encode("utf-16-le") in data:
                raise Unreadable("encrypted", "the workbook is protected with a password: send it without")
            raise Unreadable("not_xlsx", "this is an old Excel file or another document: save it as .xlsx")
        self._data = data
        self._with_unread_cells = _check_package(data)
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
        self._put_unread_cells(sheet, grid)
        if len(grid[0]) > MAX_COLUMNS:
            raise Unreadable("bomb", f"the sheet `{sheet}` has more columns than a workbook can have")
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

    def _put_unread_cells(self, sheet: str, grid: list[list[Any]]) -> None:
        """Write into the grid what the parser leaves out: a cell that holds something is no empty cell."""
        if not self._with_unread_cells:
            return
        part = _parse(lambda: _part_of(self._data, sheet), "the list of its sheets cannot be read")
        if part not in self._with_unread_cells:
            return

        def put_back() -> None:
            with zipfile.ZipFile(io.BytesIO(self._data)).open(part) as xml:
                unread_cells.put_back(xml, grid)

        _parse(put_back, f"the sheet `{sheet}` cannot be read")


def _part_of(data: bytes, sheet: str) -> str:
    """The part of the package in which a sheet stands."""
    package = zipfile.ZipFile(io.BytesIO(data))
    book, links = (
        fromstring(package.read(name)) for name in ("xl/workbook.xml", "xl/_rels/workbook.xml.rels")
    )
    # Namespaces differ between the two dialects of the standard, the last words of the names do not.
    ids = {
        one.get("name"): value
        for one in book.iter()
        if one.tag.endswith("}sheet")
        for name, value in one.items()
        if name.endswith("}id")
    }
    (target,) = (one.get("Target") for one in links.iter() if one.get("Id") == ids[sheet])
    return posixpath.normpath(posixpath.join("/xl", target)).lstrip("/")


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


def _check_package(data: bytes) -> set[str]:
    """Refuse what is no workbook, is locked, holds macros or would unpack to more than it should.

    Returns the parts of which the parser may leave cells out.
    """
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
    if any(name.lower().endswith("vbaproject.bin") or "macrosheets/" in name.lower() for name in names):
        raise Unreadable("not_xlsx", "the workbook holds macros: save it as .xlsx without them")
    if len(names) != len(members) or any(map(_leads_astray, members)):
        raise Unreadable("not_xlsx", "parts of the workbook have names that Excel does not give")
    budget = MAX_UNPACKED_BYTES
    unread: set[str] = set()
    for member in members:
        budget -= _check_member(data, member, budget, unread)
    return unread


def _leads_astray(member: zipfile.ZipInfo) -> bool:
    """Whether a part is a link, or has a name that would lead out of a folder were it unpacked.

    Nothing is unpacked to disk here, but such a package was made to do harm.
    """
    name = member.orig_filename
    is_link = (member.external_attr >> 16) & 0o170000 == 0o120000
    return is_link or name.startswith("/") or ".." in name.split("/") or any(mark in name for mark in "\\:\0")


def _check_member(data: bytes, member: zipfile.ZipInfo, budget: int, unread: set[str]) -> int:
    """Unpack a part piece by piece, as its stated size may lie, and return its true size in bytes.

    The name of a part of which the parser may leave cells out is added to `unread`.
    """
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
    size, checksum, rows, columns, tail = 0, 0, 1, 1, b""
    is_sheet = member.filename.lower().startswith("xl/worksheets/")
    is_xml = member.filename.lower().endswith((".xml", ".rels"))
    for piece in pieces:
        if not size and is_xml and piece.startswith((b"\xff\xfe", b"\xfe\xff", b"<\0", b"\0<")):
            raise Unreadable("not_xlsx", "parts of the workbook are not in UTF-8, in which Excel writes them")
        size += len(piece)
        checksum = zlib.crc32(piece, checksum)
        if size > budget or (size > 10_000_000 and size > MAX_UNPACKED_RATIO * max(1, member.compress_size)):
            raise Unreadable("bomb", "the workbook would unpack to far more than its size")
        seen = tail + piece
        if b"<!ENTITY" in seen or b"<!DOCTYPE" in seen:
            raise Unreadable("bomb", "the workbook defines XML entities, which no recording system does")
        if is_xml and unread_cells.has_signs(seen):
            unread.add(member.filename)
        if is_sheet:
            for letters, digits in re.findall(rb'[ ]r="([A-Z]{1,6})(\d{1,7})"', seen):
                number = unread_cells.column_number(letters.decode())
                rows, columns = max(rows, int(digits)), max(columns, number)
            if rows * columns > MAX_SHEET_CELLS or columns > MAX_COLUMNS:
                raise Unreadable("bomb", "a sheet spans far more cells than it fills")
        tail = seen[-4_000:]  # a cell may begin in one piece and end in the next
    if checksum != member.CRC:
        raise Unreadable("not_xlsx", "the workbook is damaged")
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
