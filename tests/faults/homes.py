"""Homes of one small authority, and what is compared between a disturbed one and an undisturbed one.

Belongs here: making and copying homes, hashes of what is loaded and of what is published. Does not belong here: faults.
"""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import duckdb

import synthetic
from orchestration import resources
from orchestration.resources import Home
from publish import files, releases

from . import forked

AUTHORITY = "buckinghamshire"
# What names a refresh or the moment at which it ran.
OF_THE_REFRESH = {
    "refresh_id",
    "loaded_in_refresh_id",
    "started_at",
    "judged_at",
    "logged_at",
    "first_used_at",
}
# One row for each refresh that loaded, and checks that count earlier refreshes: true of each home's own history.
HISTORY = {"rpt_refreshes": None, "rpt_data_quality": {"checked_count"}}


def make(root: Path, nights: int = 1) -> Home:
    """A home whose landing folder holds one year of the smaller authority; nothing is refreshed yet."""
    home = Home(root).prepare()
    resources.mark_as_demo(home)
    synthetic.synthesise(AUTHORITY, into=home.landing, seed=1, years=("2019/20",), nights=nights)
    return home


def copy(home: Home, root: Path) -> Home:
    """The home as its files are at this moment."""
    shutil.copytree(home.root, root, symlinks=True, ignore_dangling_symlinks=True)
    return Home(root)


def published(home: Home) -> dict[str, str]:
    """SHA-256 of every file of the current release, by path."""
    current = (home.published / "current").resolve()
    return {
        path.relative_to(current).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(current.rglob("*"))
        if path.is_file()
    }


def is_whole(home: Home) -> str:
    """The refresh id of the current release, after comparing each of its files with its receipt."""
    assert files.verify(home.root) == []
    current = releases.current_refresh(home.root)
    assert current
    return current


def tables_published(home: Home, without: frozenset[str] = frozenset()) -> dict[str, tuple]:
    """Rows and a hash of every published table, but for what names a refresh or a moment, and these columns."""
    told = {}
    with duckdb.connect() as con:
        for path in sorted((home.published / "current").resolve().glob("*/*.parquet")):
            dropped = HISTORY.get(path.stem, set())
            if dropped is not None:
                told[path.stem] = _hash(con, f"read_parquet('{path}')", OF_THE_REFRESH | dropped | without)
    return told


def tables_loaded(home: Home) -> dict[str, tuple]:
    """Rows and a hash of every raw table that extracts fill, and of the load log but for its moments."""
    with resources.warehouse(home) as con:
        names = [
            name
            for (name,) in con.execute(
                "select table_name from duckdb_tables() where schema_name = 'raw' and table_name not in "
                "('this_refresh', 'landed_files', 'load_log') order by 1"
            ).fetchall()
        ]
        told = {name: _hash(con, f"raw.{name}", OF_THE_REFRESH) for name in names}
        told["load_log"] = _hash(
            con, "(select distinct * exclude (refresh_id, logged_at) from raw.load_log)", set()
        )
        lost = con.execute(
            "select count(*) from raw.load_log where rows_read <> rows_loaded + rows_quarantined + rows_deduplicated"
        ).fetchall()
        assert lost == [(0,)]
    return told


def tables_of(home: Home, schema: str) -> dict[str, tuple]:
    """Rows and a hash of every table of a schema of the warehouse, but for what names a refresh or a moment."""
    with resources.warehouse(home) as con:
        names = con.execute(
            "select table_name from duckdb_tables() where schema_name = ? order by 1", [schema]
        ).fetchall()
        return {name: _hash(con, f"{schema}.{name}", OF_THE_REFRESH) for (name,) in names}


def _hash(con: duckdb.DuckDBPyConnection, relation: str, without: set[str]) -> tuple:
    columns = [
        # Sums of probabilities differ in their last binary digit with the order of the rows.
        f'round("{name}", 9)' if kind == "DOUBLE" else f'"{name}"'
        for name, kind, *_ in con.execute(f"describe select * from {relation}").fetchall()
        if name not in without
    ]
    return con.execute(f"select count(*), sum(hash({', '.join(columns)})) from {relation}").fetchall()[0]


def history(home: Home) -> list[tuple[str, str, bool]]:
    """Every refresh on record, in order: id, outcome, whether it has an end."""
    with resources.warehouse(home) as con:
        return con.execute(
            "select refresh_id, outcome, ended_at is not null from quality.refreshes order by started_at, refresh_id"
        ).fetchall()


def one_night_to_go(folder: Path) -> Home:
    """A home that has published its first night, with a second one in the landing folder."""
    home = make(folder / "home", nights=2)
    drops = sorted((home.landing / AUTHORITY).iterdir())
    later = drops[-1].rename(folder / drops[-1].name)
    told, _ = forked.run(forked.refresh, home.root)
    assert told == "0 published: published", told
    later.rename(drops[-1])
    return home
