"""PostgreSQL shows the release that the files show: whole, described, or says why it does not."""

from __future__ import annotations

import datetime as dt
import sys

import pytest

if sys.platform == "win32":
    pytest.skip("the packaged PostgreSQL server is for POSIX systems", allow_module_level=True)

import duckdb
import psycopg
import stand_in
from served import AUDIENCES, refresh_ids, rows, show
from stand_in import publish, refresh

from publish import clearance, postgres, releases

# --- What is shown ------------------------------------------------------------------------------------------------


def test_every_row_and_value_arrives(server, database, warehouse, home):
    stand_in.change(
        warehouse,
        "update marts.fct_referrals set note = '' where referral_key = 'kent:5';"
        "update marts.fct_referrals set note = 'a,\"b\"\nc\\.\té' where referral_key = 'kent:6'",
    )
    stand_in.judge_again(warehouse, "r1")
    publish(warehouse, home, "r1")
    assert show(server, database, warehouse, home) == {"refresh_id": "r1", "rows": 79}
    for schema, tables in {
        "reports": ("rpt_measures", "rpt_demand"),
        "marts": ("dim_authorities", "fct_measures", "fct_referrals"),
        "casework": ("open_cases",),
    }.items():
        file = releases.published_folder(home) / "r1" / schema / f"lado_{schema}.duckdb"
        for table in tables:
            with duckdb.connect(str(file), read_only=True) as con:
                expected = con.execute(f"select * from {table}").fetchall()
            assert sorted(map(repr, rows(server, database, f"select * from {schema}.{table}"))) == sorted(
                map(repr, expected)
            ), table
    held = dict(
        rows(
            server,
            database,
            "select referral_key, note from marts.fct_referrals where referral_key < 'kent:7'",
        )
    )
    assert (held["kent:3"], held["kent:5"], held["kent:6"]) == (None, "", 'a,"b"\nc\\.\té')


def test_types_keys_references_and_comments_are_those_of_the_yaml(server, database, warehouse, home):
    publish(warehouse, home, "r1")
    show(server, database, warehouse, home)
    types = dict(
        rows(
            server,
            database,
            "select column_name, data_type from information_schema.columns where table_name = 'fct_referrals'",
        )
    )
    assert types == {
        "referral_key": "text", "authority": "text", "received_on": "date", "is_closed": "boolean",
        "flags": "text", "open_days": "bigint", "note": "text", "refresh_id": "text",
    }  # fmt: skip
    constraints = rows(
        server,
        database,
        "select conrelid::regclass::text, pg_get_constraintdef(oid) from pg_constraint where contype in ('p', 'f') "
        "and connamespace in ('marts'::regnamespace, 'reports'::regnamespace, 'casework'::regnamespace)",
    )
    assert set(constraints) == {
        ("marts.dim_authorities", "PRIMARY KEY (authority_key)"),
        ("marts.fct_referrals", "PRIMARY KEY (referral_key)"),
        ("marts.fct_referrals", "FOREIGN KEY (authority) REFERENCES marts.dim_authorities(authority_key)"),
        ("marts.fct_measures", "PRIMARY KEY (authority, measure)"),
        ("reports.rpt_measures", "PRIMARY KEY (authority, measure)"),
        ("casework.open_cases", "PRIMARY KEY (referral_key)"),
        *((f"{schema}.receipt", "PRIMARY KEY (table_name)") for schema in AUDIENCES),
    }
    comments = rows(
        server,
        database,
        "select attrelid::regclass::text, attname::text, col_description(attrelid, attnum) from pg_attribute "
        "where (attrelid, attname) in (('marts.fct_referrals'::regclass, 'received_on'), "
        "('marts.fct_referrals'::regclass, 'note'), ('reports.rpt_measures'::regclass, 'value')) "
        "union all select 'marts.fct_referrals', '', obj_description('marts.fct_referrals'::regclass)",
    )
    words = "One row for each referral; it's the grain."
    assert set(comments) == {
        ("marts.fct_referrals", "", words),
        ("marts.fct_referrals", "received_on", "Day the LADO received it"),
        ("marts.fct_referrals", "note", None),
        ("reports.rpt_measures", "value", 'Per "cent"'),
    }


def test_the_receipt_is_a_table_of_each_schema_and_tells_of_no_other(server, database, warehouse, home):
    receipt = publish(warehouse, home, "r1")
    show(server, database, warehouse, home)
    for schema in AUDIENCES:
        told = rows(server, database, f"select table_name, row_count, content_hash from {schema}.receipt")
        assert {name: {"rows": n, "content_hash": h} for name, n, h in told} == receipt["tables"][schema]
    ((at, as_at, code),) = rows(
        server, database, "select distinct published_at, as_at, code_version from casework.receipt"
    )
    assert (at, as_at, code) == (dt.datetime(2020, 6, 1, 2, 15, tzinfo=dt.UTC), {"kent": "2020-05-31"}, "v1")


def test_a_release_that_is_shown_already_is_not_loaded_again(server, database, warehouse, home):
    publish(warehouse, home, "r1")
    show(server, database, warehouse, home)
    before = rows(server, database, "select 'marts.fct_referrals'::regclass::oid")
    assert show(server, database, warehouse, home)["rows"] == 0
    assert rows(server, database, "select 'marts.fct_referrals'::regclass::oid") == before
    with psycopg.connect(server.dsn(database)) as con:
        con.execute("drop table casework.open_cases")
    assert show(server, database, warehouse, home)["rows"] == 79  # a table that somebody dropped comes back


def test_a_rollback_is_followed(server, database, warehouse, home):
    publish(warehouse, home, "r1")
    refresh(warehouse, "r2", value=70.0)
    publish(warehouse, home, "r2", minute=1)
    show(server, database, warehouse, home)
    from publish import files

    files.rollback(home)
    show(server, database, warehouse, home)
    assert refresh_ids(server, database) == {"r1"}
    assert rows(server, database, "select value from reports.rpt_measures") == [(66.0,)]


def test_a_table_that_a_release_no_longer_has_goes(server, database, warehouse, home):
    stand_in.change(warehouse, "create table reports.rpt_gone as select 1 as n, 'r1' as refresh_id")
    publish(warehouse, home, "r1")
    show(server, database, warehouse, home)
    assert rows(server, database, "select n from reports.rpt_gone") == [(1,)]
    stand_in.change(warehouse, "drop table reports.rpt_gone")
    refresh(warehouse, "r2")
    publish(warehouse, home, "r2", minute=1)
    show(server, database, warehouse, home)
    assert rows(server, database, "select to_regclass('reports.rpt_gone')") == [(None,)]


# --- When the server does not take it -------------------------------------------------------------------------------


def test_a_reader_in_the_way_is_waited_for_and_then_left_alone(server, database, warehouse, home):
    publish(warehouse, home, "r1")
    show(server, database, warehouse, home)
    refresh(warehouse, "r2", value=70.0)
    publish(warehouse, home, "r2", minute=1)
    with psycopg.connect(server.dsn(database), application_name="a long report") as reader:
        assert reader.execute("select value from reports.rpt_measures").fetchone() == (66.0,)
        with pytest.raises(postgres.Behind, match=r"readers kept .* postgres with a long report"):
            show(server, database, warehouse, home, patience=0.6)
        # One transaction, one refresh: the other tables are still the old ones, and nothing was in the reader's way.
        assert reader.execute("select distinct refresh_id from marts.fct_referrals").fetchone() == ("r1",)
        assert (
            rows(server, database, "select nspname from pg_namespace where nspname like 'lado_arriving%'")
            == []
        )
    assert show(server, database, warehouse, home)["rows"] == 79
    assert refresh_ids(server, database) == {"r2"}


def test_a_snapshot_older_than_the_load_does_not_find_empty_tables(server, database, warehouse, home):
    publish(warehouse, home, "r1")
    show(server, database, warehouse, home)
    with psycopg.connect(server.dsn(database)) as reader:
        reader.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        reader.execute(
            "select 1 from pg_class limit 1"
        )  # the snapshot is taken, none of our tables is touched
        refresh(warehouse, "r2", value=70.0)
        publish(warehouse, home, "r2", minute=1)
        show(server, database, warehouse, home)
        assert reader.execute("select value, refresh_id from marts.fct_measures").fetchall() == [(70.0, "r2")]
        assert reader.execute("select count(*) from marts.fct_referrals").fetchone() == (50,)


def test_a_view_of_somebody_elses_is_neither_dropped_nor_left_stale(server, database, warehouse, home):
    publish(warehouse, home, "r1")
    show(server, database, warehouse, home)
    with psycopg.connect(server.dsn(database)) as con:
        con.execute("create view public.mine as select * from marts.fct_measures")
    refresh(warehouse, "r2", value=70.0)
    publish(warehouse, home, "r2", minute=1)
    with pytest.raises(postgres.Behind, match=r"public\.mine"):
        show(server, database, warehouse, home)
    assert refresh_ids(server, database) == {"r1"}


def test_a_schema_that_is_not_ours_is_not_touched(server, database, warehouse, home):
    publish(warehouse, home, "r1")
    with psycopg.connect(server.dsn(database)) as con:
        con.execute(
            "create schema marts; create table marts.theirs (n int); insert into marts.theirs values (1)"
        )
    with pytest.raises(postgres.Behind, match="a schema marts with tables that this warehouse did not make"):
        show(server, database, warehouse, home)
    assert rows(server, database, "select n from marts.theirs") == [(1,)]


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("53100", "disk is full"),
        ("42501", "lacks a right"),
        ("57P01", "shutting down"),
        ("22003", "SQLSTATE 22003"),
    ],
)
def test_what_the_server_refuses_is_told_without_its_words(server, database, warehouse, home, state, words):
    publish(warehouse, home, "r1")
    show(server, database, warehouse, home)
    with psycopg.connect(server.dsn(database)) as con:
        con.execute(
            f"""
            create function public.refuse() returns event_trigger language plpgsql as
            $$ begin raise exception 'quotes Jane Doe' using errcode = '{state}'; end $$;
            create event trigger refuse on ddl_command_end when tag in ('COMMENT') execute function public.refuse()
            """
        )
    refresh(warehouse, "r2", value=70.0)
    publish(warehouse, home, "r2", minute=1)
    with pytest.raises(postgres.Behind, match=words) as told:
        show(server, database, warehouse, home)
    assert "Jane" not in str(told.value)
    assert refresh_ids(server, database) == {"r1"}
    with psycopg.connect(server.dsn(database)) as con:
        con.execute("drop event trigger refuse")
    show(server, database, warehouse, home)
    assert refresh_ids(server, database) == {"r2"}


def test_no_server_and_no_dsn_are_told_without_the_password(warehouse, home):
    publish(warehouse, home, "r1")
    for dsn, words in {
        "postgresql://lado:s3cret@127.0.0.1:1/lado": "cannot be reached",
        "host=127.0.0.1 s3cret": "not a connection string",
    }.items():
        with pytest.raises(postgres.Behind, match=words) as told:
            postgres.show_current(home, dsn, stand_in.manifest_of(warehouse))
        assert "s3cret" not in str(told.value)


def test_a_release_that_differs_from_its_receipt_is_not_loaded(server, database, warehouse, home):
    publish(warehouse, home, "r1")
    with (home / "published" / "r1" / "casework" / "open_cases.parquet").open("ab") as file:
        file.write(b"x")
    with pytest.raises(postgres.Behind, match="differs from its receipt"):
        show(server, database, warehouse, home)


# --- By hand --------------------------------------------------------------------------------------------------------


def by_hand(warehouse, home):
    with duckdb.connect(str(warehouse)) as con:
        return postgres.cleared_release(con, home)


def test_by_hand_a_verdict_for_these_very_marts_is_needed(warehouse, home):
    publish(warehouse, home, "r1")
    assert by_hand(warehouse, home) == "r1"
    stand_in.change(warehouse, "update raw.this_refresh set refresh_id = 'a night without news'")
    assert by_hand(warehouse, home) == "r1"
    stand_in.change(warehouse, "update marts.fct_measures set value = 23")
    with pytest.raises(clearance.NotCleared, match="changed after the verdict"):
        by_hand(warehouse, home)
    refresh(warehouse, "r2")
    with pytest.raises(clearance.NotCleared, match="not published as files yet"):
        by_hand(warehouse, home)
    refresh(warehouse, "r3", passed=False)
    with pytest.raises(clearance.NotCleared, match="stock_adds_up"):
        by_hand(warehouse, home)
    stand_in.change(warehouse, "delete from quality.verdicts")
    with pytest.raises(clearance.NotCleared, match="no verdict yet"):
        by_hand(warehouse, home)
