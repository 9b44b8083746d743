"""Files of a drop as rows of text: a small reader of its own, with pandas and the standard library only.

Belongs here: finding the files of a source, decoding them, splitting them into cells, and the damage that
makes a line unusable before anybody asks what it means. Does not belong here: headings, dates and codes
(extracts.py).
"""

from __future__ import annotations

import csv
import datetime as dt
import fnmatch
import hashlib
import io
import zipfile
from dataclasses import dataclass
from pathlib import Path

import openpyxl


@dataclass
class Sheet:
    """One file as text: the headings, the whole rows with their line, and the cells of each damaged line."""

    name: str
    content_hash: str
    headings: list[str]
    rows: list[tuple[int, list[str]]]
    damaged: list[list[str]]


def drops(landing: Path, as_at_limit: dt.date | None) -> list[tuple[dt.date, Path]]:
    """The dated folders of one authority's landing, oldest first."""
    found = []
    for folder in sorted(p for p in landing.iterdir() if p.is_dir()) if landing.is_dir() else []:
        try:
            day = dt.date.fromisoformat(folder.name)
        except ValueError:
            continue
        if as_at_limit is None or day <= as_at_limit:
            found.append((day, folder))
    return found


def matching(folder: Path, pattern: str) -> list[Path]:
    """Files whose name fits a pattern in which only * and ? stand for others."""
    literal = pattern.replace("[", "[[]")
    return sorted(p for p in folder.iterdir() if p.is_file() and fnmatch.fnmatchcase(p.name, literal))


def read(path: Path, source: dict) -> Sheet | None:
    """One file as text, or None when it is no file of its kind, is empty or has no rows."""
    content = path.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    if source.get("format", "csv") == "xlsx":
        return _workbook(path.name, content, digest, source.get("sheet"))
    encoding = {"utf-8": "utf-8-sig"}.get(
        source.get("encoding", "utf-8").lower(), source.get("encoding", "utf-8")
    )
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError:
        return None
    delimiter = source.get("delimiter") or ","
    options = {"delimiter": "\t" if delimiter == "tab" else delimiter, "quotechar": source.get("quote", '"')}
    reader = csv.reader(io.StringIO(text, newline=""), strict=False, **options)
    headings, rows, damaged = None, [], []
    for cells in reader:
        if headings is None:
            headings = [c.strip() for c in cells]
            continue
        if not cells:
            continue
        if len(cells) != len(headings) or any("\0" in c for c in cells):
            damaged.append(cells)
            continue
        rows.append((reader.line_num, cells))
    if headings is None or not rows or len(set(headings)) < len(headings):
        return None
    return Sheet(path.name, digest, headings, rows, damaged)


def _workbook(name: str, content: bytes, digest: str, sheet: str | None) -> Sheet | None:
    try:
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
    except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile):
        return None
    table = book[sheet] if sheet else book.worksheets[0]
    lines = list(table.iter_rows(values_only=True))
    book.close()
    if len(lines) < 2:
        return None
    headings = [_text(c) for c in lines[0]]
    while headings and not headings[-1]:
        headings.pop()
    rows, damaged = [], []
    for number, cells in enumerate(lines[1:], start=2):
        texts = [_text(c) for c in cells]
        if not any(texts):
            continue
        if any(texts[len(headings) :]):
            damaged.append(texts)
            continue
        rows.append((number, (texts + [""] * len(headings))[: len(headings)]))
    if not rows or len(set(headings)) < len(headings):
        return None
    return Sheet(name, digest, headings, rows, damaged)


def _text(cell: object) -> str:
    """A cell as text; days and moments in ISO form, whole numbers without a decimal point."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, dt.datetime):
        return cell.isoformat(sep=" ")
    if isinstance(cell, dt.date):
        return cell.isoformat()
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell).strip()
