"""A door of its own for every test: a landing folder, an empty warehouse, a stand-in for the arrival gate.

Belongs here: running nights and looking at what came of them. Does not belong here: assertions, and the real gate
(tests/expectations).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb

import ingest

SECRET = b"a secret of tests, 32 bytes long"
NOW = dt.datetime(2026, 11, 22, 2, 0, tzinfo=dt.UTC)
READER = ingest.Reader()  # one process for all tests: it ends with them
CONTACT_HEADING = "Contact Ref,Date/Time Received,Area,Name of Setting,Contact Name,Date Contact Closed"


def contact_line(number: int, area: str = "East", day: int = 3) -> str:
    """One good line under CONTACT_HEADING."""
    return f"C{number:06},{day:02}/05/2019 09:30,{area},School {number},Caller {number},20/05/2019"


def contact_lines(count: int, first: int = 1) -> list[str]:
    return [contact_line(number) for number in range(first, first + count)]


def contacts_csv(lines: list[str]) -> str:
    """A file of Kent's contacts."""
    return "\n".join([CONTACT_HEADING, *lines]) + "\n"


class Door:
    """Landing folder, warehouse and profiles, and the nightly run over them."""

    def __init__(self, folder: Path, profiles: dict[str, ingest.Profile]):
        self.landing = folder / "landing"
        self.landing.mkdir()
        self.profiles = profiles
        self.con = duckdb.connect(str(folder / "warehouse.duckdb"))
        self.nights = 0

    def put(self, name: str, content: str | bytes, day: str = "2020-03-31", authority: str = "kent") -> Path:
        """A file in the drop of a day."""
        path = self.landing / authority / day / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def night(
        self,
        accept: tuple[str, ...] = (),
        settle_seconds: float = 0,
        look: Callable[[], None] | None = None,
        now: dt.datetime = NOW,
    ) -> list[dict[str, Any]]:
        """One refresh; the load-log rows that it wrote, by file and feed. `look` is called at each drop's gate."""
        self.nights += 1
        refresh_id = f"night {self.nights:03}"
        ingest.begin_refresh(self.con, refresh_id, None, now, "test")
        ingest.register_profiles(self.con, self.profiles, SECRET)
        for drop in ingest.pending_drops(self.con, self.landing, self.profiles, settle_seconds, now, accept):
            ingest.stage(self.con, drop, self.profiles[drop.authority], READER, accept)
            if look:
                look()
            ingest.settle(self.con, drop, self.stand_in_gate(), refresh_id)
        ingest.add_person_keys(self.con, SECRET)
        return self.rows(
            "select * from raw.load_log where refresh_id = ? "
            "order by extract_on, authority, file_name, feed, source_system",
            refresh_id,
        )

    def stand_in_gate(self) -> dict[str, tuple[str, ...]]:
        """What the checks of expectations/checks/arrival say, in one query."""
        return {
            key: ("refused by the stand-in",)
            for (key,) in self.con.execute(
                "select file_key from arriving.files where read_error is not null or unusable_percent > 5 "
                "or len(swapped_date_columns) > 0 or len(drifted_columns) > 0 or (extract_kind = 'full' "
                "and missing_keys >= 20 and 100.0 * missing_keys > max_missing_percent * known_keys "
                "and not is_accepted_by_operator) or (len(lost_columns) > 0 and not is_accepted_by_operator)"
            ).fetchall()
        }

    def one(self, name: str, content: str | bytes, **where: str) -> dict[str, Any]:
        """Put one file and run a night: its only load-log row."""
        self.put(name, content, **where)
        (row,) = self.night()
        return row

    def rows(self, sql: str, *values: Any) -> list[dict[str, Any]]:
        relation = self.con.execute(sql, list(values))
        names = [column[0] for column in relation.description]
        return [dict(zip(names, row, strict=True)) for row in relation.fetchall()]

    def values(self, sql: str, *values: Any) -> list[Any]:
        return [row[0] for row in self.con.execute(sql, list(values)).fetchall()]

    def quarantined(self) -> list[tuple[int, str, str | None]]:
        """Line, reason and key of every quarantined row."""
        return self.con.execute(
            "select line, reason_code, record_key from raw.quarantine order by feed, extract_on, line"
        ).fetchall()


def counts(row: dict[str, Any]) -> tuple[str, int, int, int, int]:
    """Outcome, then rows read, loaded, quarantined, deduplicated."""
    return (
        row["outcome"],
        row["rows_read"],
        row["rows_loaded"],
        row["rows_quarantined"],
        row["rows_deduplicated"],
    )
