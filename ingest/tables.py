"""The raw tables and the waiting room `arriving`: what they are called and what they hold.

Belongs here: making the tables, beginning a refresh, putting columns of Python values into a table. Does
not belong here: deciding what goes in (load.py, landing.py, register.py).
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import duckdb
import pyarrow as pa

from ingest.feeds import read_feeds

# What follows the canonical columns of a feed, all of which are text. One row for each authority, source system,
# content hash and line of an accepted file.
PROVENANCE = {
    "_authority": "varchar",
    "_source_system": "varchar",
    "_content_hash": "varchar",
    "_line": "integer",
    "_record_key": "varchar",
    "_row_hash": "varchar",
    "_extra": "varchar",
}

_RAW = {
    # One row: the refresh that runs or ran last. as_at_limit is null without a limit.
    "this_refresh": "refresh_id varchar, as_at_limit date, started_at timestamp, code_version varchar",
    # One row for each file and feed each time that it is judged. keys_gone: how many keys the full extract before had
    # and this one, all files of its feed and day together, has not; null where none was compared (changes, a first
    # extract, what was not taken in, a day on which a file could not be read).
    "load_log": """authority varchar, feed varchar, source_system varchar, extract_on date,
        extract_kind varchar, file_name varchar, content_hash varchar, rows_read bigint, rows_loaded bigint,
        rows_quarantined bigint, rows_deduplicated bigint, outcome varchar, message varchar,
        refresh_id varchar, logged_at timestamp, rows_erased bigint, keys_gone bigint""",
    # One row for each line that was set aside; restricted.
    "quarantine": """authority varchar, feed varchar, source_system varchar, extract_on date,
        file_name varchar, content_hash varchar, line integer, reason_code varchar, record_key varchar,
        raw_text varchar, refresh_id varchar""",
    # One row for each optional value that could not be used; restricted.
    "unusable_values": """authority varchar, feed varchar, source_system varchar, content_hash varchar,
        line integer, record_key varchar, column_name varchar, reason_code varchar, raw_value varchar""",
    # One row for each local wording and the days in which it has this meaning; null is unlimited.
    "code_map": """authority varchar, list_name varchar, wording varchar, member varchar, valid_from date,
        valid_to date""",
    "authorities": """authority varchar, authority_name varchar, time_zone varchar,
        grace_working_days integer, disclosure_hide_up_to integer, disclosure_round_to integer,
        profile_hash varchar""",
    "targets": "authority varchar, measure varchar, target_percent double",
    "sector_lines": "authority varchar, sector varchar, sector_line varchar",
    # One row for each source of a feed, and one without source system for a feed that an authority lacks.
    "feeds": """authority varchar, feed varchar, source_system varchar, extract_kind varchar,
        complete_from date, is_available boolean, reason varchar""",
    # One row for each local id of a person, as written; restricted.
    "person_keys": "authority varchar, kind varchar, person_id varchar, person_key varchar",
    "key_fingerprint": "fingerprint varchar, first_used_at timestamp",
    # One row for each file of a profile's feeds: what it looked like when last judged, and under which profile.
    "landed_files": """authority varchar, extract_on date, file_name varchar, size_bytes bigint,
        modified_ns bigint, profile_hash varchar""",
}

# What ends a field in the text of a set-aside line, whatever the delimiter and the quotes of its file: any run of
# characters other than letters, digits, blanks and those that stand inside record numbers and days. So the text
# becomes its fields with one separator before, between and after them, a key becomes the same form, and the key
# stands in the line as a whole field where its form is found in the form of the line.
_FIELDS_OF = r"""
    create or replace macro raw.fields_of(text) as
        regexp_replace(chr(31) || text || chr(31), ' *(?:[^\p{L}\p{N} /._-] *)+', chr(31), 'g')
"""

_ARRIVING = {
    # One row for each file and feed of the drop that is being judged. detail is safe to log.
    "files": """file_key varchar, authority varchar, feed varchar, source_system varchar, extract_on date,
        extract_kind varchar, file_name varchar, content_hash varchar, read_error varchar, detail varchar,
        rows_read bigint, rows_usable bigint, rows_quarantined bigint, rows_deduplicated bigint,
        unusable_percent double, drifted_columns varchar[], swapped_date_columns varchar[], known_keys bigint,
        missing_keys bigint, max_missing_percent double, is_accepted_by_operator boolean,
        is_already_loaded boolean, size_bytes bigint, modified_ns bigint, rows_erased bigint,
        absent_columns varchar[], lost_columns varchar[]""",
    "quarantine": """file_key varchar, line integer, reason_code varchar, record_key varchar,
        raw_text varchar""",
    "unusable_values": """file_key varchar, line integer, record_key varchar, column_name varchar,
        reason_code varchar, raw_value varchar""",
}


def begin_refresh(
    con: duckdb.DuckDBPyConnection,
    refresh_id: str,
    as_at_limit: date | None,
    started_at: datetime,
    code_version: str,
) -> None:
    """Make what is not there yet, clear what a killed refresh left in `arriving`, and name this refresh.

    started_at is UTC.
    """
    con.execute("begin transaction")
    try:
        con.execute("create schema if not exists raw")
        con.execute("drop schema if exists arriving cascade")
        con.execute("create schema arriving")
        for name, columns in _RAW.items():
            con.execute(f"create table if not exists raw.{name} ({columns})")
        con.execute(_FIELDS_OF)
        add_new_columns(con)
        for name, columns in _ARRIVING.items():
            con.execute(f"create table arriving.{name} ({columns})")
        for feed in read_feeds().values():
            columns = dict.fromkeys(feed.columns, "varchar") | PROVENANCE
            listed = ", ".join(f"{name} {kind}" for name, kind in columns.items())
            con.execute(f"create table if not exists raw.{feed.name} ({listed})")
            con.execute(f"create table arriving.rows_{feed.name} (file_key varchar, {listed})")
        con.execute("delete from raw.this_refresh")
        started = started_at.replace(tzinfo=None)
        con.execute(
            "insert into raw.this_refresh values (?, ?, ?, ?)",
            [refresh_id, as_at_limit, started, code_version],
        )
        con.execute("commit")
    except BaseException:
        con.execute("rollback")
        raise


def add_new_columns(con: duckdb.DuckDBPyConnection) -> None:
    """Bring the load log of a warehouse that was made before it had all of its columns up to date."""
    con.execute("alter table raw.load_log add column if not exists rows_erased bigint")
    con.execute("alter table raw.load_log add column if not exists keys_gone bigint")
    con.execute("update raw.load_log set rows_erased = 0 where rows_erased is null")


def clear_arriving(con: duckdb.DuckDBPyConnection) -> None:
    """Empty the waiting room."""
    filled = con.execute("select distinct feed from arriving.files where read_error is null").fetchall()
    for name in (*_ARRIVING, *(f"rows_{feed}" for (feed,) in filled)):
        con.execute(f"delete from arriving.{name}")


def insert(con: duckdb.DuckDBPyConnection, table: str, columns: dict[str, list[Any]]) -> None:
    """Add rows, given as columns of equal length, to a table by name."""
    if not next(iter(columns.values()), None):
        return
    con.register("incoming", pa.table(columns))
    con.execute(f"insert into {table} by name select * from incoming").fetchall()
    con.unregister("incoming")


def insert_rows(con: duckdb.DuckDBPyConnection, table: str, rows: list[dict[str, Any]]) -> None:
    """Add rows, given as dictionaries with the same keys, to a table by name."""
    if rows:
        insert(con, table, {name: [row[name] for row in rows] for name in rows[0]})
