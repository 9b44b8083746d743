"""One night over many damaged files: through the landing folder, the reader, the real arrival gate and the raw tables.

Belongs here: running the night and collecting what the warehouse and the messages say of each file. Does not belong
here: what should have come of it (oracle.py), comparing (verdicts.py).
"""

from __future__ import annotations

import datetime as dt
import logging
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

import ingest
from expectations import gate

from .extracts import CANARY, CONTRACT, DAY

SECRET = b"a secret of tests, 32 bytes long"
NOW = dt.datetime(2026, 11, 22, 2, 0, tzinfo=dt.UTC)


@dataclass
class Actual:
    """What the load log and the raw tables say of one file seen as one feed."""

    outcome: str
    counts: tuple[int, int, int, int]  # read, loaded, quarantined, deduplicated
    rows: dict[int, dict[str, str | None]] = field(default_factory=dict)
    quarantined: list[int] = field(default_factory=list)
    findings: set[tuple[int, str]] = field(default_factory=set)


class _Heard(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.texts.append(record.getMessage())


class Nights:
    """A warehouse in memory, a landing folder, and everything that was said about the files."""

    def __init__(self, folder: Path, profiles: dict[str, ingest.Profile]):
        self.folder = folder
        self.landing = folder / "landing"
        self.landing.mkdir(parents=True)
        self.profiles = profiles
        self.con = duckdb.connect()
        gate.prepare(self.con)
        self.number = 0
        self.said: list[str] = []

    def close(self) -> None:
        self.con.close()

    def put(self, authority: str, name: str, data: bytes, day: dt.date = DAY) -> Path:
        path = self.landing / authority / day.isoformat() / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return path

    def run(self, accept: tuple[str, ...] = (), settle_seconds: float = 0, now: dt.datetime = NOW) -> None:
        """One refresh up to the raw tables."""
        self.number += 1
        refresh_id = f"night {self.number:03}"
        heard = _Heard()
        logging.getLogger().addHandler(heard)
        results = self.folder / "results"
        try:
            with ingest.Reader() as reader:
                ingest.begin_refresh(self.con, refresh_id, None, now, "test")
                ingest.register_profiles(self.con, self.profiles, SECRET)
                for drop in ingest.pending_drops(
                    self.con, self.landing, self.profiles, settle_seconds, now, accept
                ):
                    ingest.stage(self.con, drop, self.profiles[drop.authority], reader, accept)
                    self._listen("select detail from arriving.files")
                    verdict = gate.run_gate(self.con, "arrival", drop.scope, refresh_id, now, results)
                    self.said += [
                        *verdict.messages,
                        *(one for told in verdict.refusals.values() for one in told),
                    ]
                    ingest.settle(self.con, drop, verdict.refusals, refresh_id)
                ingest.add_person_keys(self.con, SECRET)
        finally:
            logging.getLogger().removeHandler(heard)
        self._listen("select message from raw.load_log")
        self._listen("select coalesce(record_id, '') || coalesce(column_name, '') from quality.findings")
        self.said += heard.texts
        self.said += [path.read_text(encoding="utf-8") for path in results.rglob("*") if path.is_file()]

    def _listen(self, sql: str) -> None:
        self.said += [text for (text,) in self.con.execute(sql).fetchall() if text]

    def canaries(self) -> int:
        """In how many messages a name stands."""
        return sum(CANARY.casefold() in text.casefold() for text in self.said)

    def log(self, name: str | None = None) -> list[dict]:
        """Rows of the load log in the order of their writing, of one file or of all."""
        relation = self.con.execute(
            "select * from raw.load_log where $1 is null or file_name = $1 order by refresh_id, file_name, feed",
            [name],
        )
        names = [column[0] for column in relation.description]
        return [dict(zip(names, row, strict=True)) for row in relation.fetchall()]

    def actual(self, name: str, feed: str) -> Actual | None:
        """The last thing that is known of a file; None when the load log has no row for it."""
        rows = [row for row in self.log(name) if row["feed"] == feed]
        if not rows:
            return None
        last = rows[-1]
        counts = tuple(last[f"rows_{part}"] for part in ("read", "loaded", "quarantined", "deduplicated"))
        found = Actual(last["outcome"], counts)
        at = [last["content_hash"], last["authority"], last["source_system"]]
        if last["content_hash"] is None or not last["outcome"].startswith("accepted"):
            at[0] = at[0] or ""
        columns = list(CONTRACT[feed]["columns"])
        where = "where _content_hash = ? and _authority = ? and _source_system = ?"
        for line, *values in self.con.execute(
            f"select _line, {', '.join(columns)} from raw.{feed} {where}", at
        ).fetchall():
            if line in found.rows:
                raise AssertionError(f"{name}: line {line} was loaded twice")
            found.rows[line] = dict(zip(columns, values, strict=True))
        where = "where content_hash = ? and authority = ? and source_system = ? and feed = ?"
        found.quarantined = [
            line
            for (line,) in self.con.execute(
                f"select line from raw.quarantine {where}", [*at, feed]
            ).fetchall()
        ]
        found.findings = set(
            self.con.execute(
                f"select line, column_name from raw.unusable_values {where}", [*at, feed]
            ).fetchall()
        )
        return found
