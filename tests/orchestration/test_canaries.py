"""No name, date of birth or free text leaves the restricted layer, whatever the extracts hold."""

from __future__ import annotations

import subprocess
from pathlib import Path

import duckdb
import pytest
import small_home
from planted import CANARY, plant
from test_whole_flow import lado

from orchestration import resources, showcase
from orchestration.refresh import refresh
from orchestration.resources import Home

TRACES = (CANARY.lower(), "1911-11-11", "11/11/1911", "11-nov-1911", "zz9 9zz")


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> tuple[Home, list[subprocess.CompletedProcess[str]]]:
    """A home whose extracts are full of canaries, after a refresh and every command that prints something."""
    home = Home(tmp_path_factory.mktemp("canaries")).prepare()
    resources.mark_as_demo(home)
    showcase.make_extracts(home, seed=3)
    drops = sorted(path for path in home.landing.glob("*/*") if path.is_dir())
    assert drops
    for drop in drops:
        assert plant(drop, drop.parent.name) > 1000
    said = [lado(home, "refresh", "--settle", "0")]
    said += [lado(home, "status"), lado(home, "findings"), lado(home, "findings", "--json")]
    said += [lado(home, "refresh", "--settle", "0", "--json")]
    return home, said


def restricted(home: Home, path: Path) -> bool:
    """Where names may be: the extracts, the warehouse. The team's case lists hold what a setting calls itself."""
    return (
        home.landing in path.parents or path.name.startswith(home.warehouse.name) or "casework" in path.parts
    )


def test_the_canaries_went_in(planted: tuple[Home, list]) -> None:
    home, said = planted
    assert said[0].returncode == 0, said[0].stdout + said[0].stderr
    with duckdb.connect(str(home.warehouse), read_only=True) as con:
        counts = [
            con.execute(f"select count(*) from {table} where {column} like '%{CANARY}%'").fetchall()[0][0]
            for table, column in (
                ("raw.subjects", "full_name"),
                ("raw.contacts", "referrer_name"),
                ("raw.quarantine", "raw_text"),
                ("raw.unusable_values", "raw_value"),
                ("quality.findings", "local_wording"),
            )
        ]
    names, referrers, kept, nulled, worded = counts
    assert names > 100
    assert referrers > 100
    assert kept >= 4
    assert nulled >= 4
    assert worded >= 4


def test_no_command_prints_a_canary(planted: tuple[Home, list]) -> None:
    for done in planted[1]:
        text = (done.stdout + done.stderr).lower()
        assert not [trace for trace in TRACES if trace in text], done.args


def test_no_file_outside_the_restricted_layer_holds_a_canary(planted: tuple[Home, list]) -> None:
    home = planted[0]
    looked_at = 0
    for path in home.root.rglob("*"):
        if path.is_file() and not restricted(home, path):
            looked_at += 1
            content = path.read_bytes().lower()
            assert not [trace for trace in TRACES if trace.encode() in content], path.relative_to(home.root)
    assert looked_at > 100


def opened(home: Home) -> list[Path]:
    """The databases that people open, and the warehouse (for its marts, reports and casework)."""
    current = home.published / "current"
    return [*(current / a / f"lado_{a}.duckdb" for a in ("reports", "marts", "casework")), home.warehouse]


def columns(con: duckdb.DuckDBPyConnection) -> list[tuple[str, str, str]]:
    return con.execute(
        "select schema_name, table_name, column_name from duckdb_columns() where not internal "
        "and schema_name in ('main', 'marts', 'reports', 'casework') and column_name <> 'setting_name'"
    ).fetchall()


def test_no_published_table_and_no_mart_holds_a_canary(planted: tuple[Home, list]) -> None:
    # Column by column: compression may hide a word from a search through bytes.
    looked_at = 0
    for path in opened(planted[0]):
        with duckdb.connect(str(path), read_only=True) as con:
            for schema, table, column in columns(con):
                found = con.execute(
                    f'select count(*) from "{schema}"."{table}" where regexp_matches(lower("{column}"::varchar), ?)',
                    ["|".join(TRACES)],
                ).fetchall()[0][0]
                looked_at += 1
                assert found == 0, f"{path.name}: {schema}.{table}.{column}"
    assert looked_at > 500


def test_no_published_table_and_no_mart_holds_a_persons_number(planted: tuple[Home, list]) -> None:
    with duckdb.connect(str(planted[0].warehouse), read_only=True) as con:
        numbers = con.execute(
            f"select distinct person_id from raw.person_keys where person_id not like '{CANARY}%'"
        ).df()
    assert len(numbers) > 1000
    for path in opened(planted[0]):
        with duckdb.connect(str(path), read_only=True) as con:
            for schema, table, column in columns(con):
                found = con.execute(
                    f'select count(*) from "{schema}"."{table}" '
                    f'where "{column}"::varchar in (select person_id from numbers)'
                ).fetchall()[0][0]
                assert found == 0, f"{path.name}: {schema}.{table}.{column}"


@pytest.mark.parametrize("quoting", ["ingest.stage", "matching.score_pairs"])
def test_an_error_that_quotes_a_value_leaves_no_trace_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture, quoting: str
) -> None:
    """DuckDB quotes the value that it cannot cast: Dagster must not keep that as what the failure came from."""

    def choke(*_args: object, **_more: object) -> None:
        raise duckdb.ConversionException(f'Could not convert string "{CANARY}" to DATE')

    home = small_home.make(tmp_path / "home", 0)
    monkeypatch.setattr(quoting, choke)
    outcome = refresh(home, settle_seconds=0)
    assert outcome.outcome == "failed"
    assert "ConversionException" in outcome.message
    told = "".join(capfd.readouterr()).lower() + str(outcome).lower()
    assert CANARY.lower() not in told
    files = [path for path in home.root.rglob("*") if path.is_file() and not restricted(home, path)]
    assert home.dagster in {folder for path in files for folder in path.parents}
    assert not [path for path in files if CANARY.lower().encode() in path.read_bytes().lower()]
