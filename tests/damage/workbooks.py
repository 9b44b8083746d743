"""Workbooks to damage: the duty log as a package, with parts put in, replaced and forged.

Belongs here: building packages and the outcome of each feed that they carry. Does not belong here: the damage
(kinds_packages.py, kinds_sheets.py).
"""

from __future__ import annotations

import datetime as dt
import io
import re
import zipfile
from collections.abc import Callable
from dataclasses import dataclass

import openpyxl
from openpyxl.cell.cell import Cell, MergedCell

from . import oracle
from .extracts import Sheet
from .oracle import Expected
from .trial import codes

MAIN_SHEET = "Enquiries"
ISO = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")
Grids = dict[str, list[list[object]]]


@dataclass(frozen=True)
class BookKind:
    """`outcome` and `aside` are those of the main sheet; `whole` says that every sheet shares the outcome.

    `make` gives the bytes from a good workbook's bytes and its grids.
    """

    name: str
    outcome: str
    aside: int
    same: bool
    whole: bool
    make: Callable[[bytes, Grids], bytes]


KINDS: list[BookKind] = []


def package(outcome: str):
    """Damage to the package: all its sheets share the outcome."""
    return _enter(outcome, 0, outcome == "accepted", True)


def sheet(outcome: str, aside: int = 0, same: bool = True):
    """Damage to the main sheet: the others are loaded."""
    return _enter(outcome, aside, same, False)


def _enter(outcome: str, aside: int, same: bool, whole: bool):
    def register(make):
        KINDS.append(BookKind(make.__name__.replace("_", " "), outcome, aside, same, whole, make))
        return make

    return register


def grids(sheets: list[Sheet], most: int = 60) -> Grids:
    """The heading and the first rows of every sheet of the workbook; days are days."""
    return {
        one.sources[0]["sheet"]: [
            list(one.headings),
            *([_cell(cell) for cell in row] for row in one.rows[:most]),
        ]
        for one in sheets
    }


def _cell(text: str) -> object:
    if ISO.fullmatch(text):
        return dt.datetime.fromisoformat(text)
    return text or None


def build(made: Grids, change: Callable[[openpyxl.Workbook], None] = lambda book: None) -> bytes:
    """The package of these sheets, after a change by hand."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in made.items():
        page = book.create_sheet(name)
        for row in rows:
            page.append(row)
    change(book)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def repack(data: bytes, parts: dict[str, bytes | None], how: int = zipfile.ZIP_DEFLATED) -> bytes:
    """The package with parts put in, replaced or (None) left out."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", how) as new:
        for name in old.namelist():
            if name not in parts:
                new.writestr(name, old.read(name))
        for name, content in parts.items():
            if content is not None:
                new.writestr(name, content)
    return out.getvalue()


def part(data: bytes, name: str) -> bytes:
    with zipfile.ZipFile(io.BytesIO(data)) as package_:
        return package_.read(name)


def first_sheet(data: bytes) -> bytes:
    return part(data, "xl/worksheets/sheet1.xml")


def expected(sheets: list[Sheet], data: bytes) -> dict[str, Expected]:
    """What should come of each sheet of a workbook that openpyxl can read."""
    values = openpyxl.load_workbook(io.BytesIO(data), data_only=True)
    written = openpyxl.load_workbook(io.BytesIO(data))
    found = {}
    for one in sheets:
        source = one.sources[0]
        headings, *rows = (
            [_told(cell, as_written) for cell, as_written in zip(row, beside, strict=True)]
            for row, beside in zip(
                values[source["sheet"]].iter_rows(values_only=True),
                written[source["sheet"]].iter_rows(),
                strict=True,
            )
        )
        while headings and not headings[-1]:
            headings.pop()
        found[one.feed] = oracle.expect_rows(headings, rows, source, codes(one.authority))
    return found


def _told(cell: object, written: Cell | MergedCell) -> str:
    """A cell as the raw tables hold it; `written` is the same cell with its formula, or covered by another."""
    if cell is None:
        return oracle.NO_VALUE if written.data_type == "f" or isinstance(written, MergedCell) else ""
    if isinstance(cell, dt.datetime):
        return cell.isoformat(sep=" ", timespec="seconds")
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell)


def stated(
    kind: BookKind, sheets: list[Sheet], data: bytes, clean: dict[str, Expected]
) -> dict[str, Expected]:
    """What the kind states; of a workbook that is taken the rows are read by openpyxl, and must agree."""
    main = next(one.feed for one in sheets if one.sources[0]["sheet"] == MAIN_SHEET)
    if kind.outcome == "refused":
        return {feed: Expected("refused") if kind.whole or feed == main else clean[feed] for feed in clean}
    found = expected(sheets, data)
    if (found[main].outcome, len(found[main].quarantined)) != (kind.outcome, kind.aside):
        raise AssertionError(f"{kind.name}: openpyxl reads it as {found[main].outcome}")
    good = [tuple(row.values()) for row in clean[main].rows.values()]
    if kind.same and any(tuple(row.values()) not in good for row in found[main].rows.values()):
        raise AssertionError(f"{kind.name}: openpyxl reads rows that are not of the clean workbook")
    return found
