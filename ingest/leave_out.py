"""Rewrite kept extracts so that nothing of an erased person is left in them, before anything else reads them.

Belongs here: blanking lines of a CSV file and rows of a workbook, in place. Does not belong here: which rows are
theirs (erased.py), judging what remains (interpret.py).

A blanked line stays as an empty line, so every other row keeps its line number; empty lines are no rows. The same
file always comes out as the same bytes, so an extract that is delivered again is known again. The moment of the
file's last change is kept, its size is not: a rewriting that was cut short is seen as a changed file and done again.
"""

from __future__ import annotations

import csv
import io
import os
import re
import zipfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from ingest.erased import Erased
from ingest.extract import sheet_of
from ingest.feeds import Feed, normalise_wording, read_feeds
from ingest.landing import LandedFile
from ingest.profile import Profile, Source
from ingest.read import Table, Unreadable
from ingest.reader import Reader

# Why a sheet has no table when it has no row either: nobody's row is in it.
HOLD_NO_ROW = ("missing_sheet", "empty_file", "header_only")

# Rows left out of a file: by feed and source system.
LeftOut = Counter[tuple[str, str]]


@dataclass
class Rewritten:
    """A file after the erased persons: its bytes, rows left out by feed and system, cells changed in rows that stay.

    unread: the reason code why the file could not be searched, if it could not.
    """

    data: bytes
    rows: LeftOut = field(default_factory=Counter)
    cells: int = 0
    unread: str | None = None


@dataclass
class _Sheet:
    """What is to go from one sheet: rows of these first lines; new cells by line and place; new text of bad lines."""

    table: Table
    lines: set[int] = field(default_factory=set)
    cells: dict[int, dict[int, str]] = field(default_factory=dict)
    texts: dict[int, str] = field(default_factory=dict)


def leave_out(
    landed: LandedFile, profile: Profile, reader: Reader, erased: Erased | None
) -> tuple[LandedFile, LeftOut]:
    """A landed file after erased persons were left out of it in place, and the rows that went."""
    if erased is None or not erased.tombstones or landed.fault is not None:
        return landed, Counter()
    try:
        done = rewrite(landed.path, profile, reader, erased)
    except OSError:  # whoever opens it next says so
        return landed, Counter()
    return replace(landed, size_bytes=len(done.data)), done.rows


def rewrite(path: Path, profile: Profile, reader: Reader, erased: Erased) -> Rewritten:
    """Leave erased persons out of a file, in place. Raises OSError."""
    before = path.read_bytes()
    done = without_erased(before, profile.sources_of(path.name), profile.authority, reader, erased)
    if done.data != before:
        _replace(path, done.data)
    return done


def without_erased(
    data: bytes, sources: Sequence[Source], authority: str, reader: Reader, erased: Erased
) -> Rewritten:
    """The bytes of a file without the erased persons; the very same bytes when they are not in it."""
    done = Rewritten(data)
    sheets: dict[tuple[str, ...], _Sheet] = {}
    for source in sources:
        how = sheet_of(source)
        if how not in sheets:
            try:
                sheets[how] = _Sheet(reader.table(data, how))
            except Unreadable as fault:
                if source.format == "csv":
                    # Nothing of it is loaded. What can still be told by the line is left out of the kept file.
                    return _without_lines(data, sources, authority, erased, fault.reason)
                if fault.reason not in HOLD_NO_ROW:
                    return Rewritten(data, unread=fault.reason)
                continue
        _judge(sheets[how], source, authority, erased)
    for source in sources:
        # A line goes for every feed that it carries.
        if sheet := sheets.get(sheet_of(source)):
            done.rows[source.feed, source.source_system] += _gone(sheet, source)
    done.rows = +done.rows
    done.cells = sum(len(sheet.texts) + sum(map(len, sheet.cells.values())) for sheet in sheets.values())
    if not any(sheet.lines or sheet.cells or sheet.texts for sheet in sheets.values()):
        return done
    first = sources[0]
    if first.format == "csv":
        done.data = _csv_without(data, sheets[sheet_of(first)], first)
    else:
        named = {how[1]: sheet for how, sheet in sheets.items()}
        done.data = _workbook_without(data, named, authority, erased)
    return done


def _judge(sheet: _Sheet, source: Source, authority: str, erased: Erased) -> None:
    """Note what goes from a sheet on behalf of one feed."""
    table, feed, system = sheet.table, read_feeds()[source.feed], source.source_system
    at = _places(table, source, feed)
    for number, row in _rows_of(table, source):
        told = source.constants | {column: row[place].strip() for column, place in at.items()}
        if erased.is_theirs(authority, feed, system, told):
            sheet.lines.add(number)
            continue
        quoted = erased.quotes(authority, feed, system, told)
        changed = {at[column]: "" for column in quoted if column in at}
        # The name in a staff record of another number is that person's own.
        another = at.get("full_name") if feed.name == "subjects" else None
        for place, cell in enumerate(row):
            if place != another and place not in changed and erased.names(authority, cell):
                changed[place] = erased.without_names(authority, cell)
        if changed:
            sheet.cells.setdefault(number, {}).update(changed)
    for bad in table.bad_lines:
        if erased.is_their_text(authority, feed, system, bad.text):
            sheet.lines.add(bad.line)
        elif erased.names(authority, bad.text):
            sheet.texts[bad.line] = erased.without_names(authority, bad.text)


def _rows_of(table: Table, source: Source) -> Iterator[tuple[int, list[str]]]:
    """Line and cells of the rows that one feed has in a sheet."""
    marks = _find(table, source.rows_when or ())
    for number, row in zip(table.lines, table.rows, strict=True):
        if not source.rows_when or any(row[mark].strip() for mark in marks):
            yield number, row


def _gone(sheet: _Sheet, source: Source) -> int:
    """How many rows of a feed go, lines that are no rows counted as interpret.py counts them: for each feed."""
    rows = sum(number in sheet.lines for number, _ in _rows_of(sheet.table, source))
    return rows + sum(bad.line in sheet.lines for bad in sheet.table.bad_lines)


def _places(table: Table, source: Source, feed: Feed) -> dict[str, int]:
    found = {column: _find(table, headings) for column, headings in source.headings.items()}
    return {column: places[0] for column, places in found.items() if places and column in feed.columns}


def _find(table: Table, headings: Iterable[str]) -> list[int]:
    wanted = {normalise_wording(heading) for heading in headings}
    return [at for at, heading in enumerate(table.headings) if normalise_wording(heading) in wanted]


# --- CSV ----------------------------------------------------------------------------------------------------


def _csv_without(data: bytes, sheet: _Sheet, source: Source) -> bytes:
    lines, ends, put_together = _physical(data, source.encoding)
    table = sheet.table
    bad = {one.line for one in table.bad_lines}
    texts = dict(zip(table.lines, table.texts or (), strict=True))
    rows = dict(zip(table.lines, table.rows, strict=True))
    for first in sheet.lines:
        long = 1 if first in bad else texts[first].count("\n") + 1
        lines[first - 1 : first - 1 + long] = [""] * long
    for first, changed in sheet.cells.items():
        if first in sheet.lines:
            continue
        row = [changed.get(place, cell) for place, cell in enumerate(rows[first])]
        written = io.StringIO(newline="")
        # The writer quotes a line break only when its own line end holds one.
        csv.writer(written, delimiter=source.delimiter, quotechar=source.quote).writerow(row)
        parts = written.getvalue().removesuffix("\r\n").split("\n")
        lines[first - 1 : first - 1 + len(parts)] = parts
    for first, text in sheet.texts.items():
        if first not in sheet.lines:
            lines[first - 1] = text
    return put_together(lines, ends)


def _physical(
    data: bytes, encoding: str
) -> tuple[list[str], list[str], Callable[[list[str], list[str]], bytes]]:
    """Lines, their ends, and what makes bytes of them again; lines are numbered as read.py numbers them."""
    mark = b"\xef\xbb\xbf" if encoding == "utf-8" and data.startswith(b"\xef\xbb\xbf") else b""
    if encoding == "utf-16":
        mark = data[:2]
        encoding = "utf-16-le" if mark == b"\xff\xfe" else "utf-16-be" if mark == b"\xfe\xff" else "utf-16-le"
        mark = mark if mark in (b"\xff\xfe", b"\xfe\xff") else b""
    text = data[len(mark) :].decode(encoding)
    parts = re.split("(\r\n|\n)" if "\n" in text else "(\r)", text)

    def put_together(lines: list[str], ends: list[str]) -> bytes:
        joined = "".join(line + end for line, end in zip(lines, [*ends, ""], strict=True))
        return mark + joined.encode(encoding)

    return parts[0::2], parts[1::2], put_together


def _without_lines(
    data: bytes, sources: Sequence[Source], authority: str, erased: Erased, reason: str
) -> Rewritten:
    """A CSV file that could not be read: every line with an erased number or name in it is blanked."""
    if b"\0" in data:  # another encoding, or no text at all: its lines cannot be told
        return Rewritten(data, unread=reason)
    encoding = sources[0].encoding
    try:
        lines, ends, put_together = _physical(data, encoding)
    except UnicodeDecodeError:
        lines, ends, put_together = _physical(data, "latin-1")
    feeds = read_feeds()
    for at, line in enumerate(lines):
        if erased.names(authority, line) or any(
            erased.is_their_text(authority, feeds[source.feed], source.source_system, line)
            for source in sources
        ):
            lines[at] = ""
    return Rewritten(put_together(lines, ends))


# --- Workbooks ------------------------------------------------------------------------------------------------


def _workbook_without(data: bytes, sheets: dict[str, _Sheet], authority: str, erased: Erased) -> bytes:
    import openpyxl

    book = openpyxl.load_workbook(io.BytesIO(data), data_only=True)
    for page in book.worksheets:
        page._pivots = []  # a pivot table keeps a copy of the rows that it counts
        sheet = sheets.get(page.title)
        for number, row in enumerate(page.iter_rows(), start=1):
            if sheet is not None and number in sheet.lines:
                _blank(row)
                continue
            for place, new in (sheet.cells.get(number, {}) if sheet else {}).items():
                row[place].value = new or None
            is_free = sheet is None or number in sheet.texts
            for cell in row:
                if isinstance(cell.value, str) and is_free and erased.names(authority, cell.value):
                    cell.value = erased.without_names(authority, cell.value)
                if cell.comment and erased.names(authority, cell.comment.text):
                    cell.comment = None
    written = io.BytesIO()
    book.save(written)
    return _with_fixed_moments(written.getvalue())


def _blank(row: Sequence) -> None:
    for cell in row:
        cell.value = None
        cell.comment = None
        cell.hyperlink = None


def _with_fixed_moments(data: bytes) -> bytes:
    """The package without the moment of saving, so that the same rows give the same bytes."""
    packed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as new:
        for name in sorted(old.namelist()):
            content = old.read(name)
            if name == "docProps/core.xml":
                content = re.sub(rb"(<dcterms:modified[^>]*>)[^<]*", rb"\g<1>2000-01-01T00:00:00Z", content)
            new.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return packed.getvalue()


# --- In place ---------------------------------------------------------------------------------------------------


def _replace(path: Path, data: bytes) -> None:
    """Put the new bytes in the file's place, durably, with its mode and the moment of its last change."""
    told = path.stat()
    beside = path.with_name(f".{path.name}.next")
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    os.utime(beside, ns=(told.st_atime_ns, told.st_mtime_ns))
    beside.replace(path)
