"""Each visual's question through ODBC, as the role of the reports, on Debian's own PostgreSQL.

psqlODBC and pyodbc are the nearest to Power BI's ODBC route that runs here. The server programs are looked for in the
folder named in LADO_ODBC_POSTGRES, which `.ci/run` sets where it has Debian's packages `postgresql`, `odbc-postgresql`
and `unixodbc`; without them these tests are passed over, because a test run must not need a system package.
"""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

if sys.platform == "win32" or not os.environ.get("LADO_ODBC_POSTGRES"):
    pytest.skip(
        "needs LADO_ODBC_POSTGRES: the bin folder of a PostgreSQL server, and psqlODBC",
        allow_module_level=True,
    )

import postgres_server
import psycopg
import pyodbc
from answers import Published, hold_against_rpt_measures

from power_bi.queries import Query, queries
from publish import postgres

DRIVER = "PostgreSQL Unicode"


@pytest.fixture(scope="module")
def odbc(demo) -> Iterator[pyodbc.Connection]:
    """A connection of somebody in the role lado_reports, to a server that shows the demo's release."""
    with postgres_server.running(Path(os.environ["LADO_ODBC_POSTGRES"])) as server:
        database = server.new_database()
        dsn = server.dsn(database)
        postgres.show_current(demo[0].root, dsn, demo[0].manifest)
        with psycopg.connect(dsn, autocommit=True) as con:
            con.execute("create role board login in role lado_reports")
            con.execute("alter role board set search_path = reports")
        # Booleans as such, texts whole.
        words = f"Server=127.0.0.1;Port={server.port};Database={database};Uid=board;BoolsAsChar=0"
        con = pyodbc.connect(f"Driver={{{DRIVER}}};{words};MaxLongVarcharSize=1000000", autocommit=True)
        yield con
        con.close()


def ask(odbc: pyodbc.Connection, sql: str) -> list[dict[str, Any]]:
    with odbc.cursor() as cur:
        told = cur.execute(sql)
        names = [d[0] for d in told.description]
        return [dict(zip(names, row, strict=True)) for row in told.fetchall()]


def test_it_is_the_driver_and_the_role_that_it_says(odbc):
    assert odbc.getinfo(pyodbc.SQL_DRIVER_NAME).startswith("psqlodbc")
    (told,) = ask(odbc, "select current_user as who, pg_has_role('lado_reports', 'member') as may")
    assert (told["who"], told["may"]) == ("board", True)
    with pytest.raises(pyodbc.Error, match="permission denied"):
        ask(odbc, "select count(*) from marts.fct_referrals")


@pytest.mark.parametrize("query", queries(), ids=lambda q: f"{q.page}-{q.visual}")
def test_the_answer_is_that_of_the_files(odbc, query: Query, reports: Path, published: Published):
    rows = ask(odbc, query.sql)
    if any(measure for _, measure, _ in query.values):
        hold_against_rpt_measures(query, rows, published)
    with duckdb.connect(str(reports / "lado_reports.duckdb"), read_only=True) as con:
        told = con.execute(query.sql)
        names = [d[0] for d in told.description]
        expected = told.fetchall()
    assert len(rows) == len(expected) > 0
    assert list(rows[0]) == names
    assert Counter(tuple(row.values()) for row in rows) == Counter(expected)
