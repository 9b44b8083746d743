"""Clean extracts to damage: the made-up drops of both authorities, cut short, with a canary in every name.

Belongs here: making the sheets, and writing a sheet as the bytes that its recording system would send. Does not
belong here: damage (kinds_*.py, characters.py), what should come of it (oracle.py).
"""

from __future__ import annotations

import csv
import datetime as dt
import io
from dataclasses import dataclass, replace
from pathlib import Path

import openpyxl
import yaml

import synthetic

ROOT = Path(__file__).resolve().parents[2]
CONTRACT = yaml.safe_load((ROOT / "ingest" / "feeds.yml").read_text(encoding="utf-8"))
AUTHORITIES = ("kent", "buckinghamshire")
DAY = dt.date(2020, 3, 31)
MOST_ROWS = 120
CANARY = "Quixlebury"  # in no heading, file name or list; twice in each name, so that one damage leaves one of them


@dataclass(frozen=True)
class Sheet:
    """One sheet of one file: `sources` are the profile's entries that read it, as YAML gives them."""

    authority: str
    name: str
    sources: tuple[dict, ...]
    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    @property
    def feed(self) -> str:
        return self.sources[0]["feed"]

    @property
    def contract(self) -> dict:
        return CONTRACT[self.feed]

    @property
    def delimiter(self) -> str:
        return self.sources[0].get("delimiter", ",")

    @property
    def encoding(self) -> str:
        return self.sources[0].get("encoding", "utf-8")

    def place(self, column: str) -> int:
        """Position of a canonical column of the first source's feed."""
        return next(at for at, heading in enumerate(self.headings) if heading in self.headings_of(column))

    def headings_of(self, column: str) -> list[str]:
        found = self.sources[0]["headings"].get(column, [])
        return found if isinstance(found, list) else [found]

    def columns(self, *types: str) -> list[int]:
        """Positions of the columns of these types that the sheet carries, mandatory ones left out."""
        about = self.contract["columns"]
        return [
            self.place(name)
            for name, told in about.items()
            if told["type"] in types
            and not told.get("mandatory")
            and name not in self.contract["mandatory_dates"]
            and any(heading in self.headings for heading in self.headings_of(name))
        ]

    def with_rows(self, rows: list[list[str]]) -> Sheet:
        return replace(self, rows=tuple(map(tuple, rows)))

    def grid(self) -> list[list[str]]:
        """The rows, to be changed."""
        return [list(row) for row in self.rows]

    def line(self, cells) -> str:
        out = io.StringIO()
        csv.writer(out, delimiter=self.delimiter, lineterminator="\r\n").writerow(cells)
        return out.getvalue().removesuffix("\r\n")

    def lines(self) -> list[str]:
        """The heading and every row, as lines of the file."""
        return [self.line(self.headings), *(self.line(row) for row in self.rows)]

    def text(self) -> str:
        return "\r\n".join(self.lines()) + "\r\n"

    def data(self) -> bytes:
        return self.text().encode(self.encoding)


def make(folder: Path, seed: int) -> list[Sheet]:
    """Every CSV sheet and the workbook's sheets of both authorities."""
    sheets = []
    for authority in AUTHORITIES:
        profile = yaml.safe_load(
            (ROOT / "ingest" / "profiles" / f"{authority}.yml").read_text(encoding="utf-8")
        )
        (drop,) = synthetic.synthesise(authority, folder, seed).drops
        for path in sorted(drop.iterdir()):
            for sources in _sources(profile, path.name):
                headings, rows = _read(path, sources[0])
                sheet = Sheet(authority, path.name, tuple(sources), tuple(headings), ())
                sheets.append(sheet.with_rows(_with_canaries(sheet, _cut(rows))))
    return sheets


def _sources(profile: dict, name: str) -> list[list[dict]]:
    """The sources of a file, those of one sheet together."""
    by_sheet: dict[str | None, list[dict]] = {}
    for source in profile["sources"]:
        start, _, end = source["files"].partition("*")
        if name.startswith(start) and name.endswith(end):
            by_sheet.setdefault(source.get("sheet"), []).append(source)
    return list(by_sheet.values())


def _read(path: Path, source: dict) -> tuple[list[str], list[list[str]]]:
    if source["format"] == "csv":
        text = path.read_bytes().decode(source.get("encoding", "utf-8"))
        headings, *rows = csv.reader(io.StringIO(text, newline=""), delimiter=source.get("delimiter", ","))
    else:
        sheet = openpyxl.load_workbook(path, read_only=True)[source["sheet"]]
        headings, *rows = ([_text(cell) for cell in row] for row in sheet.iter_rows(values_only=True))
    return headings, rows


def _text(cell: object) -> str:
    if isinstance(cell, dt.datetime):
        return cell.isoformat(sep=" ", timespec="seconds")
    return "" if cell is None else str(cell)


def _cut(rows: list[list[str]]) -> list[list[str]]:
    """A spread of the rows: every n-th, so that the file stays small and holds what a year holds."""
    step = max(1, len(rows) // MOST_ROWS)
    return rows[::step][:MOST_ROWS]


def _with_canaries(sheet: Sheet, rows: list[list[str]]) -> list[list[str]]:
    about = sheet.contract["columns"]
    named = [
        sheet.place(name)
        for name, told in about.items()
        if told["type"] == "text"
        and name not in sheet.contract["key"]
        and name != "subject_id"
        and any(heading in sheet.headings for heading in sheet.headings_of(name))
    ]
    for row in rows:
        for at in named:
            if row[at]:
                row[at] = f"{CANARY} {row[at]} {CANARY}"
    return rows
