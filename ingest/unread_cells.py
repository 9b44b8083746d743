"""Cells of a sheet that hold something although the parser of workbooks gives them as empty.

Belongs here: errors, formulas that were saved without their value, cells that a merged one covers. Does not belong
here: cells that the parser reads (workbook.py), what follows for a row (interpret.py).

An empty cell says that nothing was recorded, so a cell is taken for empty only where the sheet holds nothing in it.
A program that writes formulas and does not calculate them (most that are not Excel) saves no values; what it would
come to is not guessed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import IO, Any

from defusedxml.ElementTree import iterparse

from ingest.read import COVERED, UNCALCULATED, UNREADABLE

# What a sheet without any such cell lacks: it need not be read a second time.
_SIGNS = re.compile(
    rb"""<(?:[\w.-]+:)?(?:f[\s/>]|mergeCell\s)|\st\s*=\s*["']e["']|<!\[CDATA\[""",
)
_REFERENCE = re.compile(r"\$?([A-Z]{1,3})\$?(\d{1,7})")

Grid = list[list[Any]]


def has_signs(xml: bytes) -> bool:
    """Whether a piece of a sheet shows that the parser may leave something out of it."""
    return _SIGNS.search(xml) is not None


def put_back(sheet: IO[bytes], grid: Grid) -> None:
    """Write into the grid what stands in the sheet's XML where the parser left a cell empty.

    An error as it is written (#REF!), anything else as one of `read.NO_VALUE`. The grid grows where such a cell lies
    outside of it. Raises what the XML parser raises.
    """
    merged = []
    for found in _walk(sheet):
        if isinstance(found, str):
            merged.append(found)
            continue
        row, column, text = found
        grid.extend([] for _ in range(len(grid), row + 1))
        cells = grid[row]
        cells.extend("" for _ in range(len(cells), column + 1))
        if cells[column] == "":
            cells[column] = text
    _mark_covered(merged, grid)


def _walk(sheet: IO[bytes]) -> Iterator[tuple[int, int, str] | str]:
    """Row and column (from 0) and text of each cell that may have been left out, and the ranges of merged cells."""
    row = column = 0
    for event, element in iterparse(sheet, events=("start", "end")):
        name = _local(element.tag)
        if event == "start":
            if name == "row":
                row, column = int(element.get("r") or row + 1), 0
        elif name == "c":
            at = _REFERENCE.fullmatch(element.get("r") or "")
            row, column = (int(at[2]), column_number(at[1])) if at else (row, column + 1)
            if text := _held(element):
                yield row - 1, column - 1, text
        elif name == "row":
            element.clear()
        elif name == "mergeCell":
            yield element.get("ref") or ""


def _held(cell: Any) -> str | None:
    """What an empty cell of the parser's holds all the same; None when it may well be empty."""
    parts = {_local(part.tag): part for part in cell}
    kind, value = cell.get("t"), parts.get("v")
    saved = "".join(value.itertext()) if value is not None else ""
    if kind == "e":
        return saved.strip() or UNREADABLE
    if saved:
        # A shared string may be empty.
        return None if kind == "s" else UNREADABLE
    # Excel saves the empty text that a formula came to as an empty value of type str.
    is_calculated = kind == "str" and value is not None
    return UNCALCULATED if "f" in parts and not is_calculated else None


def _mark_covered(merged: list[str], grid: Grid) -> None:
    """Mark the cells that a filled one was merged over, where their column has a heading and their row other cells."""
    is_row = [any(cell != "" for cell in cells) for cells in grid]
    for ends in merged:
        corners = [_REFERENCE.fullmatch(one) for one in ends.split(":")]
        if len(corners) != 2 or not all(corners):
            continue
        first, last = corners
        top, left = int(first[2]) - 1, column_number(first[1]) - 1
        if not (top < len(grid) and left < len(grid[top])) or grid[top][left] == "":
            continue
        for row in range(max(top, 1), min(int(last[2]), len(grid))):
            for column in range(left, min(column_number(last[1]), len(grid[0]))):
                cells = grid[row]
                is_empty = column >= len(cells) or cells[column] == ""
                if is_empty and is_row[row] and grid[0][column] != "":
                    cells.extend("" for _ in range(len(cells), column + 1))
                    cells[column] = COVERED


def _local(tag: str) -> str:
    # Namespaces differ between the two dialects of the standard, and so do the prefixes that programs choose.
    return tag.rpartition("}")[2]


def column_number(letters: str) -> int:
    """A column's number, from 1: A is 1, AA is 27."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number
