"""A small made-up authority in raw tables, and dbt in this process to build from it.

Belongs here: writing raw rows as the door in would leave them, running dbt. Does not belong here: expectations
about what comes out (the tests beside), reading extracts (tests/ingest).
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
import yaml

from ingest.feeds import read_feeds
from ingest.tables import begin_refresh, insert_rows

PROJECT = Path(__file__).resolve().parents[2]
SCORES = PROJECT / "dbt_project" / "models" / "matching" / "_scored.yml"


class World:
    """Raw tables of one warehouse. Each call adds; nothing is read from files."""

    def __init__(self, path: Path, *, as_at_limit: date | None = None):
        self.path = path
        self.con = duckdb.connect(str(path))
        begin_refresh(self.con, "refresh-1", as_at_limit, datetime(2021, 6, 2, 1, tzinfo=UTC), "test")
        self._make_scores()

    def authority(self, authority: str, name: str, **targets: float) -> None:
        """An authority as its profile would register it, with targets in percent."""
        self.con.execute(
            "insert into raw.authorities values (?, ?, 'Europe/London', 10, 4, null, 'hash')",
            [authority, name],
        )
        for measure, percent in targets.items():
            self.con.execute("insert into raw.targets values (?, ?, ?)", [authority, measure, percent])

    def meaning(
        self,
        authority: str,
        list_name: str,
        wording: str,
        member: str,
        valid_from: str | None = None,
        valid_to: str | None = None,
    ) -> None:
        """One entry of the profile's code map; the wording in the form in which it is compared."""
        self.con.execute(
            "insert into raw.code_map values (?, ?, ?, ?, ?, ?)",
            [authority, list_name, wording, member, valid_from, valid_to],
        )

    def person(self, authority: str, kind: str, person_id: str, person_key: str) -> None:
        """The keyed hash of a person's id."""
        self.con.execute(
            "insert into raw.person_keys values (?, ?, ?, ?)", [authority, kind, person_id, person_key]
        )

    def extract(
        self,
        authority: str,
        feed: str,
        on: str,
        rows: list[dict[str, Any]],
        *,
        source_system: str = "system",
        kind: str = "full",
        outcome: str = "accepted",
    ) -> str:
        """One file of a feed as accepted (or not) on a day. Gives the hash of its content.

        A row holds the canonical columns that are filled in; lists are written as JSON, days as ISO text.
        """
        described = read_feeds()[feed]
        content_hash = hashlib.sha256(repr((authority, feed, source_system, rows)).encode()).hexdigest()
        known = self.con.execute(
            f"select count(*) from raw.{feed} where _content_hash = ?", [content_hash]
        ).fetchone()
        self.con.execute(
            """insert into raw.load_log (authority, feed, source_system, extract_on, extract_kind, file_name,
            content_hash, outcome, refresh_id, logged_at) values (?, ?, ?, ?, ?, ?, ?, ?, 'refresh-1', ?)""",
            [
                authority,
                feed,
                source_system,
                on,
                kind,
                f"{feed}.csv",
                content_hash,
                outcome,
                f"{on} 02:00:00",
            ],
        )
        if known == (0,) and outcome != "refused":
            loaded = []
            for line, row in enumerate(rows, start=2):
                unknown = set(row) - set(described.columns)
                assert not unknown, f"{feed} has no columns {unknown}"
                filled = {name: _as_text(row.get(name)) for name in described.columns}
                loaded.append(
                    filled
                    | {
                        "_authority": authority,
                        "_source_system": source_system,
                        "_content_hash": content_hash,
                        "_line": line,
                        "_record_key": "|".join(filled[column] or "" for column in described.key),
                        "_row_hash": hashlib.sha256(repr(row).encode()).hexdigest(),
                        "_extra": None,
                    }
                )
            insert_rows(self.con, f"raw.{feed}", loaded)
        return content_hash

    def rows(self, query: str) -> list[tuple]:
        """The rows of a query."""
        return self.con.execute(query).fetchall()

    def build(self, *select: str) -> None:
        """Run dbt on the warehouse, data tests included. Fails with the nodes that failed."""
        self.con.close()
        failed = run_dbt(PROJECT, self.path, ["build", "--select", *select])
        self.con = duckdb.connect(str(self.path))
        assert not failed, "\n".join(failed)

    def _make_scores(self) -> None:
        """Empty score tables: nothing here was scored, so all links are reviewers' decisions."""
        self.con.execute("create schema matching")
        for table in yaml.safe_load(SCORES.read_text(encoding="utf-8"))["sources"][0]["tables"]:
            columns = ", ".join(f"{c['name']} {_score_type(c['name'])}" for c in table["columns"])
            self.con.execute(f"create table matching.{table['name']} ({columns})")


def run_dbt(project: Path, warehouse: Path, arguments: list[str]) -> list[str]:
    """Run dbt in this process. Gives a line for every failure (not for what was skipped because of it)."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.cli.main import dbtRunner

    aside = warehouse.parent / "dbt"
    paths = ["--project-dir", str(project), "--profiles-dir", str(project)]
    paths += ["--target-path", str(aside / "target"), "--log-path", str(aside / "logs")]
    with _environment("LADO_WAREHOUSE", str(warehouse)):
        try:
            answer = dbtRunner().invoke(["--quiet", "--log-level-file", "none", *arguments, *paths])
        finally:
            if DuckDBConnectionManager._ENV is not None:
                DuckDBConnectionManager.close_all_connections()
    if answer.exception is not None:
        return [str(answer.exception)]
    if arguments[0] == "parse":
        return []
    good = {"success", "pass", "no-op", "skipped"}
    return [
        f"{r.node.name}: {r.status} {r.message}" for r in answer.result.results if str(r.status) not in good
    ]


@contextlib.contextmanager
def _environment(name: str, value: str):
    before = os.environ.get(name)
    os.environ[name] = value
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before


def _as_text(value: Any) -> str | None:
    if isinstance(value, list):
        return json.dumps(value)
    return None if value is None else str(value)


def _score_type(column: str) -> str:
    if column.endswith("_days"):
        return "bigint"
    numeric = "probability" in column or column.startswith("parameter_shift")
    return "double" if numeric else "varchar"
