"""PostgreSQL as a way out: the server shows the very release that `published/current` shows, swapped whole.

Belongs here: connecting, the swap, trying again, and words for what a server may refuse.
Does not belong here: the tables, keys and rights of a release (`postgres_tables.py`), whether marts may leave
(`clearance.py`), which release is current (`releases.py`).

How the swap is atomic. Everything happens in one transaction: the release is built in schemas of its own, then all
tables that readers know are locked, dropped, and the new schemas take their names. A reader that has touched one
old table holds a lock on it until its own transaction ends, so the swap waits for it, and whoever comes later finds
the new tables: even a reader of several statements sees one refresh. Nobody waits long: the lock is asked for half a
second at a time, less than the second after which PostgreSQL would look for a deadlock and end a reader's query, and
asked for again after a pause. Killed at any moment, the transaction leaves nothing behind.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import psycopg
from psycopg import Connection, Cursor, conninfo, sql

from publish import clearance, dictionary, postgres_tables, releases, tables
from publish.files import AUDIENCES

LOCK_SECONDS = 0.5  # see the module's docstring
PATIENCE_SECONDS = 60.0
ONE_AT_A_TIME = 5_231_954  # the advisory lock of whoever publishes to a database; any number, always the same

# What a connection is given unless the DSN says otherwise: a server that went silent is noticed within a minute or so.
_CONNECTION = {
    "application_name": "lado",
    "connect_timeout": "10",
    "keepalives_idle": "30",
    "keepalives_interval": "10",
    "keepalives_count": "3",
    "tcp_user_timeout": "60000",
}

_WORDS = {
    "28": "the server refuses the account or its password",
    "3D000": "the database does not exist",
    "42501": "the account lacks a right that docs/postgres.md lists",
    "53100": "the server's disk is full",
    "53200": "the server is out of memory",
    "53300": "the server has no connection left",
    "57P": "the server is shutting down or starting",
    "08": "the connection broke",
    "23": "a key or reference that dbt's YAML declares does not hold",
}
"""What an SQLSTATE, or the beginning of one, means to an operator. A server's own text may quote values."""


class Behind(Exception):
    """PostgreSQL does not show the current release; what it showed before stands. The message holds no data, no DSN."""


def show_current(
    home: Path, dsn: str, manifest: Path, patience_seconds: float = PATIENCE_SECONDS
) -> dict[str, Any]:
    """Let the server show the release that `current` shows: refresh_id, and rows loaded (0 when it did already).

    The release is compared with its receipt first, byte for byte. manifest is dbt's manifest.json;
    patience_seconds how long readers may keep the swap waiting. Raises Behind.
    """
    current = releases.current_refresh(home)
    if current is None:
        raise Behind("nothing is published as files yet; run `lado refresh`")
    folder = releases.published_folder(home) / current
    if wrong := releases.differences(folder):
        raise Behind(f"release {current} differs from its receipt: {'; '.join(wrong)}; run `lado refresh`")
    receipt = releases.receipt_of(folder)
    place = "before the transaction"
    try:
        with _connect(dsn) as con, con.transaction(), con.cursor() as cur:
            place = "waiting for another publication"
            _prepare(cur)
            if _shown(cur) == current:
                return {"refresh_id": current, "rows": 0}
            place = "building the release"
            rows = _build(cur, folder, receipt, dictionary.read(manifest))
            place = "swapping"
            _swap(con, cur, list(receipt["tables"]), patience_seconds)
            place = "committing"
        return {"refresh_id": current, "rows": rows}
    except psycopg.Error as error:
        words = in_words(error)
    except (postgres_tables.Mismatch, tables.NotPublishable, dictionary.NoDictionary) as error:
        words = str(error)
    raise Behind(f"PostgreSQL does not show refresh {current} ({place}): {words}")


def cleared_release(con: duckdb.DuckDBPyConnection, home: Path) -> str:
    """The refresh id that `current` shows, provided the marts in the warehouse are those the gate passed last.

    For a publication by hand. Raises clearance.NotCleared when the last verdict does not pass, the marts were
    changed after it, or what it passed was never published as files. After a rollback `current` shows an earlier
    release, which was cleared in its time.
    """
    judged = con.execute(
        "select refresh_id from quality.verdicts where gate = 'publication' order by judged_at desc, passed limit 1"
    ).fetchall()
    if not judged:
        raise clearance.NotCleared("the publication gate has given no verdict yet; run `lado refresh`")
    clearance.clear_judged(con, judged[0][0])
    if judged[0][0] not in releases.receipts(home):
        raise clearance.NotCleared(
            f"refresh {judged[0][0]} passed the gate and is not published as files yet; run `lado publish files`"
        )
    return releases.current_refresh(home)


def in_words(error: psycopg.Error) -> str:
    """What an operator needs to know, without the server's own text, which may quote values or the DSN."""
    state = error.sqlstate
    if state is None:
        is_down = isinstance(error, psycopg.OperationalError)
        return (
            "the server cannot be reached, or went away"
            if is_down
            else f"{type(error).__name__} in the client"
        )
    if state == "2BP01":
        # Names of objects that somebody built on the tables; PostgreSQL lists them and nothing else.
        return f"something of somebody's rests on a table that must be replaced: {error.diag.message_detail}"
    for beginning, words in _WORDS.items():
        if state.startswith(beginning):
            return f"{words} (SQLSTATE {state})"
    return f"{type(error).__name__} (SQLSTATE {state})"


def _connect(dsn: str) -> Connection:
    try:
        given = conninfo.conninfo_to_dict(dsn)
    except psycopg.Error:
        given = None  # its text quotes the DSN
    if given is None:
        raise Behind("LADO_POSTGRES_DSN is not a connection string; docs/postgres.md shows one")
    con = psycopg.connect(**{**_CONNECTION, **given})
    con.prepare_threshold = None
    return con


def _prepare(cur: Cursor) -> None:
    """Settings of this transaction, one publisher at a time, roles in place."""
    # Limits that a database sets for its analysts are not meant for this; names resolve to what we name.
    cur.execute("set local statement_timeout = 0; set local search_path = pg_catalog")
    cur.execute(f"set local lock_timeout = '{int(PATIENCE_SECONDS)}s'")
    cur.execute("select pg_catalog.pg_advisory_xact_lock(%s)", [ONE_AT_A_TIME])


def _tables_in(cur: Cursor, schema: str) -> set[str]:
    cur.execute(
        "select c.relname from pg_catalog.pg_class as c join pg_catalog.pg_namespace as n on n.oid = c.relnamespace "
        "where n.nspname = %s and c.relkind in ('r', 'p', 'v', 'm', 'f')",
        [schema],
    )
    return {name for (name,) in cur.fetchall()}


def _receipt_in(cur: Cursor, schema: str) -> dict[str, str]:
    """Refresh id by table, as the receipt of a schema states; empty when there is no receipt."""
    columns = ("table_name", "refresh_id")
    cur.execute(
        "select count(*) from pg_catalog.pg_attribute "
        "where attrelid = pg_catalog.to_regclass(%s) and attname = any(%s)",
        [f"{schema}.{postgres_tables.RECEIPT}", list(columns)],
    )
    if cur.fetchone() != (len(columns),):
        return {}
    cur.execute(
        sql.SQL("select table_name, refresh_id from {}").format(
            sql.Identifier(schema, postgres_tables.RECEIPT)
        )
    )
    return dict(cur.fetchall())


def _shown(cur: Cursor) -> str | None:
    """The refresh that all three schemas show, every table of their receipts being there; None otherwise."""
    shown = set()
    for schema in AUDIENCES:
        stated = _receipt_in(cur, schema)
        if not stated or not stated.keys() <= _tables_in(cur, schema):
            return None
        shown |= set(stated.values())
    return shown.pop() if len(shown) == 1 else None


def _build(cur: Cursor, folder: Path, receipt: dict[str, Any], words: dictionary.Dictionary) -> int:
    postgres_tables.ensure_roles(cur)
    with duckdb.connect() as con:
        held = postgres_tables.shapes(con, folder, receipt)
        return postgres_tables.build(cur, con, held, words, receipt)


def _swap(con: Connection, cur: Cursor, schemas: list[str], patience_seconds: float) -> None:
    earlier = list(_earlier(cur, schemas))
    give_up_at = time.monotonic() + patience_seconds
    while earlier:
        try:
            with con.transaction():  # a savepoint: what was locked is let go when one lock cannot be had
                limit = f"{int(LOCK_SECONDS * 1000)}ms"
                cur.execute(f"set local lock_timeout = '{limit}'; set local statement_timeout = '{limit}'")
                cur.execute(
                    sql.SQL("lock table {} in access exclusive mode").format(sql.SQL(", ").join(earlier))
                )
                cur.execute("set local statement_timeout = 0")
            break
        except (psycopg.errors.LockNotAvailable, psycopg.errors.QueryCanceled):
            if time.monotonic() > give_up_at:
                raise Behind(
                    f"readers kept the tables for more than {patience_seconds:.0f} seconds: {_holders(cur, earlier)}"
                ) from None
            time.sleep(random.uniform(0.1, 0.5))
    if earlier:
        cur.execute(sql.SQL("drop table {}").format(sql.SQL(", ").join(earlier)))
    for schema in schemas:
        cur.execute(sql.SQL("drop schema if exists {}").format(sql.Identifier(schema)))
        cur.execute(
            sql.SQL("alter schema {} rename to {}").format(
                postgres_tables.arriving(schema), sql.Identifier(schema)
            )
        )


def _earlier(cur: Cursor, schemas: list[str]) -> Iterator[sql.Identifier]:
    """The tables that the release replaces. Raises Behind for one that this warehouse did not make."""
    for schema in schemas:
        there = _tables_in(cur, schema)
        strange = there - _receipt_in(cur, schema).keys() - {postgres_tables.RECEIPT}
        if strange or (there and not _receipt_in(cur, schema)):
            raise Behind(
                f"the database has a schema {schema} with tables that this warehouse did not make: give it a database "
                "of its own, or move them"
            )
        for name in sorted(there):
            yield sql.Identifier(schema, name)


def _holders(cur: Cursor, earlier: list[sql.Identifier]) -> str:
    """Who holds locks on the tables: roles, applications and process ids."""
    names = [identifier.as_string() for identifier in earlier]
    cur.execute(
        "select distinct a.usename, a.application_name, a.pid from pg_catalog.pg_locks as l "
        "join pg_catalog.pg_stat_activity as a on a.pid = l.pid "
        "where l.relation = any(%s::text[]::regclass[]) and l.granted and a.pid <> pg_catalog.pg_backend_pid() "
        "order by 3 limit 5",
        [names],
    )
    told = [
        f"{role} with {application or 'an unnamed application'} (process {pid})"
        for role, application, pid in cur
    ]
    return "; ".join(told) or "nobody now"
