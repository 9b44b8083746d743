"""The audit log: what was done in this home, by whom, with what outcome; one JSON object a line, chained by hash.

Belongs here: writing an entry so that it lasts, and telling whether entries were edited, removed, reordered or cut
off. Does not belong here: deciding what is done; personal data (entries hold counts, hashes, names of checks, and
keyed references to persons).

Each entry holds the SHA-256 of the one before, so a change anywhere breaks the chain behind it. What a chain cannot
show is that its end is missing: therefore the warehouse keeps the number and hash of the last entry
(quality.audit_head). Whoever can write both files can forge both; a copy of the head kept elsewhere closes that gap
(`lado audit-log verify` prints it).
"""

from __future__ import annotations

import contextlib
import datetime as dt
import getpass
import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import filelock

from orchestration import resources
from orchestration.resources import Home

FIRST = "0" * 64  # what the first entry holds as the hash of the one before
CREATE_HEAD = """
create schema if not exists quality;
create table if not exists quality.audit_head (number bigint, entry_hash varchar);
"""


@dataclass(frozen=True)
class Verified:
    """What reading the whole log came to: entries, number and hash of the last, and the problems by line (1-based)."""

    entries: int
    last_hash: str
    problems: list[tuple[int, str]]


def path_of(home: Home) -> Path:
    return home.root / "audit" / "log.jsonl"


def append(
    home: Home, action: str, outcome: str, con: duckdb.DuckDBPyConnection | None = None, **facts: Any
) -> dict[str, Any]:
    """Write one entry and make it durable; returns it. With `con`, a writable warehouse, its head is noted there.

    `facts` are counts, hashes and words of our own, never values of records.
    """
    path = path_of(home)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with filelock.FileLock(str(path.parent / ".lock"), timeout=30, mode=0o600):
        whole, torn = _read_whole_lines(path)
        number, previous = _last_of(whole)
        entry = {
            "number": number + 1,
            "at": dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            "actor": actor(),
            "code_version": resources.code_version(),
            "action": action,
            "outcome": outcome,
            **facts,
            "previous": previous,
        }
        if torn:
            entry["after_torn_line"] = True
        entry["hash"] = _hash_of(entry)
        _write(path, len(whole), _line(entry).encode() + b"\n")
    if con is not None:
        note_head(con, home)
    return entry


def actor() -> str:
    """The account of the operating system that does it; LOGNAME, which anybody can set, is asked last."""
    if os.name == "posix":
        import pwd

        with contextlib.suppress(KeyError):
            return pwd.getpwuid(os.getuid()).pw_name
    return getpass.getuser()


def entries(home: Home) -> list[dict[str, Any]]:
    """Every entry that can be read, oldest first."""
    found = []
    for line in _lines(home):
        with contextlib.suppress(ValueError):
            found.append(json.loads(line))
    return [entry for entry in found if isinstance(entry, dict)]


def note_head(con: duckdb.DuckDBPyConnection, home: Home) -> None:
    """Keep number and hash of the last entry in the warehouse, from where a cut-off end is seen."""
    written = entries(home)
    if not written:
        return
    con.execute(CREATE_HEAD)
    con.execute("begin transaction")
    con.execute("delete from quality.audit_head")
    con.execute("insert into quality.audit_head values (?, ?)", [written[-1]["number"], written[-1]["hash"]])
    con.execute("commit")


def record_refreshes(con: duckdb.DuckDBPyConnection, home: Home) -> None:
    """An entry for every ended refresh of the warehouse that has none yet; interrupted ones are ended by the next.

    Counts are sums over the load log of that refresh.
    """
    told = {entry.get("refresh_id") for entry in entries(home) if entry["action"] == "refresh"}
    ended = con.execute(
        "select refresh_id, outcome, message, inputs, code_version, strftime(started_at, '%Y-%m-%dT%H:%M:%SZ') "
        "from quality.refreshes where outcome <> 'running' order by started_at, refresh_id"
    ).fetchall()
    for refresh_id, outcome, message, inputs, code, started_at in ended:
        if refresh_id in told:
            continue
        names = ("rows_read", "rows_loaded", "rows_quarantined", "rows_deduplicated", "rows_erased")
        sums = ", ".join(f"coalesce(sum({name}), 0)::bigint" for name in names)
        *counts, extracts = con.execute(
            f"select {sums}, list_sort(list(distinct content_hash) filter (where content_hash is not null)) "
            "from raw.load_log where refresh_id = ?",
            [refresh_id],
        ).fetchall()[0]
        files = con.execute(
            "select outcome, count(*) from raw.load_log where refresh_id = ? group by all order by all",
            [refresh_id],
        ).fetchall()
        append(
            home,
            "refresh",
            outcome,
            refresh_id=refresh_id,
            started_at=started_at,
            refreshed_by=code,
            message=message,
            counts=dict(zip(names, counts, strict=True)),
            files=dict(files),
            inputs=inputs,
            extracts=extracts or [],
        )
    note_head(con, home)


def verify(home: Home) -> Verified:
    """Read the whole log and hold it against itself and against the head in the warehouse."""
    problems: list[tuple[int, str]] = []
    by_number: dict[int, str] = {}
    previous, last, number = FIRST, 0, 0
    for number, line in enumerate(_lines(home), start=1):
        entry, fault = _read(line)
        if fault:
            problems.append((number, fault))
            entry = entry or {"number": last + 1, "hash": ""}
        elif entry["previous"] != previous or entry["number"] != last + 1:
            words = "does not follow the line before: an entry was removed, put in or moved"
            problems.append((number, words))
        previous, last = entry["hash"], entry["number"]
        by_number[last] = previous
    problems += _against_head(home, by_number, number)
    return Verified(number, previous, problems)


def _read(line: str) -> tuple[dict[str, Any] | None, str | None]:
    """An entry and what is wrong with its own line."""
    try:
        entry = json.loads(line)
    except ValueError:
        return None, "is no entry: it was edited or cut short"
    if not isinstance(entry, dict) or not isinstance(entry.get("number"), int) or "hash" not in entry:
        return None, "is no entry: it was edited or cut short"
    if entry["hash"] != _hash_of(entry) or line != _line(entry) or "previous" not in entry:
        return entry, "was edited: its hash is not that of its content"
    return entry, None


def _against_head(home: Home, by_number: dict[int, str], lines: int) -> list[tuple[int, str]]:
    """What the head in the warehouse says against the log; nothing where the warehouse keeps none."""
    try:
        head = _noted_head(home)
    except duckdb.Error:
        words = "the warehouse, which keeps the head of the log, cannot be read: nothing is known of its end"
        return [(lines, words)]
    if head is None:
        return []
    number, noted = head
    if number not in by_number:
        return [(lines + 1, f"is missing: the log is cut off, the warehouse knows of {number} entries")]
    if by_number[number] != noted:
        return [(number, "is not the entry that the warehouse remembers: the log was written anew")]
    return []


def _noted_head(home: Home) -> tuple[int, str] | None:
    if not home.warehouse.exists():
        return None
    with resources.reading(home) as con:
        try:
            rows = con.execute("select number, entry_hash from quality.audit_head").fetchall()
        except duckdb.CatalogException:
            return None
    return rows[0] if rows else None


def _lines(home: Home) -> list[str]:
    path = path_of(home)
    if not path.exists():
        return []
    text = path.read_bytes().decode("utf-8", errors="replace")
    return text.removesuffix("\n").split("\n") if text else []


def _line(entry: dict[str, Any]) -> str:
    return json.dumps(entry, sort_keys=True, separators=(",", ":"))


def _hash_of(entry: dict[str, Any]) -> str:
    return hashlib.sha256(_line({k: v for k, v in entry.items() if k != "hash"}).encode()).hexdigest()


def _read_whole_lines(path: Path) -> tuple[bytes, bool]:
    """The lines that end, and whether a kill or a full disk left half a line behind them."""
    data = path.read_bytes() if path.exists() else b""
    whole = data[: data.rfind(b"\n") + 1]
    return whole, len(whole) < len(data)


def _last_of(whole: bytes) -> tuple[int, str]:
    """Number and hash of the last entry. Behind a line that somebody spoilt the log goes on; `verify` names it."""
    lines = whole.splitlines()
    if not lines:
        return 0, FIRST
    entry, _ = _read(lines[-1].decode("utf-8", errors="replace"))
    return (entry["number"], entry["hash"]) if entry else (len(lines), hashlib.sha256(lines[-1]).hexdigest())


def _write(path: Path, at: int, line: bytes) -> None:
    """Put a line behind the first `at` bytes, durably."""
    is_new = not path.exists()
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        os.ftruncate(handle, at)
        os.write(handle, line)
        os.fsync(handle)
    finally:
        os.close(handle)
    if is_new and os.name == "posix":
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
