"""Plants canaries in made-up extracts: a token in every personal column of every row, and rows that are bad all over.

Belongs here: changing files of a drop before a refresh reads them. Does not belong here: looking for the canaries.
"""

from __future__ import annotations

import csv
from pathlib import Path

import openpyxl
import yaml

from orchestration.resources import PROJECT

CANARY = "Zzcanary"
IDENTIFIERS = ("subject_id", "child_id")
BIRTHDAY = ("1911", "11", "11")
FEEDS = yaml.safe_load((PROJECT / "ingest" / "feeds.yml").read_text(encoding="utf-8"))

Rows = list[list[str]]


def sources(authority: str) -> list[dict]:
    path = PROJECT / "ingest" / "profiles" / f"{authority}.yml"
    return yaml.safe_load(path.read_text(encoding="utf-8"))["sources"]


def plant(drop: Path, authority: str) -> int:
    """Plant canaries in every file of the drop that the profile knows; returns the number of cells planted."""
    planted = 0
    by_file: dict[Path, list[dict]] = {}
    for source in sources(authority):
        for path in sorted(drop.glob(source["files"])):
            by_file.setdefault(path, []).append(source)
    for path, of_file in by_file.items():
        if of_file[0]["format"] == "xlsx":
            book = openpyxl.load_workbook(path)
            for source in of_file:
                sheet = book[source["sheet"]]
                rows = [["" if cell is None else cell for cell in row] for row in sheet.values]
                planted += _plant_rows(rows, [source])
                sheet.delete_rows(1, sheet.max_row)
                for row in rows:
                    sheet.append([None if cell == "" else cell for cell in row])
            book.save(path)
        else:
            encoding, delimiter = of_file[0].get("encoding", "utf-8"), of_file[0].get("delimiter", ",")
            encoding = "utf-8-sig" if encoding == "utf-8" else encoding
            with path.open(encoding=encoding, newline="") as file:
                rows = list(csv.reader(file, delimiter=delimiter))
            planted += _plant_rows(rows, of_file)
            with path.open("w", encoding=encoding, newline="") as file:
                csv.writer(file, delimiter=delimiter).writerows(rows)
    return planted


def _plant_rows(rows: Rows, of_file: list[dict]) -> int:
    headings = [str(cell) for cell in rows[0]]
    planted = 0
    good = range(1, len(rows))
    for source in of_file:
        columns = FEEDS[source["feed"]]["columns"]
        for name, aliases in source["headings"].items():
            at = next((headings.index(a) for a in _list(aliases) if a in headings), None)
            # Identifiers stay: they must fit the profile's pattern, and are looked for as they are.
            if at is None or not columns[name].get("personal") or name in IDENTIFIERS:
                continue
            for number in good:
                if rows[number][at] != "":
                    rows[number][at] = _token(name, str(rows[number][at]), source)
                    planted += 1
    if len(rows) > 200:
        key = [headings.index(a) for s in of_file for k in FEEDS[s["feed"]]["key"]
               for a in _list(s["headings"].get(k, [])) if a in headings]  # fmt: skip
        # Bad in every cell: quarantined. Too many fields: quarantined. Good key, bad everywhere else: findings.
        rows.append([f"{CANARY}bad"] * len(headings))
        rows.append([*map(str, rows[1]), f"{CANARY}extra"])
        needed = {headings.index(a) for s in of_file for k in _needed(s) for a in _list(s["headings"].get(k, []))
                  if a in headings}  # fmt: skip
        rows[2] = [cell if i in needed or i in key else f"{CANARY}optional" for i, cell in enumerate(rows[2])]
        planted += 3
    return planted


def _needed(source: dict) -> list[str]:
    feed = FEEDS[source["feed"]]
    return [*feed["mandatory_dates"], *(n for n, c in feed["columns"].items() if c.get("mandatory"))]


def _list(value: str | list[str]) -> list[str]:
    return value if isinstance(value, list) else [value]


def _token(column: str, value: str, source: dict) -> str:
    if column == "date_of_birth":
        year, month, day = BIRTHDAY
        return (
            source["dates"][0]
            .replace("%Y", year)
            .replace("%m", month)
            .replace("%d", day)
            .replace("%b", "Nov")
        )
    if column == "postcode":
        return "ZZ9 9ZZ"
    return f"{CANARY} {value}"
