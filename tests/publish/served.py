"""What the tests of PostgreSQL share: bring a database up to the files, and look into it.

Belongs here: calls that several modules make. Does not belong here: the server (tests/postgres_server.py), assertions.
"""

from __future__ import annotations

import psycopg
import stand_in

from publish import postgres

AUDIENCES = ("reports", "marts", "casework")


def show(server, database, warehouse, home, patience=5.0):
    dsn = server.dsn(database)
    return postgres.show_current(home, dsn, stand_in.manifest_of(warehouse), patience)


def rows(server, database, query, user="postgres"):
    with psycopg.connect(server.dsn(database, user)) as con:
        return con.execute(query).fetchall()


def refresh_ids(server, database):
    """The refresh ids in every table of the three schemas, receipts included."""
    found = set()
    with psycopg.connect(server.dsn(database)) as con:
        tables = con.execute(
            "select table_schema, table_name from information_schema.tables where table_schema = any(%s)",
            [list(AUDIENCES)],
        ).fetchall()
        for schema, table in tables:
            found |= {
                i for (i,) in con.execute(f"select distinct refresh_id from {schema}.{table}").fetchall()
            }
    return found
