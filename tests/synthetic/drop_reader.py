"""Reads one made-up drop back into canonical frames, without any of our own readers.

Belongs here: files, headings and wordings undone with pandas and the profile's YAML alone. Does not belong
here: counting.
"""

from __future__ import annotations

import fnmatch
from pathlib import Path

import pandas as pd
import yaml

PROJECT = Path(__file__).resolve().parents[2]
FEEDS = yaml.safe_load((PROJECT / "ingest" / "feeds.yml").read_text(encoding="utf-8"))
MOMENT = "%d/%m/%Y %H:%M"


def read_profile(path: Path) -> dict:
    """The profile with every scalar as text: No is a wording, not a boolean."""
    return yaml.load(path.read_text(encoding="utf-8"), yaml.BaseLoader)  # noqa: S506 - makes nothing but text


def read_drop(folder: Path, profile: dict) -> dict[str, pd.DataFrame]:
    """A frame for each feed that the drop carries: members for wordings, timestamps for dates, '' for
    nothing."""
    frames: dict[str, list[pd.DataFrame]] = {}
    for source in profile["sources"]:
        for path in sorted(folder.iterdir()):
            if fnmatch.fnmatchcase(path.name, source["files"]):
                frames.setdefault(source["feed"], []).append(_read(path, source, profile))
    return {feed: pd.concat(parts, ignore_index=True) for feed, parts in frames.items()}


def _read(path: Path, source: dict, profile: dict) -> pd.DataFrame:
    if source["format"] == "xlsx":
        table = pd.read_excel(path, sheet_name=source["sheet"], dtype=object, engine="openpyxl")
    else:
        table = pd.read_csv(
            path, sep=source.get("delimiter", ","), encoding=source.get("encoding", "utf-8"), dtype=str,
            keep_default_na=False,
        )  # fmt: skip
    table = table.fillna("")
    if "rows_when" in source:
        table = table[table[source["rows_when"]] != ""]
    made = pd.DataFrame(index=table.index)
    for column, heading in source["headings"].items():
        cells = table[heading if isinstance(heading, str) else heading[0]]
        made[column] = _undo(cells, FEEDS[source["feed"]]["columns"][column], column, source, profile)
    for column, value in source.get("constants", {}).items():
        made[column] = value
    return made


def _undo(cells: pd.Series, told: dict, column: str, source: dict, profile: dict) -> pd.Series:
    kind = told["type"]
    if kind in ("date", "moment"):
        if source["format"] == "xlsx":
            return pd.to_datetime(cells.replace("", None))
        style = source["moments"][0] if kind == "moment" else source["dates"][0]
        return pd.to_datetime(cells.replace("", None), format=style, errors="raise")
    if kind == "code":
        return cells.map(_members(profile, told["list"]) | {"": ""})
    if kind == "list":
        members = _members(profile, told["list"])
        return cells.map(
            lambda cell: [members[one] for one in cell.split(source.get("list_separator", ";")) if one]
        )
    if kind == "boolean":
        return cells.map({"Yes": "true", "No": "false", "": ""} | _members(profile, column))
    return cells.map(str)


def _members(profile: dict, name: str) -> dict[str, str]:
    found = {}
    for wording, meanings in profile.get("codes", {}).get(name, {}).items():
        first = meanings[0] if isinstance(meanings, list) else meanings
        found[wording] = first if isinstance(first, str) else first["member"]
    return found
