"""Read one extract as rows of text, strictly: nothing is guessed and no line is dropped.

Belongs here: decoding, splitting CSV into cells, the faults of a file or a line that can be seen without
knowing what a column means. Does not belong here: workbooks (workbook.py), headings, types, keys
(interpret.py), tables (load.py).

A CSV record ends where the quotes are balanced. A quote is stray when the line it opens on, joined up to the
line where it is balanced, is not well formed, has another number of fields than the heading, or has a quoted
field over several lines that holds as many delimiters as a row: that is what two stray quotes in two rows
look like. Then only the first of these lines is set aside and reading goes on with the next: a quote never
swallows good rows.
"""

from __future__ import annotations

import csv
import io
import itertools
import json
import re
from dataclasses import dataclass, field

MAX_FIELD_CHARS = 100_000
# What stands in the place of a cell of a workbook that is not empty and whose value cannot be told, and the reason
# code of it.
UNCALCULATED, COVERED, UNREADABLE = "#UNCALCULATED!", "#MERGED!", "#UNREADABLE!"
NO_VALUE = {
    UNCALCULATED: "formula_without_value",
    COVERED: "covered_by_merged_cell",
    UNREADABLE: "unreadable_cell",
}
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"

_OTHER_KINDS = (
    b"PK\x03\x04",
    OLE,
    b"%PDF",
    b"\x89PNG",
    b"GIF8",
    b"\xff\xd8\xff",
    b"\x1f\x8b",
    b"Rar!",
    b"7z\xbc\xaf",
)


class Unreadable(Exception):
    """A whole file that cannot be taken. `detail` is safe to log: profile headings, line numbers."""

    def __init__(self, reason: str, detail: str):
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


@dataclass
class BadLine:
    """A line that is no row: its number (1-based), a reason code, and its text for the restricted layer."""

    line: int
    reason: str
    text: str


@dataclass
class Table:
    """One sheet as text. `rows[i]` stands at `lines[i]` and has as many cells as `headings`."""

    headings: list[str]
    rows: list[list[str]]
    lines: list[int]
    texts: list[str] | None = None
    bad_lines: list[BadLine] = field(default_factory=list)
    has_native_dates: bool = False

    def text(self, row: int) -> str:
        """The raw text of a row."""
        return self.texts[row] if self.texts is not None else json.dumps(self.rows[row], ensure_ascii=False)


def read_csv(data: bytes, encoding: str, delimiter: str, quote: str) -> Table:
    """A CSV file as text. Raises Unreadable; lines that are no rows are in `bad_lines`."""
    lines = _split_lines(_decode(data, encoding))
    if len(lines[0]) > MAX_FIELD_CHARS:
        raise Unreadable("not_csv", f"the heading in line 1 has {len(lines[0])} characters")
    if quote not in lines[0]:
        headings, first = lines[0].split(delimiter), 1
    else:
        end = _balanced_end(lines, 0, _odd_lines(lines, quote), 0)
        text = "\n".join(lines[: (end or 0) + 1])
        if end is None or not _well_formed(delimiter, quote).fullmatch(text):
            raise Unreadable("not_csv", "the heading in line 1 has a stray quote")
        headings = next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, quotechar=quote))
        first = end + 1
    if "\0" in lines[0]:
        raise Unreadable("not_csv", "the heading in line 1 holds NUL bytes")
    texts, numbers, bad = _records(lines, first, len(headings), delimiter, quote)
    rows = list(csv.reader(texts, delimiter=delimiter, quotechar=quote, strict=True))
    table = Table([heading.strip() for heading in headings], rows, numbers, texts, bad)
    _set_aside_wrong_widths(table)
    if not table.rows and not table.bad_lines:
        raise Unreadable("header_only", "there is no row below the heading")
    return table


def _decode(data: bytes, encoding: str) -> str:
    if not data.strip(b"\xef\xbb\xbf\xff\xfe \t\r\n\0"):
        raise Unreadable("empty_file", "the file holds nothing")
    marks = {"utf-8": (b"\xef\xbb\xbf",), "utf-16": (b"\xff\xfe", b"\xfe\xff")}
    for marked, starts in marks.items():
        if marked != encoding and data.startswith(starts):
            raise Unreadable(
                "undecodable_bytes", f"the file is marked as {marked}, the profile says {encoding}"
            )
    if data.startswith(_OTHER_KINDS) and encoding != "utf-16":
        raise Unreadable("not_csv", "the first bytes are those of another kind of file")
    try:
        text = data.decode("utf-8-sig" if encoding == "utf-8" else encoding)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        # The cause would carry the bytes of the file into the traceback.
        raise Unreadable("undecodable_bytes", f"line {line} holds bytes that are not {encoding}") from None
    if encoding == "latin-1" and (found := re.search("[\x80-\x9f]", text)):
        line = text.count("\n", 0, found.start()) + 1
        raise Unreadable("undecodable_bytes", f"line {line} holds bytes that are not {encoding}")
    if encoding in ("cp1252", "latin-1") and not data.isascii() and _is_utf_8(data):
        # Text in these encodings is hardly ever valid UTF-8 by chance, and nothing else would tell.
        raise Unreadable("undecodable_bytes", f"the file is in utf-8, the profile says {encoding}")
    if text.lstrip()[:1] in ("<", "{"):
        raise Unreadable("not_csv", "the first character is that of a web page, XML or JSON")
    return text


def _is_utf_8(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _split_lines(text: str) -> list[str]:
    """Physical lines; \\r\\n, \\n, or \\r throughout. Other separators of Unicode stay inside a field."""
    if "\r" in text:
        text = text.replace("\r\n", "\n")
        if "\n" not in text:
            text = text.replace("\r", "\n")
    return text.split("\n")


def _records(
    lines: list[str], first: int, width: int, delimiter: str, quote: str
) -> tuple[list[str], list[int], list[BadLine]]:
    """Text and first line of each well-formed record, and the lines that are not. Empty lines are no rows."""
    texts: list[str] = []
    numbers: list[int] = []
    bad: list[BadLine] = []
    well_formed = _well_formed(delimiter, quote)
    odd = _odd_lines(lines, quote)
    next_odd = 0
    at = first
    while at < len(lines):
        line = lines[at]
        end: int | None = at
        if not line:
            at += 1
            continue
        reason = None
        text = line
        if quote in line:
            while next_odd < len(odd) and odd[next_odd] < at:
                next_odd += 1
            end = _balanced_end(lines, at, odd, next_odd)
            text = line if end is None else "\n".join(lines[at : end + 1])
            if (
                end is None
                or not well_formed.fullmatch(text)
                or _looks_swallowed(text, width, delimiter, quote)
            ):
                reason, text, end = "stray_quote", line, at
        if "\0" in text:
            reason, text, end = "nul_byte", line, at
        elif reason is None and "\r" in line and (quote not in line or _has_bare_return(text, quote)):
            reason, text, end = "stray_line_break", line, at
        elif (
            reason is None
            and len(text) > MAX_FIELD_CHARS
            and _longest(text, delimiter, quote) > MAX_FIELD_CHARS
        ):
            reason, text, end = "over_long_field", line, at
        if reason is None:
            texts.append(text)
            numbers.append(at + 1)
        else:
            bad.append(BadLine(at + 1, reason, text))
        at = (end or at) + 1
    return texts, numbers, bad


def _well_formed(delimiter: str, quote: str) -> re.Pattern[str]:
    d, q = re.escape(delimiter), re.escape(quote)
    cell = f"(?:{q}[^{q}]*+(?:{q}{q}[^{q}]*+)*+{q}|[^{q}{d}\\n]*+)"
    return re.compile(f"{cell}(?:{d}{cell})*+")


def _odd_lines(lines: list[str], quote: str) -> list[int]:
    """Numbers (0-based) of lines with an odd number of quotes: only these open or close a field."""
    return [at for at, line in enumerate(lines) if quote in line and line.count(quote) % 2]


def _balanced_end(lines: list[str], at: int, odd: list[int], next_odd: int) -> int | None:
    """The line at which the quotes of a record that begins at `at` are balanced; None when they never are."""
    if next_odd >= len(odd) or odd[next_odd] != at:
        return at
    return odd[next_odd + 1] if next_odd + 1 < len(odd) else None


def _looks_swallowed(text: str, width: int, delimiter: str, quote: str) -> bool:
    """Whether a well-formed record over several lines has another width, or a field that could be rows."""
    if "\n" not in text:
        return False
    if len(text) > MAX_FIELD_CHARS:
        return True
    cells = next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, quotechar=quote))
    return len(cells) != width or any("\n" in cell and cell.count(delimiter) >= width - 1 for cell in cells)


def _has_bare_return(text: str, quote: str) -> bool:
    outside = itertools.islice(text.split(quote), 0, None, 2)
    return any("\r" in part for part in outside)


def _longest(text: str, delimiter: str, quote: str) -> int:
    """Length of the longest cell; the csv module has a limit of its own, above ours."""
    try:
        return max(
            map(len, next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, quotechar=quote)))
        )
    except csv.Error:
        return len(text)


def _set_aside_wrong_widths(table: Table) -> None:
    """Move rows with another number of cells than the heading to `bad_lines`."""
    width = len(table.headings)
    wrong = [at for at, row in enumerate(table.rows) if len(row) != width]
    if not wrong:
        return
    for at in wrong:
        reason = "too_many_fields" if len(table.rows[at]) > width else "too_few_fields"
        table.bad_lines.append(BadLine(table.lines[at], reason, table.text(at)))
    gone = set(wrong)
    kept = [at for at in range(len(table.rows)) if at not in gone]
    table.texts = [table.texts[at] for at in kept] if table.texts is not None else None
    table.rows, table.lines = [table.rows[at] for at in kept], [table.lines[at] for at in kept]
    table.bad_lines.sort(key=lambda bad: bad.line)
