"""The record of refreshes: each attempt has a start and an end, or says that it was interrupted.

Belongs here: quality.refreshes, one row a refresh. Does not belong here: the load log (ingest), verdicts
(expectations), the receipt (publish).
"""

from __future__ import annotations

import datetime as dt

import duckdb

CREATE = """
create schema if not exists quality;
create table if not exists quality.refreshes (
    refresh_id varchar not null,  -- no primary key: an index would be read by nothing that looks for damage
    started_at timestamp not null,
    ended_at timestamp,
    outcome varchar not null,
    message varchar,
    inputs varchar,
    code_version varchar not null,
    dagster_run_id varchar
);
alter table quality.refreshes add column if not exists remark varchar
"""


def begin(
    con: duckdb.DuckDBPyConnection,
    refresh_id: str,
    started_at: dt.datetime,
    code: str,
    run_id: str,
    remark: str | None = None,
    shown: str | None = None,
) -> None:
    """Write this attempt as `running`, and say of any earlier one still running how it ended.

    remark: what happened before anything was read. shown: the refresh that is published now; one that was killed
    between its publication and its last word was published, every other was interrupted. The caller holds the home's
    lock, so nothing else can be running.
    """
    con.execute(CREATE)
    con.execute(
        "update quality.refreshes set outcome = 'published', ended_at = ?, "
        "message = 'published; killed before it could say so' where outcome = 'running' and refresh_id = ?",
        [started_at, shown],
    )
    con.execute(
        "update quality.refreshes set outcome = 'interrupted', ended_at = ?, "
        "message = 'ended without a word: killed, or the machine stopped' where outcome = 'running'",
        [started_at],
    )
    con.execute(
        "insert into quality.refreshes (refresh_id, started_at, outcome, code_version, dagster_run_id, remark) "
        "values (?, ?, 'running', ?, ?, ?)",
        [refresh_id, started_at, code, run_id, remark],
    )


def set_inputs(con: duckdb.DuckDBPyConnection, refresh_id: str, inputs: str) -> None:
    """Note the fingerprint of what this refresh is computed from."""
    con.execute("update quality.refreshes set inputs = ? where refresh_id = ?", [inputs, refresh_id])


def built_last(con: duckdb.DuckDBPyConnection, before: str) -> tuple[str, str] | None:
    """Outcome and inputs of the refresh that built, or may have built, the marts as they stand when `before` begins.

    A refresh knows its inputs only when everything has come in; from then on it builds, unless nothing is new.
    """
    rows = con.execute(
        "select outcome, inputs from quality.refreshes where inputs is not null and outcome <> 'nothing_new' "
        "and refresh_id <> ? order by started_at desc, refresh_id desc limit 1",
        [before],
    ).fetchall()
    return rows[0] if rows else None


def published_last(con: duckdb.DuckDBPyConnection) -> str | None:
    """The refresh that was published last; None before the first publication."""
    rows = con.execute(
        "select refresh_id from quality.refreshes where outcome = 'published' "
        "order by ended_at desc, refresh_id desc limit 1"
    ).fetchall()
    return rows[0][0] if rows else None


def end(con: duckdb.DuckDBPyConnection, refresh_id: str, outcome: str, message: str, at: dt.datetime) -> None:
    """Write how the attempt ended."""
    con.execute(
        "update quality.refreshes set outcome = ?, message = ?, ended_at = ? where refresh_id = ?",
        [outcome, message, at, refresh_id],
    )


def close(con: duckdb.DuckDBPyConnection, run_id: str, message: str, at: dt.datetime) -> None:
    """Write `failed` for a run that ends without having said how it went."""
    con.execute(
        "update quality.refreshes set outcome = 'failed', message = ?, ended_at = ? "
        "where dagster_run_id = ? and outcome in ('running', 'failed')",
        [message, at, run_id],
    )


def is_known(con: duckdb.DuckDBPyConnection, run_id: str) -> bool:
    """Whether a Dagster run came as far as beginning a refresh."""
    return bool(con.execute("select 1 from quality.refreshes where dagster_run_id = ?", [run_id]).fetchall())
