"""SQL on the warehouse reaches no file outside the home and fetches nothing."""

from __future__ import annotations

import contextlib
from pathlib import Path

import duckdb
import pytest
import yaml

from orchestration import resources
from orchestration.resources import PROJECT, Home

REACHING_OUT = [
    "select * from read_csv('{outside}/contacts.csv')",
    "select * from read_csv('{outside}/*.csv')",
    "select * from '{outside}/contacts.csv'",
    "select * from read_csv('{home}/../outside/contacts.csv')",
    "copy (select 1) to '{outside}/copy.csv'",
    "attach '{outside}/other.duckdb' as other",
    "export database '{outside}/all'",
    "install httpfs",
    "load httpfs",
    "select * from read_csv('https://example.org/contacts.csv')",
    "set enable_external_access = true",
    "set allowed_directories = ['{outside}']",
]


@pytest.fixture
def home(tmp_path: Path) -> Home:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "contacts.csv").write_text("a\n1\n", encoding="utf-8")
    return Home(tmp_path / "it's a home")  # a quote in the path is no way round either


@pytest.mark.parametrize("sql", REACHING_OUT)
@pytest.mark.parametrize("opened", [resources.warehouse, resources.reading])
def test_no_statement_leads_out_of_the_home(home: Home, tmp_path: Path, opened, sql: str):
    home.root.mkdir()
    with resources.warehouse(home) as con:
        con.execute("create table anything as select 1 as one")
    outside = tmp_path / "outside"
    quoted = str(home.root).replace("'", "''")
    with opened(home) as con, pytest.raises(duckdb.Error, match=r"disabled|while database is running"):
        con.execute(sql.format(outside=outside, home=quoted))
    assert [path.name for path in outside.iterdir()] == ["contacts.csv"]


def test_inside_the_home_files_are_written_and_attached(home: Home):
    home.root.mkdir()
    quoted = str(home.root).replace("'", "''")
    with resources.warehouse(home) as con:
        con.execute(f"copy (select 1 as one) to '{quoted}/one.parquet' (format parquet)")
        con.execute(f"attach '{quoted}/other.duckdb' as other")
        con.execute("create table other.one as select 1 as one")
        con.execute("detach other")
        assert con.execute(f"select one from '{quoted}/one.parquet'").fetchall() == [(1,)]


def test_what_dbt_opens_while_the_warehouse_is_kept_open_is_held_in_the_same_bounds(
    home: Home, tmp_path: Path
):
    home.root.mkdir()
    (tmp_path / "link").symlink_to(home.root)
    told = yaml.safe_load((PROJECT / "profiles.yml").read_text(encoding="utf-8"))
    options = told["lado_warehouse"]["outputs"]["warehouse"]["config_options"]
    resources.keep_warehouse_open(Home(tmp_path / "link"))
    try:
        with contextlib.chdir(home.root), duckdb.connect(home.warehouse.name, config=options) as con:
            con.execute("create table anything as select 1 as one")
            with pytest.raises(duckdb.PermissionException):
                con.execute(f"select * from read_csv('{tmp_path}/outside/contacts.csv')")
            code_lists = str(resources.CODE_LISTS).replace("'", "''")
            assert con.execute(f"select count(*) > 0 from read_csv('{code_lists}')").fetchall() == [(True,)]
        with resources.warehouse(home) as con:
            assert con.execute("select one from anything").fetchall() == [(1,)]
    finally:
        resources.let_warehouse_go()
    # Let go, it is open to other settings again: DuckDB refuses those while anybody holds the file.
    with duckdb.connect(str(home.warehouse), read_only=True) as con:
        assert con.execute("select one from anything").fetchall() == [(1,)]
