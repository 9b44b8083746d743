"""A landing folder as canonical records at a date: headings, dates, codes, damage and several drops.

Belongs here: what the input contract says about turning files into current records (profile and
`ingest/feeds.yml`), written a second time and shorter. Does not belong here: what the records are counted
for (facts.py, recompute.py).

The current record of a key is the one in the latest extract that holds it; a later full extract without
the key deletes it, unless a line nobody could read that day may have been it. Not read again here, because
no made-up world holds them: bomb-like workbooks and damage that only a byte-level reader tells apart.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
import yaml

from . import files

FOURTH_CRITERION = dt.date(2020, 9, 1)
OLDEST = dt.datetime(1990, 1, 1)
ISO_DAY, ISO_MOMENT = "%Y-%m-%d", "%Y-%m-%d %H:%M:%S"
SELDOM = ("officers", "settings", "match_decisions")
ISO = re.compile(r"\d{4}-\d\d-\d\d")
TRUE, FALSE = {"true", "yes", "y", "1", "t"}, {"false", "no", "n", "0", "f"}


@dataclass
class Extracts:
    """One authority: current records of each feed and what the profile says about them."""

    authority: str
    profile: dict
    as_at: pd.Timestamp
    frames: dict[str, pd.DataFrame]
    refused: list[tuple[str, str, str]] = field(default_factory=list)
    newest: dict[str, dt.date] = field(default_factory=dict)

    def told_to(self, feed: str) -> pd.Timestamp:
        """The last day of which a feed tells: of lists that change seldom, and of changes, silence says nothing new."""
        if feed not in self.newest:
            return self.as_at
        silent = any(s.get("extract", "full") == "changes" for s in self.sources(feed))
        heard = [day for name, day in self.newest.items() if name not in SELDOM or name == feed]
        return pd.Timestamp(max(heard) if silent or feed in SELDOM else self.newest[feed])

    def sources(self, feed: str) -> list[dict]:
        return [s for s in self.profile["sources"] if s["feed"] == feed]

    def is_available(self, feed: str) -> bool:
        return bool(self.sources(feed)) and feed not in (self.profile.get("missing_feeds") or {})

    def maps(self, feed: str, column: str) -> bool:
        """Whether any source of the feed says where the column comes from."""
        return any(
            column in s.get("headings", {}) or column in (s.get("constants") or {})
            for s in self.sources(feed)
        )

    def complete_from(self, feed: str) -> pd.Timestamp | None:
        """The latest day that the profile gives for a source of the feed; None where it gives none."""
        stated = [s["complete_from"] for s in self.sources(feed) if s.get("complete_from")]
        return max(map(pd.Timestamp, stated), default=None)


@dataclass
class _Day:
    """What one source sent on one day: usable records by key, keys spoiled, and the cells of unreadable lines."""

    on: dt.date
    records: dict[str, dict]
    spoiled: set[str]
    unreadable: list[list[str]]
    whole: bool


def read_authority(
    landing: Path,
    profile_path: Path,
    feeds_path: Path,
    lists: dict[str, list[str]],
    as_at_limit: dt.date | None = None,
) -> Extracts:
    """Current records of one authority. `landing` holds its dated drops, `lists` the closed code lists."""
    profile = yaml.safe_load(profile_path.read_text(encoding="utf-8"))
    feeds = yaml.safe_load(feeds_path.read_text(encoding="utf-8"))
    codes = {name: _wordings(entries) for name, entries in (profile.get("codes") or {}).items()}
    for name, members in lists.items():
        codes[name] = {m: [{"member": m}] for m in members} | codes.get(name, {})
    for entries in codes.get("harm_criterion", {}).values():
        for entry in entries:
            # The fourth criterion exists from that day on, whatever the profile says.
            if entry["member"] == "unsuitable":
                entry["from"] = max(entry.get("from") or FOURTH_CRITERION, FOURTH_CRITERION)
    days = [
        (day, folder)
        for day, folder in files.drops(landing, as_at_limit)
        if not profile.get("marker") or (folder / profile["marker"]).exists()
    ]
    frames, seen, refused = {}, [], []
    newest: dict[str, dt.date] = {}
    for feed, contract in feeds.items():
        parts = []
        for source in [s for s in profile["sources"] if s["feed"] == feed]:
            sent = []
            for day, folder in days:
                one = _read_day(day, folder, source, contract, refused)
                if one is not None:
                    sent.append(one)
                    seen.append(day)
                    newest[feed] = max(day, newest.get(feed, day))
            parts.append(_current(sent, source))
        frames[feed] = _canonical(pd.concat(parts) if parts else pd.DataFrame(), feed, contract, codes)
    as_at = pd.Timestamp(max(seen)) if seen else pd.NaT
    return Extracts(profile["authority"], profile, as_at, frames, refused, newest)


def _read_day(day, folder: Path, source: dict, contract: dict, refused: list) -> _Day | None:
    """All files of one source in one drop; None when none of them was accepted."""
    result = _Day(day, {}, set(), [], True)
    accepted = 0
    for path in files.matching(folder, source["files"]):
        sheet = files.read(path, source)
        columns = _columns(sheet, source, contract) if sheet else None
        if columns is None:
            refused.append((source["feed"], day.isoformat(), path.name))
            result.whole = False
            continue
        rows, spoiled, unreadable, unusable = _rows(sheet, columns, source, contract, day)
        if unusable > 0.05 * (len(sheet.rows) + len(sheet.damaged)):
            refused.append((source["feed"], day.isoformat(), path.name))
            result.whole = False
            continue
        accepted += 1
        result.records.update(rows)
        result.spoiled |= spoiled
        result.unreadable += unreadable
    return result if accepted else None


def _columns(sheet: files.Sheet, source: dict, contract: dict) -> dict[str, int] | None:
    """Position of each canonical column; None when a mandatory heading is missing."""
    at = {_plain(h): i for i, h in enumerate(sheet.headings)}
    found = {}
    for column, headings in source["headings"].items():
        accepted = headings if isinstance(headings, list) else [headings]
        places = [at[_plain(h)] for h in accepted if _plain(h) in at]
        if places:
            found[column] = places[0]
    for column, about in contract["columns"].items():
        if about.get("mandatory") and column not in found and column not in (source.get("constants") or {}):
            return None
    return found


def _rows(sheet, columns: dict[str, int], source: dict, contract: dict, day: dt.date):
    """Usable records by key, spoiled keys, cells of unreadable lines and the number of unusable lines."""
    gate = source.get("rows_when")
    gate_at = [_plain(h) for h in sheet.headings].index(_plain(gate)) if gate else None
    pattern = re.compile(source["key_pattern"]) if source.get("key_pattern") else None
    records: dict[str, dict] = {}
    spoiled: set[str] = set()
    unreadable, unusable = list(sheet.damaged), len(sheet.damaged)
    usable_of: dict[str, list[dict]] = {}
    for _, cells in sheet.rows:
        if gate_at is not None and not cells[gate_at].strip():
            continue
        values = {c: cells[i].strip() or None for c, i in columns.items()}
        values.update(source.get("constants") or {})
        record, usable = _typed(values, source, contract, day)
        key_values = [_key_text(record.get(k)) for k in contract["key"]]
        if key_values[0] is None or (pattern and not pattern.fullmatch(key_values[0])):
            usable = False
        key = "|".join(k or "" for k in key_values)
        if not usable:
            unusable += 1
            spoiled.add(key)
            unreadable.append(cells)
        else:
            usable_of.setdefault(key, []).append(record)
    for key, many in usable_of.items():
        if key in spoiled or any(one != many[0] for one in many):
            spoiled.add(key)
            unusable += len(many)
        else:
            records[key] = many[-1]
    return records, spoiled, unreadable, unusable


def _typed(values: dict, source: dict, contract: dict, day: dt.date) -> tuple[dict, bool]:
    """Dates and numbers read, and whether every mandatory value is there and its date possible."""
    record, usable = {}, True
    for column, about in contract["columns"].items():
        value = values.get(column)
        if value is not None:
            if about["type"] in ("date", "moment"):
                value = _moment(value, source, about["type"])
            elif about["type"] in ("integer", "number"):
                value = _number(value, about["type"])
            elif about["type"] == "list":
                split = str(value).split(source.get("list_separator") or ";")
                value = tuple(part.strip() for part in split if part.strip())
        if about.get("mandatory") and value is None:
            usable = False
        if column in contract["mandatory_dates"] and value is not None:
            usable &= OLDEST <= value < dt.datetime.combine(day, dt.time()) + dt.timedelta(days=1)
        record[column] = value
    return record, usable


def _moment(text: str, source: dict, kind: str) -> dt.datetime | None:
    formats = [*(source.get("moments" if kind == "moment" else "dates") or [])]
    if source.get("format") == "xlsx":
        formats += [ISO_MOMENT, ISO_DAY]
    for wanted in formats:
        try:
            found = dt.datetime.strptime(text, wanted)
        except ValueError:
            continue
        if kind == "date" and source.get("format") == "xlsx":
            found = dt.datetime.combine(found.date(), dt.time())
        return found
    return None


def _number(text: str, kind: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if kind == "number" or value.is_integer() else None


def _key_text(value: object) -> str | None:
    return value.date().isoformat() if isinstance(value, dt.datetime) else value


def _current(sent: list[_Day], source: dict) -> pd.DataFrame:
    """The state after every day of one source, in the order of the days."""
    state: dict[str, dict] = {}
    for day in sorted(sent, key=lambda d: d.on):
        if source.get("extract", "full") == "full" and day.whole:
            state = {k: r for k, r in state.items() if k in day.records or _may_be_there(k, day)}
        state.update(day.records)
    frame = pd.DataFrame(list(state.values()))
    frame["source_system"] = source["source_system"]
    return frame


def _may_be_there(key: str, day: _Day) -> bool:
    """Whether a line nobody could read that day may have held the key: its parts are cells of the line."""
    if key in day.spoiled:
        return True
    parts = {part for part in key.split("|") if part and not ISO.fullmatch(part)}
    return any(parts <= {cell.strip() for cell in cells} for cells in day.unreadable)


def _wordings(entries: dict) -> dict[str, list[dict]]:
    """Each wording, normalised, with the members it means and from when to when."""
    result: dict[str, list[dict]] = {}
    for wording, meant in entries.items():
        many = meant if isinstance(meant, list) else [meant]
        result[_plain(wording)] = [m if isinstance(m, dict) else {"member": m} for m in many]
    return result


def _plain(text: object) -> str:
    return " ".join(str(text).split()).casefold()


def _canonical(frame: pd.DataFrame, feed: str, contract: dict, codes: dict) -> pd.DataFrame:
    """Typed columns in the contract's order, codes as members."""
    frame = (
        frame.reset_index(drop=True).reindex(columns=[*contract["columns"], "source_system"]).astype(object)
    )
    dates = contract["mandatory_dates"]
    own_day = pd.to_datetime(frame[dates[0]]) if dates else pd.Series(pd.NaT, index=frame.index)
    for column, about in contract["columns"].items():
        kind = about["type"]
        if kind in ("date", "moment"):
            frame[column] = pd.to_datetime(frame[column])
        elif kind in ("integer", "number"):
            frame[column] = pd.to_numeric(frame[column])
        elif kind == "boolean":
            frame[column] = [_boolean(v, codes.get(column) or codes.get("boolean")) for v in frame[column]]
            frame[column] = frame[column].astype(object)
        elif kind == "code":
            lookup = _lookup(codes, column, about["list"])
            frame[column] = pd.Series(
                [member(v, lookup, d) for v, d in zip(frame[column], own_day, strict=True)],
                index=frame.index,
                dtype=object,
            )
        elif kind == "list":
            lookup = _lookup(codes, column, about["list"])
            frame[column] = pd.Series(
                [
                    [member(v, lookup, d) for v in many] if isinstance(many, tuple) else []
                    for many, d in zip(frame[column], own_day, strict=True)
                ],
                index=frame.index,
                dtype=object,
            )
    return frame


def _lookup(codes: dict, column: str, name: str) -> dict:
    return codes.get(name) or codes.get(column) or {}


def member(wording: object, lookup: dict, day: pd.Timestamp) -> str:
    """The member a wording means on a day: `unknown` when blank, `unmapped` when nobody said."""
    if pd.isna(wording):
        return "unknown"
    plain = _plain(wording)
    for entry in lookup.get(plain, []):
        begun = entry.get("from") is None or pd.isna(day) or day >= pd.Timestamp(entry["from"])
        ended = entry.get("to") is not None and not pd.isna(day) and day > pd.Timestamp(entry["to"])
        if begun and not ended:
            return entry["member"]
    return "unmapped"


def _boolean(wording: object, lookup: dict | None) -> bool | None:
    if pd.isna(wording):
        return None
    plain = _plain(wording)
    if lookup and plain in lookup:
        plain = _plain(lookup[plain][0]["member"])
    return True if plain in TRUE else False if plain in FALSE else None


def read_lists(path: Path) -> tuple[dict[str, list[str]], dict[str, str]]:
    """Members of each closed code list, and the group of each sector, from the seed."""
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    lists = {name: list(part["member"]) for name, part in table.groupby("list_name", sort=False)}
    sectors = table[table["list_name"] == "sector"]
    return lists, dict(zip(sectors["member"], sectors["parent"], strict=True))


def read_holidays(path: Path) -> np.ndarray:
    """Bank holidays of England and Wales as days."""
    return pd.read_csv(path)["date_on"].to_numpy(dtype="datetime64[D]")
