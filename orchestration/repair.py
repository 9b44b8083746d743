"""A damaged warehouse is set aside, so that the refresh builds a new one from the extracts in the landing folder.

Belongs here: telling damage from everything else that keeps a file from being opened, moving the file away, and
whether what was built instead rests on every extract that the publication rests on.
Does not belong here: reading extracts (ingest/), a damaged publication (publish/, which replaces it).
"""

from __future__ import annotations

import datetime as dt

import duckdb

from orchestration import resources, stations
from orchestration.resources import Home
from publish import files

# Kinds of error that only a broken file (or a broken DuckDB) brings about in the statements below.
_INTERNAL = (duckdb.InternalException, duckdb.FatalException, duckdb.SerializationException)

SHOWN_AT_MOST = 5


class ExtractsAreMissing(RuntimeError):
    """The warehouse lacks extracts that the publication rests on; the message lists authority, day and feed."""


def set_aside_if_damaged(home: Home) -> str | None:
    """Read every block of the warehouse; move it away when one is damaged. What was done, or None.

    The file stays beside the new one as `warehouse.duckdb.damaged-<UTC moment>`, with its write-ahead log when there
    is one; one set aside earlier is removed, because each holds everything that the warehouse holds. The caller
    holds the lock of the home. Raises resources.NotReady when the file cannot be opened for another reason.
    """
    if not home.warehouse.exists():
        _move_away_what_a_lost_warehouse_left(home)
        return None
    try:
        with resources.warehouse(home) as con:
            _read_every_block(con)
    except duckdb.Error as error:
        if not is_damage(error):
            raise
    else:
        return None
    return _set_aside(home)


def is_damage(error: duckdb.Error) -> bool:
    """Whether the error says that the file itself is broken: not busy, not forbidden, not on a full disk."""
    said = str(error)
    if any(words in said for words in stations.REFUSALS):
        return False
    return isinstance(error, _INTERNAL) or any(words in said for words in stations.DAMAGE)


def _read_every_block(con: duckdb.DuckDBPyConnection) -> None:
    tables = con.execute(
        "select schema_name, table_name from duckdb_tables() where database_name = current_database()"
    ).fetchall()
    for schema, table in tables:
        # A hash over all columns: counts and extremes are answered from statistics without reading the rows.
        con.execute(f'select bit_xor(hash(*columns(*))) from "{schema}"."{table}"').fetchall()


def _set_aside(home: Home) -> str:
    for earlier in home.root.glob(f"{home.warehouse.name}.damaged-*"):
        earlier.unlink()
    stamp = dt.datetime.now(dt.UTC).strftime("%Y%m%dT%H%M%SZ")
    aside = home.warehouse.with_name(f"{home.warehouse.name}.damaged-{stamp}")
    log = home.warehouse.with_name(f"{home.warehouse.name}.wal")
    if log.exists():
        # The log first: left beside no warehouse, it would be replayed into the next one.
        log.rename(aside.with_name(f"{aside.name}.wal"))
    home.warehouse.rename(aside)
    return (
        f"the warehouse was damaged: it was set aside as {aside.name}, and built anew from the landing folder"
    )


def _move_away_what_a_lost_warehouse_left(home: Home) -> None:
    """A write-ahead log without its warehouse (killed between the two renames) belongs to no new one."""
    home.warehouse.with_name(f"{home.warehouse.name}.wal").unlink(missing_ok=True)


def refuse_to_forget(con: duckdb.DuckDBPyConnection, home: Home) -> None:
    """Raise ExtractsAreMissing when the publication rests on an extract that this warehouse never took in.

    So a warehouse built anew over a landing folder that is no longer complete does not replace true tables by
    poorer ones. An extract is known by
    authority, source system, feed and day, and by the number of its different files.
    """
    held = {
        tuple(key): contents
        for *key, contents in con.execute(
            "select authority, source_system, feed, extract_on::varchar, count(distinct content_hash) "
            "from raw.load_log where outcome in ('accepted', 'accepted_with_quarantine', 'already_loaded') "
            "group by all"
        ).fetchall()
    }
    stated = files.extracts_published(home.root)
    lost = sorted(key for key, contents in stated.items() if held.get(key, 0) < contents)
    if not lost:
        return
    listed = ", ".join(
        f"{authority}/{day} {feed} ({system})" for authority, system, feed, day in lost[:SHOWN_AT_MOST]
    )
    more = f" and {len(lost) - SHOWN_AT_MOST} more" if len(lost) > SHOWN_AT_MOST else ""
    raise ExtractsAreMissing(
        f"the warehouse lacks extracts that the publication rests on: {listed}{more}. Put their files back into the "
        "landing folder (an extract that was let through with --accept needs that again), or put back a backup of "
        "the warehouse, and run `lado refresh`; the last publication stands"
    )
