"""A publication is whole, refused without its verdict, equal to its receipt, and can be taken back."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
import stat
from pathlib import Path

import duckdb
import pyarrow.parquet
import pytest
import stand_in
from stand_in import change, publish, refresh, refused

from publish import clearance, dictionary, tables

# --- What leaves ----------------------------------------------------------------------------------------------


def test_each_audience_gets_its_schema_as_parquet_and_as_one_duckdb_file(warehouse, home):
    publish(warehouse, home, "r1")
    shown = home / "published" / "current"
    names = {f.relative_to(shown).as_posix() for f in shown.rglob("*") if f.is_file()}
    assert names == {
        "receipt.json",
        "reports/lado_reports.duckdb", "reports/rpt_measures.parquet", "reports/rpt_demand.parquet",
        "marts/lado_marts.duckdb", "marts/dim_authorities.parquet", "marts/fct_referrals.parquet",
        "marts/fct_measures.parquet",
        "casework/lado_casework.duckdb", "casework/open_cases.parquet",
    }  # fmt: skip
    assert [f.name for f in (home / "published").iterdir() if f.name.startswith(".")] == []


def test_values_types_and_comments_arrive_as_every_reader_knows_them(warehouse, home):
    publish(warehouse, home, "r1")
    folder = Path(os.path.realpath(home / "published" / "current" / "marts"))
    with duckdb.connect(str(folder / "lado_marts.duckdb"), read_only=True) as con:
        types = dict(
            con.execute(
                "select column_name, data_type from duckdb_columns() where table_name = 'fct_referrals'"
            ).fetchall()
        )
        row = con.execute("select * from fct_referrals where referral_key = 'kent:4'").fetchall()
        comments = con.execute(
            "select comment from duckdb_tables() where table_name = 'fct_referrals'"
        ).fetchall()
        of_column = con.execute(
            "select comment from duckdb_columns() where table_name = 'fct_referrals' and column_name = 'received_on'"
        ).fetchall()
        undescribed = con.execute(
            "select column_name from duckdb_columns() where table_name = 'fct_referrals' and comment is null"
        ).fetchall()
        objects = con.execute("select count(*) from duckdb_views() where not internal").fetchall()
    assert types["flags"] == "VARCHAR"
    assert types["open_days"] == "BIGINT"
    assert row == [("kent:4", "kent", dt.date(2020, 1, 5), True, "a;b", 4, "it's 4", "r1")]
    assert comments == [("One row for each referral; it's the grain.",)]
    assert of_column == [("Day the LADO received it",)]
    assert ("note",) in undescribed  # no words in the YAML, no comment
    assert ("referral_key",) not in undescribed
    assert objects == [(0,)]


def test_parquet_files_carry_the_descriptions_too(warehouse, home):
    publish(warehouse, home, "r1")
    metadata = pyarrow.parquet.read_schema(
        home / "published" / "current" / "reports" / "rpt_measures.parquet"
    ).metadata
    assert metadata[b"description"].decode() == "One row for each measure"
    assert json.loads(metadata[b"columns"]) == {"value": 'Per "cent"'}


def test_refuses_without_the_manifest(warehouse, home):
    publish(warehouse, home, "r1")
    refresh(warehouse, "r2")
    stand_in.manifest_of(warehouse).write_text("{", encoding="utf-8")
    refused(warehouse, home, "r2", dictionary.NoDictionary, "lado refresh")


def test_parquet_and_duckdb_hold_the_same_rows_and_the_receipt_says_so(warehouse, home):
    receipt = publish(warehouse, home, "r1")
    folder = Path(os.path.realpath(home / "published" / "current"))
    with duckdb.connect() as con:
        for audience, held in receipt["tables"].items():
            con.execute(
                f"attach {tables.sql_text(folder / audience / f'lado_{audience}.duckdb')} as shown (read_only)"
            )
            for table, facts in held.items():
                # The home's name has [ and ] in it, which read_parquet takes for a pattern: copy to a plain place.
                plain = warehouse.with_name(f"{table}.parquet")
                plain.write_bytes((folder / audience / f"{table}.parquet").read_bytes())
                rows = con.execute(f"select count(*) from shown.{table}").fetchall()[0][0]
                parquet = tables.content_hash(con, f"read_parquet({tables.sql_text(plain)})")
                assert (rows, parquet) == (facts["rows"], facts["content_hash"]), table
                assert tables.content_hash(con, f"shown.{table}") == facts["content_hash"], table
            con.execute("detach shown")
    assert receipt["tables"]["marts"]["fct_referrals"]["rows"] == 50
    assert receipt["tables"]["casework"]["open_cases"]["rows"] == 25


def test_content_hash_is_of_the_rows_and_not_of_their_order():
    with duckdb.connect() as con:
        con.execute("create table a as select * from (values (1, 'x'), (2, null)) as t (n, word)")
        con.execute("create table reordered as select * from a order by n desc")
        con.execute("create table no_null as select n, coalesce(word, '') as word from a")
        con.execute("create table twice as select * from a union all select * from a")
        con.execute("create table crossed as select * from (values (2, 'x'), (1, null)) as t (n, word)")
        con.execute("create table renamed as select n, word as words from a")
        con.execute("create table wider as select n::bigint as n, word from a")
        con.execute("create table empty as select * from a where n > 2")
        same = {tables.content_hash(con, name) for name in ("a", "reordered")}
        others = [
            tables.content_hash(con, n) for n in ("no_null", "twice", "crossed", "renamed", "wider", "empty")
        ]
        # By the recipe in tables.py, put together outside it.
        (total,) = con.execute("select sum(hash(n, word)) from a").fetchall()[0]
    assert same == {hashlib.sha256(f"n INTEGER,word VARCHAR|2|{total}".encode()).hexdigest()}
    assert len({*same, *others}) == 7


def test_the_receipt_says_where_the_release_comes_from(warehouse, home):
    publish(warehouse, home, "r1")
    receipt = json.loads((home / "published" / "current" / "receipt.json").read_text(encoding="utf-8"))
    assert receipt["refresh_id"] == "r1"
    assert receipt["published_at"] == "2020-06-01T02:15:00Z"
    assert receipt["as_at"] == {"kent": "2020-05-31"}
    assert receipt["code_version"] == "v1"
    assert receipt["inputs"] == "inputs of r1"
    assert [e["content_hash"] for e in receipt["extracts"]] == ["aaa", "bbb"]  # the refused file is no input
    assert "c.csv" not in json.dumps(receipt)
    assert receipt["verdict"] == {"gate": "publication", "passed": True, "judged_at": "2020-06-01T02:10:00Z"}
    assert receipt["marts_fingerprint"]


@pytest.mark.skipif(os.name == "nt", reason="Windows has access lists, not modes")
@pytest.mark.parametrize("umask", [0o000, 0o077])
def test_modes_do_not_depend_on_the_umask(warehouse, home, umask):
    before = os.umask(umask)
    try:
        publish(warehouse, home, "r1")
    finally:
        os.umask(before)
    published = home / "published"
    modes = {
        f.relative_to(published).as_posix(): stat.S_IMODE(f.lstat().st_mode)
        for f in published.rglob("*")
        if not f.is_symlink()
    }
    assert modes["r1"] == modes["r1/reports"] == 0o750
    assert modes["r1/marts"] == modes["r1/casework"] == 0o700
    assert modes["r1/reports/rpt_demand.parquet"] == modes["r1/reports/lado_reports.duckdb"] == 0o640
    assert modes["r1/marts/fct_measures.parquet"] == modes["r1/casework/lado_casework.duckdb"] == 0o600
    assert modes["r1/receipt.json"] == 0o600
    assert not any(mode & 0o027 for mode in modes.values())


# --- What does not --------------------------------------------------------------------------------------------


def test_refuses_what_the_gate_holds(warehouse, home):
    publish(warehouse, home, "r1")
    refresh(warehouse, "r2", passed=False)
    refused(warehouse, home, "r2", clearance.NotCleared, "stock_adds_up")


def test_refuses_without_a_verdict(warehouse, home):
    publish(warehouse, home, "r1")
    refresh(warehouse, "r2")
    change(warehouse, "delete from quality.verdicts where refresh_id = 'r2'")
    refused(warehouse, home, "r2", clearance.NotCleared, "no verdict")


def test_a_passing_verdict_of_the_arrival_gate_is_not_enough(warehouse, home):
    publish(warehouse, home, "r1")
    refresh(warehouse, "r2")
    change(warehouse, "update quality.verdicts set gate = 'arrival' where refresh_id = 'r2'")
    refused(warehouse, home, "r2", clearance.NotCleared, "no verdict")


def test_refuses_marts_changed_after_the_verdict(warehouse, home):
    publish(warehouse, home, "r1")
    refresh(warehouse, "r2")
    change(warehouse, "update marts.fct_measures set value = 23")
    refused(warehouse, home, "r2", clearance.NotCleared, "changed after the verdict")


def test_refuses_when_a_judged_table_is_gone(warehouse, home):
    publish(warehouse, home, "r1")
    refresh(warehouse, "r2")
    change(warehouse, "drop view reports.rpt_measures; drop table marts.fct_measures")
    refused(warehouse, home, "r2", clearance.NotCleared, "a table it saw is missing")


def test_the_latest_verdict_counts(warehouse, home):
    publish(warehouse, home, "r1")
    refresh(warehouse, "r2")
    change(
        warehouse,
        "insert into quality.verdicts select refresh_id, gate, false, marts_fingerprint, ['later'], "
        "timestamp '2020-06-01 03:00:00' from quality.verdicts where refresh_id = 'r2'",
    )
    refused(warehouse, home, "r2", clearance.NotCleared, "later")


def test_refuses_another_refresh_than_the_warehouse_holds(warehouse, home):
    publish(warehouse, home, "r1")
    refresh(warehouse, "r2")
    refused(warehouse, home, "r1", clearance.NotCleared, "not the one in the warehouse")


def test_refuses_reports_that_another_refresh_built(warehouse, home):
    publish(warehouse, home, "r1")
    refresh(warehouse, "r2")
    change(warehouse, "update reports.rpt_demand set refresh_id = 'r1'")
    refused(warehouse, home, "r2", tables.NotPublishable, r"reports\.rpt_demand: 1 of 1 rows")


def test_refuses_a_row_without_refresh_id(warehouse, home):
    publish(warehouse, home, "r1")
    refresh(warehouse, "r2")
    change(warehouse, "update casework.open_cases set refresh_id = null where referral_key = 'kent:7'")
    refused(warehouse, home, "r2", tables.NotPublishable, "1 of 25 rows")


def test_refuses_a_table_without_the_column_refresh_id(warehouse, home):
    publish(warehouse, home, "r1")
    refresh(warehouse, "r2")
    change(warehouse, "create table reports.rpt_x as select 1 as n")
    refused(warehouse, home, "r2", tables.NotPublishable, r"rpt_x has no column refresh_id")


def test_refuses_a_type_that_readers_do_not_know(warehouse, home):
    publish(warehouse, home, "r1")
    refresh(warehouse, "r2")
    change(warehouse, "create table reports.rpt_x as select interval 1 day as waited, 'r2' as refresh_id")
    refused(warehouse, home, "r2", tables.NotPublishable, r"rpt_x\.waited is of type INTERVAL")


def test_refuses_an_empty_audience(warehouse, home):
    publish(warehouse, home, "r1")
    refresh(warehouse, "r2")
    change(warehouse, "drop table casework.open_cases")
    refused(warehouse, home, "r2", tables.NotPublishable, "no table in schema casework")


def test_a_refresh_id_cannot_lead_out_of_the_folder(warehouse, home):
    refresh(warehouse, "../r2")
    with pytest.raises(ValueError, match="refresh id"):
        publish(warehouse, home, "../r2")
    assert not (home / "r2").exists()


def test_the_gate_of_the_pipeline_gives_the_fingerprint_that_is_read_here(warehouse):
    """The two stations meet in the view quality.marts_fingerprint: hold this side against the other's own words."""
    from expectations import gate

    with duckdb.connect(str(warehouse)) as con:
        assert (
            clearance.marts_fingerprint(con)
            != gate.marts_fingerprint(con)
            == clearance.marts_fingerprint(con)
        )
