"""Lists that a person opens in a spreadsheet: the one place that writes CSV and XLSX.

Belongs here: making text harmless, and the form of the two kinds of file. Does not belong here: what a list contains,
the tables for machines (`tables.py`).

A spreadsheet runs a cell that begins with `=`, `+`, `-` or `@` (or does after a tab or line end), also one that
somebody typed into a recording system. So such a text gets an apostrophe in front, which a spreadsheet takes for "this
is text" (OWASP, CSV Injection; ASVS 5.0, 1.2.10). Numbers are written as numbers and keep their sign. `as_it_was` takes
the apostrophe away again.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import os
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import IO, Any

WIDEST = 60  # characters of a column in a workbook

_RUNS = tuple("=+-@\uff1d\uff0b\uff0d\uff20")  # the wide forms too: spreadsheets of some countries run them
_BREAKS = tuple("\t\r\n\0")
_BLANKS = " \u00a0\t\r\n\0"
# What XML has no place for, besides tab and line ends.
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def harmless(text: str) -> str:
    """The text as a spreadsheet shows it and does not run it."""
    return f"'{text}" if _could_run(text) else text


def as_it_was(text: str) -> str:
    """What `harmless` was given."""
    return text[1:] if text.startswith("'") and _could_run(text) else text


def _could_run(text: str) -> bool:
    bare = text.lstrip("'")
    return bare[:1] in _BREAKS or bare.lstrip(_BLANKS)[:1] in _RUNS


def write(path: Path, rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> None:
    """Write rows under these headings to a new .csv or .xlsx file that this account alone can read.

    Raises ValueError for another kind of file and FileExistsError when there is one of this name.
    """
    writers = {".csv": _write_csv, ".xlsx": _write_xlsx}
    if path.suffix.lower() not in writers:
        raise ValueError(f"{path.name}: name a file that ends in .csv or .xlsx")
    table = [[_cell(row[name]) for name in columns] for row in rows]
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        writers[path.suffix.lower()](file, [[harmless(name) for name in columns], *table])


def _cell(value: object) -> object:
    """A number, day or moment as it is, an empty cell, or harmless text."""
    if value is None or isinstance(value, (bool, int, float, Decimal, dt.date)):
        return value
    return harmless(_UNPRINTABLE.sub("\ufffd", str(value)))


def _write_csv(file: IO[bytes], table: list[list[object]]) -> None:
    # The mark at the start tells Excel that this is UTF-8. Text stands in quotes, numbers do not.
    with io.TextIOWrapper(file, encoding="utf-8-sig", newline="") as text:
        sheet = csv.writer(text, quoting=csv.QUOTE_NONNUMERIC)
        sheet.writerows([["" if cell is None else cell for cell in row] for row in table])


def _write_xlsx(file: IO[bytes], table: list[list[object]]) -> None:
    import openpyxl
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.utils import get_column_letter

    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("list")
    # A day in a column of the usual width shows as "###".
    for number, column in enumerate(zip(*table, strict=True), 1):
        longest = max((len(str(cell)) for cell in column if cell is not None), default=0)
        sheet.column_dimensions[get_column_letter(number)].width = min(longest, WIDEST) + 2
    sheet.freeze_panes = "A2"
    sheet.auto_filter.ref = f"A1:{get_column_letter(len(table[0]))}{len(table)}"
    for row in table:
        cells = []
        for value in row:
            cell = WriteOnlyCell(sheet, value)
            if isinstance(value, str):
                cell.data_type = "s"  # openpyxl takes text that looks like one for a formula
            cells.append(cell)
        sheet.append(cells)
    book.save(file)
